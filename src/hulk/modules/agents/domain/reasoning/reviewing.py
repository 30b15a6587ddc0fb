"""What people say of inferences and decisions, and what that makes of all that rests on them.

    stands ──contested──> contested ──upheld──> stands
                              └──withdrawn──> withdrawn, for good

While something is contested, what rests on it is in doubt; when it is withdrawn, what rests on it has fallen with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from hulk.kernel.errors import Conflict, Refused

Verdict: TypeAlias = Literal["confirmed", "contested", "upheld", "withdrawn"]
Opinion: TypeAlias = Literal["confirmed", "contested"]
Resolution: TypeAlias = Literal["upheld", "withdrawn"]
Standing: TypeAlias = Literal["stands", "contested", "in_doubt", "withdrawn", "fallen"]
"""in_doubt: it rests on what is contested; fallen: it rests on what was withdrawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a person (`by`) said of an inference or a decision. `place` is its number in the task; `ticket` is where somebody is asked to
    settle what is contested."""

    id: str
    tenant: str
    task: str
    object: str
    place: int
    verdict: Verdict
    by: str
    at: datetime
    reason: str = ""
    ticket: str | None = None


def standings(below: Mapping[str, Sequence[str]], reviews: Sequence[Review]) -> dict[str, Standing]:
    """How each object stands. `below` has, of each, what it rests on, which comes before it; `reviews` are in the order they were made."""
    last: dict[str, Verdict] = {one.object: one.verdict for one in reviews if one.verdict != "confirmed"}
    found: dict[str, Standing] = {}
    for id_, premises in below.items():
        found[id_] = _standing(last.get(id_), {found[one] for one in premises})
    return found


def _standing(said: Verdict | None, premises: set[Standing]) -> Standing:
    if said == "withdrawn":
        return "withdrawn"
    if premises & {"withdrawn", "fallen"}:
        return "fallen"
    if said == "contested":
        return "contested"
    return "in_doubt" if premises & {"contested", "in_doubt"} else "stands"


def open_dispute(reviews: Sequence[Review], object_: str) -> Review | None:
    """The review by which it is contested now."""
    said = [one for one in reviews if one.object == object_ and one.verdict != "confirmed"]
    return said[-1] if said and said[-1].verdict == "contested" else None


def require_reviewable(reviews: Sequence[Review], object_: str, verdict: Verdict, reason: str) -> Review | None:
    """The dispute that `verdict` settles, if it does. Raises `Conflict` when the object is not in a state for it, and `Refused` for a
    contest without a reason."""
    if any(one.object == object_ and one.verdict == "withdrawn" for one in reviews):
        raise Conflict("{id} was withdrawn, which is for good.", id=object_)
    dispute = open_dispute(reviews, object_)
    if verdict in ("upheld", "withdrawn"):
        if dispute is None:
            raise Conflict("{id} is not contested: there is nothing to settle.", id=object_)
        return dispute
    if dispute is not None:
        raise Conflict("{id} is contested already, by {actor}: that is to be settled first.", id=object_, actor=dispute.by)
    if verdict == "contested" and not reason.strip():
        raise Refused("Say why: whoever settles it needs to know what is wrong with {id}.", id=object_)
    return None
