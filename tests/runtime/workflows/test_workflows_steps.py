"""Recorded steps, fencing, failure: the journal's rules, on both databases, with wake-ups delivered by hand."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select

from hulk.kernel.durable import Change, Context, Outcome, Retry, Started
from hulk.kernel.errors import Conflict, HulkError, NotFound, Refused, Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.time import utc_now
from hulk.runtime.engine import ELSEWHERE, HandBack, Left, Settled, Task
from hulk.runtime.outbox import Outbox, event_table
from hulk.runtime.store import Store, Transaction
from hulk.runtime.workflows import RunQueries
from hulk.runtime.workflows.beginning import retry_of
from hulk.runtime.workflows.executor import MOST_TAKES
from hulk.runtime.workflows.registry import Registry
from hulk.runtime.workflows.steering import Steering
from support.runs import KEY, Flow, Hand, a_run, giving, row_of, steps_of

deed = Table("test_deed", MetaData(), Column("id", Integer, primary_key=True), Column("number", Integer))


@pytest.fixture
def hand(store: Store) -> Hand:
    """Delivers wake-ups by hand."""
    deed.create(store.engine)
    return Hand(store)


def did(number: int) -> Change[None]:
    def change(tx: Transaction) -> None:
        tx.execute(insert(deed), {"number": number})

    return change


async def deeds(store: Store) -> list[int]:
    return await store.read(lambda connection: list(connection.execute(select(deed.c.number).order_by(deed.c.id)).scalars()))


async def events(store: Store) -> list[tuple[str, JsonObject]]:
    query = select(event_table.c.type, event_table.c.data).order_by(event_table.c.sequence)
    return await store.read(lambda connection: [(row.type, row.data) for row in connection.execute(query)])


async def test_a_run_records_its_steps_in_order_and_ends_with_its_result(hand: Hand) -> None:
    async def body(context: Context, data: JsonObject) -> JsonObject:
        first = await context.step("first", giving(data["n"]))
        second = await context.step("second", giving({"twice": first * 2}))
        return {"second": second}

    run = await hand.run(body, a_run(data={"n": 21}))
    assert (run.status, run.result) == ("completed", {"second": {"twice": 42}})
    assert await steps_of(hand.store, "run_1") == [("first", 21), ("second", {"twice": 42})]
    assert hand.told == [("run_1", "acme", "pending"), ("run_1", "acme", "completed")]


async def test_a_run_ends_in_the_transaction_of_its_last_step(hand: Hand) -> None:
    status = list[str]()

    async def body(context: Context, data: JsonObject) -> JsonObject:
        result = await context.end("last", giving({"n": data["n"]}, did(1)))
        status.append((await row_of(hand.store, "run_1")).status)
        return result

    run = await hand.run(body, a_run(data={"n": 21}))
    assert (status, run.status, run.result) == (["completed"], "completed", {"n": 21})
    assert await steps_of(hand.store, "run_1") == [("last", {"n": 21})]
    assert (await deeds(hand.store), hand.told[1:]) == ([1], [("run_1", "acme", "completed")])


async def test_what_follows_the_last_step_changes_nothing_any_more(hand: Hand) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.end("last", giving({"n": 1}, did(1)))
        await context.step("too late", giving(2, did(2)))
        raise AssertionError("nothing follows the end")

    run = await hand.run(body)
    assert (run.status, run.result, await deeds(hand.store)) == ("completed", {"n": 1}, [1])


async def test_a_last_step_that_fails_ends_nothing(hand: Hand) -> None:
    tries = list[int]()

    async def body(context: Context, _: JsonObject) -> JsonObject:
        return await context.end("last", act)

    async def act() -> Outcome[JsonObject]:
        tries.append(len(tries))
        if len(tries) == 1:
            raise Unavailable("Not now.")
        return Outcome({"tries": len(tries)}, [did(len(tries))])

    run = await hand.run(body, a_run(attempts=2))
    assert (run.status, run.result, await deeds(hand.store)) == ("completed", {"tries": 2}, [2])


async def test_a_run_is_begun_once_for_its_id(hand: Hand) -> None:
    hand.workflows["flow"] = Flow(_empty)
    assert [await hand.begin(a_run()) for _ in range(3)] == [True, False, False]
    assert len(hand.queue) == 1


async def _empty(_: Context, __: JsonObject) -> JsonObject:
    return {}


async def test_what_was_recorded_before_a_crash_is_not_done_again(hand: Hand) -> None:
    done, stuck, crashed = list[str](), asyncio.Event(), [True]

    async def body(context: Context, _: JsonObject) -> JsonObject:
        async def act(name: str) -> Outcome[str]:
            done.append(f"{name} {context.key}")
            if name == "c" and crashed[0]:
                stuck.set()
                await asyncio.Event().wait()
            return Outcome(name)

        return {"all": [await context.step(name, lambda name=name: act(name)) for name in "abcd"]}  # type: ignore[misc]  # bound now

    hand.workflows["flow"] = Flow(body)
    await hand.begin(a_run())
    task, _ = hand.queue.popleft()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(hand.execute(task))
        await stuck.wait()
        first.cancel()
    crashed[0] = False
    assert await hand.execute(task) == Settled()
    assert (await row_of(hand.store, "run_1")).result == {"all": ["a", "b", "c", "d"]}
    assert done == ["a run_1/0", "b run_1/1", "c run_1/2", "c run_1/2", "d run_1/3"]


async def test_being_let_go_in_the_middle_is_not_held_against_a_run(hand: Hand) -> None:
    stuck = asyncio.Event()

    async def body(_: Context, __: JsonObject) -> JsonObject:
        stuck.set()
        await asyncio.Event().wait()
        return {}

    hand.workflows["flow"] = Flow(body)
    await hand.begin(a_run())
    task, _ = hand.queue.popleft()
    for _ in range(MOST_TAKES + 3):
        stuck.clear()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(hand.execute(task))
            await stuck.wait()
            running.cancel()
    row = await row_of(hand.store, "run_1")
    assert (row.status, row.takes) == ("pending", 0)


async def test_a_changed_body_parks_the_run_instead_of_guessing(hand: Hand) -> None:
    async def before(context: Context, _: JsonObject) -> JsonObject:
        await context.step("read", giving(1))
        await context.wait("approved")
        return {}

    async def after(context: Context, _: JsonObject) -> JsonObject:
        await context.step("fetch", giving(1, did(1)))
        return {}

    await hand.run(before)
    hand.workflows["flow"] = Flow(after)
    await hand.store.commit(hand.journal.signal("run_1", "approved", True, key="k"))
    await hand.drain()
    run, _ = await RunQueries(hand.store).run("run_1")
    assert run.status == "needs_attention"
    assert run.error is not None
    assert run.error["code"] == "needs_attention"
    assert run.error["text"]["values"] == {"run": "run_1", "index": 0, "recorded": "read", "name": "fetch"}
    assert await deeds(hand.store) == []
    await hand.store.commit(hand.journal.signal("run_1", "approved", True, key="again"))
    assert not hand.queue


async def test_an_overtaken_worker_writes_nothing_and_leaves_the_message_to_the_other(hand: Hand) -> None:
    hold, reached = asyncio.Event(), asyncio.Event()
    takes = list[int]()

    async def body(context: Context, _: JsonObject) -> JsonObject:
        takes.append(mine := len(takes))

        async def act() -> Outcome[int]:
            if mine == 0:
                reached.set()
                await hold.wait()
            return Outcome(mine, [did(mine)])

        return {"by": await context.step("act", act)}

    hand.workflows["flow"] = Flow(body)
    await hand.begin(a_run())
    task, _ = hand.queue.popleft()
    async with asyncio.TaskGroup() as group:
        zombie = group.create_task(hand.execute(task))
        await reached.wait()
        assert await hand.execute(task) == Settled()
        hold.set()
    assert zombie.result() == Left()
    assert (await row_of(hand.store, "run_1")).result == {"by": 1}
    assert await deeds(hand.store) == [1]
    assert await steps_of(hand.store, "run_1") == [("act", 1)]


@pytest.mark.parametrize("ending", ["complete", "fail", "retry", "wait", "sleep", "gather"])
async def test_no_ending_of_an_overtaken_worker_counts(hand: Hand, ending: str) -> None:
    takes, reached, hold = list[int](), asyncio.Event(), asyncio.Event()

    async def body(context: Context, _: JsonObject) -> JsonObject:
        takes.append(0)
        if len(takes) > 1:
            await context.wait("never")
        reached.set()
        await hold.wait()
        match ending:
            case "fail":
                raise Refused("no")
            case "retry":
                raise Unavailable("later")
            case "wait":
                await context.wait("something")
            case "sleep":
                await context.sleep("nap", timedelta(hours=1))
            case "gather":
                await context.fan("children", "child", [])
        return {}

    hand.workflows["flow"] = Flow(body, lambda _, __: [did(1)])
    await hand.begin(a_run())
    task, _ = hand.queue.popleft()
    async with asyncio.TaskGroup() as group:
        zombie = group.create_task(hand.execute(task))
        await reached.wait()
        await hand.execute(task)
        before = await row_of(hand.store, "run_1")
        hold.set()
    assert zombie.result() == Left()
    assert await row_of(hand.store, "run_1") == before
    assert await deeds(hand.store) == []
    assert await steps_of(hand.store, "run_1") == []


async def test_a_steps_changes_are_written_once_together_with_it(hand: Hand) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.step("one", giving(None, did(1), did(2)))
        await context.wait("more")
        await context.step("two", giving(None, did(3)))
        return {}

    await hand.run(body)
    await hand.store.commit(hand.journal.signal("run_1", "more", None, key="k"))
    task, _ = hand.queue[0]
    for _ in range(3):  # duplicates of the wake-up
        await hand.execute(task)
    assert await deeds(hand.store) == [1, 2, 3]


async def test_a_step_whose_change_fails_is_not_recorded(hand: Hand) -> None:
    def refuse(_: Transaction) -> None:
        raise Conflict("somebody was faster")

    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.step("one", giving(None, did(1), refuse))
        return {}

    run = await hand.run(body)
    assert (run.status, run.error["code"]) == ("failed", "conflict")
    assert await deeds(hand.store) == []
    assert await steps_of(hand.store, "run_1") == []


@pytest.mark.parametrize(
    ("error", "tries", "dead", "code"),
    [
        pytest.param(Refused("no {x}", x=1), 1, False, "refused", id="refused"),
        pytest.param(NotFound("no"), 1, False, "not_found", id="not found"),
        pytest.param(Conflict("no"), 1, False, "conflict", id="conflict"),
        pytest.param(Unavailable("later"), 3, True, "unavailable", id="unavailable"),
        pytest.param(KeyError("secret"), 3, True, "error", id="bug"),
    ],
)
async def test_what_may_pass_is_tried_again_and_what_cannot_is_not(hand: Hand, error: Exception, tries: int, dead: bool, code: str) -> None:
    tried = list[int]()

    async def body(_: Context, __: JsonObject) -> JsonObject:
        tried.append(1)
        raise error

    def failed(run: Started, why: HulkError) -> Sequence[Change[Any]]:
        assert run.id == "run_1"
        assert why.code == code
        return [did(7)]

    run = await hand.run(body, a_run(attempts=3), when_failed=failed)
    assert (len(tried), run.status, run.dead, run.error["code"]) == (tries, "failed", dead, code)
    assert await deeds(hand.store) == [7]
    assert hand.told[-1] == ("run_1", "acme", "failed")
    letters = [data for kind, data in await events(hand.store) if kind == "hulk.errors.default.v1"]
    assert len(letters) == dead
    assert all(letter["run"] == "run_1" and letter["failures"] == 3 and "secret" not in str(letter) for letter in letters)
    assert len(await RunQueries(hand.store).dead_letters("acme")) == dead
    assert "secret" not in str(run.error)


async def test_a_run_waits_longer_before_each_new_try_and_as_long_as_it_is_asked_to(hand: Hand) -> None:
    waits = [None, 7.0]

    async def body(_: Context, __: JsonObject) -> JsonObject:
        raise Unavailable("later", retry_after=waits.pop(0))

    hand.workflows["flow"] = Flow(body)
    await hand.begin(a_run(attempts=9))
    first, second = await hand.one(), await hand.one()
    assert isinstance(first, HandBack)
    assert isinstance(second, HandBack)
    assert timedelta(seconds=0.02) <= first.delay <= timedelta(seconds=0.2)
    assert second.delay == timedelta(seconds=7)
    row = await row_of(hand.store, "run_1")
    assert (row.status, row.failures, row.takes) == ("pending", 2, 0)


async def test_getting_on_makes_a_runs_failures_count_anew(hand: Hand) -> None:
    tries = list[int]()

    async def body(context: Context, _: JsonObject) -> JsonObject:
        tries.append(1)
        for number in range(4):
            await context.step(f"{number}", giving(number))
            if len(tries) == number * 2 + 1 or len(tries) == number * 2 + 2:
                raise Unavailable("twice after each step")
        return {}

    run = await hand.run(body, a_run(attempts=3))
    assert (run.status, len(tries)) == ("completed", 9)


async def test_a_step_that_does_not_end_in_time_is_given_up(hand: Hand) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        async def act() -> Outcome[None]:
            await asyncio.sleep(30)
            return Outcome(None)

        await context.step("slow", act, timeout=timedelta(seconds=0.05))
        return {}

    run = await hand.run(body, a_run(attempts=1))
    assert (run.status, run.dead, run.error["text"]["values"]) == ("failed", True, {"name": "slow", "seconds": 0.05})


async def test_a_timeout_of_the_acts_own_is_not_taken_for_the_steps(hand: Hand) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        async def act() -> Outcome[None]:
            raise TimeoutError("the peer's")

        await context.step("quick", act)
        return {}

    run = await hand.run(body, a_run(attempts=1))
    assert run.error["text"]["values"] == {"kind": "TimeoutError"}


async def test_a_step_may_be_tried_again_within_its_run(hand: Hand) -> None:
    tries = list[int]()

    async def body(context: Context, _: JsonObject) -> JsonObject:
        async def act() -> Outcome[int]:
            tries.append(1)
            if len(tries) < 3:
                raise Unavailable("not yet")
            return Outcome(len(tries))

        return {"tries": await context.step("act", act, retry=Retry(attempts=5, first=timedelta(milliseconds=1)))}

    assert (await hand.run(body)).result == {"tries": 3}
    assert not hand.queue


async def test_a_run_of_a_workflow_that_is_not_here_is_left_for_a_worker_that_has_it(hand: Hand) -> None:
    await hand.begin(a_run(workflow="newer", attempts=2))
    task, _ = hand.queue.popleft()
    older = hand.executor
    for _ in range(MOST_TAKES + 1):
        assert await hand.execute(task, older) == HandBack(ELSEWHERE.first)
    row = await row_of(hand.store, "run_1")
    assert (row.status, row.failures, row.error["text"]["values"]) == ("pending", 0, {"name": "newer"})
    assert older.strange == {"newer": MOST_TAKES + 1}
    hand.workflows["newer"] = Flow(_empty)
    assert await hand.execute(task) == Settled()
    assert (await row_of(hand.store, "run_1")).status == "completed"


async def test_a_run_that_no_worker_knows_for_an_hour_becomes_a_dead_letter(hand: Hand) -> None:
    await hand.begin(a_run(workflow="unknown"))
    task, _ = hand.queue.popleft()
    hand.deliveries[task.id] = ELSEWHERE.attempts - 1
    assert await hand.execute(task) == HandBack(ELSEWHERE.first)
    assert await hand.execute(task) == Settled()
    row = await row_of(hand.store, "run_1")
    assert (row.status, row.dead, row.error["text"]["values"]) == ("failed", True, {"name": "unknown"})
    assert [kind for kind, _ in await events(hand.store)] == ["hulk.errors.default.v1"]


async def test_a_run_that_kills_its_process_again_and_again_is_not_begun_for_ever(hand: Hand) -> None:
    begun = list[int]()

    async def body(_: Context, __: JsonObject) -> JsonObject:
        begun.append(1)
        return {}

    hand.workflows["flow"] = Flow(body, lambda _, __: [did(1)])
    await hand.begin(a_run())
    task, _ = hand.queue.popleft()
    for _ in range(MOST_TAKES):  # taken by processes that say nothing more
        await hand.store.commit(hand.journal.take(task, hand.lease(task).epoch))
    assert await hand.execute(task) == Settled()
    row = await row_of(hand.store, "run_1")
    assert (row.status, row.dead, begun) == ("failed", True, [])
    assert await deeds(hand.store) == [1]
    assert [kind for kind, _ in await events(hand.store)] == ["hulk.errors.default.v1"]


async def test_old_and_double_wake_ups_do_nothing(hand: Hand) -> None:
    done = list[str]()

    async def body(context: Context, _: JsonObject) -> JsonObject:
        done.append("body")
        await context.wait("go")
        return {}

    await hand.run(body)
    first = Task(run="run_1", wake=1, queue="default", tenant="acme")
    assert await hand.execute(first) == Settled()
    await hand.store.commit(hand.journal.signal("run_1", "go", None, key="k"))
    assert await hand.execute(first) == Settled()
    await hand.drain()
    assert await hand.execute(first) == Settled()
    assert (await row_of(hand.store, "run_1")).status == "completed"
    assert len(done) == 2


def compensated(log: list[str], fail: Callable[[str], None]) -> Any:
    """A body of three steps that undoes them when the fourth fails."""

    async def body(context: Context, _: JsonObject) -> JsonObject:
        def act(name: str) -> Any:
            async def acted() -> Outcome[str]:
                fail(name)
                log.append(name)
                return Outcome(name)

            return acted

        for name in "abc":
            await context.step(name, act(name))
            context.compensate(name, act(f"-{name}"))
        await context.step("d", act("d"))
        return {}

    return body


@pytest.mark.parametrize("error", [pytest.param(Refused("no"), id="for good"), pytest.param(Unavailable("away"), id="after all its tries")])
async def test_a_run_that_fails_undoes_what_it_did_last_first(hand: Hand, error: HulkError) -> None:
    log = list[str]()

    def fail(name: str) -> None:
        if name == "d":
            raise error

    run = await hand.run(compensated(log, fail), a_run(attempts=2), when_failed=lambda _, __: [did(1)])
    assert log == ["a", "b", "c", "-c", "-b", "-a"]
    assert (run.status, run.error["code"]) == ("failed", error.code)
    assert [name for name, _ in await steps_of(hand.store, "run_1")] == ["a", "b", "c", "failed", "undo:c", "undo:b", "undo:a"]
    assert await deeds(hand.store) == [1]


@pytest.mark.parametrize("error", [pytest.param(Refused("no"), id="for good"), pytest.param(Unavailable("away"), id="after all its tries")])
@pytest.mark.parametrize("at", ["-c", "-b", "-a"])
async def test_undoing_goes_on_after_a_crash_in_the_middle_of_it(hand: Hand, error: HulkError, at: str) -> None:
    log, crash = list[str](), [at]

    def fail(name: str) -> None:
        if name == "d":
            raise error
        if name in crash:
            crash.clear()
            raise asyncio.CancelledError

    hand.workflows["flow"] = Flow(compensated(log, fail))
    await hand.begin(a_run(attempts=1))
    task, _ = hand.queue.popleft()
    with pytest.raises(asyncio.CancelledError):
        await hand.execute(task)
    assert await hand.execute(task) == Settled()  # at once: that the body failed for good stands in the journal
    assert log == ["a", "b", "c", "-c", "-b", "-a"]
    row = await row_of(hand.store, "run_1")
    assert (row.status, row.error["code"], row.dead) == ("failed", error.code, error.code == "unavailable")


async def test_a_run_that_succeeds_undoes_nothing(hand: Hand) -> None:
    log = list[str]()
    assert (await hand.run(compensated(log, lambda _: None))).status == "completed"
    assert log == ["a", "b", "c", "d"]


async def test_sweeping_wakes_what_stands_still_with_a_new_epoch(hand: Hand) -> None:
    hand.workflows["flow"] = Flow(_empty)
    await hand.begin(a_run("run_running"))
    await hand.begin(a_run("run_pending"))
    running, _ = hand.queue.popleft()
    await hand.store.commit(hand.journal.take(running, hand.lease(running).epoch))
    hand.queue.clear()
    assert await hand.store.commit(revived(hand, pending=False)) == [1]
    assert [(task.run, task.wake) for task, _ in hand.queue] == [("run_running", 2)]
    assert await hand.store.commit(revived(hand, pending=True)) == [2]
    assert {(task.run, task.wake) for task, _ in hand.queue} == {("run_running", 2), ("run_running", 3), ("run_pending", 2)}
    assert await hand.execute(running) == Settled()
    await hand.drain()
    assert {(await row_of(hand.store, run)).status for run in ("run_running", "run_pending")} == {"completed"}


def revived(hand: Hand, *, pending: bool) -> Change[int]:
    """A sweep in a minute's time."""
    now = utc_now() + timedelta(minutes=1)
    return hand.journal.revive(idle=now, late=now, lost=now if pending else None, ahead=now)


