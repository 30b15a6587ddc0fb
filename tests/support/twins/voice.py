"""A twin of what hears and speaks, on the official package of Wyoming: `python -m support.twins.voice`; its port is its first line.

It writes down which tone it hears: “440 Hz, 1.0 s, pt”; of less than 0.2 s it leaves off. It speaks a tone of 440 Hz, half a second for
each word, at 22,050 samples a second, in pieces of an odd size; a text that begins with the word of a fault (`error`, `close`, `garbage`,
`endless`, `silence`, `odd`, `hang`) is answered with that. Events that nobody asked for come between.
"""

import asyncio
import math
import struct
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping
from wyoming.server import AsyncEventHandler, AsyncTcpServer
from wyoming.tts import Synthesize

RATE = 22_050


def tone(seconds: float, hertz: float = 440.0, rate: int = RATE) -> bytes:
    """16 bit, mono."""
    count = int(seconds * rate)
    return struct.pack(f"<{count}h", *(int(12_000 * math.sin(2 * math.pi * hertz * place / rate)) for place in range(count)))


def pitch(samples: bytes, rate: int) -> float:
    """Of a tone: half its changes of sign a second, from where it begins to where it ends (codecs add silence)."""
    values = struct.unpack(f"<{len(samples) // 2}h", samples)
    loud = [place for place, one in enumerate(values) if abs(one) > 500]
    changes = sum(1 for one, other in pairwise(loud) if (values[one] < 0) != (values[other] < 0))
    return changes / 2 / ((loud[-1] - loud[0]) / rate) if len(loud) > 1 else 0.0


def _pieces(samples: bytes) -> Iterator[bytes]:
    for begin in range(0, len(samples), 1_777):
        yield samples[begin : begin + 1_777]


class Twin(AsyncEventHandler):
    """One connection."""

    language = ""
    format = (0, 0, 0)
    sound = b""

    async def handle_event(self, event: Event) -> bool:
        """What the protocol says."""
        if Describe.is_type(event.type):
            await self.write_event(Info().event())
        elif Transcribe.is_type(event.type):
            self.language, self.sound = str(Transcribe.from_event(event).language), b""
        elif AudioStart.is_type(event.type):
            start = AudioStart.from_event(event)
            self.format = (start.rate, start.width, start.channels)
        elif AudioChunk.is_type(event.type):
            self.sound += AudioChunk.from_event(event).audio
        elif AudioStop.is_type(event.type):
            return await self._heard()
        elif Synthesize.is_type(event.type):
            return await self._spoken(Synthesize.from_event(event))
        return True

    async def _heard(self) -> bool:
        rate, width, channels = self.format
        assert (rate, width, channels) == (16_000, 2, 1), self.format
        await self.write_event(Ping().event())
        hertz, seconds = pitch(self.sound, rate), len(self.sound) / 2 / rate
        if seconds < 0.2:
            return await self._fault("close")
        await self.write_event(Transcript(f"{round(hertz, -1):.0f} Hz, {seconds:.1f} s, {self.language}").event())
        return True

    async def _spoken(self, asked: Synthesize) -> bool:
        first, *_ = asked.text.split()
        if not await self._fault(first.rstrip(".")):
            return False
        hertz = 440.0 if asked.voice is None or asked.voice.name is None else float(asked.voice.name)
        await self.write_event(AudioStart(RATE, 2, 1).event())
        await self.write_event(Ping().event())
        if first.rstrip(".") != "silence":
            for one in _pieces(tone(len(asked.text.split()) / 2, hertz)):
                await self.write_event(AudioChunk(RATE, 2, 1, one).event())
        await self.write_event(AudioStop().event())
        return True

    async def _fault(self, name: str) -> bool:
        match name:
            case "error":
                await self.write_event(Error("the model is broken", "broken").event())
            case "garbage":
                self.writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            case "odd":
                await self.write_event(AudioStart(RATE, 4, 7).event())
            case "endless":
                await self._endless()
            case "hang":
                await self.reader.read()
            case "close":
                pass
            case _:
                return True
        return False

    async def _endless(self) -> None:
        await self.write_event(AudioStart(RATE, 2, 1).event())
        while not self.writer.is_closing():
            await self.write_event(AudioChunk(RATE, 2, 1, b"\1" * 200_000).event())


async def _main() -> None:
    server = AsyncTcpServer("127.0.0.1", int(sys.argv[1]))
    await server.start(Twin)
    listening: Any = server._server
    print(listening.sockets[0].getsockname()[1], flush=True)
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
