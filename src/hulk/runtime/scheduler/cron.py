"""Cron expressions in a time zone: parsed with errors that name the field, and the next moment that one fires at.

    cron("30 8 * * mon-fri", ZoneInfo("America/Sao_Paulo")).after(now)

Five fields (minute, hour, day, month, weekday) or six (seconds before them); `*`, lists `1,15`, ranges `1-5`, steps `*/10`
and `5/15`, names `jan` and `mon`, weekday 0 or 7 for Sunday, `@hourly` and its like. When both day and weekday are
restricted, either suffices, as in crontab(5).

When clocks change, the rule is that of Debian's cron:
- an hour field that begins with `*` follows the clock on the wall: what it skips is skipped, what it shows twice fires twice;
- one that names hours fires once for each time named: a time that is skipped at the moment the clocks go forward (several
  of them once), a time that comes twice at the first.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text

YEARS = 9
"""How far ahead a moment is looked for: the 29th of February may be 8 years away (1896 to 1904, 2096 to 2104)."""
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=seconds) for seconds in (1, 60, 3600, 86400))

Values: TypeAlias = frozenset[int]


@dataclass(frozen=True, slots=True)
class Field:
    """One of the fields: what people call it, its least and greatest number, names for numbers."""

    called: Text
    first: int
    last: int
    names: Mapping[str, int]

    @property
    def every(self) -> Values:
        """All that it may be."""
        return frozenset(range(self.first, self.last + 1))


def _named(words: str, first: int) -> Mapping[str, int]:
    return {word: number for number, word in enumerate(words.split(), first)}


FIELDS = (
    Field(Text("second"), 0, 59, {}),
    Field(Text("minute"), 0, 59, {}),
    Field(Text("hour"), 0, 23, {}),
    Field(Text("day of the month"), 1, 31, {}),
    Field(Text("month"), 1, 12, _named("jan feb mar apr may jun jul aug sep oct nov dec", 1)),
    Field(Text("weekday"), 0, 7, _named("sun mon tue wed thu fri sat", 0)),
)
ALIASES: Mapping[str, str] = {
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_PART = re.compile(r"(?:(?P<all>\*)|(?P<low>\w+)(?:-(?P<high>\w+))?)(?:/(?P<step>\d{1,4}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """A parsed expression. `follows_clock`: its hour field begins with `*`."""

    seconds: Values
    minutes: Values
    hours: Values
    days: Values
    months: Values
    weekdays: Values
    follows_clock: bool
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime | None:
        """The first moment after that one, in UTC; None when there is none within 9 years."""
        return self._by_the_clock(moment) if self.follows_clock else self._once_each(moment)

    def _by_the_clock(self, moment: datetime) -> datetime | None:
        """Walks along real time and reads the clock on the wall."""
        now = moment.astimezone(UTC).replace(microsecond=0) + SECOND
        end = now + timedelta(days=366 * YEARS)
        while now < end:
            wall = self._wall(now)
            onward = self._onward(wall)
            if onward is None:
                return now
            now = self._reached(now, wall, onward)
        return None

    def _reached(self, now: datetime, wall: datetime, onward: datetime) -> datetime:
        """When the wall shows `onward`, or a day hence if that is sooner; when clocks change before that, only the next minute."""
        further = min(onward - wall, DAY)
        if further > HOUR and (found := self._moment(wall + further)) - now <= further:
            return found
        then = now + (onward - wall)
        return then if self._wall(then) == onward else now + timedelta(seconds=60 - wall.second)

    def _once_each(self, moment: datetime) -> datetime | None:
        """Walks along what the calendar names, each having one moment; these never go backwards."""
        wall = self._wall(moment).replace(microsecond=0)
        end = wall + timedelta(days=366 * YEARS)
        while wall < end:
            onward = self._onward(wall)
            if onward is None and (found := self._moment(wall)) > moment:
                return found
            wall = onward or wall + SECOND
        return None

    def _onward(self, wall: datetime) -> datetime | None:
        """The next time that might fit when `wall` does not; None when it fits."""
        midnight = wall.replace(hour=0, minute=0, second=0)
        if wall.month not in self.months:
            return (midnight.replace(day=1) + 32 * DAY).replace(day=1)
        if not self._has_day(wall.date()):
            return midnight + DAY
        if wall.hour not in self.hours:
            return wall.replace(minute=0, second=0) + HOUR
        if wall.minute not in self.minutes:
            return wall.replace(second=0) + MINUTE
        return None if wall.second in self.seconds else wall + SECOND

    def _has_day(self, day: date) -> bool:
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        either = len(self.days) < 31 and len(self.weekdays) < 7
        return in_month or in_week if either else in_month and in_week

    def _wall(self, moment: datetime) -> datetime:
        """What the clock on the wall shows then."""
        return moment.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def _moment(self, wall: datetime) -> datetime:
        """When the wall shows that for the first time; if it never does, when the clocks leap over it."""
        found = wall.replace(tzinfo=self.zone).astimezone(UTC)
        return found if self._wall(found) == wall else self._leap(wall)

    def _leap(self, skipped: datetime) -> datetime:
        """The moment at which clocks leap over `skipped`; PEP 495's fold tells one before and one after it."""
        before, after = (skipped.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (1, 0))
        while after - before > SECOND:
            middle = before + (after - before) // SECOND // 2 * SECOND
            before, after = (middle, after) if self._wall(middle) < skipped else (before, middle)
        return after


