"""What tests of mounted servers share."""

import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.adapters.backends.mounted import Limits, MountedServer, Patience, Program, Rules, Secret, Way, mounted
from hulk.modules.tools.domain import Output, Tool, Words
from hulk.modules.tools.ports import Calling, Foreign, Present, unheard
from support.processes import leashed

HERE = Path(__file__).parent
RULES = Rules(about=About(owner="ops", tags=("mcp",)), reads=("list*", "ok"), seconds=20)
LIMITS = Limits(start=10, message=1_000_000)
QUICK = Patience(first=0.01, longest=0.05, calm=60)


def hostile(folder: Path, lists: str = "all", begins: str = "", secrets: Mapping[str, Secret] | None = None) -> Program:
    """The hostile server as a program."""
    command = (sys.executable, "-S", str(HERE / "hostile.py"), lists, begins)
    return Program(command=command, folder=folder, secrets=secrets or {})


def good(folder: Path, **more: Any) -> Program:
    """The good one."""
    return Program(command=(sys.executable, str(HERE / "good.py"), "stdio"), folder=folder, **more)


def calling(seconds: float = 20, progress: Callable[[float, float | None, str], Awaitable[None]] = unheard) -> Calling:
    """A call that must be done within that time."""
    deadline = datetime.now(UTC) + timedelta(seconds=seconds)
    return Calling(id="call_1", key="k1", tenant="t1", actor="local", deadline=deadline, present=Present(progress=progress))


def serve(
    way: Way, limits: Limits = LIMITS, rules: Rules = RULES, patience: Patience = QUICK
) -> AbstractAsyncContextManager[MountedServer]:
    """The server, mounted as `far`."""
    return mounted("far", way, rules, limits, patience)


async def tool(server: Foreign, name: str) -> Tool:
    """One of its tools."""
    return next(one for one in await server.tools() if one.name == f"far.{name}")


async def call(server: Foreign, name: str, seconds: float = 20, /, reads: bool = False, **arguments: Any) -> Output:
    """Call one of its tools, as one that only reads when told so."""
    wanted = next(one for one in await server.listed() if one.tool.name == f"far.{name}")
    if reads:
        wanted = replace(wanted, tool=replace(wanted.tool, effect="read"))
    return await server.call_listed(wanted, arguments, calling(seconds))


def words(output: Output) -> str:
    """The text of an output."""
    return " ".join(piece.text for piece in output.pieces if isinstance(piece, Words))


@contextmanager
def running(name: str, *arguments: str, ports: int = 1) -> Iterator[str]:
    """A server of this folder over HTTP; gives its address, and behind spaces the other ports that it says."""
    command = [sys.executable, "-m", f"support.foreign.{name}", *arguments]
    with subprocess.Popen(leashed(*command), cwd=HERE.parents[1], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port, *others = [int(process.stdout.readline()) for _ in range(ports)]
            yield " ".join([f"http://127.0.0.1:{port}/mcp", *map(str, others)])
        finally:
            process.kill()
