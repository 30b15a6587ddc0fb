"""`Backend` of skills. A call does the plan here and now; it opens no ticket: what people should look at is told, and left to who calls.

Those that come with Hulk only look. One of a user's own may do anything, so it counts as a tool that writes unless it says `reads=True`."""

import functools
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

from hulk.kernel.errors import Exhausted, Refused
from hulk.kernel.records import from_json
from hulk.kernel.text import Language, Text, Voice
from hulk.modules.skills import Arguments as Read
from hulk.modules.skills import Book, Did, Doing, DoSkill, Skill, Source, words
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments
from hulk.modules.tools.adapters.backends.skills.arguments import read_from, taken_by, wanted_files
from hulk.modules.tools.adapters.backends.skills.outcome import OUTPUT, given
from hulk.modules.tools.domain import NAME, Output
from hulk.modules.tools.ports import Calling

Checks: TypeAlias = Callable[[str, Source], Awaitable[None]]
"""Refuses what a tenant may not have read: another's file, a path or host that is not allowed."""
Keeps: TypeAlias = Callable[[Calling, Path], Awaitable[str]]
"""Keeps a file among those of the tenant that calls, in its quota; gives the id of the blob."""

SECONDS = 600.0
"""The longest that a call may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What calls need of the program. `scratch` opens a folder that is removed afterwards; `today` is the day where Hulk's people are."""

    check: Checks
    kept: Keeps
    scratch: Callable[[], AbstractAsyncContextManager[Path]]
    voices: Callable[[Language], Voice]
    today: Callable[[], date]


class SkillTools(Acts):
    """`Backend` of the skills in the book. Raises `Refused` for two that would have one name, and for one that no tool can have."""

    def __init__(self, book: Book, do: DoSkill, around: Surroundings, name: str = "skills") -> None:
        _require_apart(name, book)
        acts = [_act(skill, functools.partial(_Call(do, around, skill))) for skill in book]
        super().__init__(name, About(outside=False, owner="Hulk", tags=("skills",)), *acts)


def act_of(skill: str) -> str:
    """The name of a skill's tool within its backend: `data.anomalies` gives `data_anomalies`."""
    return re.sub(r"_+", "_", "_".join(words(skill)))


def _require_apart(name: str, book: Iterable[Skill]) -> None:
    taken: dict[str, str] = {}
    for skill in book:
        act = act_of(skill.name)
        if not NAME.fullmatch(f"{name}.{act}"):
            raise Refused(
                "The skill “{skill}” cannot be offered as a tool: its name should begin with a letter from a to z, as in files.largest.",
                skill=skill.name,
            )
        if act in taken:
            raise Refused(
                "The skills “{one}” and “{other}” would both be the tool {tool}: rename one.",
                one=taken[act], other=skill.name, tool=f"{name}.{act}",
            )  # fmt: skip
        taken[act] = skill.name


def _act(skill: Skill, does: Callable[[Arguments, Calling], Awaitable[Output]]) -> Act[Arguments]:
    return Act(
        act_of(skill.name), str(skill.title), taken_by(skill), does, effect="read" if skill.reads else "write", idempotent=True,
        tags=skill.tags, seconds=SECONDS, output=OUTPUT,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Call:
    """One skill as an act."""

    do: DoSkill
    around: Surroundings
    skill: Skill

    async def __call__(self, wanted: Arguments, calling: Calling) -> Output:
        read = read_from(self.skill, wanted, self.around.today())
        for source in self._sources(read):
            await self.around.check(calling.tenant, source)
        voice = self.around.voices(calling.language)
        files = wanted_files(wanted, "kept" if calling.agent else "named")  # an agent gives them on with its answer
        said = files == wanted_files(wanted, "named")
        async with self.around.scratch() as scratch:
            did = await self._did(read, calling, voice, scratch)
            keep = functools.partial(self.around.kept if said else self._kept_if_it_fits, calling) if files == "kept" else None
            return await given(did, voice, inline=files == "inline", keep=keep)

    async def _kept_if_it_fits(self, calling: Calling, path: Path) -> str:
        """Empty where the tenant has no room for it: nobody asked for the file, and what was found stands without."""
        try:
            return await self.around.kept(calling, path)
        except Exhausted:
            return ""

    async def _did(self, read: Read, calling: Calling, voice: Voice, scratch: Path) -> Did:
        async def told(done: int, of: int, title: Text) -> None:
            await calling.progress(done, of, voice.say(title))

        doing = Doing(skill=self.skill, arguments=read, tenant=calling.tenant, key=calling.key, voice=voice, scratch=scratch)
        return await self.do(doing, told)

    def _sources(self, read: Read) -> Sequence[Source]:
        places = [one.name for one in self.skill.parameters if one.kind in ("table", "repository")]
        return [from_json(Source, read[name]) for name in places if read[name] is not None]
