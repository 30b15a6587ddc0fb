"""The skills as tools, put together as the program does, over files and blobs of a test's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hulk.kernel.errors import Exhausted, NotFound
from hulk.kernel.text import Language
from hulk.kernel.time import utc_now
from hulk.modules.skills import Source
from hulk.modules.skills.wiring import wired as wired_skills
from hulk.modules.tools import Backend, Output
from hulk.modules.tools.ports import Calling, Present
from hulk.modules.tools.settings import ToolsSettings
from hulk.modules.tools.wiring import Surroundings, skill_tools
from hulk.modules.tools.wiring import wired as wired_tools
from hulk.runtime.blobs import FolderBlobs
from hulk.runtime.breaker import Breakers
from hulk.runtime.language import voice

TODAY = date(2026, 11, 21)


def a_calling(tenant: str = "acme", language: Language = "en", seconds: float = 300, **other: Any) -> Calling:
    """One by Ana."""
    deadline = utc_now() + timedelta(seconds=seconds)
    return replace(
        Calling(id="tcl_1", key="k", tenant=tenant, actor="person:ana", deadline=deadline, present=Present(language=language)), **other
    )


@dataclass
class Skilled:
    """Skills over `root`, the only folder that may be read; `own` are files with skills of a user. `sent` says whose a blob is; `full`: the
    tenant has no room for more."""

    root: Path
    own: Sequence[Path] = ()
    sent: dict[str, str] = field(default_factory=dict)
    checked: list[Source] = field(default_factory=list)
    full: bool = False

    def __post_init__(self) -> None:
        self.blobs = FolderBlobs(self.root.parent / "blobs", self.scratch)
        settings = ToolsSettings.model_validate({"http": {"allow": ["example.com"]}})
        self.tools = wired_tools(settings, (self.root,), self.blobs.kept, Breakers())
        self.backend: Backend = self._made()

    @property
    def scratch(self) -> Path:
        """Where calls work."""
        return self.root.parent / "scratch"

    def left(self) -> list[str]:
        """What calls have left behind."""
        return [path.name for path in self.scratch.glob("*")]

    def _made(self) -> Backend:
        tools = self.tools
        skills = wired_skills(self.own, tools.history, tools.tables, tools.series, tools.charts, tools.sources, self.root)
        around = Surroundings(check=self._check, kept=self._keep, scratch=self.blobs.scratch, voices=voice, today=lambda: TODAY)
        return skill_tools(skills.book, skills.handlers, around)

    async def _check(self, tenant: str, source: Source) -> None:
        """As the program does: see `apps.bootstrap.modules`."""
        self.checked.append(source)
        if source.blob is not None and self.sent.get(source.blob) != tenant:
            raise NotFound("There is no file {id} here. Send it again.", id=source.blob)
        if source.url is not None:
            self.tools.check_address(source.url)

    async def _keep(self, calling: Calling, path: Path) -> str:
        if self.full:
            raise Exhausted("There is no room.")
        blob = await self.blobs.put_file(path)
        self.sent[blob.id] = calling.tenant
        return blob.id

    async def send(self, path: Path, tenant: str = "acme") -> str:
        """A file as the tenant's own."""
        return await self._keep(a_calling(tenant), path)

    async def call(self, act: str, calling: Calling | None = None, /, **arguments: Any) -> Output:
        """Call the tool of a skill."""
        [tool] = [one for one in await self.backend.tools() if one.name == f"skills.{act}"]
        return await self.backend.call(tool, arguments, calling or a_calling())
