"""What can be asked of the journal: search, timelines, queues, dead letters."""

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from hulk.kernel.durable import Context
from hulk.kernel.errors import HulkError, NotFound, Refused, Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.time import utc_now
from hulk.runtime.store import Store, Transaction
from hulk.runtime.workflows import DeadLetters, Part, RunQueries, Search, Which, Window, at_work
from hulk.runtime.workflows.queries.search import _decoded, _encoded, attributes_of
from hulk.runtime.workflows.tables import run_table
from support.nats import a_bus
from support.patience import until_found
from support.runs import Flow, Hand, Machine, a_machine, a_run, giving

NOON = datetime(2020, 11, 21, 12, tzinfo=UTC)


async def at_noon(hand: Hand, *runs: Any) -> None:
    """Begin runs whose beginnings are a minute apart."""
    for place, run in enumerate(runs):
        await hand.begin(run)
        statement = update(run_table).where(run_table.c.id == run.id).values(created=NOON + timedelta(minutes=place))
        await hand.store.commit(partial(Transaction.execute, statement=statement))


@pytest.mark.parametrize(
    ("search", "found"),
    [
        pytest.param(Search(), ["d", "c", "b", "a"], id="all, the newest first"),
        pytest.param(Search(tenant="other"), ["d"], id="tenant"),
        pytest.param(Search(workflow="ticket"), ["b"], id="workflow"),
        pytest.param(Search(status="failed"), ["c"], id="status"),
        pytest.param(Search(status="pending"), ["d", "b", "a"], id="another status"),
        pytest.param(Search(queue="slow"), ["d"], id="queue"),
        pytest.param(Search(intent="int_1"), ["b", "a"], id="intent"),
        pytest.param(Search(parent="a"), ["b"], id="parent"),
        pytest.param(Search(code="refused"), ["c"], id="code of the error"),
        pytest.param(Search(code="unavailable"), [], id="no such code"),
        pytest.param(Search(created_from=NOON + timedelta(minutes=1)), ["d", "c", "b"], id="from, inclusive"),
        pytest.param(Search(created_before=NOON + timedelta(minutes=1)), ["a"], id="before, exclusive"),
        pytest.param(Search(ended_from=NOON), ["c"], id="only what has ended has a time of that"),
        pytest.param(Search(attributes={"kind": "churn"}), ["d", "b"], id="attribute"),
        pytest.param(Search(attributes={"kind": "churn", "size": "big"}), ["b"], id="two attributes"),
        pytest.param(Search(tenant="acme", attributes={"kind": "churn"}, intent="int_1", status="pending"), ["b"], id="together"),
        pytest.param(Search(dead=True), [], id="dead"),
    ],
)
async def test_runs_are_found_by_what_they_are(store: Store, search: Search, found: list[str]) -> None:
    async def fails(_: Context, __: JsonObject) -> JsonObject:
        raise Refused("no")

    hand = Hand(store, {"flow": Flow(fails)})
    await at_noon(
        hand,
        a_run("a", intent="int_1"),
        a_run("b", "ticket", intent="int_1", parent="a", attributes={"kind": "churn", "size": "big"}),
        a_run("c", attributes={"kind": "profile"}),
        a_run("d", tenant="other", queue="slow", attributes={"kind": "churn"}),
    )
    await hand.execute(next(task for task, _ in hand.queue if task.run == "c"))
    page = await RunQueries(store).search(search)
    assert [run.id for run in page.runs] == found
    assert page.next is None


async def test_pages_together_are_all_runs_though_more_are_begun_meanwhile(store: Store) -> None:
    hand, queries = Hand(store), RunQueries(store)
    names = [f"run_{number:02}" for number in range(23)]
    await at_noon(hand, *(a_run(name) for name in names))
    moment = NOON + timedelta(minutes=5)  # several of one moment: the id decides
    await store.commit(lambda tx: tx.execute(update(run_table).where(run_table.c.id.in_(names[5:15])).values(created=moment)))
    seen, after = list[str](), None
    for number in count():
        page = await queries.search(Search(), limit=4, after=after)
        seen += [run.id for run in page.runs]
        await hand.begin(a_run(f"new_{number}"))
        if (after := page.next) is None:
            break
    assert seen == sorted(names, reverse=True)


