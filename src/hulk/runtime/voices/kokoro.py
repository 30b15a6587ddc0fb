"""The child that reads texts aloud: `python kokoro.py FOLDER PORT THREADS`, Kokoro-82M by onnxruntime behind Wyoming.

Run as a script in a process of its own, see `whisper.py`. How words sound is told by the program espeak-ng (GPL-3.0), which is asked as a
program of its own and never loaded here.
"""

import asyncio
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.server import AsyncEventHandler, AsyncTcpServer
from wyoming.tts import Synthesize, SynthesizeVoice

log = logging.getLogger("voice")
RATE = 24_000
MOST_TOKENS = 500
"""That the model takes at once are 510."""
MOST_TEXT = 10_000
ESPEAK_SECONDS = 20.0
VOICES = {"pf_dora": "pt-BR", "pm_alex": "pt-BR", "af_heart": "en-US"}
TONGUES = {"pt-BR": "pt-br", "en-US": "en-us"}
WHO = Attribution("hexgrad", "")
INFO = Info(
    tts=[
        TtsProgram(
            "kokoro", WHO, True, "Kokoro-82M", "1.0",
            [TtsVoice(name, WHO, True, name, "1.0", [tag, tag[:2]]) for name, tag in VOICES.items()],
        )
    ]
)  # fmt: skip
_PIECE = re.compile(r"([^,.;:!?…\n]*)([,.;:!?…\n]*)")
_FOREIGN = re.compile(r"\([a-z-]+\)|[_\u200d]")
"""How espeak-ng tells that a word is of another language, and joins letters."""


def voice_of(asked: SynthesizeVoice | None) -> str:
    """The voice that is asked for by name or language. Raises `ValueError` for one that is not here."""
    if asked is None or (asked.name is None and asked.language is None):
        return next(iter(VOICES))
    if asked.name is not None:
        if asked.name not in VOICES:
            raise ValueError(f"no voice {asked.name[:40]}: there are {', '.join(VOICES)}")
        return asked.name
    wanted = (asked.language or "")[:2].lower()
    found = next((name for name, tag in VOICES.items() if tag[:2] == wanted), None)
    if found is None:
        raise ValueError(f"no voice speaks {wanted}")
    return found


async def sounds(text: str, tongue: str) -> str:
    """How a text sounds, in the letters of the IPA, its marks kept: the model makes pauses of them."""
    said = []
    for piece, marks in _PIECE.findall(text):
        if piece.strip():
            said.append(await _espeak(piece, tongue))
        if marks:
            said.append("." if "\n" in marks else marks[0].replace("…", "."))
            said.append(" ")
    return "".join(said).strip()


async def _espeak(piece: str, tongue: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *("espeak-ng", "-q", "--ipa", "-v", tongue, "--stdin"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(process.communicate(piece.encode()), ESPEAK_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
    return _FOREIGN.sub("", " ".join(out.decode().split()))


class Mouth:
    """The model with its voices."""

    def __init__(self, folder: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(str(folder / "kokoro-v1.0.int8.onnx"), options, providers=["CPUExecutionProvider"])
        self.tokens: dict[str, int] = json.loads((folder / "vocab.json").read_text("utf-8"))["vocab"]
        self.voices = {name: np.fromfile(folder / f"{name}.bin", "<f4").reshape(-1, 256) for name in VOICES}
        self.turn = asyncio.Lock()

    async def say(self, text: str, voice: str) -> bytes:
        """The text as samples of 16 bit."""
        ipa = await sounds(text[:MOST_TEXT], TONGUES[VOICES[voice]])
        async with self.turn:
            return await asyncio.to_thread(lambda: b"".join(self._said(one, voice) for one in self._pieces(ipa)))

    def _pieces(self, ipa: str) -> Iterator[list[int]]:
        """Sentences as tokens, as many at once as the model takes."""
        taken: list[int] = []
        for sentence in re.findall(r"[^.!?]+[.!?]*\s*", ipa):
            tokens = [self.tokens[letter] for letter in sentence if letter in self.tokens]
            for begin in range(0, len(tokens), MOST_TOKENS):
                piece = tokens[begin : begin + MOST_TOKENS]
                if taken and len(taken) + len(piece) > MOST_TOKENS:
                    yield taken
                    taken = []
                taken += piece
        if taken:
            yield taken

    def _said(self, tokens: list[int], voice: str) -> bytes:
        known = self.voices[voice]
        given: dict[str, Any] = {
            "tokens": np.array([[0, *tokens, 0]], np.int64), "style": known[min(len(tokens), len(known) - 1)].reshape(1, 256),
            "speed": np.array([1.0], np.float32),
        }  # fmt: skip
        samples = np.asarray(self.session.run(None, given)[0]).ravel()
        return bytes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())


class Talk(AsyncEventHandler):
    """One connection."""

    def __init__(self, reader: Any, writer: Any, mouth: Mouth) -> None:
        super().__init__(reader, writer)
        self.mouth = mouth

    async def handle_event(self, event: Event) -> bool:
        """What the protocol says."""
        if Describe.is_type(event.type):
            await self.write_event(INFO.event())
        elif Synthesize.is_type(event.type):
            asked = Synthesize.from_event(event)
            try:
                sound = await self.mouth.say(asked.text, voice_of(asked.voice))
            except Exception as error:  # what is broken for one text may not be for the next
                log.exception("not done")
                await self.write_event(Error(str(error) if isinstance(error, ValueError) else type(error).__name__).event())
                return True
            await self._out(sound)
        return True

    async def _out(self, sound: bytes) -> None:
        await self.write_event(AudioStart(RATE, 2, 1).event())
        for begin in range(0, len(sound), RATE):
            await self.write_event(AudioChunk(RATE, 2, 1, sound[begin : begin + RATE]).event())
        await self.write_event(AudioStop().event())


async def main() -> None:
    """Serve until told to end."""
    folder, port, threads = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    mouth, server = Mouth(folder, threads), AsyncTcpServer("127.0.0.1", port)
    await server.start(lambda reader, writer: Talk(reader, writer, mouth))
    listening: Any = server._server  # noqa: SLF001  # see whisper.py
    print(listening.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # told to who started it
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
