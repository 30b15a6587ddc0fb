"""A real Hulk that is spoken to: the official client tells it what was said, as Home Assistant does."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wyoming.asr import Transcript
from wyoming.client import AsyncTcpClient
from wyoming.event import Event

from support.program import started

SETTINGS = """\
channels:
  wyoming:
    - {{name: home, port: {port}, guests: [operator], wait: 7s}}
"""


@dataclass(frozen=True)
class Spoken:
    """Where it listens."""

    port: int

    async def hears(self, text: str) -> tuple[Event, float]:
        """Somebody says that; what is answered, and after how many seconds."""
        async with AsyncTcpClient("127.0.0.1", self.port) as client:
            began = time.monotonic()
            await client.write_event(Transcript(text, language="pt-BR", context={"conversation_id": "loop"}).event())
            event = await client.read_event()
            assert event is not None
            return event, time.monotonic() - began


def free_port() -> int:
    """One that nobody has now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def a_hulk(folder: Path) -> Iterator[Spoken]:
    """`hulk up` with a voice assistant for whoever is in the house."""
    port = free_port()
    (folder / "hulk.yaml").write_text(SETTINGS.format(port=port), encoding="utf-8")
    with started(folder / "data", cwd=folder) as up:
        _listening(port)
        yield Spoken(port)
        assert up.process.poll() is None


def _listening(port: int) -> None:
    """It leads at its channel a moment after it is ready."""
    for _ in range(600):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nothing listens")
