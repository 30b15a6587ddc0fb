"""Writing down what is said in a recording."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from hulk.kernel.text import Language, writable
from hulk.modules.channels.adapters.voice.server import VoiceServer
from hulk.modules.channels.adapters.voice.sound import HEARD, heard
from hulk.modules.channels.adapters.wyoming import Event
from hulk.modules.channels.domain.arrival import LONGEST_TEXT

_CHUNK = 32_000
"""Bytes: a second."""


@dataclass(frozen=True, slots=True)
class WyomingTranscribe:
    """`longest`: seconds of a recording that are taken."""

    server: VoiceServer
    longest: float = 300.0

    async def __call__(self, recording: Path, language: Language | None) -> str:
        """See `Transcribe`. It is decoded in a thread."""
        sound = await asyncio.to_thread(heard, recording, self.longest)
        async with self.server.asked() as line:
            await line.say(Event("transcribe", {"language": language} if language else {}), Event("audio-start", HEARD))
            for begin in range(0, len(sound), _CHUNK):
                await line.say(Event("audio-chunk", HEARD, sound[begin : begin + _CHUNK]))
            await line.say(Event("audio-stop"))
            text = (await line.next("transcript")).data.get("text")
        if not isinstance(text, str):
            raise self.server.rubbish()
        return writable(text).strip()[:LONGEST_TEXT]
