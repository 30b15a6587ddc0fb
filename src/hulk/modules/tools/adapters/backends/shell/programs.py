"""Which programs may be run, where they lie, and which folders they may read: settled once, when Hulk starts."""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hulk.kernel.errors import Forbidden, Refused

PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
"""Where programs are looked for, outside and inside."""
_NEVER = (Path("/proc"), Path("/sys"), Path("/dev"), Path("/run"))
_SEEN = ("/usr/", "/bin/", "/sbin/", "/lib", "/etc/alternatives/")


@dataclass(frozen=True, slots=True)
class Programs:
    """What a command may begin with, and where the program of that name lies."""

    allowed: tuple[tuple[str, ...], ...]
    places: Mapping[str, str]

    @classmethod
    def found(cls, entries: Iterable[str], path: str = PATH) -> "Programs":
        """Raises `Refused` for one that is not on this machine, or not where a sandbox sees it."""
        allowed = tuple(tuple(entry.split(" ")) for entry in entries)
        return cls(allowed, {words[0]: _place(words[0], path) for words in allowed})

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        """With the program's place at its head. Raises `Forbidden` for what is not on the list."""
        if any(tuple(argv[: len(words)]) == words for words in self.allowed):
            return (self.places[argv[0]], *argv[1:])
        begun = " ".join(argv[:2])[:100]
        raise Forbidden("“{command}” may not be run here. A command begins with one of: {allowed}.", command=begun, allowed=str(self))

    def __str__(self) -> str:
        return ", ".join(" ".join(words) for words in self.allowed)


def _place(name: str, path: str) -> str:
    place = shutil.which(name, path=path)
    if place is None:
        raise Refused("There is no program {program} in {path}: install it, or take it off the list.", program=name, path=path)
    real = os.path.realpath(place)
    if not real.startswith(_SEEN):
        raise Refused("The program {program} is {place}, which a sandbox does not see: it sees /usr.", program=name, place=real)
    return place


def folders_of(wanted: Mapping[str, Path], closed: Sequence[Path], home: Path) -> tuple[tuple[str, str], ...]:
    """(Where it lies, where it is seen). Raises `Refused` for what is no folder, holds or lies in one of those that are `closed`, or holds
    `home`."""
    return tuple((_folder(place, closed, home), f"/data/{name}") for name, place in wanted.items())


def _folder(place: Path, closed: Sequence[Path], home: Path) -> str:
    real = Path(os.path.realpath(place))
    if not real.is_dir():
        raise Refused("{place} is no folder: make it, or take it off the list.", place=str(place))
    never = [*_NEVER, *(Path(os.path.realpath(one)) for one in closed)]
    held = [other for other in (*never, Path(os.path.realpath(home))) if other.is_relative_to(real)]
    if held := [*held, *(other for other in never if real.is_relative_to(other))]:
        raise Refused("{place} holds, or lies in, {other}, which no sandbox may see.", place=str(place), other=str(held[0]))
    return str(real)
