"""The two acts of a sandbox."""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hulk.kernel.errors import Refused, TooLarge, Unavailable
from hulk.kernel.time import Clock, utc_now
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, said
from hulk.modules.tools.adapters.backends.shell.arguments import InputFile, ListPrograms, Run
from hulk.modules.tools.adapters.backends.shell.programs import PATH, Programs
from hulk.modules.tools.adapters.backends.shell.telling import told
from hulk.modules.tools.domain import Output
from hulk.modules.tools.ports import Calling, Sent, Uncertain
from hulk.runtime.jail.plan import WORK, Limits, Plan
from hulk.runtime.jail.prison import GRACE, Contents, Jail, Report

_ENVIRONMENT = {"PATH": PATH, "HOME": WORK, "TMPDIR": "/tmp", "LANG": "C.UTF-8", "USER": "user", "TZ": "UTC"}  # noqa: S108  # its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What all commands of a sandbox have: see `ShellSettings`."""

    programs: Programs
    folders: tuple[tuple[str, str], ...] = ()
    network: bool = False
    limits: Limits = field(default_factory=Limits)


class Shell(Acts):
    """The tools `NAME.list_programs` and `NAME.run`."""

    def __init__(
        self, name: str, about: About, room: Room, sent: Sent, *, at_once: int = 2, jail: Jail | None = None, clock: Clock = utc_now
    ) -> None:
        self._room, self._sent, self._jail, self._clock = room, sent, jail or Jail(), clock
        self._turns = asyncio.Semaphore(at_once)
        seconds = room.limits.seconds + 2 * GRACE
        super().__init__(
            name,
            replace(about, outside=about.outside or room.network),
            Act("list_programs", "Programs of the sandbox", ListPrograms, self._list),
            Act("run", f"Run a command in {name}", Run, self._run, effect="write", cost="low", seconds=seconds, tags=("shell",)),
        )

    async def proven(self) -> None:
        """Raises `Refused` when the walls do not stand on this machine."""
        try:
            await self._jail.proven(Plan(argv=(), folders=self._room.folders, network=self._room.network))
        except Refused as error:
            raise Refused(
                "The sandbox {name} is not started: {why}. It needs Linux 5.12 or newer, on which this user may make user"
                " namespaces and mount /proc in them (docs/tools.md). Where that cannot be, take it out of tools.systems.shell.",
                name=self.name, why=error.text,
            ) from error  # fmt: skip

    async def _list(self, _: ListPrograms, __: Calling) -> Output:
        room = self._room
        limits = {one: getattr(room.limits, one) for one in ("seconds", "cpu", "memory", "processes", "scratch", "file_size", "output")}
        allowed = [" ".join(words) for words in room.programs.allowed]
        folders = [seen for _, seen in room.folders]
        return said({"programs": allowed, "folders": folders, "network": room.network, "limits": limits})

    async def _run(self, wanted: Run, calling: Calling) -> Output:
        argv = self._room.programs.command(wanted.argv)
        contents = [await self._content(one, calling.tenant) for one in wanted.files]
        sizes = [await asyncio.to_thread(_size, one) for one in contents]
        stdin = wanted.stdin.encode(errors="replace")
        self._require_room([*sizes, len(stdin)])
        async with self._turns:
            plan = Plan(
                argv=argv, env=_ENVIRONMENT, stdin=len(stdin), folders=self._room.folders, network=self._room.network,
                files=tuple((one.path, size) for one, size in zip(wanted.files, sizes, strict=True)), limits=self._limits(wanted, calling),
            )  # fmt: skip
            return told(await self._done(plan, stdin, contents))

    async def _done(self, plan: Plan, stdin: bytes, contents: Sequence[Contents]) -> Report:
        try:
            return await self._jail.run(plan, stdin, contents)
        except Unavailable as error:
            kind = Uncertain if plan.network else Unavailable  # without one, nothing but its scratch can have changed
            raise kind("The command has not run to its end in the sandbox {name}: {why}.", name=self.name, why=error.text) from error

    async def _content(self, one: InputFile, tenant: str) -> Contents:
        if one.blob is not None:
            return await self._sent(tenant, one.blob)
        return base64.b64decode(one.base64) if one.base64 is not None else (one.text or "").encode(errors="replace")

    def _require_room(self, sizes: Sequence[int]) -> None:
        most = min(self._room.limits.scratch, self._room.limits.memory)
        if sum(sizes) > most:
            raise TooLarge("The command is given {size} bytes; there is room for {most} (scratch).", size=sum(sizes), most=most)

    def _limits(self, wanted: Run, calling: Calling) -> Limits:
        """Raises `Unavailable` when there is no time left, after it has waited for others."""
        limits = self._room.limits
        left = (calling.deadline - self._clock()).total_seconds() - GRACE
        if left <= 0:
            raise Unavailable("There is no time left for the command: others were before it. Ask again.")
        return replace(limits, seconds=min(limits.seconds, left, wanted.seconds or limits.seconds))


def _size(content: Contents) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size
