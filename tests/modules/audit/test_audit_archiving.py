"""Whatever is written to the trail is in the archive soon after: in order, each entry once, whoever dies or is away meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from hulk.kernel.bells import Listener
from hulk.kernel.errors import Unavailable
from hulk.kernel.events import Event, canonical
from hulk.modules.audit.adapters.prometheus import PrometheusFigures
from hulk.modules.audit.adapters.sql import SqlChains, SqlMarks, mark_table
from hulk.modules.audit.adapters.sql_retention import SqlRemovals
from hulk.modules.audit.domain import Gap, Link, Mark, Waiting, Wanted
from hulk.modules.audit.ports import Archive, Figures, Marks
from hulk.modules.audit.usecases import ArchiveTrail
from hulk.modules.audit.usecases import archive as archiving
from hulk.runtime.outbox import Outbox, event_table
from hulk.runtime.outbox.tables import outbox_table
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics
from support.archives import Opened, an_archive
from support.figures import Figured
from support.mongo import Mongo
from support.patience import until_found
from support.postgres import Postgres
from support.stores import Another

KEY = b"key"


def happened(number: int, tenant: str = "acme") -> Event:
    return Event(
        type="hulk.ticket.completed.v1", subject=f"tkt_{number}", tenant=tenant, actor="ana", data={"n": number, "x": [1e16, -0.0]}
    )


@dataclass
class Flaky:
    """An archive of which a test says when it is away, and when its answer is lost after it has written."""

    archive: Archive
    away: bool = False
    mute: bool = False

    async def append(self, links: Sequence[Link]) -> Sequence[Link]:
        if self.away:
            raise Unavailable("away")
        found = await self.archive.append(links)
        if self.mute:
            raise Unavailable("no answer")
        return found

    async def tenants(self) -> Sequence[str]:
        return await self.archive.tenants()

    async def end(self, tenant: str) -> Link | None:
        return await self.archive.end(tenant)

    def links(self, tenant: str, after: int, until: int | None = None) -> AsyncIterator[Sequence[Link]]:
        return self.archive.links(tenant, after, until)

    async def search(self, wanted: Wanted, below: int | None, most: int) -> Sequence[Link]:
        return await self.archive.search(wanted, below, most)

    async def remove(self, gap: Gap) -> None:
        await self.archive.remove(gap)

    async def gaps(self, tenant: str) -> Sequence[Gap]:
        return await self.archive.gaps(tenant)


@pytest.fixture
async def opened(tmp_path: Path, postgres: Callable[[], Postgres], mongo: Callable[[], Mongo]) -> AsyncIterator[Opened]:
    """One kind is enough here: the archives' own suite says that they are alike."""
    async with an_archive("sqlite", tmp_path, postgres, mongo) as made:
        yield made


def archiver(store: Store, archive: Archive, figures: Figures | None = None, bell: Listener | None = None) -> ArchiveTrail:
    removals, marks = SqlRemovals(store, "archive"), SqlMarks(store, "archive")
    return ArchiveTrail(SqlChains(store), removals, archive, marks, KEY, store.commit, figures or Figured(), bell or Listener())


async def told(store: Store, *events: Event) -> list[Event]:
    await store.commit(Outbox(store, KEY).append(*events))
    return list(events)


async def texts(archive: Archive, tenant: str = "acme") -> list[str | None]:
    return [one.text for links in [some async for some in archive.links(tenant, 0)] for one in links]


def written(events: Sequence[Event]) -> list[str]:
    return [canonical(one).decode() for one in events]


async def test_all_there_is_is_archived_of_every_tenant(store: Store, opened: Opened) -> None:
    figures = Figured()
    ours = await told(store, *(happened(number) for number in range(1500)))
    others = await told(store, *(happened(number, "other") for number in range(700)))
    act = archiver(store, opened.archive, figures)
    while await act.once():
        pass
    assert await texts(opened.archive) == written(ours)
    assert await texts(opened.archive, "other") == written(others)
    assert (figures.waiting, len(figures.ages), figures.mismatches) == (Waiting(0, None), 2200, 0)


async def test_it_goes_on_where_it_stopped(store: Store, opened: Opened) -> None:
    first = await told(store, happened(1), happened(2))
    await archiver(store, opened.archive).finish(10)
    more = await told(store, happened(3))
    act = archiver(store, opened.archive)
    await store.commit(lambda tx: tx.execute(update(mark_table).values(until=datetime(2020, 1, 1, tzinfo=UTC))).rowcount)
    await act.finish(10)
    assert await texts(opened.archive) == written([*first, *more])