@given(
    st.timedeltas(timedelta(0), timedelta(days=99_999)).map(lambda later: NOON + later),
    st.text(st.characters(codec="ascii", exclude_characters="\x00")),
)
def test_a_cursor_is_what_it_was_made_of(created: datetime, run: str) -> None:
    assert _decoded(_encoded(created, run)) == (created, run)


@given(st.one_of(st.text(), st.recursive(st.none() | st.text() | st.floats(), st.lists).map(lambda data: _cursor(data))))
def test_rubbish_is_no_cursor(text: str) -> None:
    with pytest.raises(Refused, match="is no cursor"):
        _decoded(text)


def _cursor(data: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        pytest.param({"status": "gone"}, "There is no status “gone”; allowed: held, pending", id="unknown status"),
        pytest.param({"workflow": "a\0b"}, "holds a NUL", id="a NUL"),
        pytest.param({"attributes": {"kind": "\ud800"}}, "half of a UTF-16 pair", id="half a pair"),
        pytest.param({"ended_before": NOON.replace(tzinfo=None)}, "names no zone", id="a time of nowhere"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        Search(**values)


def test_attributes_are_written_with_an_equals_sign() -> None:
    assert attributes_of(["kind=a=b", "size="]) == {"kind": "a=b", "size": ""}
    with pytest.raises(Refused, match="“kind” is no attribute: write name=value"):
        attributes_of(["kind"])


# ---- timelines


def told(entries: Any) -> list[tuple[str, str | None]]:
    return [(entry.kind, entry.name) for entry in entries]


async def test_a_timeline_tells_all_that_became_of_a_run(store: Store, tmp_path: Path) -> None:
    tries = 0

    async def body(context: Context, _: JsonObject) -> JsonObject:
        nonlocal tries
        await context.step("first", giving(1))
        await context.sleep("nap", timedelta(seconds=0.01))
        tries += 1
        if tries == 1:
            raise Unavailable("the disk is away")
        await context.wait("approved", timedelta(minutes=1))
        await context.fan("parts", "part", [{}, {}])
        if tries == 2 or not works:
            raise Refused("no")
        return {}

    async def part(_: Context, __: JsonObject) -> JsonObject:
        return {}

    works = False
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body), "part": Flow(part)}) as machine:
        await machine.begin(a_run(after=timedelta(seconds=0.01)))
        await machine.is_("run_1", "waiting")
        waiting = await machine.queries.timeline("run_1")
        await store.commit(machine.workflows.signal("run_1", "approved", "yes", key="k"))
        await machine.is_("run_1", "failed")
        works = True
        await store.commit(machine.workflows.steering.replay("run_1", "ana"))
        await machine.is_("run_1", "completed")
        timeline = await machine.queries.timeline("run_1")
    assert (waiting.entries[-1].kind, waiting.entries[-1].status) == ("now", "waiting")
    assert waiting.entries[-1].due is not None
    (tried,) = [entry for entry in timeline.entries if entry.kind == "try failed"]
    assert tried.error is not None
    assert tried.error["code"] == "unavailable"
    assert tried.due is not None
    assert tried.due > tried.at
    assert timeline.children == {"completed": 2}
    kinds = told(timeline.entries)
    for kind in (
        ("begun", "flow"), ("let in", "default"), ("step", "first"), ("sleep", "nap"), ("signal", "approved"), ("wait", "approved"),
        ("step", "begin:parts/0"), ("children", "parts"), ("replayed", None), ("ended", None),
    ):  # fmt: skip
        assert kinds.count(kind) == 1, kind
    assert [kind for kind, _ in kinds].count("child begun") == [kind for kind, _ in kinds].count("child ended") == 2
    assert (kinds[0][0], kinds[-1][0], timeline.entries[-1].status) == ("begun", "ended", "completed")
    indexes = [entry.index for entry in timeline.entries if entry.kind in ("step", "sleep", "wait", "children")]
    assert indexes == sorted(indexes, key=lambda index: index or 0)
    assert all(entry.seconds is not None and entry.seconds >= 0 for entry in timeline.entries if entry.index is not None)
    assert [entry.actor for entry in timeline.entries if entry.kind == "replayed"] == ["ana"]


