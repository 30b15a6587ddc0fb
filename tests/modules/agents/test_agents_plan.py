"""Plans as graphs: which are refused, what may begin, what is lost, what must stay in the company."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.modules.agents.domain.plan import OVER, Block, Board, Plan, Status, cycle_in, in_order, require_sound, tainted
from support.plans import KEYS, STATUSES, a_plan, graphs, step

TEAM = {"buyer": ("shop.*",)}


def ancestors(plan: Plan) -> Mapping[str, frozenset[str]]:
    """All that each step waits for, however far back: by Floyd and Warshall."""
    reached = {(node.key, other) for node in plan.nodes for other in node.waits_for}
    for middle in KEYS:
        reached |= {(a, d) for a, b in reached for c, d in reached if b == c == middle}
    return {node.key: frozenset(other for key, other in reached if key == node.key) for node in plan.nodes}


@given(graphs(circles=True))
def test_a_circle_is_found_where_a_step_waits_for_itself_and_nowhere_else(plan: Plan) -> None:
    assert (cycle_in(plan.nodes) is not None) == any(key in before for key, before in ancestors(plan).items())


@given(graphs(circles=True))
def test_a_circle_that_is_named_is_one(plan: Plan) -> None:
    found = cycle_in(plan.nodes)
    if found is None:
        return
    assert found[0] == found[-1]
    assert len(set(found)) == len(found) - 1
    waits = {node.key: node.waits_for for node in plan.nodes}
    assert all(after in waits[key] for key, after in pairwise(found))


@given(graphs())
def test_in_order_each_step_comes_after_all_that_it_waits_for(plan: Plan) -> None:
    order = [node.key for node in in_order(plan.nodes)]
    assert sorted(order) == sorted(node.key for node in plan.nodes)
    assert all(order.index(other) < order.index(node.key) for node in plan.nodes for other in node.waits_for)


@given(graphs(), st.data(), st.integers(0, 5))
def test_what_may_begin_is_open_waits_for_nothing_that_is_not_done_and_is_as_many_as_there_is_room_for(
    plan: Plan, data: st.DataObject, most: int
) -> None:
    states = {node.key: data.draw(st.sampled_from(STATUSES)) for node in plan.nodes}
    ready = [node.key for node in Board(plan, states).ready(most)]
    able = [node.key for node in plan.nodes if states[node.key] == "open" and all(states[key] == "done" for key in node.waits_for)]
    assert ready == able[: max(0, most - list(states.values()).count("running"))]


@given(graphs(), st.data())
def test_what_can_never_begin_is_what_waits_for_something_lost_however_far_back(plan: Plan, data: st.DataObject) -> None:
    states = {node.key: data.draw(st.sampled_from(STATUSES)) for node in plan.nodes}
    open_ones = {key for key, status in states.items() if status == "open"}
    lost = {key for key, status in states.items() if status in ("failed", "skipped")}
    doomed = set[str]()
    for _ in plan.nodes:
        doomed |= {node.key for node in plan.nodes if node.key in open_ones and node.waits_for & (lost | doomed)}
    assert {node.key for node in Board(plan, states).doomed()} == doomed
    assert len(Board(plan, states).doomed()) == len(doomed)


@given(graphs(), st.data(), st.integers(1, 4))
def test_every_order_of_ends_leads_to_the_end_and_nothing_begins_before_what_it_waits_for(
    plan: Plan, data: st.DataObject, most: int
) -> None:
    board, turns = Board.of(plan), 0
    while not board.over:
        turns += 1
        assert turns <= 3 * len(plan.nodes)
        board = board.moved(*(one.key for one in board.doomed()), to="skipped")
        begun = board.ready(most)
        assert all(board.states[key] == "done" for node in begun for key in node.waits_for)
        board = board.moved(*(one.key for one in begun), to="running")
        running = [key for key, status in board.states.items() if status == "running"]
        assert len(running) <= most
        if running:
            end: Status = data.draw(st.sampled_from(("done", "failed")))
            board = board.moved(data.draw(st.sampled_from(running)), to=end)
    assert set(board.states.values()) <= OVER
    assert {node.key for node in board.broken} == {
        node.key for node in plan.nodes if board.states[node.key] == "failed" and not node.optional
    }


@given(graphs(), st.sets(st.sampled_from(KEYS)))
def test_what_must_stay_in_the_company_makes_all_that_it_feeds_stay(plan: Plan, found: set[str]) -> None:
    before = ancestors(plan)
    sources = {node.key for node in plan.nodes if node.p0} | found
    wanted = sources | {node.key for node in plan.nodes if before[node.key] & sources}
    assert tainted(plan, frozenset(found)) == wanted


@given(graphs(), st.sets(st.sampled_from(KEYS)))
def test_taint_is_lost_along_no_edge(plan: Plan, found: set[str]) -> None:
    private = tainted(plan, frozenset(found))
    assert all(node.key in private for node in plan.nodes if node.waits_for & private)


@given(graphs())
def test_a_plan_without_circles_is_sound(plan: Plan) -> None:
    require_sound(plan, TEAM, 10)


_WRONG: list[tuple[str, Plan, list[str]]] = [
    ("no steps", a_plan(), ["no steps"]),
    ("too many", a_plan(*(step(key) for key in KEYS)), ["12 steps", "at most 10"]),
    ("one twice", a_plan(step("a"), step("a")), ["“a”"]),
    ("a name that means something else", a_plan(step("task")), ["“task”"]),
    ("waits for nobody", a_plan(step("a", "z"), step("b")), ["“a”", "“z”", "a, b"]),
    ("refers to nobody", a_plan(step("a", given={"x": "${z.y}"})), ["“a”", "“z”"]),
    ("a list of nobody", a_plan(step("a", each="${z.items}")), ["“a”", "“z”"]),
    ("an unknown agent", a_plan(step("a", agent="ghost")), ["“a”", "“ghost”"]),
    ("no tool", a_plan(step("a", tool="")), ["“a”", "which"]),
    ("no tokens", a_plan(step("a", does="think")), ["“a”", "no tokens"]),
    ("a deadline that is past", a_plan(step("a", seconds=0)), ["“a”", "ended before it begins", "0 s"]),
    ("a deadline long past", a_plan(step("a", seconds=-3.5)), ["“a”", "-3.5 s"]),
    ("a time that is none", a_plan(step("a", seconds=float("nan"))), ["“a”", "nan"]),
    ("waits for itself", a_plan(step("a", "a")), ["a > a"]),
    ("a circle", a_plan(step("a", "c"), step("b", "a"), step("c", "b"), step("d", "a")), ["a > c > b > a"]),
]


@pytest.mark.parametrize(("plan", "told"), [pytest.param(plan, told, id=name) for name, plan, told in _WRONG])
def test_a_plan_that_cannot_be_carried_out_is_refused_and_says_what_is_wrong(plan: Plan, told: list[str]) -> None:
    with pytest.raises(Refused) as error:
        require_sound(plan, TEAM, 10)
    assert [part for part in told if part not in str(error.value)] == []


@pytest.mark.parametrize("block", [Block(text={"pt": "${z.x}"}), Block(text={"pt": "oi"}, needs=("z",))], ids=["refers", "needs"])
def test_an_answer_from_a_step_that_is_not_there_is_refused(block: Any) -> None:
    plan = Plan(agent="buyer", origin="playbook", nodes=(step("a"),), answer=(block,))
    with pytest.raises(Refused, match="“z”"):
        require_sound(plan, TEAM, 10)
