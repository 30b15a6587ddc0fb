"""The processes behind an address on this machine, and what they use."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.machine import cpu_seconds, tree

_LISTENING = "0A"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def used_by(url: str) -> float | None:
    """Seconds of processor that whoever listens there has used so far, with all that it started; None when it is not on this machine, or
    is not ours to look at."""
    parts = urlsplit(url)
    if parts.hostname not in _LOOPBACK:
        return None
    pids = set(_owners(set(_sockets(parts.port or 80))))
    return cpu_seconds(tree(*pids)) if pids else None


def _sockets(port: int) -> Iterator[str]:
    """The inodes of the sockets that listen on a port (proc(5): /proc/net/tcp)."""
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _owners(inodes: set[str]) -> Iterator[int]:
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if any(str(file.readlink()) in wanted for file in (entry / "fd").iterdir()):
                    yield int(entry.name)
