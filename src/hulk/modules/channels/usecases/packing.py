"""What a message goes out with: its files, what was made for its intent, a text that is too long as a file, the text as a recording."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import structlog

from hulk.kernel.errors import HulkError, Refused
from hulk.kernel.text import Text
from hulk.modules.channels.domain import Limits, Outgoing
from hulk.modules.channels.ports import Files, Speak, Voices

log = structlog.get_logger(__name__)
_RECORDING = "answer.ogg"

Packed: TypeAlias = tuple[Outgoing, Sequence[tuple[str, Path]]]
"""The message as it is sent, and its files: their names and where they lie."""


class Unspoken(Refused):
    """A message that is a recording alone could not be spoken. Its text stands before it."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Packs messages. What cannot be spoken is read, where it goes with its text; of a file that is too large the text says so."""

    files: Files
    speak: Speak | None
    voices: Voices | None = None

    @contextlib.asynccontextmanager
    async def __call__(self, message: Outgoing, limits: Limits) -> AsyncIterator[Packed]:
        """As long as the block lasts its files are there. Raises `Unspoken`, and `NotFound` for a file that is no more."""
        if message.aloud:
            async with self.files.scratch() as scratch:
                yield replace(message, text=""), [await self._recording(message, limits, scratch)]
            return
        files = [(one.name, await self.files.path(one.blob)) for one in message.files]
        if message.made and message.intent and limits.file:
            files += [(one.name, await self.files.path(one.blob)) for one in await self.files.made(message.tenant, message.intent)]
        if not files and not message.speak and limits.fits(message.text) == len(message.text):
            yield message, files
            return
        message = self._told(message, [(name, size) for name, path in files if (size := path.stat().st_size) > limits.file], limits)
        async with self.files.scratch() as scratch:
            if message.speak and self.speak is not None and limits.file:
                files += await self._spoken(message, self.speak, scratch / _RECORDING)
            whole, files = _fitting(message, limits, files, scratch)
            yield whole, files

    def _told(self, message: Outgoing, large: Sequence[tuple[str, int]], limits: Limits) -> Outgoing:
        if self.voices is None or not large:
            return message
        said = (self.voices(message.language).say(_too_large(name, size, limits.file)) for name, size in large)
        return replace(message, text="\n\n".join(filter(None, (message.text, *said))))

    async def _recording(self, message: Outgoing, limits: Limits, scratch: Path) -> tuple[str, Path]:
        if self.speak is None:
            raise Unspoken("Nothing reads aloud here any more (voice.tts).")
        try:
            await self.speak(message.text, message.language, scratch / _RECORDING)
        except HulkError as error:
            raise Unspoken("It could not be read aloud: {reason}", reason=error.text) from error
        if (size := (scratch / _RECORDING).stat().st_size) > limits.file:
            raise Unspoken("Its recording has {size} bytes; at most {most} are taken.", size=size, most=limits.file)
        return _RECORDING, scratch / _RECORDING

    async def _spoken(self, message: Outgoing, speak: Speak, into: Path) -> Sequence[tuple[str, Path]]:
        """The answer as a recording; none where it cannot be spoken: then it is read."""
        try:
            await speak(message.text, message.language, into)
        except HulkError as error:
            log.warning("channel_message_not_spoken", message=message.id, reason=str(error))
            return []
        return [(into.name, into)]


def _too_large(name: str, size: int, most: int) -> Text:
    return Text("The file {name} has {size} bytes; at most {most} are taken here.", name=name, size=size, most=most)


def _fitting(message: Outgoing, limits: Limits, files: list[tuple[str, Path]], scratch: Path) -> tuple[Outgoing, list[tuple[str, Path]]]:
    if (room := limits.fits(message.text)) < len(message.text):
        path = scratch / "answer.md"
        path.write_text(message.text, encoding="utf-8")
        files, message = [("answer.md", path), *files], replace(message, text=message.text[: room - 1].rstrip() + "…")
    if any(path.stat().st_size > limits.file for _, path in files):
        files = [(name, path) for name, path in files if path.stat().st_size <= limits.file]
    return message, files
