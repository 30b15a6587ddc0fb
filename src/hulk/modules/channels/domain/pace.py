"""How fast messages may go out: a bucket for a channel, and one for each address of it (the generic cell rate algorithm). Pure rules."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`rate` messages a second on average, `burst` of them at once."""

    rate: float
    burst: float = 1


@dataclass(slots=True)
class Meter:
    """What a channel has sent of late. Times are seconds of any clock that never goes back."""

    channel: Pace
    address: Pace
    most: int = 10_000
    """Addresses that are kept in mind; those that are long in order are forgotten first."""
    _all: float = 0.0
    _by_address: dict[str, float] = field(default_factory=dict)
    _held: float = 0.0

    def wait(self, address: str, now: float) -> float:
        """Seconds until another message may go to that address; 0 when it may now."""
        mine = _left(self.address, self._by_address.get(address, 0.0), now)
        return max(self._held - now, _left(self.channel, self._all, now), mine, 0.0)

    def sent(self, address: str, now: float) -> None:
        """One more went there."""
        self._all = max(self._all, now) + 1 / self.channel.rate
        self._by_address[address] = max(self._by_address.pop(address, 0.0), now) + 1 / self.address.rate
        if len(self._by_address) > self.most:
            self._by_address = {one: at for one, at in self._by_address.items() if at > now}

    def hold(self, seconds: float, now: float) -> None:
        """The channel asked to be left alone for that long."""
        self._held = max(self._held, now + seconds)


def _left(pace: Pace, reached: float, now: float) -> float:
    """Until the bucket has room: `reached` is when all that was sent would have been at the even rate."""
    return max(reached, now) + 1 / pace.rate - pace.burst / pace.rate - now
