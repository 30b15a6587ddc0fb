"""What a program would find between the walls, told by one that looks: whether they stand is not taken for granted."""

import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

WALLED = {
    "user": 1000, "CapEff": "0000000000000000", "CapBnd": "0000000000000000", "NoNewPrivs": "1", "Seccomp": "2", "host": "sandbox",
    "changed": [], "opened": [],
}  # fmt: skip
"""What is found where all walls stand."""
SEEN = frozenset(["bin", "data", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "tmp", "usr", "work"])
"""All that there may be at the root."""
_NAMES = ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")
_VSOCK = 40


def facts() -> str:
    """As JSON."""
    lines = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    return json.dumps({
        "user": os.getuid(), **{name: lines[name].strip() for name in _NAMES}, "host": os.uname().nodename, "root": sorted(os.listdir("/")),  # noqa: PTH208
        "network": sorted(line.split(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:]),
        "processes": sum(name.isdigit() for name in os.listdir("/proc")),  # noqa: PTH208
        "changed": [place for place in ("/", "/usr", "/etc") if _works(lambda place=place: Path(place, "x").touch())],  # type: ignore[misc]
        "opened": ["vsock"] if _works(lambda: socket.socket(_VSOCK, socket.SOCK_STREAM).close()) else [],
    })  # fmt: skip


def _works(act: Callable[[], Any]) -> bool:
    with suppress(OSError):
        act()
        return True
    return False


def wrong(found: dict[str, Any], *, network: bool) -> str:
    """What is not as it must be; empty when all walls stand."""
    wanted = {name: value for name, value in WALLED.items() if found.get(name) != value}
    if wanted:
        name = min(wanted)
        return f"{name} is {found.get(name)!r} in place of {wanted[name]!r}"
    if more := set(found.get("root", ["?"])) - SEEN:
        return f"{sorted(more)} can be seen"
    if not network and found.get("network") != ["lo"]:
        return f"the network {found.get('network')} can be seen"
    return "" if found.get("processes", 99) <= 2 else "other processes can be seen"
