"""How memories fade: an exponential forgetting curve whose half-life grows with each use, and more with a use that comes late.

    retention = 2 ^ (-age / half_life)

That memory falls off with time since it was last refreshed is Ebbinghaus' finding (Über das Gedächtnis, 1885); the curve in this form, with
a half-life that grows with the number of recalls, is half-life regression (Settles and Meeder, "A Trainable Spaced Repetition Model for
Language Learning", ACL 2016, doi:10.18653/v1/P16-1174). That a recall counts for more the more was forgotten by then, and one at once for
nothing, is the spacing effect (Cepeda et al. 2006, doi:10.1037/0033-2909.132.3.354), written here as in FSRS, where the growth depends on
1 - retention (Ye, Su and Cao, KDD 2022, doi:10.1145/3534678.3539081). The numbers are ours: they say what a company wants kept.
"""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

FIRST: Mapping[str, float] = {"episode": 7.0, "fact": 30.0, "preference": 90.0, "procedure": 90.0}
"""Days after which half of a memory that was never used is forgotten, by its kind."""
GROWTH = 1.5
"""A memory that is recalled when half of it is forgotten lives 1 + 1.5 / 2 times as long from then on."""
LEAST_CONFIRMED = 0.2
"""What somebody says again counts as if at least so much had been forgotten: unlike a recall it is news."""
LONGEST = 3_650.0
"""Days of the longest half-life."""
FLOOR = 0.05
"""What is remembered less than this is deleted: after 4.3 half-lives."""
DAY = 86_400.0
"""Seconds."""
_DAY = timedelta(seconds=DAY)


def days(since: datetime, now: datetime) -> float:
    """The days between, nought when `since` is the later one."""
    return max(0.0, (now - since) / _DAY)


def retention(age: float, half_life: float) -> float:
    """How much is left after `age` days: in (0, 1], halved with each `half_life`. Underflows to 0 after some thousand half-lives."""
    return float(2.0 ** (-age / half_life))


def grown(half_life: float, remembered: float) -> float:
    """The half-life after a recall at which so much of it was `remembered`."""
    return min(LONGEST, half_life * (1 + GROWTH * (1 - remembered)))


def confirmed(half_life: float, remembered: float) -> float:
    """The half-life after the same was said again."""
    return grown(half_life, min(remembered, 1 - LEAST_CONFIRMED))


def fades(last_used: datetime, half_life: float) -> datetime:
    """When it falls to the floor if it is not used before."""
    return last_used + half_life * -math.log2(FLOOR) * _DAY
