"""How often codes may be tried that are not right. Pure rules.

Who says a code of somebody's becomes them. So what is not right is counted, of each sender and of all at a channel together: somebody with
many addresses is no better off. Whoever has tried too often waits, twice as long each time, and what they try meanwhile is not looked at.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

FORGOTTEN = timedelta(days=1)
"""After which it is as if nobody had tried: longer than anybody waits."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """Codes that were not right: how many in a row, and when the last was tried."""

    count: int
    at: datetime

    def one_more(self, now: datetime) -> "Guesses":
        """Another at `now`."""
        return Guesses(1 if now - self.at > FORGOTTEN else self.count + 1, now)


@dataclass(frozen=True, slots=True)
class Patience:
    """How many guesses are free, how long one waits after those, at first and at most."""

    free: int
    first: timedelta
    longest: timedelta

    def until(self, guesses: Guesses) -> datetime:
        """From when on the next is looked at."""
        over = guesses.count - self.free
        return guesses.at if over < 0 else guesses.at + min(self.first * 2 ** min(over, 30), self.longest)


OF_SENDER = Patience(free=5, first=timedelta(minutes=1), longest=timedelta(hours=12))
OF_CHANNEL = Patience(free=100, first=timedelta(minutes=1), longest=timedelta(minutes=15))
"""Of all at a channel. It is short enough that nobody can keep others for long from saying who they are; a code has 40 bits or more."""