@pytest.mark.parametrize(
    ("window", "steps", "earlier", "ends"),
    [
        pytest.param(Window(), range(10), False, True, id="the whole"),
        pytest.param(Window(most=4), range(6, 10), True, True, id="the last ones"),
        pytest.param(Window(most=4, before=6), range(2, 6), True, False, id="those before"),
        pytest.param(Window(most=4, before=2), range(2), False, False, id="the first ones"),
        pytest.param(Window(most=4, before=99), range(6, 10), True, True, id="before what is not there"),
        pytest.param(Window(most=4, before=0), (), False, True, id="before the first"),
        pytest.param(Window(trouble=True), (), False, True, id="trouble alone"),
    ],
)
async def test_a_timeline_is_told_in_parts(store: Store, window: Window, steps: Sequence[int], earlier: bool, ends: bool) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        for number in range(10):
            await context.step(f"row {number}", giving(number))
        return {}

    await Hand(store).run(body)
    timeline = await RunQueries(store).timeline("run_1", window)
    assert [entry.index for entry in timeline.entries if entry.kind == "step"] == list(steps)
    assert (timeline.first > 0, timeline.steps) == (earlier, 10)
    kinds = [kind for kind, _ in told(timeline.entries)]
    assert ("begun" in kinds, "ended" in kinds) == (not earlier, ends)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        pytest.param("input", "{}", id="what it was given"),
        pytest.param("result", '{"rows":3}', id="what came of it"),
        pytest.param(0, '{"read":"ação"}', id="what a step recorded"),
        pytest.param(1, "null", id="a step that gave nothing"),
    ],
)
async def test_what_a_run_has_to_do_with_is_read_as_it_was_kept(store: Store, part: Part, value: str) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.step("read", giving({"read": "ação"}))
        await context.step("tell", giving(None))
        return {"rows": 3}

    await Hand(store).run(body)
    assert await RunQueries(store).payload("run_1", part) == value


async def test_what_a_run_does_not_have_is_not_read(store: Store) -> None:
    async def body(_: Context, __: JsonObject) -> JsonObject:
        raise Refused("no")

    await Hand(store).run(body)
    queries = RunQueries(store)
    for run, part in (("run_1", "result"), ("run_1", 7), ("run_2", "input")):
        with pytest.raises(NotFound):
            await queries.payload(run, part)  # type: ignore[arg-type]  # a table's cells are of both kinds


async def test_what_was_undone_stands_in_the_timeline(store: Store) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.step("reserve", giving(1))
        context.compensate("reserve", giving(None))
        raise Refused("no")

    await Hand(store).run(body)
    timeline = await RunQueries(store).timeline("run_1")
    assert told(timeline.entries) == [
        ("begun", "flow"), ("step", "reserve"), ("failure", None), ("undo", "reserve"), ("ended", None),
    ]  # fmt: skip
    assert timeline.entries[-1].error is not None


async def test_a_run_that_is_not_there_has_no_timeline(store: Store) -> None:
    with pytest.raises(NotFound, match="There is no run run_404"):
        await RunQueries(store).timeline("run_404")


# ---- queues


