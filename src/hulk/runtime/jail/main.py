"""The process that Hulk starts for one run: `python -I -S -c … <pid of Hulk>`, a plan on standard input, a report on standard output.

It becomes two: this one waits outside, process 1 between the walls (`warden`) does the rest. The standard library alone: see `Jail`.
"""

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from hulk.runtime.jail import calls, keeping, walls
from hulk.runtime.jail.plan import Plan, exactly, received, sent
from hulk.runtime.jail.warden import LEASE, Warden

_REPORT = 1


def main() -> None:
    """Do it; whatever goes wrong before the program runs is told in place of a report."""
    os.umask(0o077)
    read = partial(os.read, LEASE)
    try:
        plan = walls.gathered(Plan.of(received(read)))
        walls.let_go(int(sys.argv[1]))
        walls.apart(plan)
        sources = walls.opened(plan)
        warden = os.fork()
    except (OSError, EOFError, ValueError, TypeError, KeyError) as error:
        _failed(error)
        return
    if warden:
        _waited(warden)
    try:
        calls.end_with_parent()
        walls.inside(plan, sources)
        Path("/proc/self/oom_score_adj").write_text("1000")  # where memory runs out, this goes first
        calls.dumpable(0)
        head, parts = _run(plan)
    except (OSError, EOFError) as error:
        _failed(error)
    else:
        sent(_REPORT, head, *parts)
    os._exit(0)


def _waited(warden: int) -> None:
    """Hold nothing of the line, so that its ends are the warden's and Hulk's alone."""
    os.close(LEASE)
    os.close(_REPORT)
    os.waitpid(warden, 0)
    os._exit(0)


def _run(plan: Plan) -> tuple[dict[str, Any], list[bytes]]:
    read = partial(os.read, LEASE)
    before = keeping.given(plan.files, read)
    warden = Warden(plan)
    head = warden.run(_stdin(exactly(read, plan.stdin)))
    made = keeping.made(before, plan.limits) if warden.ended != "lease" else keeping.Made([], [], 0)
    texts = [ends.kept() for ends in warden.said.values()]
    told = {"files": [(_readable(name), len(data)) for name, data in made.files], "more": made.more}
    left = [(_readable(name), why) for name, why in made.left]
    return {**head, **told, "left": left}, [*texts, *(data for _, data in made.files)]


def _stdin(data: bytes) -> int:
    """A file of its own that holds it, without a name."""
    file = os.memfd_create("stdin")
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
    os.lseek(file, 0, os.SEEK_SET)
    return file


def _readable(name: str) -> str:
    return os.fsencode(name).decode(errors="replace")


def _failed(error: Exception) -> None:
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    sent(_REPORT, {"error": told[:300]})
