"""What all processes between the walls hold together, and what of their words is kept."""

import os
from dataclasses import dataclass, field
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes of memory that they hold, with pages that are shared counted for each; seconds of CPU; how many there are."""

    memory: int = 0
    cpu: float = 0.0
    processes: int = 0

    def larger(self, other: "Held") -> "Held":
        """The larger of each."""
        return Held(max(self.memory, other.memory), max(self.cpu, other.cpu), max(self.processes, other.processes))


def held() -> Held:
    """By all that there are, and of CPU by those that have been waited for, too: process 1 is not counted."""
    memory, ticks, processes = 0, 0, 0
    for entry in os.listdir("/proc"):  # noqa: PTH208  # names are all that is wanted, twenty times a second
        if entry.isdigit() and entry != "1":
            one = _stat(entry)
            processes += one is not None
            if one is not None:
                ticks, memory = ticks + one[0], memory + one[1]
    gone = os.times()
    return Held(memory * _PAGE, ticks / _TICKS + gone.children_user + gone.children_system, processes)


def _stat(pid: str) -> tuple[int, int] | None:
    """Ticks and pages: fields 14 to 17 and 24 of proc_pid_stat(5), counted from behind the name."""
    try:
        fields = Path("/proc", pid, "stat").read_bytes().rpartition(b")")[2].split()
        return sum(map(int, fields[11:15])), max(0, int(fields[21]))
    except (OSError, ValueError, IndexError):
        return None


@dataclass(slots=True)
class Ends:
    """The beginning and the end of a text: `most` bytes of it all together."""

    most: int
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    size: int = 0

    def add(self, data: bytes) -> None:
        """More of it."""
        self.size += len(data)
        room = self.most // 2 - len(self.head)
        self.head += data[: max(0, room)]
        self.tail += data[max(0, room) :]
        if len(self.tail) > 4 * self.most:
            del self.tail[: -self._rest]

    @property
    def _rest(self) -> int:
        return self.most - self.most // 2

    def kept(self) -> bytes:
        """Both."""
        return bytes(self.head + self.tail[-self._rest :])

    def told(self) -> dict[str, int]:
        """How much there was, and after how many bytes something is left out."""
        return {"size": self.size, "head": len(self.head), "kept": len(self.kept())}