async def test_queues_tell_who_paused_them_and_what_stands_in_them(store: Store, tmp_path: Path) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.wait("never")
        return {}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body)}, queues=("default", "slow")) as machine:
        await machine.begin(a_run("run_1"))
        await machine.is_("run_1", "waiting")
        await store.commit(machine.workflows.steering.pause("default", "ana", "the disk is moved"))
        await machine.begin(a_run("run_2"), a_run("run_3", tenant="other"))
        default, slow = await machine.queries.queues()
        assert (default.name, default.actor, default.reason, default.waiting) == ("default", "ana", "the disk is moved", 1)
        assert default.held + default.pending == 2
        assert default.paused is not None
        assert default.oldest is not None
        assert (slow.name, slow.paused, slow.held, slow.oldest) == ("slow", None, 0, None)
        mine, _ = await machine.queries.queues("other")
        assert (mine.held + mine.pending, mine.waiting) == (1, 0)
        await store.commit(machine.workflows.steering.resume("default", "bia"))
        await machine.is_("run_2", "waiting")
        default, _ = await machine.queries.queues()
        assert (default.paused, default.actor, default.reason) == (None, None, None)


async def test_a_queue_that_nobody_knows_is_not_paused(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, a_machine(store, bus, {}) as machine:
        with pytest.raises(NotFound, match="There is no queue “defualt”; there are: default"):
            await store.commit(machine.workflows.steering.pause("defualt", "ana", "x"))
        assert [queue.name for queue in await machine.queries.queues()] == ["default"]


# ---- dead letters


async def failing(hand: Hand, name: str, error: HulkError | Exception, **more: Any) -> None:
    async def body(_: Context, __: JsonObject) -> JsonObject:
        raise error

    hand.workflows[more.get("workflow", "flow")] = Flow(body)
    await hand.begin(a_run(name, attempts=1, **more))
    await hand.drain()


async def test_dead_letters_are_counted_by_workflow_and_error(store: Store) -> None:
    hand, queries = Hand(store), RunQueries(store)
    for name in "abc":
        await failing(hand, name, Unavailable("away"))
    await failing(hand, "d", ValueError("a bug"))
    await failing(hand, "e", Unavailable("away"), workflow="ticket", tenant="other")
    await failing(hand, "f", Refused("no"))  # input that is wrong is no dead letter
    found = {(one.workflow, one.code): one.count for one in await queries.dead_groups()}
    assert found == {("flow", "unavailable"): 3, ("flow", "error"): 1, ("ticket", "unavailable"): 1}
    assert [(one.workflow, one.count) for one in await queries.dead_groups("other")] == [("ticket", 1)]
    first = (await queries.dead_groups())[0]
    assert (first.count, first.oldest < first.newest) == (3, True)
    assert [run.id for run in (await queries.search(Search(dead=True, workflow="ticket"))).runs] == ["e"]


async def letters(machine: Machine, names: str, **more: Any) -> DeadLetters:
    """Dead letters of those names."""
    await machine.begin(*(a_run(name, attempts=1, **more) for name in names))
    for name in names:
        await machine.is_(name, "failed")
    return DeadLetters(machine.store, machine.queries, machine.workflows.steering)


async def test_many_dead_letters_are_replayed_by_what_they_have_in_common(store: Store, tmp_path: Path) -> None:
    works = False

    async def body(_: Context, __: JsonObject) -> JsonObject:
        if not works:
            raise Unavailable("away")
        return {}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(body), "other": Flow(body)}) as machine:
        dead = await letters(machine, "abc")
        await letters(machine, "x", workflow="other")
        await letters(machine, "z", tenant="foreign")
        works = True
        which = Which(tenant="acme", workflow="flow")
        dry = await dead.replay(which, "ana", limit=2, dry_run=True)
        assert (min(dry.runs) in "abc", len(dry.runs), dry.left) == (True, 2, 1)
        assert len(await machine.queries.dead_letters()) == 5
        assert (await dead.replay(which, "ana", limit=2)).left == 1
        assert (await dead.replay(which, "ana", limit=100)).left == 0
        for name in "abc":
            await machine.is_(name, "completed")
        assert {letter.run.id for letter in await machine.queries.dead_letters()} == {"x", "z"}
        assert (await dead.discard(Which(every=True), "ana", limit=100)).runs
        assert await machine.queries.dead_letters() == []
        for name in "xz":
            await machine.is_(name, "failed")
        with pytest.raises(NotFound, match="no run x"):
            await dead.replay(Which(runs=("x",)), "ana", limit=10)


