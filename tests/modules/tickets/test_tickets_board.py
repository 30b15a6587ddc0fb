"""What a board promises (`ports.Board`, `ports.Kinds`): in SQLite and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from hulk.kernel.errors import Conflict, Invalid, NotFound
from hulk.kernel.time import utc_now
from hulk.modules.tickets.adapters.sql import SqlBoard, SqlKinds
from hulk.modules.tickets.adapters.sql.tables import lease_table, ticket_table
from hulk.modules.tickets.domain import Assignee, Comment, Ending, Filter, Held, Ticket
from hulk.modules.tickets.ports import Board, Kinds, Taken
from hulk.runtime.language import voice
from hulk.runtime.store import Store
from support.stores import Another
from support.tickets import asked, claim, done, kind, names, ticket


@pytest.fixture
def board(store: Store) -> Board:
    """The board of each kind of store."""
    return SqlBoard(store)


async def create(store: Store, *tickets: Ticket) -> None:
    await store.commit(SqlBoard(store).create(tickets))


async def take(store: Store, most: int = 10, lasting: float = 30, **more: Any) -> Taken:
    taken: Taken = (await store.commit(SqlBoard(store).lease(claim(lasting), asked(most, **more))))[0]
    return taken


async def let_run_out(store: Store, lease: str) -> None:
    """As if the time of the lease had passed."""
    past = update(lease_table).where(lease_table.c.id == lease).values(until=utc_now() - timedelta(minutes=5))
    await store.commit(lambda tx: tx.execute(past))


async def test_a_ticket_comes_back_as_it_was_made(store: Store, board: Board) -> None:
    full = ticket(
        1, namespace="prod", assignee=Assignee("worker_group", "builders"), labels={"env": "prod"}, priority="urgent", waiter="run_1",
        deadline=utc_now() + timedelta(days=1), sla=timedelta(hours=2), digest="d", plan="pln_1", intent="int_1", most_attempts=3,
    )  # fmt: skip
    [[made]] = await store.commit(board.create([full]))
    assert made.new
    assert made.ticket.status == "ready"
    assert await board.get("acme", full.id) == made.ticket
    assert {name for name in Ticket.__dataclass_fields__ if getattr(made.ticket, name) != getattr(full, name)} == {"status"}
    with pytest.raises(NotFound):
        await board.get("other", full.id)


async def test_many_added_at_once_are_each_told_whether_they_are_new(store: Store, board: Board) -> None:
    followed: list[int] = []

    def following(number: int) -> Any:
        return lambda tx: tx.after(lambda: followed.append(number))

    [(_, seen)] = await store.commit(SqlKinds(store).put(kind()))
    async with asyncio.TaskGroup() as group:
        adding = [group.create_task(store.commit(board.add(ticket(n % 40), seen, following(n)))) for n in range(60)]
    made = [task.result()[0] for task in adding]
    assert sum(one is not None for one in made) == 40
    assert sorted(n % 40 for n in followed) == list(range(40))
    assert len((await board.find(Filter(tenant="acme"), 100)).tickets) == 40


async def test_of_many_added_at_once_those_whose_kind_has_changed_since_are_not(store: Store, board: Board) -> None:
    kinds = SqlKinds(store)
    [(_, old), (_, other)] = await store.commit(kinds.put(kind()), kinds.put(kind("other")))
    [(_, new)] = await store.commit(kinds.put(kind(attempts=9)))
    assert (old.version, new.version) == (1, 2)
    wanted = [(ticket(n), old) if n % 4 == 1 else (ticket(n, kind="other"), other) for n in range(20)]
    async with asyncio.TaskGroup() as group:
        adding = [group.create_task(store.commit(board.add(one, seen))) for one, seen in wanted]
    assert [task.result()[0] is not None for task in adding] == [n % 4 != 1 for n in range(20)]
    assert len((await board.find(Filter(tenant="acme"), 100)).tickets) == 15


async def test_a_kind_that_was_removed_and_registered_anew_is_another(store: Store, board: Board) -> None:
    kinds = SqlKinds(store)
    [(_, old)] = await store.commit(kinds.put(kind()))
    await store.commit(kinds.remove("acme", "report"))
    assert await store.commit(board.add(ticket(1), old)) == [None]
    [(_, new)] = await store.commit(kinds.put(kind()))
    assert new.version == old.version
    assert await store.commit(board.add(ticket(1), old)) == [None]
    assert await store.commit(board.add(ticket(1), new)) != [None]


async def test_a_kind_is_seen_as_it_was_asked_for_last(store: Store) -> None:
    kinds = SqlKinds(store)
    assert kinds.seen("acme", "report") is None
    [(_, one)] = await store.commit(kinds.put(kind()))
    assert await kinds.get("acme", "report") == one == kinds.seen("acme", "report")
    await store.commit(kinds.remove("acme", "report"))
    assert await kinds.get("acme", "report") is None
    assert kinds.seen("acme", "report") is None


async def test_the_same_request_gives_what_is_there_and_another_under_its_id_is_refused(store: Store, board: Board) -> None:
    await create(store, ticket(1, digest="a"))
    [[again, other]] = await store.commit(board.create([ticket(1, digest="a"), ticket(2)]))
    assert (again.new, other.new) == (False, True)
    with pytest.raises(Conflict, match="under the same request id"):
        await store.commit(board.create([ticket(1, digest="b"), ticket(3)]))
    with pytest.raises(NotFound):
        await board.get("acme", ticket(3).id)


async def test_the_urgent_go_first_then_what_is_due_then_the_oldest(store: Store) -> None:
    soon, later = utc_now() + timedelta(hours=1), utc_now() + timedelta(hours=2)
    await create(
        store, ticket(1), ticket(2, priority="low"), ticket(3, priority="urgent"), ticket(4, deadline=later), ticket(5, deadline=soon),
        ticket(6, priority="high"), ticket(0),
    )  # fmt: skip
    assert names((await take(store, 3)).tickets) == [3, 6, 5]
    assert names((await take(store, 10)).tickets) == [4, 0, 1, 2]
    assert (await take(store, 10)).tickets == ()


async def test_a_worker_takes_what_is_anybodys_and_its_groups_of_its_kinds_namespace_and_tenant(store: Store) -> None:
    builders, testers = Assignee("worker_group", "builders"), Assignee("worker_group", "testers")
    await create(
        store, ticket(1), ticket(2, assignee=builders), ticket(3, assignee=testers), ticket(4, kind="other"), ticket(5, namespace="prod"),
        ticket(6, tenant="rival"), ticket(7, owner="person", assignee=Assignee("person")), ticket(8, kind="build", priority="high"),
    )  # fmt: skip
    assert names((await take(store, assignees=(builders,), kinds=("report", "build"))).tickets) == [8, 1, 2]
    assert names((await take(store, namespace="prod")).tickets) == [5]


async def test_no_ticket_is_taken_twice_however_many_ask(store: Store, another: Another) -> None:
    await create(store, *(ticket(n) for n in range(200)))
    async with another() as other, asyncio.TaskGroup() as group:
        taking = [group.create_task(take((store, other)[n % 2], 7)) for n in range(40)]
    taken = [n for task in taking for n in names(task.result().tickets)]
    assert sorted(taken) == list(range(200))


async def test_each_lease_of_a_ticket_has_a_higher_fence(store: Store) -> None:
    await create(store, ticket(1))
    for fence in (1, 2, 3):
        taken = await take(store)
        assert [(one.fence, one.attempts, one.status, one.worker) for one in taken.tickets] == [(fence, fence, "running", "w1")]
        await let_run_out(store, taken.lease.id)
        [swept] = await store.commit(SqlBoard(store).sweep(10))
        assert [(one.before.fence, one.after.status) for one in swept.lost] == [(fence, "ready")]


async def test_the_same_request_for_work_gives_the_same_tickets(store: Store, board: Board) -> None:
    await create(store, ticket(1), ticket(2))
    mine = claim()
    [first] = await store.commit(board.lease(mine, asked(1, request="r")))
    [again] = await store.commit(board.lease(mine, asked(1, request="r")))
    assert (first.tickets, first.fresh, again.fresh) == (again.tickets, True, False)
    [stranger] = await store.commit(board.lease(claim(id=mine.id, worker="w2"), asked(1, request="r")))
    assert stranger.tickets == ()


async def test_what_a_lease_holds_and_of_which_kinds_it_is_can_be_looked_up(store: Store, board: Board) -> None:
    await create(store, ticket(1), ticket(2, tenant="rival"))
    taken = await take(store)
    assert await board.holding(taken.lease.id) == [Held(ticket=ticket(1).id, fence=1)]
    assert await board.kinds_of("acme", [ticket(n).id for n in (1, 2, 3)]) == {ticket(1).id: "report"}
    assert abs(await board.now() - utc_now()) < timedelta(minutes=1)


async def test_a_lease_is_held_on_to_until_it_has_run_out(store: Store, board: Board) -> None:
    await create(store, ticket(1), ticket(2))
    taken = await take(store)
    [held] = await store.commit(board.renew(taken.lease))
    assert (names(held.tickets), held.lease.until > taken.lease.until) == ([1, 2], True)
    await let_run_out(store, taken.lease.id)
    [late] = await store.commit(board.renew(taken.lease))
    assert late.tickets == (), "also when nobody has noticed yet"
    assert (await take(store)).tickets == (), "and nobody takes them before they were put back"


async def test_what_a_lease_holds_is_ended_once_and_the_same_again_answers_the_same(store: Store, board: Board) -> None:
    await create(store, ticket(1))
    taken = await take(store)
    [one] = taken.tickets
    [[first]] = await store.commit(board.finish("acme", taken.lease.id, [done(one)]))
    [[again]] = await store.commit(board.finish("acme", taken.lease.id, [done(one)]))
    [[other]] = await store.commit(board.finish("acme", taken.lease.id, [done(one, result={"ok": False})]))
    assert (first.verdict, again.verdict, other.verdict) == ("write", "again", "other result")
    assert await board.get("acme", one.id) == first.ticket == again.ticket
    assert first.ticket
    assert (first.ticket.status, first.ticket.result, first.ticket.revision) == ("completed", {"ok": True}, 3)


async def test_a_write_from_who_does_not_hold_the_ticket_any_more_touches_nothing(store: Store, board: Board) -> None:
    await create(store, ticket(1))
    stale = await take(store)
    [one] = stale.tickets
    await let_run_out(store, stale.lease.id)
    assert await verdict(store, stale.lease.id, done(one)) == "run out"
    await store.commit(board.sweep(10))
    assert await verdict(store, stale.lease.id, done(one)) == "run out"
    fresh = await take(store)
    assert await verdict(store, stale.lease.id, done(one)) == "older fence"
    assert await verdict(store, stale.lease.id, done(fresh.tickets[0])) == "other lease"
    assert await verdict(store, fresh.lease.id, done(one)) == "older fence"
    assert await verdict(store, fresh.lease.id, done(fresh.tickets[0]), tenant="rival") == "unknown"
    assert await verdict(store, fresh.lease.id, done(ticket(404))) == "unknown"
    assert await board.get("acme", one.id) == fresh.tickets[0]
    assert await verdict(store, fresh.lease.id, done(fresh.tickets[0])) == "write"


async def verdict(store: Store, lease: str, ending: Ending, tenant: str = "acme") -> str:
    [[ended]] = await store.commit(SqlBoard(store).finish(tenant, lease, [ending]))
    return str(ended.verdict)


async def test_of_a_batch_each_is_judged_by_itself(store: Store, board: Board) -> None:
    await create(store, *(ticket(n) for n in range(3)))
    taken = await take(store)
    zero, one, two = taken.tickets
    wrong = Ending(held=Held(ticket=one.id, fence=9), how="completed", result={})
    [ended] = await store.commit(board.finish("acme", taken.lease.id, [done(zero), wrong, done(two), done(zero)]))
    assert [each.verdict for each in ended] == ["write", "older fence", "write", "again"]
    assert [(await board.get("acme", each.id)).status for each in taken.tickets] == ["completed", "running", "completed"]


async def test_what_is_given_back_is_taken_again_until_its_attempts_are_used_up(store: Store, board: Board) -> None:
    await create(store, ticket(1, most_attempts=2))
    problem = {"code": "busy", "text": {"msgid": "busy", "values": {}}}
    for status in ("ready", "failed"):
        taken = await take(store)
        ending = Ending(held=Held(ticket=taken.tickets[0].id, fence=taken.tickets[0].fence), how="again", problem=problem)
        [[ended]] = await store.commit(board.finish("acme", taken.lease.id, [ending]))
        assert ended.ticket
        assert (ended.ticket.status, ended.ticket.problem) == (status, problem)


async def test_what_comes_after_a_ticket_that_is_given_back_still_waits(store: Store, board: Board) -> None:
    await create(store, ticket(1), ticket(2, after=(ticket(1).id,)))
    for ending in ({"how": "again", "result": None}, {"how": "completed"}):
        taken = await take(store)
        [[ended]] = await store.commit(board.finish("acme", taken.lease.id, [done(taken.tickets[0], **ending)]))
        assert ended.moved
        assert names(ended.moved.skipped) == []
        assert names(ended.moved.released) == ([2] if ended.ticket.status == "completed" else [])


async def test_what_is_given_back_for_later_waits_for_its_time(store: Store, board: Board) -> None:
    await create(store, ticket(1))
    taken = await take(store)
    later = Ending(held=Held(ticket=taken.tickets[0].id, fence=1), how="again", after=timedelta(hours=1))
    await store.commit(board.finish("acme", taken.lease.id, [later]))
    assert (await board.get("acme", ticket(1).id)).status == "open"
    [none] = await store.commit(board.sweep(10))
    assert (none.woken, (await take(store)).tickets) == ((), ())
    await store.commit(lambda tx: tx.execute(update(ticket_table).values(wakes=utc_now() - timedelta(minutes=5))))
    [swept] = await store.commit(board.sweep(10))
    assert names(swept.woken) == [1]
    assert names((await take(store)).tickets) == [1]


async def test_a_ticket_that_loses_its_last_lease_fails(store: Store, board: Board) -> None:
    await create(store, ticket(1, most_attempts=1), ticket(2, after=(ticket(1).id,)))
    await let_run_out(store, (await take(store)).lease.id)
    [swept] = await store.commit(board.sweep(10))
    [lost] = swept.lost
    assert (lost.after.status, lost.after.problem and lost.after.problem["code"], names(lost.skipped)) == ("failed", "lease_lost", [2])


async def test_what_comes_after_others_is_ready_when_the_last_of_them_completes(store: Store, board: Board) -> None:
    await create(
        store, ticket(1), ticket(2), ticket(3, after=(ticket(1).id, ticket(2).id)), ticket(4, after=(ticket(3).id,)),
        ticket(5, owner="person", assignee=Assignee("person"), after=(ticket(1).id,)),
    )  # fmt: skip
    taken = await take(store)
    assert names(taken.tickets) == [1, 2]
    [[first]] = await store.commit(board.finish("acme", taken.lease.id, [done(taken.tickets[0])]))
    assert first.moved
    assert first.moved.released == ()
    [[second]] = await store.commit(board.finish("acme", taken.lease.id, [done(taken.tickets[1])]))
    assert second.moved
    assert names(second.moved.released) == [3]
    last = await take(store)
    [[third]] = await store.commit(board.finish("acme", last.lease.id, [done(last.tickets[0])]))
    assert third.moved
    assert names(third.moved.released) == [4]


async def test_what_waits_for_two_of_one_batch_is_released_once(store: Store, board: Board) -> None:
    await create(store, ticket(1), ticket(2), ticket(3, after=(ticket(1).id, ticket(2).id)))
    taken = await take(store)
    [ended] = await store.commit(board.finish("acme", taken.lease.id, [done(one) for one in taken.tickets]))
    assert names([one for each in ended if each.moved for one in each.moved.released]) == [3]


async def test_what_comes_after_a_failure_is_skipped_and_so_on(store: Store, board: Board) -> None:
    await create(store, ticket(1), ticket(2, after=(ticket(1).id,)), ticket(3, after=(ticket(2).id,)), ticket(4))
    taken = await take(store)
    [[ended]] = await store.commit(board.finish("acme", taken.lease.id, [done(taken.tickets[0], how="failed", result=None)]))
    assert ended.moved
    assert names(ended.moved.skipped) == [2, 3]
    assert [(await board.get("acme", ticket(n).id)).status for n in (1, 2, 3, 4)] == ["failed", "skipped", "skipped", "running"]


@pytest.mark.parametrize(
    ("needed", "reason"),
    [
        pytest.param(None, "there is no such ticket", id="unknown"),
        pytest.param({"tenant": "rival"}, "there is no such ticket", id="another tenant's"),
        pytest.param({"owner": "run"}, "plan of an intent", id="of a plan"),
        pytest.param({"status": "failed", "owner": "person"}, "will not complete", id="failed"),
    ],
)
async def test_a_ticket_comes_after_what_is_there_and_may_complete(needed: dict[str, Any] | None, reason: str, store: Store) -> None:
    if needed is not None:
        await create(store, ticket(1, **needed))
    with pytest.raises(Invalid, match=reason) as refused:
        await create(store, ticket(0), ticket(2, after=(ticket(1).id,)))
    assert "failed" not in voice("pt").say(refused.value.text)


async def test_a_ticket_after_what_has_completed_is_ready_at_once(store: Store, board: Board) -> None:
    await create(store, ticket(1))
    taken = await take(store)
    await store.commit(board.finish("acme", taken.lease.id, [done(taken.tickets[0])]))
    await create(store, ticket(2, after=(ticket(1).id,)))
    assert names((await take(store)).tickets) == [2]


async def test_what_passes_its_deadline_fails_whoever_holds_it(store: Store, board: Board) -> None:
    past = utc_now() - timedelta(minutes=5)
    await create(store, ticket(1, deadline=past), ticket(2, after=(ticket(1).id,)), ticket(3))
    taken = await take(store)
    [swept] = await store.commit(board.sweep(10))
    [expired] = swept.expired
    assert (names([expired.after]), expired.after.problem and expired.after.problem["code"], names(expired.skipped)) == (
        [1],
        "deadline",
        [2],
    )
    assert await verdict(store, taken.lease.id, done(taken.tickets[0])) == "ended"


async def test_what_is_done_once_more_after_its_deadline_has_as_much_time_as_it_had(store: Store, board: Board) -> None:
    now = utc_now()
    gone, soon = now - timedelta(minutes=5), now + timedelta(hours=1)
    late, early = (ticket(1, owner="person", created=now - timedelta(hours=3), deadline=gone), ticket(2, owner="person", deadline=soon))
    await create(store, late, early)
    await store.commit(board.sweep(10), board.move("acme", early.id, "cancelled"))
    await store.commit(*(board.move("acme", one.id, "open") for one in (late, early)))
    [swept] = await store.commit(board.sweep(10))
    assert swept.expired == ()
    again, before = await board.get("acme", late.id), await board.get("acme", early.id)
    assert (again.status, again.problem, before.deadline) == ("open", None, soon)
    assert again.deadline is not None
    assert abs(again.deadline - (now + timedelta(hours=2, minutes=55))) < timedelta(minutes=1)
    assert (await store.commit(board.move("acme", late.id, "completed")))[0].after.status == "completed"


async def test_what_runs_wait_for_without_end_has_one_from_then_on(store: Store, board: Board) -> None:
    endless = {"owner": "person", "waiter": "run_1", "kind": "ask"}
    await create(
        store, ticket(1, **endless), ticket(2, **endless, deadline=utc_now() + timedelta(hours=1)), ticket(3, owner="person", kind="ask"),
        ticket(4, owner="person", waiter="run_1", kind="other"), ticket(5, **endless), ticket(6, kind="ask"),
    )  # fmt: skip
    await store.commit(board.move("acme", ticket(5).id, "completed"))
    kinds = {"ask": timedelta(days=7), "review": timedelta(days=1)}
    [given] = await store.commit(board.bound(kinds, 10))
    assert names(given) == [1]
    found = await board.get("acme", ticket(1).id)
    assert found.deadline is not None
    assert abs(found.deadline - utc_now() - timedelta(days=7)) < timedelta(minutes=1)
    assert (found.revision, await store.commit(board.bound(kinds, 10))) == (2, [()])
    [given] = await store.commit(board.bound({"other": timedelta(0)}, 10))
    assert names(given) == [4]
    [swept] = await store.commit(board.sweep(10))
    assert names([one.after for one in swept.expired]) == [4]


async def test_what_is_late_is_told_once(store: Store, board: Board) -> None:
    await create(store, ticket(1, sla=timedelta(seconds=1)), ticket(2, sla=timedelta(days=3650)))
    [first] = await store.commit(board.sweep(10))
    [second] = await store.commit(board.sweep(10))
    assert (names(first.late), second.late) == ([1], ())
    assert names((await board.find(Filter(tenant="acme", overdue=True), 10)).tickets) == [1]


async def test_those_that_people_do_are_told_from_those_that_programs_do(store: Store, board: Board) -> None:
    await create(store, ticket(1), ticket(2, owner="person"), ticket(3, owner="person", kind="matter"))
    assert names((await board.find(Filter(tenant="acme", owner="person"), 10)).tickets) == [3, 2]
    assert names((await board.find(Filter(tenant="acme", owner="worker"), 10)).tickets) == [1]
    assert names((await board.find(Filter(tenant="acme", owner="person", kinds=("matter",)), 10)).tickets) == [3]
    assert names((await board.find(Filter(tenant="acme", owner="person", text="report 2"), 10)).tickets) == [2]


async def test_sweeping_goes_on_where_it_stopped(store: Store, board: Board) -> None:
    await create(store, *(ticket(n, sla=timedelta(seconds=1)) for n in range(25)))
    swept = [(await store.commit(board.sweep(10)))[0] for _ in range(3)]
    assert [(len(one.late), one.more) for one in swept] == [(10, True), (10, True), (5, False)]


async def test_a_persons_ticket_is_decided_on_and_what_waits_goes_on(store: Store, board: Board) -> None:
    await create(store, ticket(1, owner="person", assignee=Assignee("person")), ticket(2, after=(ticket(1).id,)))
    [moved] = await store.commit(board.move("acme", ticket(1).id, "completed", result={"by": "ana"}))
    assert moved
    assert (moved.before.status, moved.after.status, moved.after.result, names(moved.released)) == ("open", "completed", {"by": "ana"}, [2])
    [again] = await store.commit(board.move("acme", ticket(1).id, "completed", result={"by": "ana"}))
    assert again is None
    with pytest.raises(Conflict, match="completed and cannot become failed"):
        await store.commit(board.move("acme", ticket(1).id, "failed"))


async def test_who_decides_on_an_older_revision_is_told(store: Store, board: Board) -> None:
    await create(store, ticket(1))
    with pytest.raises(Conflict, match="revision 1, not 7"):
        await store.commit(board.move("acme", ticket(1).id, "cancelled", revision=7))
    with pytest.raises(NotFound):
        await store.commit(board.move("rival", ticket(1).id, "cancelled"))


async def test_what_is_held_may_be_called_off_and_nothing_else(store: Store, board: Board) -> None:
    await create(store, ticket(1))
    taken = await take(store)
    with pytest.raises(Conflict, match="held by the worker w1"):
        await store.commit(board.move("acme", ticket(1).id, "completed"))
    [moved] = await store.commit(board.move("acme", ticket(1).id, "cancelled"))
    assert moved
    assert moved.after.status == "cancelled"
    [held] = await store.commit(board.renew(taken.lease))
    assert held.tickets == ()
    assert await verdict(store, taken.lease.id, done(taken.tickets[0])) == "ended"


async def test_what_failed_is_opened_again_after_what_it_comes_after(store: Store, board: Board) -> None:
    await create(store, ticket(1), ticket(2, after=(ticket(1).id,)))
    taken = await take(store)
    await store.commit(board.finish("acme", taken.lease.id, [done(taken.tickets[0], how="failed", result=None)]))
    [second] = await store.commit(board.move("acme", ticket(2).id, "open"))
    [first] = await store.commit(board.move("acme", ticket(1).id, "open"))
    assert second
    assert first
    assert (first.after.status, second.after.status) == ("ready", "open")
    assert await verdict(store, taken.lease.id, done(taken.tickets[0])) == "older fence"
    again = await take(store)
    assert [(one.attempts, one.fence) for one in again.tickets] == [(1, 3)]
    [[ended]] = await store.commit(board.finish("acme", again.lease.id, [done(again.tickets[0])]))
    assert ended.moved
    assert names(ended.moved.released) == [2]


async def test_what_a_run_does_is_not_moved_from_here(store: Store, board: Board) -> None:
    await create(store, ticket(1, owner="run", run="run_1"))
    with pytest.raises(Conflict, match="steer that run"):
        await store.commit(board.move("acme", ticket(1).id, "cancelled"))


async def test_a_comment_is_kept_once(store: Store, board: Board) -> None:
    await create(store, ticket(1))
    said = Comment(id="cmt_1", ticket=ticket(1).id, actor="person:ana", at=utc_now(), text="Olá, já vi")
    [new, again] = await store.commit(board.comment("acme", said), board.comment("acme", said))
    assert (new.id, again) == (ticket(1).id, None)
    assert await board.comments(ticket(1).id) == [said]
    last = Comment(id="cmt_2", ticket=ticket(1).id, actor="person:ana", at=said.at + timedelta(seconds=1), text="Feito")
    await store.commit(board.comment("acme", last))
    assert [await board.comments(ticket(1).id, most) for most in (None, 2, 1, 0)] == [[said, last], [said, last], [last], []]
    with pytest.raises(Conflict):
        await store.commit(board.comment("acme", Comment(id="cmt_1", ticket=ticket(1).id, actor="x", at=said.at, text="other")))
    with pytest.raises(NotFound):
        await store.commit(board.comment("rival", said))


async def test_kinds_have_versions(store: Store) -> None:
    kinds: Kinds = SqlKinds(store)
    first, same = kind(), kind()
    changed = kind(input_schema={"type": "object"}, lease=timedelta(seconds=90))
    assert [(await store.commit(kinds.put(one)))[0][1].version for one in (first, same, changed, first)] == [1, 1, 2, 3]
    await store.commit(kinds.put(kind("build")))
    assert [one.name for one in await kinds.of_tenant("acme")] == ["build", "report"]
    assert (await kinds.get("acme", "report"), await kinds.get("rival", "report")) == ((await kinds.of_tenant("acme"))[1], None)
    assert await store.commit(kinds.remove("acme", "report"), kinds.remove("acme", "report")) == [True, False]


async def test_the_partial_indexes_serve_the_hot_statements(store: Store) -> None:
    """Of 2,000 tickets that have ended none is gone through to take, sweep or hold."""
    await create(store, *(ticket(n, status="open") for n in range(20)))
    ended = update(ticket_table).values(status="completed", ended=utc_now())
    await store.commit(lambda tx: tx.execute(ended))
    statement = {
        "takable": "select * from ticket where tenant='acme' and namespace='default' and kind='report' and assignee='' and status = 'ready'"
        " and owner = 'worker' order by priority, due_by, created, id limit 5",
        "held": "select id from ticket where lease = 'x' and status = 'running' and owner = 'worker'",
        "deadline": "select id from ticket where deadline <= '2026-01-01' and deadline is not null and ended is null"
        " order by deadline limit 5",
    }  # fmt: skip
    explain = "explain query plan " if store.dialect == "sqlite" else "explain "
    for name, asked_ in statement.items():
        off = [] if store.dialect == "sqlite" else ["set enable_seqscan=off"]

        def plan(connection: Any, asked_: str = asked_, off: list[str] = off) -> str:
            for one in off:
                connection.execute(text(one))
            found = "\n".join(str(row) for row in connection.execute(text(explain + asked_)))
            if off:
                connection.execute(text("reset enable_seqscan"))
            return found

        assert f"ix_ticket_{name}" in await store.read(plan)


@pytest.fixture
async def elsewhere(another: Another) -> AsyncIterator[Store]:
    """The same database, as another process has it."""
    async with another() as other:
        yield other


async def test_who_ends_a_ticket_while_it_is_put_back_either_does_or_does_not(
    store: Store, elsewhere: Store, board: Board, tmp_path: Path
) -> None:
    """Each ticket is completed or ready again, never both, and the worker was told which."""
    await create(store, *(ticket(n) for n in range(60)))
    taken = await take(store, 60)
    runs_out: Callable[[], Any] = lambda: let_run_out(elsewhere, taken.lease.id)  # noqa: E731
    async with asyncio.TaskGroup() as group:
        ending = [group.create_task(store.commit(board.finish("acme", taken.lease.id, [done(one)]))) for one in taken.tickets]
        group.create_task(runs_out())
        for _ in range(5):
            group.create_task(elsewhere.commit(SqlBoard(elsewhere).sweep(100)))
    told = {each.result()[0][0].ending.held.ticket: each.result()[0][0].verdict for each in ending}
    await elsewhere.commit(SqlBoard(elsewhere).sweep(100))
    now = await board.many([one.id for one in taken.tickets])
    assert {id_: now[id_].status for id_ in now} == {id_: "completed" if how == "write" else "ready" for id_, how in told.items()}
