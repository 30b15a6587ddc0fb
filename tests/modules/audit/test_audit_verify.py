"""Whatever is done to the trail behind Hulk's back is found; and a trail that nobody touched is whole, also under writers."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Literal, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Executable, delete, insert, literal_column, select, update

from hulk.kernel.events import GENESIS, Event, link, seal
from hulk.modules.audit import Verdict
from hulk.modules.audit.adapters.sql import SqlChains
from hulk.modules.audit.adapters.sql_retention import SqlRemovals
from hulk.modules.audit.usecases import VerifyTrail
from hulk.runtime.outbox import Outbox, event_table, head_table, kept
from hulk.runtime.outbox.tables import outbox_table
from hulk.runtime.store import Store, Transaction

KEY = b"the installation's"
LENGTH = 7
Tampering: TypeAlias = Callable[[Transaction], object]


def happened(number: int, tenant: str = "acme") -> Event:
    return Event(type="hulk.ticket.completed.v1", subject=f"tkt_{number}", tenant=tenant, actor="ana", intent="int_1", data={"n": number})


def wired(store: Store, key: bytes) -> VerifyTrail:
    return VerifyTrail(SqlChains(store), SqlRemovals(store, "archive"), key)


async def written(store: Store, length: int = LENGTH) -> None:
    """Two tenants' chains anew."""
    await store.commit(
        lambda tx: [tx.execute(delete(table)).rowcount for table in (outbox_table, event_table, head_table)],
        Outbox(store, KEY).append(*(happened(number, tenant) for number in range(length) for tenant in ("acme", "other"))),
    )


async def verdict(store: Store) -> Verdict:
    """What is found of acme's chain; the other's is whole."""
    acme, other = await wired(store, KEY)()
    assert (other.tenant, other.whole, other.entries) == ("other", True, LENGTH)
    assert acme.tenant == "acme"
    return acme


def _do(tx: Transaction, statement: Executable) -> None:
    tx.execute(statement)


async def tampered(store: Store, *tampering: Tampering) -> Verdict:
    await written(store)
    await store.commit(*tampering)
    return await verdict(store)


def entry(position: int) -> Any:
    return (event_table.c.tenant == "acme") & (event_table.c.position == position)


async def test_a_trail_that_nobody_touched_is_whole(store: Store) -> None:
    await written(store)
    assert await verdict(store) == Verdict(tenant="acme", entries=LENGTH)


async def test_a_store_without_a_trail_has_nothing_to_tell_of(store: Store) -> None:
    assert await wired(store, KEY)() == []


async def test_a_long_trail_is_read_to_its_end(store: Store) -> None:
    outbox = Outbox(store, KEY)
    await store.commit(outbox.append(*(happened(number) for number in range(2500))))
    assert await wired(store, KEY)("acme") == [Verdict(tenant="acme", entries=2500)]
    await store.commit(lambda tx: tx.execute(update(event_table).where(entry(2400)).values(actor="eve")).rowcount)
    (found,) = await wired(store, KEY)("acme")
    assert (found.entries, found.position) == (2399, 2400)


FIELDS = ("id", "source", "type", "subject", "actor", "intent", "trace", "data", "hash")


def altered(position: int, field: str) -> Tampering:
    value: Any = {"n": 99} if field == "data" else "forged"

    def tamper(tx: Transaction) -> None:
        assert tx.execute(update(event_table).where(entry(position)).values({field: value})).rowcount == 1

    return tamper


@settings(max_examples=40)
@given(position=st.integers(1, LENGTH), field=st.sampled_from(FIELDS))
async def test_an_altered_field_is_found_where_it_is(store: Store, position: int, field: str) -> None:
    found = await tampered(store, altered(position, field))
    assert (found.whole, found.entries, found.position) == (False, position - 1, position)


@settings(max_examples=20)
@given(position=st.integers(1, LENGTH), later=st.integers(1, 10**9))
async def test_an_altered_time_is_found(store: Store, position: int, later: int) -> None:
    def tamper(tx: Transaction) -> None:
        time = tx.execute(select(event_table.c.time).where(entry(position))).scalar_one()
        tx.execute(update(event_table).where(entry(position)).values(time=time + timedelta(microseconds=later)))

    assert (await tampered(store, tamper)).position == position


def removed(*positions: int) -> Tampering:
    def tamper(tx: Transaction) -> None:
        gone = select(event_table.c.sequence).where(event_table.c.tenant == "acme", event_table.c.position.in_(positions))
        tx.execute(delete(outbox_table).where(outbox_table.c.sequence.in_(gone)))
        tx.execute(delete(event_table).where(event_table.c.tenant == "acme", event_table.c.position.in_(positions)))

    return tamper


@settings(max_examples=30)
@given(positions=st.sets(st.integers(1, LENGTH), min_size=1))
async def test_removed_entries_are_found_first_middle_last_or_all(store: Store, positions: set[int]) -> None:
    found = await tampered(store, removed(*positions))
    kept_before = min(positions) - 1
    assert not found.whole
    assert found.entries == kept_before