def cron(expression: str, zone: ZoneInfo) -> Cron:
    """The expression, parsed; raises `Refused` naming the field, its value and what is allowed."""
    words = ALIASES.get(expression.strip().lower(), expression).lower().split()
    if len(words) not in (5, 6):
        raise Refused(
            "“{expression}” is no cron expression: it has {count} fields; 5 (minute, hour, day, month, weekday) or 6 (seconds first) "
            "are expected, or one of {aliases}.",
            expression=expression[:200],
            count=len(words),
            aliases=", ".join(ALIASES),
        )
    words = words if len(words) == 6 else ["0", *words]
    second, minute, hour, day, month, weekday = (_values(field, word) for field, word in zip(FIELDS, words, strict=True))
    return Cron(
        seconds=second, minutes=minute, hours=hour, days=day, months=month, weekdays=frozenset(value % 7 for value in weekday),
        follows_clock=words[2].startswith("*"), zone=zone,
    )  # fmt: skip


def _values(field: Field, word: str) -> Values:
    """What a field allows."""
    found = frozenset[int]()
    for part in word.split(","):
        one = _range(field, part)
        if not one:
            raise _wrong(field, word)
        found |= one
    return found


def _range(field: Field, part: str) -> Values:
    """What a part of a field's list allows; empty when it is none."""
    match = _PART.fullmatch(part)
    if match is None:
        return frozenset()
    step = int(match["step"] or 1)
    low = field.first if match["all"] else _number(field, match["low"])
    high = _high(field, match)
    if low is None or high is None or step == 0:
        return frozenset()
    return frozenset(range(low, high + 1, step)) & field.every


def _high(field: Field, match: re.Match[str]) -> int | None:
    """The end of a range: that given (Sunday as an end is 7), else its only value, or the last one where there is a step."""
    if match["high"]:
        high = _number(field, match["high"])
        return 7 if high == 0 and field.last == 7 else high
    return field.last if match["all"] or match["step"] else _number(field, match["low"])


def _number(field: Field, word: str) -> int | None:
    number = field.names.get(word, int(word) if word.isdecimal() and len(word) < 5 else -1)
    return number if field.first <= number <= field.last else None


def _wrong(field: Field, word: str) -> Refused:
    allowed = Text("{first} to {last}, *, lists such as 1,3, ranges such as 1-3 and steps such as */2", first=field.first, last=field.last)
    if field.names:
        allowed = Text("{numbers}, and the names {names}", numbers=allowed, names=", ".join(field.names))
    return Refused(
        "The field “{field}” of the cron expression cannot be “{value}”; allowed are {allowed}.",
        field=field.called,
        value=word[:80],
        allowed=allowed,
    )
