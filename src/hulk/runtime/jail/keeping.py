"""Files in the scratch: those that are given, and those that a program has made, as far as they are given back."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hulk.runtime.jail.plan import WORK, Limits

_MOST_TOLD = 50
_MOST_SEEN = 20_000
_CHUNK = 1 << 20


def given(files: tuple[tuple[str, int], ...], read: Callable[[int], bytes]) -> dict[str, tuple[int, int]]:
    """Write them, with what `read` gives of each in turn; what tells afterwards whether one was changed. Raises `OSError`."""
    for name, size in files:
        place = Path(WORK, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            while size:
                if not (some := read(min(size, _CHUNK))):
                    raise EOFError
                file.write(some)
                size -= len(some)
    return {name: _mark(os.lstat(Path(WORK, name))) for name, _ in files}


@dataclass(frozen=True, slots=True)
class Made:
    """What it has made or changed: `files` are given back, (name, contents); `left` are not, (name, why)."""

    files: list[tuple[str, bytes]]
    left: list[tuple[str, str]]
    more: int
    """How many more were left than `left` names."""


def made(before: dict[str, tuple[int, int]], limits: Limits) -> Made:
    """By their names, those of fewest folders first. Nothing but plain files is read, and no link is followed."""
    files, left, room, more = list[tuple[str, bytes]](), list[tuple[str, str]](), limits.kept_size, 0
    found = sorted(_below(WORK), key=lambda one: (one[0].count("/"), one[0]))
    for name, info in found:
        if before.get(name) == _mark(info):
            continue
        why = _why_not(info, room, limits.kept - len(files))
        data = b"" if why else _read(name, info.st_size)
        if data is None:
            why = "unreadable"
        if not why:
            files.append((name, data or b""))
            room -= info.st_size
        elif len(left) < _MOST_TOLD:
            left.append((name, why))
        else:
            more += 1
    return Made(files, left, more)


def _why_not(info: os.stat_result, room: int, places: int) -> str:
    if not stat.S_ISREG(info.st_mode):
        return "link" if stat.S_ISLNK(info.st_mode) else "special"
    if not places:
        return "many"
    return "large" if info.st_size > room else ""


def _read(name: str, size: int) -> bytes | None:
    try:
        file = os.open(Path(WORK, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(file, "rb") as source:
            return source.read(size)
    except OSError:
        return None


def _below(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """All that is no folder, with its name from the scratch on. Not by recursion: folders may be nested very deeply."""
    ahead, seen = [folder], 0
    while ahead and seen < _MOST_SEEN:
        try:
            with os.scandir(ahead.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if entry.is_dir(follow_symlinks=False):
                        ahead.append(entry.path)
                    else:
                        yield str(PurePosixPath(entry.path).relative_to(WORK)), entry.stat(follow_symlinks=False)
        except OSError:
            continue


def _mark(info: os.stat_result) -> tuple[int, int]:
    return info.st_mtime_ns, info.st_ino
