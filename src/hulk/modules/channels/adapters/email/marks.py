"""How far a mailbox was heard: what is kept so that nothing is lost and nothing heard twice, whatever dies. Pure rules.

Mails are numbered (UID) upwards, as long as the mailbox's `validity` (UIDVALIDITY) stays (RFC 3501, 2.3.1.1). Some servers show a mail
only after others that came later; so the last numbers are looked at again, and those that were heard are told apart. When the validity
changes, all of the last days is heard again, and what is known is known by its Message-ID.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

OVERLAP = 50
"""Numbers before the highest that are looked at again."""
BACK = timedelta(days=2)
"""How far back a mailbox is heard again whose numbers hold no more: a search knows days only, and of any time zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """All up to `floor` was heard, and `heard` above it. `at` is when the newest of them came; before `begun` nothing is heard."""

    validity: int
    floor: int
    begun: datetime
    at: datetime
    heard: tuple[int, ...] = ()

    @classmethod
    def fresh(cls, validity: int, following: int, now: datetime) -> "Mark":
        """From now on: whatever comes has that number or a higher one."""
        return cls(validity=validity, floor=max(following - 1, 0), begun=now, at=now)

    @classmethod
    def parsed(cls, text: str) -> "Mark | None":
        """The reverse of `str`; None for nothing, or what is none."""
        try:
            data: dict[str, Any] = json.loads(text)
            begun, at = (datetime.fromtimestamp(int(data[name]), UTC) for name in ("begun", "at"))
            return cls(
                validity=int(data["validity"]), floor=int(data["floor"]), begun=begun, at=at, heard=tuple(int(one) for one in data["heard"])
            )
        except (ValueError, TypeError, KeyError, OverflowError):
            return None

    def __str__(self) -> str:
        told = {
            "validity": self.validity, "floor": self.floor, "heard": self.heard, "at": int(self.at.timestamp()),
            "begun": int(self.begun.timestamp()),
        }  # fmt: skip
        return json.dumps(told, separators=(",", ":"))

    def new(self, uids: list[int]) -> list[int]:
        """Those that were not heard, lowest first."""
        known = frozenset(self.heard)
        return sorted(uid for uid in uids if uid > self.floor and uid not in known)

    def with_(self, uid: int, at: datetime | None = None) -> "Mark":
        """With one more."""
        heard = tuple(sorted({*self.heard, uid}))
        floor = max(self.floor, heard[-1] - OVERLAP)
        return replace(
            self, heard=tuple(one for one in heard if one > floor), floor=floor, at=max(self.at, at) if at is not None else self.at
        )

    def renumbered(self, validity: int, following: int) -> "Mark":
        """When all was heard again of a mailbox whose numbers hold no more."""
        return replace(self, validity=validity, floor=max(following - 1, 0), heard=())
