"""What is to run, and how that and what came of it go over a pipe: eight bytes of length, JSON of that length, bytes as the JSON says."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

LONGEST = 4 * 1024 * 1024
"""Bytes of a head: of a plan, or of a report."""
WORK = "/work"
"""The scratch, as the program sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds and bytes. `scratch` is all that there may be in each of /work, /tmp and /dev/shm; `output` what is kept of each of
    standard output and error; `kept` and `kept_size` are how many files are given back, and how much of them."""

    seconds: float = 30.0
    cpu: int = 30
    memory: int = 512 * 2**20
    processes: int = 64
    file_size: int = 64 * 2**20
    scratch: int = 128 * 2**20
    output: int = 32 * 2**10
    kept: int = 20
    kept_size: int = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to run: `argv` with a whole path at its head, or nothing but a look around (`probing`). `files` by their place in the
    scratch, with their sizes; `folders` are what it sees besides the system's programs: (where it lies, where it is seen)."""

    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    stdin: int = 0
    files: tuple[tuple[str, int], ...] = ()
    folders: tuple[tuple[str, str], ...] = ()
    network: bool = False
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Plan":
        """Read from JSON."""
        pairs = {name: tuple((str(one), other) for one, other in data[name]) for name in ("files", "folders")}
        return cls(**{**data, **pairs, "argv": tuple(data["argv"]), "limits": Limits(**data["limits"])})

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def sent(file: int, head: dict[str, Any], *parts: bytes) -> None:
    """Write it all."""
    data = json.dumps(head).encode()
    for part in (len(data).to_bytes(8, "big") + data, *parts):
        view = memoryview(part)
        while view:
            view = view[os.write(file, view) :]


def received(read: Callable[[int], bytes]) -> dict[str, Any]:
    """The head. Raises `ValueError` when it is none, `EOFError` when it ends before."""
    size = int.from_bytes(exactly(read, 8), "big")
    if size > LONGEST:
        raise ValueError("longer than any plan")
    head = json.loads(exactly(read, size))
    if not isinstance(head, dict):
        raise ValueError("no plan")  # noqa: TRY004  # as for anything else that is none
    return head


def exactly(read: Callable[[int], bytes], size: int) -> bytes:
    """So many bytes. Raises `EOFError`."""
    data = bytearray()
    while len(data) < size:
        if not (some := read(min(size - len(data), 1 << 20))):
            raise EOFError
        data += some
    return bytes(data)
