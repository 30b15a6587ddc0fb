"""Secrets of the systems of the settings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

Follow: TypeAlias = Callable[[str], Callable[[], str]]
"""Gives what gives a secret as it is now, by where it stands in `tools.systems`: `github[0].token`."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Those of the systems: followed, and known by the system that was told them, so that they can be taken out of what it says."""

    follow: Follow
    told: dict[str, list[Callable[[], str]]] = field(default_factory=dict)

    def of(self, name: str, place: str) -> Callable[[str], Callable[[], str]]:
        """What follows those of one system, by their names in its settings."""

        def one(setting: str) -> Callable[[], str]:
            secret = self.follow(f"{place}.{setting}")
            self.told.setdefault(name, []).append(secret)
            return secret

        return one

    def __call__(self, name: str) -> Iterable[str]:
        """As they are now."""
        return (secret() for secret in self.told.get(name, ()))
