"""What people and programs say of answers, and the reward that is made of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Literal

from hulk.kernel import ids
from hulk.kernel.errors import Refused

Thumb = Literal["up", "down"]
Outcome = Literal["resolved", "unresolved", "escalated"]
"""What came of it. escalated: a person had to take over."""
About = Literal["decision", "episode"]

LONGEST_COMMENT = 4000
_THUMBS: dict[Thumb, float] = {"up": 1.0, "down": 0.0}
_OUTCOMES: dict[Outcome, float] = {"resolved": 1.0, "unresolved": 0.0, "escalated": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What somebody (`by`) thinks of one answer or of a whole episode. One opinion each: a later one (`at`) replaces the earlier.

    `score` is from 0 to 1."""

    tenant: str
    about: About
    subject: str
    by: str
    at: datetime
    thumb: Thumb | None = None
    score: float | None = None
    outcome: Outcome | None = None
    comment: str = ""

    @property
    def id(self) -> str:
        """The same for every opinion of that person on that subject."""
        return ids.derived("fbk", self.tenant, self.about, self.subject, self.by)

    @property
    def reward(self) -> float | None:
        """From 0 to 1: the score if there is one, else what the outcome says, else the thumb; None for only a comment."""
        if self.score is not None:
            return self.score
        if self.outcome is not None:
            return _OUTCOMES[self.outcome]
        return None if self.thumb is None else _THUMBS[self.thumb]

    @property
    def said(self) -> tuple[Thumb | None, float | None, Outcome | None, str]:
        """All but who, when and of what."""
        return self.thumb, self.score, self.outcome, self.comment


def checked(given: Feedback) -> Feedback:
    """`given`; raises `Refused` when it says nothing, or its score or comment is out of bounds."""
    if given.said == (None, None, None, ""):
        raise Refused("Feedback needs at least one of thumb, score, outcome and comment.")
    if given.score is not None and not 0 <= given.score <= 1:
        raise Refused("The score {score} is not between 0 and 1.", score=given.score)
    if len(given.comment) > LONGEST_COMMENT:
        raise Refused("A comment has at most {most} characters; this one has {count}.", most=LONGEST_COMMENT, count=len(given.comment))
    return given


def replaces(new: Feedback, old: Feedback | None) -> bool:
    """Whether the new opinion is kept in place of the old: it is not older."""
    return old is None or new.at >= old.at


def repeats(new: Feedback, old: Feedback | None) -> bool:
    """Whether it says what was said already: what arrives twice counts once."""
    return old is not None and new.said == old.said


def rewarded(of_decision: Iterable[Feedback], of_episode: Iterable[Feedback]) -> float | None:
    """An answer's reward: the mean of what was said of it, else of what was said of its episode, else None."""
    own = _mean(of_decision)
    return _mean(of_episode) if own is None else own


def _mean(opinions: Iterable[Feedback]) -> float | None:
    rewards: Sequence[float] = [one.reward for one in opinions if one.reward is not None]
    return fmean(rewards) if rewards else None
