"""The twin of what hears and speaks, started."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.processes import leashed
from support.program import environment

TESTS = Path(__file__).parents[1]


@contextmanager
def voice_twin() -> Iterator[int]:
    """The twin as a process of its own; its port."""
    command = [sys.executable, "-W", "ignore", "-m", "support.twins.voice", "0"]
    with subprocess.Popen(leashed(*command), cwd=TESTS, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()
