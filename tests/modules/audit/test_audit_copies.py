"""Whatever is done to either copy of the trail behind Hulk's back is found, in the copy where it was done, and named; copies that
nobody touched are equal, also while they are written."""

import asyncio
import itertools
import os
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from hulk.kernel.bells import Listener
from hulk.kernel.events import GENESIS, Event, canonical, link
from hulk.kernel.time import utc_now
from hulk.modules.audit import Verdict, VerifyCopies
from hulk.modules.audit.adapters.sql import mark_table
from hulk.modules.audit.domain import Fault, Link, beside
from hulk.modules.audit.wiring import AuditModule
from hulk.runtime.outbox import Outbox, event_table, head_table
from hulk.runtime.outbox.tables import outbox_table
from hulk.runtime.store import Store, Transaction
from hulk.runtime.telemetry import Metrics
from support.archives import Opened

KEY = b"the installation's"
LENGTH = 8
SEEDS = range(int(os.environ.get("HULK_TEST_SEEDS", "5")))
"""Each kind of tampering so often; the long run has more."""


def happened(number: int, tenant: str = "acme") -> Event:
    return Event(type="hulk.ticket.completed.v1", subject=f"tkt_{number}", tenant=tenant, actor="ana", intent="int_1", data={"n": number})


async def written(store: Store, opened: Opened, length: int = LENGTH) -> None:
    """Two tenants' chains, in both copies."""
    await store.commit(Outbox(store, KEY).append(*(happened(number, tenant) for number in range(length) for tenant in ("acme", "other"))))
    await archived(store, opened)


def verifying(store: Store, opened: Opened) -> VerifyCopies:
    return AuditModule(store, opened.archive, "archive", KEY).verify


async def archived(store: Store, opened: Opened) -> None:
    act = AuditModule(store, opened.archive, "archive", KEY).archiving(Metrics(), Listener())
    await store.commit(lambda tx: tx.execute(update(mark_table).values(until=utc_now() - timedelta(days=1))).rowcount)
    while await act.once():
        pass


async def verdicts(store: Store, opened: Opened) -> tuple[Verdict, Verdict]:
    """What is found of acme's two copies; the other's are whole."""
    *ours, first, second = await verifying(store, opened)()
    assert [(one.tenant, one.place, one.whole, one.entries) for one in (first, second)] == [
        ("other", "store", True, LENGTH), ("other", "archive", True, LENGTH),
    ]  # fmt: skip
    store_says, archive_says = ours
    return store_says, archive_says


def said(one: Verdict) -> tuple[Fault | None, int | None]:
    return one.fault, one.position


async def test_copies_that_nobody_touched_are_whole(store: Store, opened: Opened) -> None:
    await written(store, opened)
    assert await verdicts(store, opened) == (
        Verdict(tenant="acme", entries=LENGTH), Verdict(tenant="acme", place="archive", entries=LENGTH),
    )  # fmt: skip


async def test_without_a_trail_there_is_nothing_to_tell(store: Store, opened: Opened) -> None:
    assert await verifying(store, opened)() == []


async def test_long_copies_are_compared_to_their_end(store: Store, opened: Opened) -> None:
    await store.commit(Outbox(store, KEY).append(*(happened(number) for number in range(2300))))
    await archived(store, opened)
    assert [one.whole for one in await verifying(store, opened)()] == [True, True]
    await opened.intruder.change(2250, {"text": "{}"})
    assert [said(one) for one in await verifying(store, opened)()] == [(None, None), ("altered", 2250)]


# What an intruder does to the archive; gives what must be found ----------------------------------------------------------------

Tampering = Callable[[Store, Opened, random.Random], Awaitable[set[tuple[Fault | None, int | None]]]]


async def archive_link(opened: Opened, position: int) -> Link:
    (found,) = [one async for links in opened.archive.links("acme", position - 1, position) for one in links]
    return found


def fields(one: Link, position: int) -> dict[str, Any]:
    return {"tenant": "acme", "position": position, "hash": one.hash, "text": one.text, **beside(one)}


