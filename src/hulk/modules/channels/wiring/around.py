"""What channels of all kinds need."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from hulk.kernel.time import Clock

Follow: TypeAlias = Callable[[str], Callable[[], str]]
"""Gives what gives a secret as it is now, by where it stands in `channels`: `telegram[0].token`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What all kinds need. `url` is where vendors reach us, without a slash at its end; empty when they cannot."""

    follow: Follow
    zone: str
    url: str
    clock: Clock
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    """What proves to us later what we sent; without one of the installation's, only this process knows."""
