"""Hulk as a `handle` program: takes what was said, and answers what is to be spoken."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from hulk.kernel.errors import Unavailable
from hulk.kernel.text import Language, Voice
from hulk.modules.channels.adapters.wyoming.describing import INFO
from hulk.modules.channels.adapters.wyoming.events import Bounds, Event, Malformed, read, write
from hulk.modules.channels.adapters.wyoming.talk import Talk
from hulk.modules.channels.ports import Told

log = structlog.get_logger(__name__)
BOUNDS = Bounds(header=8_192, data=131_072, payload=65_536)
"""Nobody has sound to send here."""
MOST_EVENTS = 10_000
"""Events of one connection, after which it is closed."""
MOST_CONNECTIONS = 64
IDLE_SECONDS = 300.0
"""How long a connection may say nothing."""
SLOW_SECONDS = 10.0
"""How long an answer may take to be taken."""
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


_ANSWERS: Mapping[str, Callable[[Event], Event]] = {"describe": lambda _: INFO, "ping": lambda ping: Event("pong", ping.data)}


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who may connect: those networks, and nobody else; with none, this machine."""

    networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network] = ()

    def __contains__(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in network for network in self.networks or _LOOPBACK)


@dataclass(slots=True)
class WyomingServes:
    """Listens at `host` and `port` (0: a free one). `wait` is how many seconds an answer has before it is told that it takes longer."""

    host: str
    port: int
    allowed: Allowed
    voices: Callable[[Language], Voice]
    clock: Callable[[], datetime]
    wait: float = 6.0
    longest: int = 600
    fallback: Language = "en"
    idle: float = IDLE_SECONDS
    _open: int = field(default=0, init=False)
    bound: int = 0
    """The port it listens at, while it does."""

    async def serve(self, told: Told) -> None:
        """See `Serves`."""
        talk = Talk(told, self.voices, self.clock, self.longest, self.fallback)
        server = await self._listening(lambda reader, writer: group.create_task(self._connected(reader, writer, talk)))
        async with asyncio.TaskGroup() as group:
            await server.start_serving()
            self.bound = server.sockets[0].getsockname()[1]
            try:
                await asyncio.get_running_loop().create_future()  # until cancelled
            finally:
                self.bound = 0
                server.close()

    async def _listening(self, connected: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> asyncio.Server:
        try:
            return await asyncio.start_server(connected, self.host, self.port, limit=BOUNDS.header, start_serving=False)
        except OSError as error:
            raise Unavailable(
                "Nothing can be heard at {host}:{port}: {reason}. Is something else there?",
                host=self.host, port=self.port, reason=error.strerror or type(error).__name__,
            ) from error  # fmt: skip

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, talk: Talk) -> None:
        peer = writer.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        self._open += 1
        try:
            if address not in self.allowed:
                log.warning("wyoming_peer_refused", peer=address)
            elif self._open > MOST_CONNECTIONS:
                log.warning("wyoming_too_many", peer=address, most=MOST_CONNECTIONS)
            else:
                await self._session(reader, writer, talk)
        except Malformed as error:
            log.warning("wyoming_malformed", peer=address, why=str(error))
        except (OSError, TimeoutError) as error:
            log.info("wyoming_line_ended", peer=address, why=type(error).__name__)
        except Exception:  # a fault of ours with one ends not the others
            log.exception("wyoming_session_broke", peer=address)
        finally:
            self._open -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, talk: Talk) -> None:
        said = ""
        for _ in range(MOST_EVENTS):
            async with asyncio.timeout(self.idle):
                event = await read(reader, BOUNDS)
            if event is None:
                return
            said = await self._event(event, said, reader, writer, talk)

    async def _event(self, event: Event, said: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, talk: Talk) -> str:
        """Do what it asks; what was said up to now, where that comes in pieces. What is not for us is passed over, as the protocol says."""
        if event.type == "transcript-chunk":
            return talk.more(said, event)
        if event.type == "transcript-stop" and said:
            event = Event("transcript", {**event.data, "text": said})
        if event.type == "transcript":
            await talk(event, self.wait, reader, writer)
        elif event.type in _ANSWERS:
            await self._out(writer, _ANSWERS[event.type](event))
        return ""

    async def _out(self, writer: asyncio.StreamWriter, event: Event) -> None:
        async with asyncio.timeout(SLOW_SECONDS):
            await write(writer, event)

    async def reach(self) -> None:
        """Ask ourselves what is served here. Raises `Unavailable`."""
        try:
            async with asyncio.timeout(SLOW_SECONDS):
                reader, writer = await asyncio.open_connection(self.host, self.bound or self.port, limit=BOUNDS.data)
                try:
                    await write(writer, Event("describe"))
                    found = await read(reader, BOUNDS)
                finally:
                    writer.close()
        except (OSError, TimeoutError, Malformed) as error:
            raise self._deaf() from error
        if found is None or found.type != "info":
            raise self._deaf()

    def _deaf(self) -> Unavailable:
        return Unavailable("Hulk does not answer at {host}:{port}.", host=self.host, port=self.bound or self.port)
