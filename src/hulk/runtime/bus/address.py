"""Where a bus is, and how to be let in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Fsync: TypeAlias = Literal["lazy", "always", "unknown"]
"""When the server writes to disk: after the acknowledgement (every two minutes), before it, or as somebody else decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An embedded server's address, or a cluster's from the settings."""

    urls: Sequence[str]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    fsync: Fsync = "unknown"
