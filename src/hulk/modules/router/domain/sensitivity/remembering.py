"""Scanning the same text again and again: prompts begin alike, and what was said in a conversation is sent anew with each question."""

import hashlib
import secrets
import threading
from dataclasses import dataclass, field

from hulk.modules.router.domain.sensitivity.findings import Finding
from hulk.modules.router.domain.sensitivity.scan import findings

MOST_TEXTS = 4096
"""Texts that are remembered, those asked for last."""
MOST_FOUND = 8
"""A text in which more is found, or that could not be looked into, is scanned each time."""


@dataclass(slots=True)
class Remembering:
    """`findings`, which remembers what it found where in the texts that it was asked for last, and of a text itself nothing but a digest
    (BLAKE2b, 32 bytes) under a key that only this object has: who reads the memory learns no value, nor can try some."""

    most: int = MOST_TEXTS
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _known: dict[bytes, tuple[Finding, ...]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self, text: str) -> tuple[Finding, ...]:
        """See `findings`. From any thread."""
        name = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=32).digest()
        with self._lock:
            known = self._known.pop(name, None)
            if known is not None:
                self._known[name] = known
        return self._found(name, text) if known is None else known

    def _found(self, name: bytes, text: str) -> tuple[Finding, ...]:
        found = findings(text)
        if len(found) <= MOST_FOUND and not any(one.why == "failed" for one in found):
            with self._lock:
                self._known[name] = found
                if len(self._known) > self.most:
                    del self._known[next(iter(self._known))]
        return found

    def __len__(self) -> int:
        return len(self._known)
