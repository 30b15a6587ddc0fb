"""How tickets may change, and which of a plan may begin. Laws."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Conflict
from hulk.kernel.text import Text
from hulk.modules.tickets import Status, Ticket, doomed, ready
from hulk.modules.tickets.domain import moved

STATUSES: tuple[Status, ...] = get_args(Status)
ENDS = {"completed", "failed", "skipped", "cancelled"}


def ticket(key: str = "a", status: Status = "open", after: tuple[str, ...] = ()) -> Ticket:
    return Ticket(
        id=f"tkt_{key}", plan="pln_1", intent="int_1", tenant="acme", key=key, kind="k", title=Text("t"), status=status, input={},
        after=after, created=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def may(now: Status, wanted: Status) -> bool:
    try:
        return moved(ticket(status=now), wanted) == wanted
    except Conflict:
        return False


@pytest.mark.parametrize("now", sorted(ENDS))
def test_what_is_ended_stays_as_it_ended(now: Status) -> None:
    assert not any(may(now, wanted) for wanted in STATUSES)


@pytest.mark.parametrize("now", ["open", "ready", "running"])
def test_what_is_not_ended_can_complete_and_fail_but_not_stand_still(now: Status) -> None:
    assert may(now, "completed")
    assert may(now, "failed")
    assert not may(now, now)


def test_what_runs_is_not_skipped() -> None:
    assert not may("running", "skipped")


@given(path=st.lists(st.sampled_from(STATUSES), max_size=12))
def test_no_ticket_ever_goes_back_or_moves_more_than_three_times(path: list[Status]) -> None:
    order: dict[Status, int] = {"open": 0, "ready": 1, "running": 2, "completed": 3, "failed": 3, "skipped": 3, "cancelled": 3}
    now: Status = "open"
    seen = [now]
    for wanted in path:
        if may(now, wanted):
            now = wanted
            seen.append(now)
    assert [order[one] for one in seen] == sorted({order[one] for one in seen})


def test_a_move_that_is_not_allowed_is_refused_with_what_is() -> None:
    with pytest.raises(Conflict, match=r"Ticket tkt_a is running and cannot become ready; allowed: cancelled, completed, failed\."):
        moved(ticket(status="running"), "ready")


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Ticket]:
    """Plans without cycles, at any stage."""
    keys = [f"t{number}" for number in range(draw(st.integers(1, 7)))]
    chosen = {key: tuple(draw(st.lists(st.sampled_from(keys[:place]), unique=True))) if place else () for place, key in enumerate(keys)}
    return {key: ticket(key, draw(st.sampled_from(STATUSES)), after) for key, after in chosen.items()}


@given(plan=plans())
def test_what_may_begin_is_open_and_all_it_needs_is_completed(plan: dict[str, Ticket]) -> None:
    beginning = ready(plan)
    assert all(one.status == "open" and {plan[key].status for key in one.after} <= {"completed"} for one in beginning)
    assert not {one.key for one in beginning} & {one.key for one in doomed(plan)}


@given(plan=plans())
def test_a_plan_in_which_nothing_runs_can_always_be_moved_on_to_its_end(plan: dict[str, Ticket]) -> None:
    now = {key: replace(one, status="completed") if one.status in ("ready", "running") else one for key, one in plan.items()}
    for _ in range(len(now) + 1):
        now |= {one.key: replace(one, status="completed") for one in ready(now)}
        now |= {one.key: replace(one, status="skipped") for one in doomed(now)}
    assert {one.status for one in now.values()} <= ENDS
