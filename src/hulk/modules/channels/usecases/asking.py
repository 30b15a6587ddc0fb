"""Turning what was said into an intent: its files fetched, its voice notes written down."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import Refused, TooLarge
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Language, Text
from hulk.modules.channels.domain import Attached, Channel, Shown, cleaned
from hulk.modules.channels.ports import Ask, Asking, Files, Kept, Line, Transcribe
from hulk.modules.channels.usecases.meeting import Party

MOST_FILES = 10


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody said, and the intent that it became; or why it became none."""

    text: str
    intent: str | None = None
    changes: Sequence[Change[Any]] = ()
    refusal: Text = Text("")  # noqa: RUF009  # it cannot change


@dataclass(frozen=True, slots=True)
class AskFor:
    """Has Hulk work on a message."""

    ask: Ask
    files: Files
    line: Callable[[str], Line | None]
    transcribe: Transcribe | None = None

    async def __call__(self, channel: Channel, kept: Kept, party: Party) -> Heard:
        """The intent, not yet begun. Raises `Unavailable` when it may work later, and `Refused` and others for what never will."""
        by = party.principal
        assert by is not None  # noqa: S101  # who is nobody does not get here
        if len(kept.arrival.files) > MOST_FILES:
            raise Refused("{count} files were sent; at most {most} are taken.", count=len(kept.arrival.files), most=MOST_FILES)
        spoken, shown = await self._fetched(channel, kept, by, party.contact.language or channel.language)
        text = cleaned("\n".join(filter(None, (kept.arrival.text, *spoken))))
        if not text:
            return Heard("", refusal=Text("Say what I should do with it."))
        asking = Asking(
            by=by, text=text, language=party.contact.language or channel.language, key=f"{channel.name}:{kept.id}", channel=channel.name,
            namespace=channel.namespace, files=tuple(shown), agent=channel.agent, turns=party.turns, private=channel.private,
        )  # fmt: skip
        intent, begin = await self.ask(asking)
        return Heard(text, intent, [begin])

    async def _fetched(self, channel: Channel, kept: Kept, by: Principal, language: Language | None) -> tuple[list[str], list[Shown]]:
        spoken, shown = list[str](), list[Shown]()
        line = self.line(channel.name)
        for file in kept.arrival.files if line is not None else ():
            async with self.files.scratch() as folder:
                path = await self._one(line, channel, file, folder)  # type: ignore[arg-type]  # there is one, or no file
                if file.voice:
                    spoken.append(await self._written(path, language))
                blob = await self.files.keep(channel.tenant, by.actor, path, f"channel:{kept.id}")
                if not file.voice:
                    shown.append(Shown(blob, file.name or path.name, file.media_type))
        return spoken, shown

    async def _one(self, line: Line, channel: Channel, file: Attached, folder: Path) -> Path:
        if file.size is not None and file.size > channel.files:
            raise _too_large(file, channel.files)
        path = folder / "received"
        await line.fetch(file, path, channel.files)
        return path

    async def _written(self, path: Path, language: Language | None) -> str:
        if self.transcribe is None:
            raise Refused("I cannot listen to voice notes here: no speech recognition is set up (voice.stt). Please write.")
        return await self.transcribe(path, language)


def _too_large(file: Attached, most: int) -> TooLarge:
    return TooLarge(
        "The file {name} has {size} bytes; at most {most} are taken here.", name=file.name or file.ref[:40], size=file.size, most=most
    )