def test_dead_letters_are_not_meant_by_saying_nothing() -> None:
    with pytest.raises(Refused, match="Say which dead letters are meant"):
        Which(tenant="acme")


async def test_a_parent_that_its_childs_replay_revived_is_not_replayed_twice(store: Store, tmp_path: Path) -> None:
    works = False

    async def child(_: Context, __: JsonObject) -> JsonObject:
        if not works:
            raise Unavailable("away", retry_after=0)
        return {}

    async def parent(context: Context, _: JsonObject) -> JsonObject:
        await context.child("one", "child", {})
        return {}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(parent), "child": Flow(child)}) as machine:
        dead = await letters(machine, "a")
        works = True
        meant, _ = await machine.queries.dead_meant(Which(every=True), 10)
        dealt = await dead.replay(Which(every=True), "ana", limit=10)
        assert (meant[1], list(dealt.runs), dealt.left) == ("a", [meant[0]], 1)
        await machine.is_("a", "completed")
        assert await machine.queries.dead_letters() == []


@pytest.mark.parametrize(
    ("which", "runs"),
    [
        pytest.param({"code": "unavailable"}, {"a", "b"}, id="by error"),
        pytest.param({"code": "error"}, {"c"}, id="by another error"),
        pytest.param({"ended_before": timedelta(hours=1)}, {"a", "b", "c"}, id="ended before an hour from now"),
        pytest.param({"ended_before": timedelta(hours=-1)}, set(), id="ended more than an hour ago"),
        pytest.param({"runs": ("a", "c")}, {"a", "c"}, id="by name"),
        pytest.param({"code": "unavailable", "tenant": "foreign"}, set(), id="of another tenant"),
    ],
)
async def test_dead_letters_are_meant_by_what_is_said_of_them(store: Store, which: dict[str, Any], runs: set[str]) -> None:
    hand = Hand(store)
    for name in "ab":
        await failing(hand, name, Unavailable("away"))
    await failing(hand, "c", ValueError("a bug"))
    if "ended_before" in which:
        which = {"ended_before": utc_now() + which["ended_before"]}
    meant, whole = await RunQueries(store).dead_meant(Which(**which), 10)
    assert (set(meant), whole) == (runs, len(runs))


async def test_runs_are_found_and_counted_within_namespaces_and_children_stay_in_theirs(store: Store, tmp_path: Path) -> None:
    async def leaf(context: Context, _: JsonObject) -> JsonObject:
        await context.wait("never")
        return {}

    async def parent(context: Context, _: JsonObject) -> JsonObject:
        await context.child("one", "leaf", {})
        return {}

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(parent), "leaf": Flow(leaf)}) as machine:
        await machine.begin(replace(a_run("run_1"), namespace="prod"), a_run("run_2"))
        await machine.is_("run_1", "waiting")
        await machine.is_("run_2", "waiting")

        async def seen(*within: str) -> list[str]:
            page = await machine.queries.search(Search(within=within))
            return sorted(run.workflow for run in page.runs if run.namespace in within)

        await until_found(lambda: _both(seen))
        assert await seen() == []
        [queue] = await machine.queries.queues(within=("prod",))
        assert sum((queue.held, queue.pending, queue.running, queue.waiting)) == 2
        assert await machine.queries.dead_groups(within=("prod",)) == []
        tenant = (await machine.queries.run("run_1"))[0].tenant
        await store.commit(lambda tx: tx.execute(update(run_table).where(run_table.c.id == "run_1").values(status="pending")))
        assert await store.read(lambda connection: (at_work(connection, tenant), at_work(connection, "nobody"))) == (1, 0)


async def _both(seen: Any) -> bool:
    """Whether each namespace has its parent and its child."""
    return bool(await seen("prod") == await seen("default") == ["flow", "leaf"])
