"""Where a page ended of what is told the last first, by a moment that many may share. Pure rules."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime

from hulk.kernel.errors import Refused
from hulk.kernel.time import from_iso, iso


@dataclass(frozen=True, slots=True)
class Ended:
    """The last of a page: its moment, and what tells it from others of that moment."""

    at: datetime
    id: str

    def written(self) -> str:
        """As whoever asks for the next page gives it back: nothing that they could read or should make themselves."""
        return base64.urlsafe_b64encode(f"{iso(self.at)} {self.id}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Ended":
        """The reverse. Raises `Refused`."""
        try:
            at, _, id_ = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode().partition(" ")
            return cls(from_iso(at).astimezone(UTC), id_)
        except (ValueError, OverflowError, binascii.Error) as error:
            raise Refused("“{after}” is no end of a page: give the `next` of the page before.", after=text[:80]) from error
