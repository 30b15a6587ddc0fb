"""What is too old is removed from both copies, but what is held; what is left, and that just this was removed, stays provable."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from hulk.kernel.bells import Listener
from hulk.kernel.errors import Conflict, NotFound, Refused, Unavailable
from hulk.kernel.events import GENESIS, Event
from hulk.kernel.time import iso, utc_now
from hulk.modules.audit import Gap, Hold
from hulk.modules.audit.adapters.sql import mark_table
from hulk.modules.audit.adapters.sql_retention import SqlHolds, SqlRemovals, gap_table
from hulk.modules.audit.ports import Archive, Holds, Removals
from hulk.modules.audit.usecases import KeepHolds, Prune
from hulk.modules.audit.wiring import AuditModule
from hulk.runtime.outbox import Outbox, event_table
from hulk.runtime.outbox.tables import outbox_table
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics
from support.archives import Opened, an_archive
from support.mongo import Mongo
from support.postgres import Postgres

KEY = b"the installation's"
NOW = utc_now()
NAME = "archive"
MONTH = timedelta(days=30)
OLD = NOW - timedelta(days=40)


def happened(number: int, at: datetime = OLD, *, tenant: str = "acme", subject: str | None = None) -> Event:
    return Event(
        type="hulk.ticket.completed.v1", subject=subject or f"tkt_{number}", tenant=tenant, actor="ana",
        intent=f"int_{number % 3}", data={"n": number}, time=at + timedelta(seconds=number),
    )  # fmt: skip


async def kept(store: Store, opened: Opened, *events: Event) -> None:
    """In the trail, told to the bus, in the archive."""
    await store.commit(Outbox(store, KEY).append(*events))
    await store.commit(lambda tx: tx.execute(delete(outbox_table)).rowcount)
    await archived(store, opened)


def module(store: Store, archive: Archive, name: str = NAME) -> AuditModule:
    return AuditModule(store, archive, name, KEY)


async def archived(store: Store, opened: Opened) -> None:
    act = module(store, opened.archive).archiving(Metrics(), Listener())
    await store.commit(lambda tx: tx.execute(update(mark_table).values(until=datetime(2020, 1, 1, tzinfo=UTC))).rowcount)
    while await act.once():
        pass


def prune(store: Store, opened: Opened) -> Prune:
    return module(store, opened.archive).prune(Outbox(store, KEY))


async def pruned(store: Store, opened: Opened) -> list[tuple[int, int]]:
    return [(gap.first, gap.last) for gap in await prune(store, opened)(MONTH, actor="hulk")]


async def positions(store: Store, opened: Opened, tenant: str = "acme") -> tuple[list[int], list[int]]:
    rows = select(event_table.c.position).where(event_table.c.tenant == tenant).order_by(event_table.c.position)
    in_store = await store.read(lambda connection: list(connection.execute(rows).scalars()))
    return in_store, [one.position async for links in opened.archive.links(tenant, -100) for one in links]


async def whole(store: Store, opened: Opened) -> list[str]:
    return [f"{one.place}: {one.problem}" for one in await module(store, opened.archive).verify() if not one.whole]


async def test_what_is_too_old_goes_from_both_copies_and_both_stay_whole(store: Store, opened: Opened) -> None:
    await kept(store, opened, *(happened(number) for number in range(1, 7)), *(happened(number, NOW) for number in range(7, 10)))
    assert await pruned(store, opened) == [(1, 6)]
    assert await positions(store, opened) == ([7, 8, 9, 10], [7, 8, 9])
    await archived(store, opened)
    assert await whole(store, opened) == []
    told = await store.read(lambda connection: connection.execute(select(event_table).where(event_table.c.position == 10)).one())
    assert (told.type, told.actor, told.data["entries"], told.data["ranges"]) == ("hulk.audit.pruned.v1", "hulk", 6, [[1, 6]])


async def test_it_is_removed_once_and_later_goes_on_from_there(store: Store, opened: Opened) -> None:
    await kept(store, opened, *(happened(number) for number in range(1, 5)), happened(5, OLD + timedelta(days=20)), happened(6, NOW))
    assert await pruned(store, opened) == [(1, 4)]
    assert await pruned(store, opened) == []
    await archived(store, opened)
    act = replace(prune(store, opened), clock=lambda: NOW + timedelta(days=15))
    assert [(gap.first, gap.last) for gap in await act(MONTH, actor="hulk")] == [(5, 5)]
    await archived(store, opened)
    assert await whole(store, opened) == []
    first, second = await opened.archive.gaps("acme")
    assert second.before == first.hash


async def test_a_dry_run_removes_nothing(store: Store, opened: Opened) -> None:
    await kept(store, opened, *(happened(number) for number in range(1, 5)), happened(5, NOW))
    found = await prune(store, opened)(MONTH, actor="hulk", dry_run=True)
    assert [(gap.first, gap.last) for gap in found] == [(1, 4)]
    assert await positions(store, opened) == ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])


@pytest.mark.parametrize("archive_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("about", "left"),
    [
        pytest.param({"subject": "tkt_3"}, [3, 7, 8], id="a subject"),
        pytest.param({"intent": "int_1"}, [1, 4, 7, 8], id="an intent"),
        pytest.param({}, [1, 2, 3, 4, 5, 6, 7], id="all of the tenant's"),
    ],
)
async def test_what_is_held_stays_until_the_hold_is_lifted(store: Store, opened: Opened, about: dict[str, str], left: list[int]) -> None:
    await kept(store, opened, *(happened(number) for number in range(1, 7)), happened(7, NOW))
    keep = KeepHolds(SqlHolds(store), Outbox(store, KEY), store.commit)
    hold = await keep.add("acme", reason="case 4711", actor="thor", **about)
    await store.commit(lambda tx: tx.execute(delete(outbox_table)).rowcount)
    await pruned(store, opened)
    in_store, in_archive = await positions(store, opened)
    assert [at for at in in_store if at < 8] == [at for at in left if at < 8] == [at for at in in_archive if at < 8]
    await archived(store, opened)
    assert await whole(store, opened) == []
    assert await store.read(_types) >= {"hulk.audit.held.v1"}
    await keep.lift(hold.id, actor="thor")
    await store.commit(lambda tx: tx.execute(delete(outbox_table)).rowcount)
    await pruned(store, opened)
    assert [at for at in (await positions(store, opened))[0] if at < 7] == []
    await archived(store, opened)
    assert await whole(store, opened) == []
    assert await store.read(_types) >= {"hulk.audit.held.v1", "hulk.audit.released.v1"}


def _types(connection):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return set(connection.execute(select(event_table.c.type)).scalars())


@pytest.mark.parametrize("archive_kind", ["sqlite"], indirect=True)
async def test_what_is_not_archived_not_told_or_the_last_is_never_removed(store: Store, opened: Opened) -> None:
    await kept(store, opened, *(happened(number) for number in range(1, 7)))
    await store.commit(Outbox(store, KEY).append(happened(7), happened(8)))
    unsent = select(event_table.c.sequence).where(event_table.c.position == 3)
    await store.commit(lambda tx: tx.execute(insert(outbox_table).from_select(["sequence"], unsent)).rowcount)
    assert await pruned(store, opened) == [(1, 2), (4, 5)]
    assert (await positions(store, opened))[0][:4] == [3, 6, 7, 8]


@pytest.mark.parametrize("archive_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("place", ["store", "archive"])
async def test_what_was_tampered_with_is_not_removed(store: Store, opened: Opened, place: str) -> None:
    await kept(store, opened, *(happened(number) for number in range(1, 5)), happened(5, NOW))
    if place == "store":
        await store.commit(lambda tx: tx.execute(update(event_table).where(event_table.c.position == 2).values(actor="eve")).rowcount)
    else:
        await opened.intruder.change(2, {"actor": "eve"})
    with pytest.raises(Refused, match=r"Entries 1 to 4 of acme are not removed.*entry 2"):
        await pruned(store, opened)
    assert await positions(store, opened) == ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])


async def test_what_a_crash_left_in_the_archive_is_removed_by_the_next_call(store: Store, opened: Opened) -> None:
    await kept(store, opened, *(happened(number) for number in range(1, 5)), happened(5, NOW))
    act, away = prune(store, opened), Unable()
    with pytest.raises(Unavailable):
        await replace(act, archive=away_on_remove(opened, away))(MONTH, actor="hulk")
    assert await positions(store, opened) == ([5, 6], [1, 2, 3, 4, 5])
    assert await whole(store, opened) == []
    await store.commit(Outbox(store, KEY).append(happened(7)))
    assert await prune(store, opened)(MONTH, actor="hulk") == []
    assert (await positions(store, opened))[1] == [5]
    await archived(store, opened)
    assert await whole(store, opened) == []


class Unable:
    """What does not answer."""

    async def remove(self, gap: Gap) -> None:
        raise Unavailable("away", gap=gap.first)


def away_on_remove(opened: Opened, unable: Unable):  # type: ignore[no-untyped-def]
    """The archive, but that it cannot remove."""

    class Partly:
        def __getattr__(self, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN204
            return getattr(unable if name == "remove" else opened.archive, name)

    return Partly()


@pytest.mark.parametrize("archive_kind", ["sqlite"], indirect=True)
async def test_another_archive_gets_what_is_left_and_is_whole(
    store: Store, opened: Opened, tmp_path: Path, postgres: Callable[[], Postgres], mongo: Callable[[], Mongo]
) -> None:
    await kept(store, opened, *(happened(number) for number in range(1, 7)), *(happened(number, NOW) for number in range(7, 10)))
    await pruned(store, opened)
    async with an_archive("mongodb", tmp_path, postgres, mongo) as other:
        metrics = Metrics()
        act = module(store, other.archive, "another").archiving(metrics, Listener())
        while await act.once():
            pass
        assert [one.position async for links in other.archive.links("acme", 0) for one in links] == [7, 8, 9, 10]
        assert [one.problem for one in await module(store, other.archive, "another").verify()] == [None, None]
    assert b"hulk_audit_mismatches_total 0.0" in metrics.render()


# What an intruder makes of it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("archive_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(8))
async def test_a_gap_that_the_installation_did_not_make_proves_nothing(store: Store, opened: Opened, seed: int) -> None:
    chance = random.Random(seed)
    await kept(store, opened, *(happened(number) for number in range(1, 10)), happened(10, NOW))
    links = [one async for some in opened.archive.links("acme", 0) for one in some]
    first = chance.randint(1, 8)
    last = chance.randint(first, 9)
    before = GENESIS if first == 1 else links[first - 2].hash
    forged = Gap(tenant="acme", first=first, last=last, before=before, hash=links[last - 1].hash, removed=iso(NOW))
    gap = forged.sealed(b"another key") if seed % 2 else replace(forged.sealed(KEY), last=min(9, last + 1), removed="")
    await store.commit(SqlRemovals(store, NAME).remove(replace(forged.sealed(KEY))))
    values = {"last": gap.last, "seal": gap.seal, "removed": gap.removed}
    await store.commit(lambda tx: tx.execute(update(gap_table).values(values)).rowcount)
    (found,) = [one for one in await module(store, opened.archive).verify() if one.place == "store"]
    assert (found.fault, found.position) == ("missing", first)


@pytest.mark.parametrize("archive_kind", ["sqlite"], indirect=True)
async def test_more_than_what_the_gap_says_is_missed_and_what_is_put_into_it_is_found(store: Store, opened: Opened) -> None:
    await kept(store, opened, *(happened(number) for number in range(1, 7)), *(happened(number, NOW) for number in range(7, 10)))
    await pruned(store, opened)
    await archived(store, opened)
    row = await store.read(lambda connection: connection.execute(select(event_table).where(event_table.c.position == 7)).one()._asdict())
    await store.commit(lambda tx: tx.execute(update(event_table).where(event_table.c.position == 7).values(position=3)).rowcount)
    found = await module(store, opened.archive).verify()
    assert (found[0].fault, found[0].position) == ("added", 3)
    await store.commit(lambda tx: tx.execute(delete(event_table).where(event_table.c.position == 3)).rowcount)
    found = await module(store, opened.archive).verify()
    assert (found[0].fault, found[0].position) == ("missing", 7)
    await store.commit(lambda tx: tx.execute(insert(event_table), row).rowcount)
    assert await whole(store, opened) == []


# `ports.Holds` and `ports.Removals` -----------------------------------------------------------------------------------------------


@pytest.fixture
def holds(store: Store) -> Holds:
    return SqlHolds(store)


@pytest.fixture
def removals(store: Store) -> Removals:
    return SqlRemovals(store, NAME)


def a_hold(name: str, tenant: str = "acme") -> Hold:
    return Hold(id=name, tenant=tenant, reason="case 4711", actor="thor", created=NOW, subject="tkt_1")


async def test_holds_are_kept_until_they_are_lifted_once(store: Store, holds: Holds) -> None:
    await store.commit(holds.add(a_hold("hld_1")), holds.add(a_hold("hld_2", "other")))
    assert list(await holds.all(None)) == [a_hold("hld_1"), a_hold("hld_2", "other")]
    assert list(await holds.all("other")) == [a_hold("hld_2", "other")]
    assert await store.commit(holds.lift("hld_1", NOW)) == [replace(a_hold("hld_1"), lifted=NOW)]
    assert list(await holds.all("acme")) == []
    with pytest.raises(Conflict):
        await store.commit(holds.lift("hld_1", NOW))
    with pytest.raises(NotFound):
        await store.commit(holds.lift("hld_9", NOW))


async def test_a_hold_without_a_reason_is_refused(store: Store, holds: Holds) -> None:
    with pytest.raises(Refused, match="reason"):
        await KeepHolds(holds, Outbox(store, KEY), store.commit).add("acme", reason=" ", actor="thor")
    assert list(await holds.all(None)) == []


@pytest.mark.parametrize("archive_kind", ["sqlite"], indirect=True)
async def test_removals_list_what_may_go_and_refuse_what_may_not(store: Store, opened: Opened, removals: Removals) -> None:
    await kept(store, opened, *(happened(number) for number in range(1, 5)), happened(5, NOW), happened(6))
    assert list(await removals.tenants(NOW - MONTH)) == ["acme"]
    assert list(await removals.tenants(OLD)) == []  # nothing was removed yet, and nothing is so old
    old = await removals.old("acme", NOW - MONTH, 100)
    assert [one.position for one in old] == [1, 2, 3, 4]
    assert [one.before for one in old] == [None, *(one.hash for one in old[:3])]
    assert [one.position for one in await removals.old("acme", NOW - MONTH, 2)] == [1, 2]
    gap = Gap(tenant="acme", first=2, last=3, before=old[0].hash, hash=old[2].hash, removed=iso(NOW), seal="s")
    await store.commit(SqlHolds(store).add(replace(a_hold("hld_1"), subject="tkt_3")))
    with pytest.raises(Conflict, match="2 to 3"):
        await store.commit(removals.remove(gap))
    assert list(await removals.gaps("acme")) == []
    await store.commit(SqlHolds(store).lift("hld_1", NOW))
    await store.commit(removals.remove(gap))
    assert list(await removals.gaps("acme")) == [gap]
    with pytest.raises(Conflict):
        await store.commit(removals.remove(replace(gap, first=3)))
