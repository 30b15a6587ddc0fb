"""How a run's timeline is drawn, and how what is filled in on pages is read."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.kernel.time import from_iso, iso
from hulk.modules.console.pages.forms import moment_of, number_of
from hulk.modules.console.pages.timeline import KINDS, WIDTH, causes, pressing, rows_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def a_run(*entries: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A run as the API shows it, as far as it is drawn."""
    return {"timeline": entries, "ended": iso(NOON), "later": None, "problem": None, **values}


def an_entry(kind: str = "step", after: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"at": iso(NOON + timedelta(seconds=after)), "kind": kind, **more}


ENTRIES = st.builds(
    an_entry, st.sampled_from(sorted(KINDS)), st.floats(-1e7, 1e7), seconds=st.one_of(st.none(), st.floats(0, 1e7))
)  # fmt: skip


@given(st.lists(ENTRIES, max_size=20), st.sampled_from([None, iso(NOON)]))
def test_every_bar_lies_within_the_drawing_and_can_be_seen(entries: list[dict[str, Any]], ended: str | None) -> None:
    rows = rows_of(a_run(*entries, ended=ended), NOON)
    assert len(rows) == len(entries)
    for row in rows:
        assert 0 < row.width <= WIDTH + 0.1
        assert -0.1 <= row.x <= WIDTH - row.width + 0.1


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    first, second, _ = rows_of(a_run(an_entry(after=10, seconds=10), an_entry(after=30, seconds=20), an_entry("ended", 40)), NOON)
    assert (first.x, first.width, second.x, second.width) == (0, 250, 250, 500)


def test_a_run_that_is_not_over_is_drawn_until_now() -> None:
    (row,) = rows_of(a_run(an_entry(after=10, seconds=10), ended=None), NOON + timedelta(seconds=20))
    assert row.width == WIDTH / 2


def test_children_that_failed_are_why_a_run_did() -> None:
    bad, good = an_entry("child ended", status="failed", name="run_1"), an_entry("child ended", status="completed", name="run_2")
    assert causes(a_run(bad, good, problem={"code": "x", "detail": "x"})) == [bad]
    assert causes(a_run(bad, good)) == ()


@pytest.mark.parametrize(
    ("due", "ended", "presses"),
    [
        pytest.param(5, None, True, id="to come"),
        pytest.param(-5, None, False, id="was tried"),
        pytest.param(5, iso(NOON), False, id="the run is over"),
    ],
)
def test_a_try_presses_while_the_next_one_is_to_come(due: float, ended: str | None, presses: bool) -> None:
    failed = an_entry("try failed", due=iso(NOON + timedelta(seconds=due)))
    assert (pressing(a_run(failed, ended=ended), NOON) is not None) == presses


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        pytest.param("2026-11-23T08:30", "2026-11-23T11:30:00Z", id="in their zone"),
        pytest.param("2026-11-23T08:30:15+01:00", "2026-11-23T07:30:15Z", id="with its offset"),
        pytest.param("2026-11-23", "2026-11-23T03:00:00Z", id="a day"),
    ],
)
def test_a_time_is_read_in_the_zone_of_who_writes_it(written: str, moment: str) -> None:
    found = moment_of(written, ZoneInfo("America/Sao_Paulo"))
    assert found is not None
    assert from_iso(found) == datetime.fromisoformat(moment)


@given(st.text(max_size=30))
def test_what_is_no_time_and_no_number_is_refused_and_breaks_nothing(text: str) -> None:
    for read in (lambda: moment_of(text, ZoneInfo("America/Sao_Paulo")), lambda: number_of(text)):
        try:
            read()
        except Refused as refused:
            assert str(refused.text)  # noqa: PT017  # that it can be said


def test_nothing_filled_in_is_nothing() -> None:
    assert (moment_of("", ZoneInfo("UTC")), number_of(" "), number_of("0")) == (None, None, 0)
