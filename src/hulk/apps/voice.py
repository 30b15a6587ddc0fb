"""What hears and speaks on this machine, for `thor voice`."""

import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hulk.kernel.errors import Refused
from hulk.kernel.text import Language, Text
from hulk.modules.channels.settings import VoiceSettings
from hulk.modules.channels.wiring import Voice, voice_of
from hulk.runtime.voices import Wanted, pulled, voices, word_error

FOLDER = "voices"
"""In the data folder: the models that hear and speak."""
SENTENCES: Sequence[tuple[Language, str]] = (
    ("pt", "Quantos pedidos chegaram ontem na loja de São Paulo?"),
    ("en", "How many orders did the shop get yesterday?"),
)
MOST_ERROR = 0.5
"""Of the words, with which a round trip still counts as one."""
Tell = Callable[[Text], None]


async def serve(
    data: Path, ports: tuple[int, int], threads: int, tell: Tell, until: Callable[[list[Mapping[str, Any]]], Awaitable[None]]
) -> None:
    """Fetch what is missing, and serve it until `until`, which is given where, returns. Raises `Refused` and `Unavailable`."""
    await pulled(data / FOLDER, tell)
    tell(Text("Loading …"))
    async with voices(Wanted(folder=data / FOLDER, stt=ports[0], tts=ports[1], threads=threads)) as children:
        for child in children.values():
            await child.ready.wait()
        await until([{"setting": f"voice.{name}", "url": f"tcp://127.0.0.1:{child.port}"} for name, child in children.items()])


async def tried(settings: VoiceSettings) -> list[Mapping[str, Any]]:
    """A sentence of each language, spoken and written down again: what was heard, how much of it is wrong, and how long both took in
    seconds. Raises `Refused` when nothing is set up or too little was understood, and `Unavailable`."""
    voice = voice_of(settings)
    if voice.speak is None or voice.transcribe is None:
        raise Refused("There is no round trip to try: set voice.stt and voice.tts.")
    with tempfile.TemporaryDirectory(prefix="hulk-voice-") as folder:
        rows = [await _trip(voice, language, text, Path(folder) / "note.ogg") for language, text in SENTENCES]
    if bad := [row["language"] for row in rows if row["word_error"] > MOST_ERROR]:
        raise Refused("What was spoken was not understood again: {languages}. Heard was: {heard}",
                      languages=", ".join(bad), heard=" | ".join(row["heard"] for row in rows))  # fmt: skip
    return rows


async def _trip(voice: Voice, language: Language, text: str, note: Path) -> Mapping[str, Any]:
    assert voice.speak is not None  # noqa: S101  # looked at before
    assert voice.transcribe is not None  # noqa: S101
    began = time.monotonic()
    await voice.speak(text, language, note)
    spoken = time.monotonic()
    heard = await voice.transcribe(note, language)
    return {
        "language": language, "said": text, "heard": heard, "word_error": round(word_error(text, heard), 3),
        "speaking_s": round(spoken - began, 2), "hearing_s": round(time.monotonic() - spoken, 2),
    }  # fmt: skip
