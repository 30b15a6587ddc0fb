"""Few errors, by what the caller can do. HTTP and command line map them once, at the edge.

Each carries a `Text`: what is wrong, which value, what is allowed, what to do.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from hulk.kernel.text import Text

_MOST_LISTED = 20
"""Fields that the sentence of an `Invalid` names; each is a text within the text of the one before."""


class HulkError(Exception):
    """What Hulk says to whoever asked. `code` is a stable name for programs, the text is for people."""

    code: ClassVar[str] = "error"

    def __init__(self, msgid: str | Text, /, **values: object) -> None:
        self.text = msgid if isinstance(msgid, Text) else Text(msgid, **values)
        super().__init__(msgid)

    def __str__(self) -> str:
        return str(self.text)


class NotFound(HulkError):
    """There is no such thing, or the caller may not know that there is."""

    code = "not_found"


class Refused(HulkError):
    """No use asking again the same way: the input, the right or the state forbids it."""

    code = "refused"


class Invalid(Refused):
    """Parts of the input are wrong. `fields` says of each where it stands (`tickets[2].input.amount`) and what is expected there; `said`
    is the sentence for people, a line for each field unless it is given."""

    code = "invalid"

    def __init__(self, fields: Sequence[tuple[str, Text]], said: Text | None = None) -> None:
        self.fields = tuple(fields)
        super().__init__(said or _listed(self.fields[:_MOST_LISTED]))

    @classmethod
    def at(cls, field: str, error: Refused) -> "Invalid":
        """The same refusal, which is about that field."""
        return cls([(field, error.text)], error.text)


class Unauthenticated(Refused):
    """Who asks is not known."""

    code = "unauthenticated"


class Forbidden(Refused):
    """Who asks is known, and may not."""

    code = "forbidden"


class Expired(Refused):
    """It was waited for, and did not come in time."""

    code = "expired"


class TooLarge(Refused):
    """What was sent is larger than is taken."""

    code = "too_large"


class Conflict(HulkError):
    """The state has moved on: read again, then decide."""

    code = "conflict"


class LeaseLost(Conflict):
    """What was held is held no more, or by another: leave off with it."""

    code = "lease_lost"


class Cancelled(HulkError):
    """Somebody called it off."""

    code = "cancelled"


class Unavailable(HulkError):
    """Not right now; asking later may work. `retry_after` is in seconds, when known."""

    code = "unavailable"

    def __init__(self, msgid: str | Text, /, retry_after: float | None = None, **values: object) -> None:
        super().__init__(msgid, **values)
        self.retry_after = retry_after


class Exhausted(Unavailable):
    """A limit of the caller's is used up (rate, queue, budget); it is free again after `retry_after` seconds."""

    code = "exhausted"


class OverQuota(Exhausted):
    """A tenant's quota is used up: which, how much it is, and how much of it is left."""

    def __init__(self, msgid: str | Text, /, *, quota: str, limit: object, left: object, retry_after: float | None = None) -> None:
        super().__init__(msgid, retry_after)
        self.quota = quota
        self.limit = limit
        self.left = left


def _listed(fields: Sequence[tuple[str, Text]]) -> Text:
    """A line for each."""
    (place, expected), *rest = fields
    line = Text("{field}: {expected}.", field=place, expected=expected)
    return Text("{first}\n{rest}", first=line, rest=_listed(rest)) if rest else line


def blamed(error: Exception) -> dict[str, str]:
    """What a dead letter says of what ended the work, `error` (its class) and `text`: a bug is told by its class only."""
    kind = type(error).__name__
    return {"error": kind, "text": str(error) if isinstance(error, HulkError) else kind}


def permanent(error: Exception) -> bool:
    """Whether trying again is no use."""
    return isinstance(error, (Refused, NotFound, Conflict, Cancelled))


_KINDS = (NotFound, Refused, Unauthenticated, Forbidden, Expired, TooLarge, Conflict, LeaseLost, Cancelled, Unavailable, Exhausted)


def told(error: HulkError) -> dict[str, object]:
    """The error as plain data: its code and its text, to be kept and translated later."""
    return {"code": error.code, "text": error.text.to_json()}


def retold(data: Mapping[str, object]) -> HulkError:
    """The reverse of `told`; an unknown code gives a plain `HulkError`."""
    kinds = {kind.code: kind for kind in _KINDS}
    text = data["text"]
    return kinds.get(str(data["code"]), HulkError)(Text.from_json(text) if isinstance(text, Mapping) else str(text))
