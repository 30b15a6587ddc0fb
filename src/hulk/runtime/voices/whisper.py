"""The child that writes down what is said: `python whisper.py FOLDER PORT THREADS`, Whisper by faster-whisper behind Wyoming.

Run as a script in a process of its own, so that a crash of its libraries ends only that. It listens on loopback, says its port on standard
output when it takes questions, and keeps nothing of what it hears.
"""

import asyncio
import logging
import sys
from typing import Any

from faster_whisper import WhisperModel
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioChunkConverter, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info
from wyoming.server import AsyncEventHandler, AsyncTcpServer

log = logging.getLogger("voice")
RATE = 16_000
MOST_BYTES = RATE * 2 * 1_800
"""Half an hour."""
WHO = Attribution("Systran; OpenAI", "")
INFO = Info(
    asr=[AsrProgram("whisper", WHO, True, "Whisper base", "1", [AsrModel("base", WHO, True, "Multilingual", "1", ["pt", "pt-BR", "en"])])]
)


class Ear(AsyncEventHandler):
    """One connection."""

    def __init__(self, reader: Any, writer: Any, model: WhisperModel, turn: asyncio.Lock) -> None:
        super().__init__(reader, writer)
        self.model, self.turn = model, turn
        self.language: str | None = None
        self.sound = bytearray()
        self.converter = AudioChunkConverter(rate=RATE, width=2, channels=1)

    async def handle_event(self, event: Event) -> bool:
        """What the protocol says."""
        if Describe.is_type(event.type):
            await self.write_event(INFO.event())
        elif Transcribe.is_type(event.type):
            self.language = (Transcribe.from_event(event).language or "")[:2] or None
        elif AudioStart.is_type(event.type):
            self.sound.clear()
        elif AudioChunk.is_type(event.type):
            self.sound += self.converter.convert(AudioChunk.from_event(event)).audio
            return len(self.sound) <= MOST_BYTES
        elif AudioStop.is_type(event.type):
            await self._written()
        return True

    async def _written(self) -> None:
        async with self.turn:
            try:
                text = await asyncio.to_thread(self._text)
            except Exception as error:  # what is broken for one recording may not be for the next
                log.exception("not done")
                await self.write_event(Error(type(error).__name__).event())
                return
        await self.write_event(Transcript(text, language=self.language).event())

    def _text(self) -> str:
        import numpy as np

        samples = np.frombuffer(bytes(self.sound), "<i2").astype("float32") / 32_768
        segments, _ = self.model.transcribe(samples, language=self.language, beam_size=5, condition_on_previous_text=False)
        return " ".join(one.text.strip() for one in segments)


async def main() -> None:
    """Serve until told to end."""
    folder, port, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    model, turn = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True), asyncio.Lock()
    server = AsyncTcpServer("127.0.0.1", port)
    await server.start(lambda reader, writer: Ear(reader, writer, model, turn))
    listening: Any = server._server  # noqa: SLF001  # the package does not tell which port it was given
    print(listening.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # told to who started it
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
