"""Child processes that do not outlive the tests, however those end (Linux)."""

import ctypes
import os
import signal
import sys

from hulk.runtime.leash import LEASH

PR_SET_PDEATHSIG = 1


def leashed(program: str, *arguments: str) -> list[str]:
    """The command, by its full path, on a leash. Without `preexec_fn`: to fork a process that has tested for long takes 0.1 s of CPU."""
    return [sys.executable, "-IS", LEASH, str(os.getpid()), program, *arguments]


def die_with_parent(how: int = signal.SIGKILL) -> None:
    """For `preexec_fn`: after the change of user, which would undo it; before exec, which does not."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, how, 0, 0, 0)


def die_with_parent_by_quit() -> None:
    """PostgreSQL's servers end at once at SIGQUIT, and take their children with them."""
    die_with_parent(signal.SIGQUIT)
