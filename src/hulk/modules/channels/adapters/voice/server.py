"""A line to a server of the Wyoming protocol, here or in a private network unless somebody said that it may be elsewhere."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

from hulk.kernel.errors import Refused, Unavailable
from hulk.modules.channels.adapters.wyoming import Bounds, Event, Malformed, read, write
from hulk.modules.channels.domain import at_home

BOUNDS = Bounds(header=65_536, data=1_048_576, payload=4_194_304)
MOST_EVENTS = 100_000
"""That are passed over while waiting for an answer."""


@dataclass(frozen=True, slots=True)
class VoiceServer:
    """Where it is. `seconds`: how long a whole question may take."""

    host: str
    port: int
    remote: bool = False
    seconds: float = 45.0

    @contextlib.asynccontextmanager
    async def asked(self) -> AsyncIterator["VoiceLine"]:
        """A line of its own. What goes wrong in the block comes out as `Unavailable`, and `Refused` for where it may not be."""
        try:
            async with asyncio.timeout(self.seconds):
                reader, writer = await asyncio.open_connection(await self._address(), self.port, limit=BOUNDS.header)
                try:
                    yield VoiceLine(reader, writer, self)
                finally:
                    writer.close()
        except TimeoutError as error:
            raise Unavailable("{server} takes longer than {seconds} s.", server=self.shown, seconds=round(self.seconds)) from error
        except Malformed as error:
            raise self.rubbish() from error
        except OSError as error:
            raise Unavailable("{server} does not answer. Does it run there?", server=self.shown) from error

    async def _address(self) -> str:
        """What is connected to is what was looked at: a name that stands for something else a moment later changes nothing."""
        found = await asyncio.get_running_loop().getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = [str(one[4][0]) for one in found]
        if not self.remote and not all(at_home(ipaddress.ip_address(one.partition("%")[0])) for one in addresses):
            raise Refused(
                "{server} is neither this machine nor a private network: what is said stays here (voice.remote).", server=self.shown
            )
        return addresses[0]

    @property
    def shown(self) -> str:
        """As it is told to people."""
        return f"tcp://{self.host}:{self.port}"

    def rubbish(self) -> Unavailable:
        """What is raised when what it says is nothing that a Wyoming server says."""
        return Unavailable("{server} answers what Wyoming does not know.", server=self.shown)


@dataclass(frozen=True, slots=True)
class VoiceLine:
    """While it is open."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: VoiceServer

    async def say(self, *events: Event) -> None:
        """Send them."""
        for event in events:
            await write(self.writer, event)

    async def next(self, *wanted: str) -> Event:
        """The next of these types; others are passed over. Raises `Unavailable` when it says that it failed, or nothing any more."""
        for _ in range(MOST_EVENTS):
            event = await read(self.reader, BOUNDS)
            if event is None:
                raise Unavailable("{server} left off in the middle.", server=self.server.shown)
            if event.type in wanted:
                return event
            if event.type == "error":
                raise Unavailable("{server} could not do it: {reason}.", server=self.server.shown, reason=str(event.data.get("text"))[:200])
        raise self.server.rubbish()
