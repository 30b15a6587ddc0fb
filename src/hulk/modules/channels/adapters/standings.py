"""How channels are, in the bus's key-value store: a broker that forgets it knows it again at the next check."""

from dataclasses import dataclass, field

from hulk.modules.channels.domain import Standing, Tried
from hulk.runtime.bus import Bus
from hulk.runtime.state import Bucket

LEADERS = "leaders"


def office(channel: str) -> str:
    """What the process leads that looks after a channel."""
    return f"channel-{channel}"


@dataclass(slots=True)
class BusStandings:
    """`Standings` over the bus. `sole`: no other process can look after channels, so that this one does without being chosen."""

    bus: Bus
    sole: bool = False
    _said: Bucket[Standing] = field(init=False)
    _tried: Bucket[Tried] = field(init=False)
    _leaders: Bucket[str] = field(init=False)

    def __post_init__(self) -> None:
        """Who leads is kept by `leader`."""
        self._said, self._tried = Bucket(self.bus, "channels", Standing), Bucket(self.bus, "channel-checks", Tried)
        self._leaders = Bucket(self.bus, LEADERS, str)

    async def led(self, channel: str) -> bool:
        """See `Standings`."""
        return self.sole or await self._leaders.get(office(channel)) is not None

    async def get(self, channel: str) -> Standing | None:
        """See `Standings`."""
        found = await self._said.get(channel)
        return None if found is None else found.value

    async def put(self, channel: str, standing: Standing) -> None:
        """See `Standings`."""
        await self._said.put(channel, standing)

    async def tried(self, channel: str) -> Tried | None:
        """See `Standings`."""
        found = await self._tried.get(channel)
        return None if found is None else found.value

    async def keep(self, channel: str, tried: Tried) -> None:
        """See `Standings`."""
        await self._tried.put(channel, tried)