async def test_sweeping_wakes_what_stands_still_though_the_clock_was_set_back(hand: Hand) -> None:
    hand.workflows["flow"] = Flow(_empty)
    hand.ahead = timedelta(hours=6)
    await hand.begin(a_run("run_running"))
    await hand.begin(a_run("run_pending"))
    running, _ = hand.queue.popleft()
    await hand.store.commit(hand.journal.take(running, hand.lease(running).epoch))
    hand.queue.clear()
    assert await hand.store.commit(revived(hand, pending=False)) == [1]
    hand.ahead = timedelta(0)
    assert await hand.store.commit(revived(hand, pending=True)) == [2]
    await hand.drain()
    assert {(await row_of(hand.store, run)).status for run in ("run_running", "run_pending")} == {"completed"}


async def test_sweeping_leaves_alone_what_moves_or_waits_for_its_time(hand: Hand) -> None:
    async def body(context: Context, data: JsonObject) -> JsonObject:
        if data.get("nap"):
            await context.sleep("nap", timedelta(hours=1))
        return {} if data.get("end") else {"x": await context.wait("never")}

    for number, data in enumerate(({"nap": True}, {"end": True}, {})):
        await hand.run(body, a_run(f"run_{number}", data=data))
    hand.queue.clear()
    assert await hand.store.commit(revived(hand, pending=True)) == [0]
    assert not hand.queue


