"""What a message goes out with: its files, what was made for its intent, a text that is too long as a file, the text as a recording."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import structlog

from hulk.kernel.errors import HulkError, NotFound, Refused
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
    """Packs messages. What cannot be spoken is read, where it goes with its text; of a file that is too large, one
    too many or no more, the text says so."""

    files: Files
    speak: Speak | None
    voices: Voices | None = None

    @contextlib.asynccontextmanager
    async def __call__(self, message: Outgoing, limits: Limits) -> AsyncIterator[Packed]:
        """As long as the block lasts its files are there. Raises `Unspoken`."""
        if message.aloud:
            async with self.files.scratch() as scratch:
                yield replace(message, text=""), [await self._recording(message, limits, scratch)]
            return
        files, gone = await self._found(message, limits)
        if not files and not gone and not message.speak and limits.fits(message.text) == len(message.text):
            yield message, files
            return
        few = files[: _room(message, len(files), limits)]
        message = self._told(message, [*map(_missing, gone), *_large(few, limits.file), *_many(len(files) - len(few))])
        async with self.files.scratch() as scratch:
            if message.speak and self.speak is not None and limits.file:
                few += await self._spoken(message, self.speak, scratch / _RECORDING)
            whole, few = _fitting(message, limits, few, scratch)
            yield whole, few

    async def _found(self, message: Outgoing, limits: Limits) -> tuple[list[tuple[str, Path]], list[str]]:
        """Its files, and the names of those that are no more: what is said with them is not lost for that."""
        wanted = list(message.files)
        if message.made and message.intent and limits.file:
            wanted += await self.files.made(message.tenant, message.intent)
        there, gone = list[tuple[str, Path]](), list[str]()
        for one in wanted:
            try:
                there.append((one.name, await self.files.path(one.blob)))
            except NotFound:
                gone.append(one.name)
        return there, gone

    def _told(self, message: Outgoing, notes: Sequence[Text]) -> Outgoing:
        if self.voices is None or not notes:
            return message
        said = map(self.voices(message.language).say, notes)
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


def _room(message: Outgoing, count: int, limits: Limits) -> int:
    """How many of its files go along, where only so many may; its recording, and its text as a file, are some as well."""
    more = message.speak + (limits.fits(message.text) < len(message.text))
    return count if not limits.files or count + more <= limits.files else limits.files - message.speak - 1


def _missing(name: str) -> Text:
    return Text("The file {name} is not kept any more.", name=name)


def _large(files: Sequence[tuple[str, Path]], most: int) -> Sequence[Text]:
    sizes = [(name, path.stat().st_size) for name, path in files]
    return [
        Text("The file {name} has {size} bytes; at most {most} are taken here.", name=name, size=size, most=most)
        for name, size in sizes
        if size > most
    ]


def _many(left: int) -> Sequence[Text]:
    return [Text("Files that are not sent along: {count}. So many are not taken here at once.", count=left)] if left else []


def _fitting(message: Outgoing, limits: Limits, files: list[tuple[str, Path]], scratch: Path) -> tuple[Outgoing, list[tuple[str, Path]]]:
    if (room := limits.fits(message.text)) < len(message.text):
        path = scratch / "answer.md"
        path.write_text(message.text, encoding="utf-8")
        files, message = [("answer.md", path), *files], replace(message, text=message.text[: room - 1].rstrip() + "…")
    if any(path.stat().st_size > limits.file for _, path in files):
        files = [(name, path) for name, path in files if path.stat().st_size <= limits.file]
    return message, files