async def test_what_waits_is_told_with_its_age(store: Store, opened: Opened) -> None:
    figures, flaky = Figured(), Flaky(opened.archive, away=True)
    events = await told(store, happened(1), happened(2))
    await told(store, happened(1, "other"))
    with pytest.raises(Unavailable):
        await archiver(store, flaky, figures).once()
    assert figures.waiting == Waiting(3, events[0].time)


async def test_nothing_is_lost_while_the_archive_is_away(store: Store, opened: Opened) -> None:
    flaky, bell = Flaky(opened.archive, away=True), Listener()
    act = archiver(store, flaky, bell=bell)
    act.away = (0.01, 0.02)
    events = await told(store, *(happened(number) for number in range(20)))
    async with running(act):
        await until_found(lambda: truth(act.trouble is not None))
        events += await told(store, happened(21))
        flaky.away = False
        await until_found(lambda: same(texts(opened.archive), written(events)))
        await until_found(lambda: truth(act.trouble is None))


async def test_an_answer_that_is_lost_leaves_each_entry_once(store: Store, opened: Opened) -> None:
    flaky, figures = Flaky(opened.archive, mute=True), Figured()
    events = await told(store, *(happened(number) for number in range(20)))
    act = archiver(store, flaky, figures)
    with pytest.raises(Unavailable):
        await act.once()
    assert (await SqlMarks(store, "archive").due(1))[0].position == 0
    flaky.mute = False
    await act.finish(10)
    assert await texts(opened.archive) == written(events)
    assert figures.mismatches == 0


async def test_one_process_at_a_time_archives_a_chain_and_another_takes_over(store: Store, opened: Opened, another: Another) -> None:
    now = [datetime.now(UTC)]
    async with another() as elsewhere:
        first, second = archiver(store, opened.archive), archiver(elsewhere, opened.archive)
        first.clock = second.clock = lambda: now[0]
        events = await told(store, happened(1))
        await first.once()
        events += await told(store, happened(2))
        await second.once()
        assert await texts(opened.archive) == written(events[:1])
        now[0] += archiving.LEASE + timedelta(seconds=1)
        await second.once()
        assert await texts(opened.archive) == written(events)


async def test_many_at_once_keep_each_entry_once(store: Store, opened: Opened, another: Another) -> None:
    """Even when no lease keeps them apart."""
    figures = Figured()
    events: list[Event] = []
    async with another() as elsewhere, contextlib.AsyncExitStack() as stack:
        for place in (store, elsewhere, store):
            act = archiver(place, opened.archive, figures)
            act.lease = timedelta(0)
            await stack.enter_async_context(running(act))
        for number in range(60):
            events += await told(store, happened(number))
        await until_found(lambda: same(texts(opened.archive), written(events)))
    assert figures.mismatches == 0


async def test_what_was_changed_before_it_was_archived_is_told_once(store: Store, opened: Opened) -> None:
    figures = Figured()
    await told(store, *(happened(number) for number in range(5)))
    await store.commit(lambda tx: tx.execute(update(event_table).where(event_table.c.position == 3).values(actor="eve")).rowcount)
    act = archiver(store, opened.archive, figures)
    await act.once()
    await act.once()
    assert figures.mismatches == 1
    assert len(await texts(opened.archive)) == 5


async def test_what_was_cut_off_before_it_was_archived_is_told_once(store: Store, opened: Opened) -> None:
    figures = Figured()
    await told(store, *(happened(number) for number in range(5)))
    await store.commit(
        lambda tx: tx.execute(delete(outbox_table)).rowcount,
        lambda tx: tx.execute(delete(event_table).where(event_table.c.position > 3)).rowcount,
    )
    act = archiver(store, opened.archive, figures)
    for _ in range(3):
        await act.once()
    assert figures.mismatches == 1
    assert len(await texts(opened.archive)) == 3


async def test_another_entry_in_the_archive_is_told(store: Store, opened: Opened) -> None:
    figures = Figured()
    await opened.archive.append([Link(tenant="acme", position=2, hash="0" * 64, text=canonical(happened(99)).decode())])
    await told(store, happened(1), happened(2))
    await archiver(store, opened.archive, figures).once()
    assert figures.mismatches == 1


