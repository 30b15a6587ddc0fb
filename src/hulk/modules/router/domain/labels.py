"""What people have said of channels and tools: that what comes through them must stay in the company. Pure rules."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hulk.modules.router.domain.sensitivity import Sensitivity


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Patterns of names (`*` and `?`) of what carries P0."""

    channels: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()

    def given(self, channel: str = "", tools: Iterable[str] = (), collections: Iterable[str] = ()) -> Iterator[Sensitivity]:
        """A label for each that is named here."""
        through = ((self.channels, [channel]), (self.tools, tools), (self.collections, collections))
        return ("p0" for patterns, names in through for name in names if _named(name, patterns))


def _named(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
