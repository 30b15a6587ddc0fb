"""Small file systems of their own, and full ones."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def a_small_disk(folder: Path, mib: int) -> Iterator[Path]:
    """A file system of that size at `folder`; skips the test where we may not mount one."""
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small disk needs rights that this machine does not give")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Fill the disk to its last byte, for as long as the block lasts."""
    filler = disk / "filler"
    try:
        # Unbuffered: what a buffer cannot write it writes again when it is closed, and fails there.
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 16, 1 << 9, 1):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size))
        yield
    finally:
        filler.unlink()