async def archive_altered(_: Store, opened: Opened, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    at = chance.randint(1, LENGTH)
    field = chance.choice(["hash", "text", "id", "type", "subject", "actor", "intent", "time"])
    one = await archive_link(opened, at)
    value = (one.text or "").replace("ana", "eve") if field == "text" else "forged"
    await opened.intruder.change(at, {field: value})
    return {("altered", at)}


async def archive_removed(_: Store, opened: Opened, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    gone = chance.sample(range(1, LENGTH), chance.randint(1, LENGTH - 1))
    for at in gone:
        await opened.intruder.remove(at)
    return {("missing", min(gone))}


async def archive_cut(_: Store, opened: Opened, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    last = chance.randint(0, LENGTH - 1)
    for at in range(last + 1, LENGTH + 1):
        await opened.intruder.remove(at)
    return {("cut_short", last)}


async def archive_swapped(_: Store, opened: Opened, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    one, two = sorted(chance.sample(range(1, LENGTH + 1), 2))
    links = {at: await archive_link(opened, at) for at in (one, two)}
    for at, other in ((one, two), (two, one)):
        await opened.intruder.remove(at)
        await opened.intruder.add(fields(links[other], at))
    return {("moved", one)}


async def archive_inserted(_: Store, opened: Opened, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    at = chance.randint(1, LENGTH)
    for position in range(LENGTH, at - 1, -1):
        one = await archive_link(opened, position)
        await opened.intruder.remove(position)
        await opened.intruder.add(fields(one, position + 1))
    event = happened(99)
    await opened.intruder.add(fields(Link(tenant="acme", position=at, hash="0" * 64, text=canonical(event).decode()), at))
    return {("added", at)} if at < LENGTH else {("added", at), ("altered", at)}


async def archive_extended(_: Store, opened: Opened, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    last, event = await archive_link(opened, LENGTH), happened(99)
    at = LENGTH + chance.choice([1, 1, 4])
    new = Link(tenant="acme", position=at, hash=link(last.hash, at, event), text=canonical(event).decode())
    await opened.intruder.add(fields(new, at))
    return {("added", LENGTH + 1), ("missing", LENGTH + 1)}


async def archive_preceded(_: Store, opened: Opened, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    event, at = happened(99), -chance.randint(0, 3)
    await opened.intruder.add(fields(Link(tenant="acme", position=at, hash="0" * 64, text=canonical(event).decode()), at))
    return {("added", at)}


async def archive_recomputed(_: Store, opened: Opened, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    """A chain that holds by itself, from some entry on another one."""
    at, previous = chance.randint(1, LENGTH), GENESIS
    for position in range(1, LENGTH + 1):
        one = await archive_link(opened, position)
        if position < at:
            previous = one.hash
            continue
        event = happened(100 + position)
        previous = link(previous, position, event)
        await opened.intruder.remove(position)
        await opened.intruder.add(fields(Link(tenant="acme", position=position, hash=previous, text=canonical(event).decode()), position))
    return {("altered", at)}


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "tampering",
    [
        archive_altered, archive_removed, archive_cut, archive_swapped, archive_inserted, archive_extended, archive_preceded,
        archive_recomputed,
    ],
)  # fmt: skip
async def test_whatever_is_done_to_the_archive_is_found_there(store: Store, opened: Opened, tampering: Tampering) -> None:
    await written(store, opened)
    whole = [await archive_link(opened, at) for at in range(1, LENGTH + 1)]
    for seed in SEEDS:
        wanted = await tampering(store, opened, random.Random(seed))
        store_says, archive_says = await verdicts(store, opened)
        assert store_says.whole
        assert said(archive_says) in wanted, f"seed {seed}: {archive_says}"
        await mended(opened, whole)
    assert [one.whole for one in await verdicts(store, opened)] == [True, True]


async def mended(opened: Opened, whole: list[Link]) -> None:
    """The archive as it was."""
    there = [one.position async for links in opened.archive.links("acme", -100) for one in links]
    for position in there:
        await opened.intruder.remove(position)
    await opened.archive.append(whole)


# What an intruder does to the store --------------------------------------------------------------------------------------------


def entry(position: int) -> Any:
    return (event_table.c.tenant == "acme") & (event_table.c.position == position)


def store_altered(tx: Transaction, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    at = chance.randint(1, LENGTH)
    field = chance.choice(["type", "subject", "actor", "intent", "data", "hash", "source", "trace"])
    tx.execute(update(event_table).where(entry(at)).values({field: {"n": 99} if field == "data" else "forged"}))
    return {("altered", at)}


def store_removed(tx: Transaction, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    gone = chance.sample(range(1, LENGTH), chance.randint(1, LENGTH - 1))
    tx.execute(delete(event_table).where(event_table.c.tenant == "acme", event_table.c.position.in_(gone)))
    return {("missing", min(gone))}


def store_cut(tx: Transaction, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    last = chance.randint(0, LENGTH - 1)
    tx.execute(delete(event_table).where(event_table.c.tenant == "acme", event_table.c.position > last))
    return {("cut_short", last)}


def store_swapped(tx: Transaction, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    one, two = sorted(chance.sample(range(1, LENGTH + 1), 2))
    for old, new in ((one, -1), (two, one), (-1, two)):
        tx.execute(update(event_table).where(entry(old)).values(position=new))
    return {("moved", one)}


def store_extended(tx: Transaction, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    event, at = happened(100), LENGTH + chance.choice([1, 3])
    last = tx.execute(select(event_table.c.hash).where(entry(LENGTH))).scalar_one()
    values = {name: getattr(event, name) for name in Event.__dataclass_fields__}
    tx.execute(insert(event_table), values | {"position": at, "hash": link(last, at, event)})
    return {("added", LENGTH + 1)}


def store_cut_with_its_head(tx: Transaction, chance: random.Random) -> set[tuple[Fault | None, int | None]]:
    last = chance.randint(1, LENGTH - 1)
    hash_ = tx.execute(select(event_table.c.hash).where(entry(last))).scalar_one()
    tx.execute(delete(event_table).where(event_table.c.tenant == "acme", event_table.c.position > last))
    tx.execute(update(head_table).where(head_table.c.tenant == "acme").values(position=last, hash=hash_))
    return {("unsealed", last)}


@pytest.mark.parametrize("archive_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("tampering", [store_altered, store_removed, store_cut, store_swapped, store_extended, store_cut_with_its_head])
async def test_whatever_is_done_to_the_store_is_found_there(
    store: Store, opened: Opened, tampering: Callable[[Transaction, random.Random], Any], seed: int
) -> None:
    await written(store, opened)
    await store.commit(lambda tx: tx.execute(delete(outbox_table)).rowcount)
    [wanted] = await store.commit(lambda tx: tampering(tx, random.Random(seed)))
    store_says, archive_says = await verdicts(store, opened)
    assert said(store_says) in wanted, store_says
    assert archive_says.whole or tampering is store_cut_with_its_head


@pytest.mark.parametrize("archive_kind", ["sqlite"], indirect=True)
async def test_a_store_put_back_to_an_earlier_state_with_its_head_is_found_by_the_archive(store: Store, opened: Opened) -> None:
    """What the store's own chain cannot tell."""
    await store.commit(Outbox(store, KEY).append(*(happened(number) for number in range(3))))
    before = await store.read(lambda connection: connection.execute(select(head_table)).one()._asdict())
    await store.commit(Outbox(store, KEY).append(*(happened(number) for number in range(3, 6))))
    await archived(store, opened)
    await store.commit(
        lambda tx: tx.execute(delete(outbox_table)).rowcount,
        lambda tx: tx.execute(delete(event_table).where(event_table.c.position > 3)).rowcount,
        lambda tx: tx.execute(update(head_table).values(before)).rowcount,
        lambda tx: tx.execute(delete(mark_table)).rowcount,
    )
    assert [said(one) for one in await verifying(store, opened)()] == [(None, None), ("added", 4)]


@pytest.mark.parametrize("archive_kind", ["sqlite"], indirect=True)
async def test_an_archive_that_is_behind_is_told_and_is_a_problem_once_it_is_late(store: Store, opened: Opened) -> None:
    await written(store, opened)
    await store.commit(Outbox(store, KEY).append(happened(LENGTH), happened(LENGTH + 1)))
    act = verifying(store, opened)
    assert [(one.whole, one.behind) for one in await act("acme")] == [(True, 0), (True, 2)]
    late = await act.__class__(act.trail, act.archive, act.marks, lambda: utc_now() + timedelta(hours=1))("acme")
    assert [(one.fault, one.position, one.behind) for one in late] == [(None, None, 0), ("behind", LENGTH + 1, 2)]
    assert "behind by 2 entries, since 20" in str(late[1].problem)


@pytest.mark.parametrize("archive_kind", ["sqlite"], indirect=True)
async def test_copies_are_equal_while_they_are_written(store: Store, opened: Opened) -> None:
    outbox, writing = Outbox(store, KEY), [True]
    act = AuditModule(store, opened.archive, "archive", KEY).archiving(Metrics(), outbox.bell())

    async def write(part: int) -> None:
        for number in itertools.takewhile(lambda _: writing[0], range(1, 400)):
            await store.commit(outbox.append(happened(number), happened(number, f"tenant-{part}")))

    async def archive() -> None:
        while writing[0]:
            await act.once()

    async with asyncio.TaskGroup() as group:
        group.create_task(archive())
        for part in range(4):
            group.create_task(write(part))
        for _ in range(10):
            assert [one for one in await verifying(store, opened)() if not one.whole] == []
        writing[0] = False