async def test_undoing_that_cannot_be_done_now_is_tried_again_until_it_can(hand: Hand) -> None:
    tries = list[int]()

    async def release() -> Outcome[None]:
        tries.append(len(tries))
        if len(tries) < 7:  # more often than a step tries by itself
            raise Unavailable("not now")
        return Outcome(None)

    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.step("reserve", giving(None))
        context.compensate("reserve", release)
        raise Refused("no")

    row = await hand.run(body)
    assert (row.status, len(tries)) == ("failed", 7)
    assert [name for name, _ in await steps_of(hand.store, "run_1")] == ["reserve", "failed", "undo:reserve"]


@pytest.mark.parametrize("run", ["run_404", "run_1"], ids=["unknown", "ended"])
async def test_what_is_not_there_or_has_ended_is_not_called_off(hand: Hand, run: str) -> None:
    async def body(_: Context, __: JsonObject) -> JsonObject:
        return {}

    await hand.run(body)
    assert await hand.store.commit(hand.journal.cancel(run)) == [[]]
    assert (await row_of(hand.store, "run_1")).status == "completed"


async def test_a_run_waits_between_its_tries_as_it_was_begun_to_and_so_does_its_copy(hand: Hand) -> None:
    async def body(context: Context, data: JsonObject) -> JsonObject:
        await context.step("first", giving(1))
        raise Unavailable("The site is away.")

    hand.workflows["flow"] = Flow(body)
    slow = Retry(attempts=2, first=timedelta(hours=5), factor=1, most=timedelta(hours=5))
    await hand.begin(replace(a_run(), retry=slow))
    task, _ = hand.queue.popleft()
    verdict = await hand.execute(task)
    assert isinstance(verdict, HandBack)
    assert timedelta(hours=0.5) <= verdict.delay <= timedelta(hours=5)
    await hand.store.commit(Steering(hand.journal, Registry(), Outbox(hand.store, KEY)).fork("run_1", "run_2", "ana", index=1))
    copy = await row_of(hand.store, "run_2")
    assert retry_of(copy) == slow
