"""Cron expressions against a brute force over every minute, the changes of clocks, and what wrong ones are told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.runtime.scheduler.cron import Cron, cron
from hulk.runtime.scheduler.timetable import upcoming

BERLIN, LORD_HOWE, HAVANA, SAO_PAULO, ST_JOHNS, PYONGYANG = (
    ZoneInfo(name)
    for name in ("Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "America/Sao_Paulo", "America/St_Johns", "Asia/Pyongyang")
)
CHANGES = (
    (BERLIN, datetime(2026, 3, 29, 1, tzinfo=UTC)),
    (BERLIN, datetime(2026, 10, 25, 1, tzinfo=UTC)),
    (LORD_HOWE, datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),  # half an hour forward
    (LORD_HOWE, datetime(2026, 4, 4, 15, tzinfo=UTC)),  # half an hour back
    (HAVANA, datetime(2026, 3, 8, 5, tzinfo=UTC)),  # midnight is skipped
    (HAVANA, datetime(2026, 11, 1, 5, tzinfo=UTC)),  # midnight comes twice
    (SAO_PAULO, datetime(2018, 11, 4, 3, tzinfo=UTC)),  # midnight is skipped
    (SAO_PAULO, datetime(2019, 2, 17, 2, tzinfo=UTC)),  # the last hour of Saturday comes twice
    (ST_JOHNS, datetime(2010, 3, 14, 3, 31, tzinfo=UTC)),  # a minute past midnight
    (ST_JOHNS, datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),  # a minute past midnight, to the day before
    (ZoneInfo("UTC"), datetime(2028, 2, 29, tzinfo=UTC)),
)
MINUTE = timedelta(minutes=1)


def walls(zone: ZoneInfo, moment: datetime) -> Iterator[datetime]:
    """What the wall shows at that minute, and before it whatever was leapt over to get there."""
    now = moment.astimezone(zone).replace(tzinfo=None, fold=0)
    before = (moment - MINUTE).astimezone(zone).replace(tzinfo=None, fold=0)
    leapt = before + MINUTE
    while before < leapt < now:
        yield leapt
        leapt += MINUTE
    yield now


def fires(rule: Cron, moment: datetime) -> bool:
    """The rule in words, one minute at a time."""
    local = moment.astimezone(rule.zone)
    if rule.follows_clock:
        return fits(rule, local.replace(tzinfo=None, fold=0))
    return any(fits(rule, wall) and not (wall == local.replace(tzinfo=None, fold=0) and local.fold) for wall in walls(rule.zone, moment))


def fits(rule: Cron, wall: datetime) -> bool:
    in_month, in_week = wall.day in rule.days, (wall.weekday() + 1) % 7 in rule.weekdays
    day = in_month or in_week if len(rule.days) < 31 and len(rule.weekdays) < 7 else in_month and in_week
    return day and wall.month in rule.months and wall.hour in rule.hours and wall.minute in rule.minutes


def field(first: int, last: int) -> st.SearchStrategy[str]:
    number = st.integers(first, last)
    ends = st.tuples(number, number).map(sorted)
    step = st.integers(1, 7)
    return st.one_of(
        st.just("*"),
        number.map(str),
        step.map(lambda each: f"*/{each}"),
        ends.map(lambda two: f"{two[0]}-{two[1]}"),
        st.tuples(ends, step).map(lambda one: f"{one[0][0]}-{one[0][1]}/{one[1]}"),
        st.lists(number.map(str), min_size=2, max_size=4).map(",".join),
    )


expressions = st.tuples(
    field(0, 59), field(0, 23), st.one_of(st.just("*"), field(1, 31)), st.just("*"), st.one_of(st.just("*"), field(0, 7))
)


@given(expressions.map(" ".join), st.sampled_from(CHANGES), st.integers(-40, 20))
@example("* * * * 6", (ZoneInfo("America/St_Johns"), datetime(2010, 11, 7, 2, 31, tzinfo=UTC)), -1)  # it was Saturday twice
def test_moments_are_those_of_a_brute_force_over_every_minute(expression: str, change: tuple[ZoneInfo, datetime], hours: int) -> None:
    zone, around = change
    rule, start = cron(expression, zone), around + timedelta(hours=hours)
    end = start + timedelta(hours=30)
    minutes = (start + number * MINUTE for number in range(1, 30 * 60 + 1))
    expected = [moment for moment in minutes if fires(rule, moment)]
    found = list(upcoming(rule, start, len(expected) + 1))
    assert [moment for moment in found if moment <= end] == expected


@given(expressions.map(" ".join), st.sampled_from(CHANGES), st.integers(0, 200_000))
def test_the_next_moment_is_later_and_nothing_lies_between(expression: str, change: tuple[ZoneInfo, datetime], seconds: int) -> None:
    rule, moment = cron(f"*/10 {expression}", change[0]), change[1] - timedelta(seconds=100_000 - seconds)
    following = rule.after(moment)
    assert following is None or following > moment
    if following is not None:
        assert rule.after(moment + (following - moment) / 2) == following


@pytest.mark.parametrize(
    ("expression", "zone", "start", "moments"),
    [
        pytest.param("30 2 * * *", BERLIN, "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30"], id="skipped: when clocks leap"),
        pytest.param("0,15,30 2 * * *", BERLIN, "2026-03-29T00:00", ["2026-03-29T01:00", "2026-03-30T00:00"], id="three skipped: once"),
        pytest.param("*/30 * * * *", BERLIN, "2026-03-29T00:15", ["2026-03-29T00:30", "2026-03-29T01:00"], id="by the clock: no more"),
        pytest.param("30 2 * * *", BERLIN, "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"], id="twice: the first"),
        pytest.param("30 * * * *", BERLIN, "2026-10-24T23:40", ["2026-10-25T00:30", "2026-10-25T01:30"], id="twice by the clock: both"),
        pytest.param("0 */2 * * *", BERLIN, "2026-10-24T23:40", ["2026-10-25T00:00", "2026-10-25T01:00"], id="every other hour: both"),
        pytest.param("0 */2 * * *", PYONGYANG, "2018-05-04T14:35", ["2018-05-04T15:00", "2018-05-04T17:00"], id="a leap within an hour"),
        pytest.param("*/23 */23 * * *", ST_JOHNS, "2010-11-07T02:30", ["2010-11-07T02:53", "2010-11-07T03:16"], id="to the day before"),
        pytest.param("0 0 * * *", HAVANA, "2026-03-08T00:00", ["2026-03-08T05:00", "2026-03-09T04:00"], id="a midnight that is skipped"),
        pytest.param("0 0 29 2 *", BERLIN, "2096-03-01T00:00", ["2104-02-28T23:00"], id="eight years without a leap day"),
        pytest.param("59 59 23 31 12 *", BERLIN, "2026-11-21T00:00", ["2026-12-31T22:59:59"], id="six fields"),
        pytest.param("0 12 13 * fri", BERLIN, "2026-11-09T00:00", ["2026-11-13T11:00", "2026-11-20T11:00"], id="day or weekday"),
        pytest.param("0 12 * * fri-sun", BERLIN, "2026-11-21T13:00", ["2026-11-22T11:00", "2026-11-27T11:00"], id="to Sunday"),
        pytest.param("@Weekly", BERLIN, "2026-11-21T13:00", ["2026-11-21T23:00"], id="a name for all"),
        pytest.param("0 0 30 2 *", BERLIN, "2026-11-21T13:00", [], id="never"),
    ],
)  # fmt: skip
def test_moments(expression: str, zone: ZoneInfo, start: str, moments: list[str]) -> None:
    wanted = [datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in moments]
    begun = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert list(upcoming(cron(expression, zone), begun, max(1, len(wanted)))) == wanted


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        pytest.param("61 * * * *", "“minute” of the cron expression cannot be “61”; allowed are 0 to 59", id="too great"),
        pytest.param("* 24 * * *", "“hour” .* “24”; allowed are 0 to 23", id="an hour too many"),
        pytest.param("* * 0 * *", "“day of the month” .* “0”; allowed are 1 to 31", id="no day"),
        pytest.param("* * * foo *", "“month” .* “foo”; .* names jan, feb", id="a name that there is not"),
        pytest.param("* * * * mon-foo", "“weekday” .* “mon-foo”; .* names sun, mon", id="a range to nowhere"),
        pytest.param("30-10 * * * *", "“minute” .* “30-10”", id="backwards"),
        pytest.param("*/0 * * * *", "“minute” .* “\\*/0”", id="no step"),
        pytest.param("1,,2 * * * *", "“minute” .* “1,,2”", id="a hole in a list"),
        pytest.param("x * * * * *", "“second” .* “x”", id="six fields"),
        pytest.param("* * *", "has 3 fields; 5 .* or 6", id="too few"),
        pytest.param("", "has 0 fields", id="none"),
        pytest.param("@never", "has 1 fields.*@yearly", id="an unknown name for all"),
    ],
)
def test_a_wrong_expression_is_told_its_field_and_what_is_allowed(expression: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        cron(expression, BERLIN)


@given(st.text(st.sampled_from("*/,-0159 @afjmnosu?L#"), max_size=20))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        cron(text, BERLIN).after(datetime(2026, 11, 21, tzinfo=UTC))
    except Refused:
        return
