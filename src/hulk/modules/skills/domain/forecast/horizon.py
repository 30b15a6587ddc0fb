"""How far ahead is forecast: in steps of the series, from a horizon in steps or in units of time."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, get_args

from hulk.kernel.errors import Refused
from hulk.modules.skills.domain.anomalies.frame import SECONDS, Frame, Step

Ahead: TypeAlias = Literal["step", "minute", "hour", "day", "week", "month"]
UNITS: tuple[Ahead, ...] = get_args(Ahead)
MOST_STEPS = 1_000
_MONTH = 2_629_746
"""Seconds of a mean month of the Gregorian calendar."""
_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """So many steps, or units of time, from a series' last point on."""

    count: int
    unit: Ahead = "step"


def steps(horizon: Horizon | None, frame: Frame) -> int:
    """The horizon in steps of the frame's series, which have one; None: a usual one, at most a quarter of the history. Raises `Refused`."""
    step = regular(frame)
    count = _usual(frame, step) if horizon is None else _asked(horizon, step, frame)
    if count > MOST_STEPS:
        raise Refused(
            "That is {count} points ahead; at most {most} are forecast. Ask for less, or join rows by a longer span, as in “by week”.",
            count=count, most=MOST_STEPS,
        )  # fmt: skip
    return count


def regular(frame: Frame) -> Step:
    """The frame's step; raises `Refused` when its points come at no regular distance."""
    if frame.step is None:
        raise Refused(
            "The points of the series come at no regular distance, so no next one is known. Join rows, as in “by day” or “by week”."
        )
    return frame.step


def _asked(horizon: Horizon, step: Step, frame: Frame) -> int:
    if horizon.unit == "step":
        return horizon.count
    if horizon.unit == "month" and step.unit == "month":
        return -(-horizon.count // step.count)
    seconds = horizon.count * (_MONTH if horizon.unit == "month" else SECONDS[horizon.unit])
    return max(1, round(seconds / _seconds(step, frame)))


def _seconds(step: Step, frame: Frame) -> float:
    """What a step lasts on average: of series with working days only, more than a day."""
    if step.unit == "month":
        return step.count * _MONTH
    return step.count * (7 / len(frame.weekdays) if frame.weekdays else 1)


def _usual(frame: Frame, step: Step) -> int:
    """A year of months, a quarter of weeks, four weeks of days, two days of what is shorter."""
    length = (datetime.fromisoformat(frame.last) - datetime.fromisoformat(frame.first)).total_seconds()
    quarter = int(length / _seconds(step, frame) / 4)
    if step.unit == "month":
        wanted = max(1, 12 // step.count)
    elif step.count >= SECONDS["week"]:
        wanted = 13
    elif step.count >= _DAY:
        wanted = 4 * (len(frame.weekdays) or 7)
    else:
        wanted = min(48, max(1, 2 * _DAY // step.count))
    return max(1, min(wanted, quarter))


def ahead(last: datetime, count: int, frame: Frame) -> tuple[datetime, ...]:
    """The times of the next points; the last day of a month is followed by last days of months."""
    step = regular(frame)
    if step.unit == "month":
        return tuple(_months_on(last, place * step.count) for place in range(1, count + 1))
    found, when = list[datetime](), last
    while len(found) < count:
        when += timedelta(seconds=step.count)
        if not frame.weekdays or when.weekday() in frame.weekdays:
            found.append(when)
    return tuple(found)


def _months_on(day: datetime, months: int) -> datetime:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    longest = monthrange(year, month + 1)[1]
    at_end = day.day == monthrange(day.year, day.month)[1]
    return day.replace(year=year, month=month + 1, day=longest if at_end else min(day.day, longest))
