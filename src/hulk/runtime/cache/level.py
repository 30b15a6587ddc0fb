"""What the levels outside memory are asked for. Every `async` method may raise `LevelAway`."""

from collections.abc import Iterable
from typing import Protocol


class OwnLevel(Protocol):
    """A level of this process alone. What it is told holds at once for `get`; `write` has it survive the process."""

    async def get(self, key: str) -> bytes | None:
        """What is kept under `key`, or None."""

    def put(self, key: str, data: bytes, until: float) -> None:
        """Keep `data` (see `entry.packed`) until then (seconds since 1970), written when convenient."""

    def forget(self, key: str) -> None:
        """Let go of the entry."""

    def note(self, name: str, at: int) -> None:
        """Remember a mark for the next start."""

    async def write(self) -> None:
        """Write what was told. When it cannot, values may be lost; what was forgotten and noted is tried again."""


class SharedLevel(Protocol):
    """The level that all processes see. Of two values under one key the one with the later stamp stays."""

    async def get(self, key: str) -> bytes | None:
        """What is kept under `key`, or None."""

    async def tick(self, at: int) -> int:
        """A stamp of at least `at`, later than all that was kept so far, whatever the clocks of those who kept it say."""

    async def put(self, key: str, data: bytes, until: float) -> None:
        """Keep `data` (see `entry.packed`) until then (seconds since 1970), or less long, unless something newer is there."""

    async def drop(self, key: str, at: int) -> None:
        """Let go of what was made before the stamp `at`, also of such as arrives later."""

    async def mark(self, name: str, at: int) -> None:
        """Remember a mark."""

    async def marks(self, names: Iterable[str]) -> dict[str, int]:
        """Those of the marks that there are."""

    async def take(self, key: str, seconds: float) -> str | None:
        """A token when it is our turn to make the value, None while it is another's. Best effort: a turn ends by itself after
        `seconds`, and what was made too late has an older stamp than what was made since."""

    async def give_back(self, key: str, token: str) -> None:
        """End our turn."""
