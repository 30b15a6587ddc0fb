"""Executes a program that dies with the process that started it: `python leash.py <parent pid> <program> <arguments…>`.

Run as a script, in a process of its own, because code between fork and exec of a threaded parent may deadlock
(subprocess's `preexec_fn` warns of it), and because our imports would cost it time. On Linux the kernel kills the
program when the parent ends, even by kill -9; elsewhere whoever starts it sees to that (see `bus/server.py` and `models/llama.py`).
"""

import ctypes
import os
import signal
import sys

LEASH = __file__
"""This script, for who starts a program with it."""
PR_SET_PDEATHSIG = 1
"""prctl(2)"""


def main() -> None:
    """Become the program, unless the parent has died before the leash was on."""
    parent, program, arguments = int(sys.argv[1]), sys.argv[2], sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the process that asked for it has ended")
    os.execv(program, arguments)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()