@settings(max_examples=20)
@given(places=st.permutations(range(1, LENGTH + 1)).filter(lambda places: list(places) != sorted(places)))
async def test_entries_in_another_order_are_found(store: Store, places: Sequence[int]) -> None:
    def tamper(tx: Transaction) -> None:
        for old, new in zip(range(1, LENGTH + 1), places, strict=True):
            tx.execute(update(event_table).where(entry(old)).values(position=-new))
        for new in places:
            tx.execute(update(event_table).where(entry(-new)).values(position=new))

    found = await tampered(store, tamper)
    assert found.position == next(at for at, place in enumerate(places, 1) if place != at)


def appended(position: int, hash_: Literal["forged", "right"]) -> Tampering:
    """One more entry at the end, with a hash that fits or not, and no head that says so."""

    def tamper(tx: Transaction) -> None:
        event = happened(100)
        last = tx.execute(select(event_table.c.hash).where(entry(LENGTH))).scalar_one()
        fields = {name: getattr(event, name) for name in Event.__dataclass_fields__}
        tx.execute(insert(event_table), fields | {"position": position, "hash": link(last, position, event) if hash_ == "right" else hash_})

    return tamper


@pytest.mark.parametrize("hash_", ["forged", "right"])
@pytest.mark.parametrize("position", [LENGTH + 1, LENGTH + 5])
async def test_an_added_entry_is_found(store: Store, position: int, hash_: Literal["forged", "right"]) -> None:
    found = await tampered(store, appended(position, hash_))
    assert (found.whole, found.entries) == (False, LENGTH)


@pytest.mark.parametrize("position", [0, -1])
async def test_an_entry_before_the_beginning_is_found(store: Store, position: int) -> None:
    assert not (await tampered(store, appended(position, "right"))).whole


def without_head(tx: Transaction) -> None:
    tx.execute(delete(head_table).where(head_table.c.tenant == "acme"))


def head_with(**values: Any) -> Tampering:
    def tamper(tx: Transaction) -> None:
        tx.execute(update(head_table).where(head_table.c.tenant == "acme").values(values))

    return tamper


def recomputed(key: bytes | None) -> Tampering:
    """Entry 3 altered and every hash from there computed anew; the head marked with that key, or left with its old mark."""

    def tamper(tx: Transaction) -> None:
        altered(3, "data")(tx)
        previous = GENESIS
        for row in tx.execute(select(event_table).where(event_table.c.tenant == "acme").order_by(event_table.c.position)).all():
            previous = link(previous, row.position, kept(row).event)
            tx.execute(update(event_table).where(entry(row.position)).values(hash=previous))
        mark = {} if key is None else {"seal": seal(key, "acme", LENGTH, previous)}
        head_with(hash=previous, **mark)(tx)

    return tamper


def cut_short_with_an_old_head(tx: Transaction) -> None:
    removed(LENGTH)(tx)
    last = tx.execute(select(event_table.c.hash).where(entry(LENGTH - 1))).scalar_one()
    head_with(position=LENGTH - 1, hash=last)(tx)


@pytest.mark.parametrize(
    "tampering",
    [
        pytest.param(without_head, id="head removed"),
        pytest.param(head_with(position=3), id="head moved"),
        pytest.param(head_with(hash="0" * 64), id="head's hash altered"),
        pytest.param(head_with(seal="0" * 64), id="head's mark altered"),
        pytest.param(recomputed(None), id="chain recomputed, old mark"),
        pytest.param(recomputed(b"another key"), id="chain recomputed with another key"),
        pytest.param(cut_short_with_an_old_head, id="cut short, head moved back"),
    ],
)
async def test_a_chain_or_head_made_without_the_key_is_found(store: Store, tampering: Tampering) -> None:
    assert not (await tampered(store, tampering)).whole


async def test_with_the_key_a_chain_can_be_made_anew(store: Store) -> None:
    """What the key is worth: keep it away from the database."""
    assert (await tampered(store, recomputed(KEY))).whole


async def test_an_entry_moved_to_another_tenant_is_found_in_both(store: Store) -> None:
    await written(store)
    await store.commit(lambda tx: tx.execute(update(event_table).where(entry(LENGTH)).values(tenant="other", position=LENGTH + 1)).rowcount)
    assert [one.whole for one in await wired(store, KEY)()] == [False, False]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("field", ["data", "time"])
async def test_an_entry_that_cannot_be_read_any_more_is_found_not_stumbled_over(store: Store, field: str) -> None:
    broken = update(event_table).where(entry(4)).values({field: literal_column("'{broken'")})
    found = await tampered(store, lambda tx: _do(tx, broken))
    assert (found.entries, found.position, str(found.problem)) == (3, 4, "entry 4 cannot be read any more")


async def test_a_trail_is_whole_while_it_is_being_written(store: Store) -> None:
    outbox, writing = Outbox(store, KEY), [True]

    async def write(part: int) -> None:
        for number in itertools.takewhile(lambda _: writing[0], range(1, 400)):
            await store.commit(outbox.append(happened(number), happened(number, f"tenant-{part}")))

    async with asyncio.TaskGroup() as group:
        for part in range(8):
            group.create_task(write(part))
        for _ in range(12):
            assert [one for one in await wired(store, KEY)() if not one.whole] == []
            await asyncio.sleep(0.01)
        writing[0] = False
