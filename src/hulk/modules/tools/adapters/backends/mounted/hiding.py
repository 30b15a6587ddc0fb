"""Secrets of ours, kept out of what a server says back: it knows them, and those who read its answers must not."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from hulk.kernel.text import writable
from hulk.modules.tools.domain.pinning import HIDDEN

Secret: TypeAlias = Callable[[], str]
"""Gives a secret as it is now."""
_SHORTEST = 6
"""Characters below which a secret would be found in ordinary words."""
_EXCERPT = 200


class Hiding:
    """Text without the secrets. They are asked for each time, and those that were there before are remembered."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._secrets = tuple(secrets)
        self._seen: dict[str, None] = {}

    def __call__(self, text: str) -> str:
        """`text` with `•••` in their places."""
        for secret in self._now() if self._secrets else ():
            text = text.replace(secret, "•••")
        return text

    def excerpt(self, text: str, most: int = _EXCERPT) -> str:
        """A short piece of what a server says, for people to read: one line, nothing hidden in it."""
        line = " ".join(HIDDEN.sub("", writable(self(text[: 10 * most]))).split())
        return line if len(line) <= most else f"{line[:most]}…"

    def plain(self, text: str) -> bool:
        """Whether nothing is hidden in it, of theirs or ours."""
        return self(text) == text == HIDDEN.sub("", writable(text))

    def _now(self) -> Iterable[str]:
        for secret in self._secrets:
            whole = secret()
            for part in (whole, whole.rpartition(" ")[2]):  # of `Bearer …`, what follows
                if len(part) >= _SHORTEST:
                    self._seen[part] = None
        while len(self._seen) > 8 * len(self._secrets):
            del self._seen[next(iter(self._seen))]
        return sorted(self._seen, key=len, reverse=True)
