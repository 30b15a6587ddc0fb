"""Who is there, where nobody keeps a list of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patient:
    """Takes nobody for gone: what somebody is sending is theirs for as long as they said (`Presence`)."""

    held: bool = True

    async def gone(self, holder: str) -> bool:  # noqa: ARG002  # the port's
        """See `Presence`."""
        return False


@dataclass(frozen=True, slots=True)
class Sole:
    """The only process that can be there: all others are gone (`Presence`)."""

    holder: str
    held: bool = True

    async def gone(self, holder: str) -> bool:
        """See `Presence`."""
        return holder != self.holder
