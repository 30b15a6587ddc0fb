"""Sandboxes for tests, where this machine lets walls be built."""

import contextlib
import functools
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import NotFound
from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.adapters.backends.shell import Programs, Room, Shell, folders_of
from hulk.modules.tools.domain import Output
from hulk.modules.tools.ports import Backend
from hulk.runtime.jail.plan import Limits
from hulk.runtime.jail.prison import Jail
from support.backends import ask

QUICK = Limits(seconds=20.0, cpu=10, memory=256 * 2**20, processes=32, scratch=32 * 2**20, file_size=8 * 2**20)


_UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--mount-proc", "true")


@functools.cache
def missing() -> str:
    """Why no sandbox can be had here, as a program that is not ours says; empty where it can."""
    try:
        tried = subprocess.run(_UNSHARE, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "there is no program unshare to tell"
    return tried.stderr.strip() if tried.returncode else ""


walled = pytest.mark.skipif(bool(missing()), reason=f"no sandbox can be had on this machine: {missing()}")


def a_shell(
    *programs: str, folders: Mapping[str, Path] | None = None, network: bool = False, sent: Mapping[tuple[str, str], Path] | None = None,
    jail: Jail | None = None, **limits: Any,
) -> Shell:  # fmt: skip
    """One of those programs (`sh -c` if none is said)."""
    known = sent or {}

    async def file(tenant: str, blob: str) -> Path:
        if (tenant, blob) not in known:
            raise NotFound("There is no file {id} here. Send it again.", id=blob)
        return known[tenant, blob]

    room = Room(
        programs=Programs.found(programs or ("sh -c",)), folders=folders_of(folders or {}, (), Path("/nonexistent")), network=network,
        limits=replace(QUICK, **limits),
    )  # fmt: skip
    return Shell("box", About(outside=False, owner="x"), room, file, jail=jail)


async def run(shell: Backend, *argv: str, **given: Any) -> Output:
    """What comes of the command."""
    return await ask(shell, "run", seconds=60.0, argv=list(argv), **given)


async def did(shell: Shell, line: str, **given: Any) -> dict[str, Any]:
    """The same of a line for `sh -c`, as data."""
    output = await run(shell, "sh", "-c", line, **given)
    assert output.data is not None
    return dict(output.data)


def processes() -> set[str]:
    """The command lines of all that run on this machine and may be looked at."""
    found = set()
    for one in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            found.add((one / "cmdline").read_bytes().decode(errors="replace"))
    return found