async def test_the_figures_are_among_the_metrics() -> None:
    metrics = Metrics()
    figures = PrometheusFigures(metrics)
    figures.behind(Waiting(3, datetime.now(UTC) - timedelta(seconds=90)))
    figures.archived([0.2, 0.3])
    figures.mismatch()
    read = {line.split(" ")[0]: float(line.split(" ")[1]) for line in metrics.render().decode().splitlines() if not line.startswith("#")}
    assert 90 <= read["hulk_audit_lag_seconds"] < 95
    assert (read["hulk_audit_pending"], read["hulk_audit_mismatches_total"], read["hulk_audit_delay_seconds_count"]) == (3, 1, 2)
    figures.behind(Waiting(0, None))
    assert "hulk_audit_lag_seconds 0.0" in metrics.render().decode()


@contextlib.asynccontextmanager
async def running(act: ArchiveTrail) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(act.run())
        yield
        task.cancel()


async def truth(value: bool) -> bool:  # what `until_found` asks
    return value


async def same(found: Awaitable[Sequence[str | None]], wanted: Sequence[str]) -> bool:
    return list(await found) == list(wanted)


# `ports.Marks` ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def marks(store: Store) -> Marks:
    return SqlMarks(store, "archive")


async def test_a_chain_is_due_from_its_first_entry_until_all_is_archived(store: Store, marks: Marks) -> None:
    assert (await marks.due(10), await marks.waiting(), await marks.mark("acme")) == ([], Waiting(0, None), None)
    first, *_ = await told(store, happened(1), happened(2))
    assert list(await marks.due(10)) == [Mark(tenant="acme", head=2)]
    assert await marks.waiting() == Waiting(2, first.time)
    now = datetime.now(UTC)
    (mark,) = await marks.due(10)
    link = Link(tenant="acme", position=2, hash="h", text="")
    assert await store.commit(marks.take(mark, "me", now, now), marks.move(mark, link, now, now)) == [True, True]
    assert (await marks.due(10), await marks.waiting()) == ([], Waiting(0, None))
    assert await marks.mark("acme") == Mark(tenant="acme", head=2, position=2, hash="h", holder="me", until=now)


async def test_a_mark_moves_only_forward_and_from_where_it_stood(store: Store, marks: Marks) -> None:
    now = datetime.now(UTC)
    await told(store, *(happened(number) for number in range(5)))
    (mark,) = await marks.due(1)
    to = [Link(tenant="acme", position=at, hash=str(at), text="") for at in range(6)]
    await store.commit(marks.take(mark, "me", now, now))
    assert await store.commit(marks.move(mark, to[3], now, now), marks.move(mark, to[4], now, now)) == [True, False]
    (mark,) = await marks.due(1)
    assert await store.commit(marks.move(mark, to[2], now, now)) == [False]


async def test_a_chain_is_taken_by_one_until_its_time_is_over(store: Store, marks: Marks) -> None:
    now = datetime.now(UTC)
    later = now + timedelta(seconds=10)
    await told(store, happened(1))
    (mark,) = await marks.due(1)
    assert await store.commit(marks.take(mark, "one", now, later), marks.take(mark, "two", now, later)) == [True, False]
    assert await store.commit(marks.take(mark, "one", now, later)) == [True]
    after = later + timedelta(microseconds=1)
    assert await store.commit(marks.take(mark, "two", after, after)) == [True]


async def test_marks_are_of_one_archive_another_begins_anew(store: Store, marks: Marks) -> None:
    now = datetime.now(UTC)
    await told(store, happened(1), happened(2))
    (mark,) = await marks.due(1)
    link = Link(tenant="acme", position=2, hash="h", text="")
    await store.commit(marks.take(mark, "me", now, now), marks.move(mark, link, now, now))
    other = SqlMarks(store, "another")
    assert (await other.due(10), (await other.waiting()).entries, await other.mark("acme")) == ([Mark(tenant="acme", head=2)], 2, None)
    await store.commit(other.take(mark, "you", now, now), other.move(mark, replace(link, position=1), now, now))
    assert (await marks.waiting(), (await other.waiting()).entries) == (Waiting(0, None), 1)


async def test_those_looked_at_longest_ago_come_first(store: Store, marks: Marks) -> None:
    now = datetime.now(UTC)
    for tenant in ("a", "b", "c"):
        await told(store, happened(1, tenant), happened(2, tenant))
    for ago, tenant in enumerate(("c", "a")):
        moved = now - timedelta(seconds=ago)
        (mark,) = [one for one in await marks.due(10) if one.tenant == tenant]
        link = Link(tenant=tenant, position=1, hash="h", text="")
        await store.commit(marks.take(mark, "me", moved, moved), marks.move(mark, link, moved, moved))
    assert [one.tenant for one in await marks.due(10)] == ["b", "a", "c"]
    assert [one.tenant for one in await marks.due(2)] == ["b", "a"]
