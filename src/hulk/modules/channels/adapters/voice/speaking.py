"""Reading a text aloud."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.text import Language
from hulk.modules.channels.adapters.speech import aloud
from hulk.modules.channels.adapters.voice.server import VoiceLine, VoiceServer
from hulk.modules.channels.adapters.voice.sound import Sound, note
from hulk.modules.channels.adapters.wyoming import Event
from hulk.modules.channels.domain import split

_TAGS: Mapping[Language, str] = {"pt": "pt-BR", "en": "en-US"}
_RATES = range(8_000, 48_001)


@dataclass(frozen=True, slots=True)
class WyomingSpeak:
    """`names`: voices by language, where the server's own is not wanted. `most` characters of a text are read, up to the end of a
    sentence; `longest`: seconds of speech that are taken."""

    server: VoiceServer
    names: Mapping[Language, str] = field(default_factory=dict)
    most: int = 600
    longest: float = 300.0

    async def __call__(self, text: str, language: Language, into: Path) -> str:
        """See `Speak`: a voice note, Ogg Opus."""
        parts = split(aloud(text), self.most)
        if not parts:
            raise Refused("There is nothing to read aloud.")
        await asyncio.to_thread(note, await self.sound(parts[0], language), into)
        return "audio/ogg"

    async def sound(self, words: str, language: Language) -> Sound:
        """The words as they are spoken. Raises as `Speak`."""
        name = self.names.get(language, "")
        async with self.server.asked() as line:
            await line.say(Event("synthesize", {"text": words, "voice": {"name": name} if name else {"language": _TAGS[language]}}))
            sound = await self._taken(line, _begun(await line.next("audio-start"), self.server))
        if not sound.samples:
            raise self.server.rubbish()
        return sound

    async def _taken(self, line: VoiceLine, sound: Sound) -> Sound:
        most, taken = int(self.longest * sound.rate) * 2 * sound.channels, bytearray()
        while (event := await line.next("audio-chunk", "audio-stop")).type != "audio-stop":
            taken += event.payload
            if len(taken) > most:
                raise Unavailable("{server} speaks for longer than {seconds} s.", server=self.server.shown, seconds=round(self.longest))
        return Sound(bytes(taken[: len(taken) // (2 * sound.channels) * 2 * sound.channels]), sound.rate, sound.channels)


def _begun(start: Event, server: VoiceServer) -> Sound:
    rate, width, channels = (start.data.get(name) for name in ("rate", "width", "channels"))
    if not isinstance(rate, int) or rate not in _RATES or width != 2 or channels not in (1, 2):
        raise server.rubbish()
    return Sound(b"", rate, 2 if channels == 2 else 1)
