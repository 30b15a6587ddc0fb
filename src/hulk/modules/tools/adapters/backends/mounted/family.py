"""All the processes that a program has started: how much memory they hold, and an end for every one of them (Linux).

What leaves the group of its parent, as a daemon does, still has the environment that it was started with, and in it our mark.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = "HULK_MOUNTED"
"""Names the variable whose value is another for each start of each server."""
_ROUNDS, _PAUSE = 100, 0.01
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")


def memory(pid: int) -> int:
    """Bytes that a process and its children, theirs too, hold in memory; what they share is counted for each."""
    seen, ahead = set[int](), [pid]
    while ahead:
        one = ahead.pop()
        if one not in seen:
            seen.add(one)
            ahead += _children(one)
    return sum(map(_resident, seen))


def _children(pid: int) -> list[int]:
    """Of all its threads: each has those that it has started (proc_pid_task_children(5))."""
    try:
        return [int(child) for task in (_PROC / str(pid) / "task").iterdir() for child in (task / "children").read_text().split()]
    except (OSError, ValueError):
        return []


def _resident(pid: int) -> int:
    try:
        return int((_PROC / str(pid) / "statm").read_text().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


def signalled(group: int, how: signal.Signals) -> None:
    """Send it to all of a group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, how)


def end(group: int, mark: str) -> bool:
    """Kill the group, and whoever bears the mark; whether nobody is left. Looks at all processes and waits: call it in a thread."""
    signalled(group, signal.SIGKILL)
    for _ in range(_ROUNDS):
        found = list(_marked(mark))
        if not found:
            return True
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_PAUSE)  # a process dies a little after it was killed, and may have started another before
    return False


def _marked(mark: str) -> Iterator[int]:
    wanted = f"{MARK}={mark}".encode()
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        if entry.name.isdigit():
            with suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    yield int(entry.name)
