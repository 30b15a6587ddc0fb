"""The work behind a user's own skill: its function, called with what was read from the sentence."""

import asyncio
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hulk.kernel.errors import Refused
from hulk.kernel.records import from_json
from hulk.kernel.text import writable
from hulk.modules.skills.domain.own import OwnSkill, called_with
from hulk.modules.skills.domain.skill import Arguments, Source
from hulk.modules.skills.ports.sources import Sources
from hulk.modules.tickets import Done, Work


@dataclass(frozen=True, slots=True)
class CallFunction:
    """Calls the function of one skill: a coroutine function is awaited, a plain one runs in a thread."""

    own: OwnSkill
    sources: Sources

    async def __call__(self, work: Work) -> Done:
        """What the function gives, as Markdown; raises `Refused` when it gives something else than text."""
        arguments: Arguments = work.input["arguments"]
        keywords = called_with(self.own, arguments, await self._paths(arguments, work.scratch))
        function = self.own.function
        said = await function(**keywords) if inspect.iscoroutinefunction(function) else await asyncio.to_thread(function, **keywords)
        if not isinstance(said, str):
            raise Refused("The skill “{name}” gave {kind}; it must give text.", name=self.own.skill.name, kind=type(said).__name__)
        return Done(result={"markdown": writable(said)})

    async def _paths(self, arguments: Arguments, scratch: Path) -> Mapping[str, Path]:
        resolve = {"table": self.sources.table, "repository": self.sources.repository}
        wanted = [one for one in self.own.skill.parameters if one.kind in resolve and arguments.get(one.name) is not None]
        return {one.name: await resolve[one.kind](from_json(Source, arguments[one.name]), scratch) for one in wanted}
