"""Event-sourced accounts against a model: versions, snapshots, upcasting, projections, on both databases."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, select, update

from hulk.kernel import ids
from hulk.kernel.errors import Conflict
from hulk.kernel.records import JsonObject
from hulk.runtime.state import Aggregates, Fact, Kept, Kind, Loaded, Projection, Projector
from hulk.runtime.state.tables import fact_table, snapshot_table
from hulk.runtime.store import Store, Transaction
from support.stores import Another


@dataclass(frozen=True)
class Account:
    """Cents, and how often something happened."""

    cents: int = 0
    notes: tuple[str, ...] = field(default=())


def folded(account: Account, fact: Fact) -> Account:
    match fact.type:
        case "deposited":
            return replace(account, cents=account.cents + fact.data["cents"])
        case "noted":
            return replace(account, notes=(*account.notes, fact.data["note"])[-3:])
    raise AssertionError(fact)


def in_cents(data: JsonObject) -> JsonObject:
    """Deposits of form 1 were in whole euros."""
    return {"cents": data["euros"] * 100}


ACCOUNT: Kind[Account] = Kind("account", Account(), folded, Account, {("deposited", 1): in_cents}, snapshot_every=5)


def deposit(cents: int) -> Fact:
    return Fact("deposited", {"cents": cents}, form=2)


@pytest.fixture
def accounts(store: Store) -> Aggregates[Account]:
    return Aggregates(store, ACCOUNT)


async def test_an_aggregate_is_what_its_facts_make_of_it(store: Store, accounts: Aggregates[Account]) -> None:
    assert await accounts.load("acme", "a") == Loaded(Account(), 0)
    (version,) = await store.commit(accounts.append("acme", "a", 0, [deposit(500), Fact("noted", {"note": "hello"})]))
    assert await accounts.load("acme", "a") == Loaded(Account(500, ("hello",)), version) == Loaded(Account(500, ("hello",)), 2)
    assert await accounts.load("other", "a") == Loaded(Account(), 0)


@pytest.mark.parametrize("expected", [pytest.param(0, id="as if it were new"), pytest.param(1, id="behind"), pytest.param(3, id="ahead")])
async def test_another_version_is_a_conflict_and_nothing_is_kept(store: Store, accounts: Aggregates[Account], expected: int) -> None:
    await store.commit(accounts.append("acme", "a", 0, [deposit(1), deposit(2)]))
    with pytest.raises(Conflict, match=f"account a is not at version {expected}"):
        await store.commit(accounts.append("acme", "b", 0, [deposit(9)]), accounts.append("acme", "a", expected, [deposit(4)]))
    assert (await accounts.load("acme", "a"), await accounts.load("acme", "b")) == (Loaded(Account(3), 2), Loaded(Account(), 0))


async def test_of_many_writers_each_version_has_one(store: Store, another: Another, accounts: Aggregates[Account]) -> None:
    async def add(where: Store, times: int) -> None:
        mine = Aggregates(where, ACCOUNT)
        while times:
            seen = await mine.load("acme", "a")
            try:
                await where.commit(mine.append("acme", "a", seen.version, [deposit(1)]))
            except Conflict:
                continue
            times -= 1

    async with another() as second, asyncio.TaskGroup() as group:
        for where in (store, second):
            for _ in range(3):
                group.create_task(add(where, 5))
    assert await accounts.load("acme", "a") == Loaded(Account(30), 30)
    assert await sequences(store) == list(range(1, 31))


async def sequences(store: Store) -> list[int]:
    query = select(fact_table.c.sequence).order_by(fact_table.c.sequence)
    return await store.read(lambda connection: list(connection.execute(query).scalars()))


async def test_old_facts_are_read_in_the_newest_form(store: Store, accounts: Aggregates[Account]) -> None:
    await store.commit(accounts.append("acme", "a", 0, [Fact("deposited", {"euros": 3}), deposit(5)]))
    assert (await accounts.load("acme", "a")).state.cents == 305


async def test_snapshots_spare_reading_and_one_of_another_form_is_left_alone(store: Store, accounts: Aggregates[Account]) -> None:
    for version in range(12):
        await store.commit(accounts.append("acme", "a", version, [deposit(1)]))
    assert await snapshot(store) == 10
    await store.commit(lambda tx: tx.execute(delete(fact_table).where(fact_table.c.version <= 10)))
    assert await accounts.load("acme", "a") == Loaded(Account(12), 12)
    other = Aggregates(store, replace(ACCOUNT, form=2))
    assert (await other.load("acme", "a")).state == Account(2)


async def snapshot(store: Store) -> int:
    return await store.read(lambda connection: connection.execute(select(snapshot_table.c.version)).scalar_one())


# Against a model ---------------------------------------------------------------------------------------------------------------

facts = st.one_of(
    st.integers(-500, 500).map(deposit),
    st.integers(0, 5).map(lambda euros: Fact("deposited", {"euros": euros})),
    st.text(max_size=5).map(lambda note: Fact("noted", {"note": note})),
)
Append = tuple[str, list[Fact], int]
appends = st.lists(st.tuples(st.sampled_from("ab"), st.lists(facts, max_size=7), st.integers(-1, 9)), max_size=12)


@settings(max_examples=25)
@given(appends)
async def test_whatever_is_appended_is_folded_as_if_there_were_no_snapshots(store: Store, appends: list[Append]) -> None:
    tenant = ids.new("ten")  # each example has one of its own
    accounts, plain = Aggregates(store, ACCOUNT), Aggregates(store, replace(ACCOUNT, snapshot_every=10**9, form=99))
    model: dict[str, list[Fact]] = {"a": [], "b": []}
    for id_, new, off in appends:
        right = off != -1
        expected = len(model[id_]) + (0 if right else 1)
        try:
            await store.commit(accounts.append(tenant, id_, expected, new))
            assert right
            model[id_] += new
        except Conflict:
            assert not right
    for id_, known in model.items():
        wanted = ACCOUNT.folded(Loaded(Account(), 0), known)
        assert await accounts.load(tenant, id_) == await plain.load(tenant, id_) == wanted


# Projections -------------------------------------------------------------------------------------------------------------------

total_table = Table("test_total", MetaData(), Column("aggregate", String(8), primary_key=True), Column("cents", Integer))


def project(tx: Transaction, kept: Kept) -> None:
    """Deposits by account."""
    fact = ACCOUNT.upcast(kept.fact)
    if fact.type != "deposited":
        return
    tx.insert_new(total_table, {"aggregate": kept.aggregate, "cents": 0})
    more = total_table.c.cents + fact.data["cents"]
    tx.execute(update(total_table).where(total_table.c.aggregate == kept.aggregate).values(cents=more))


def clear(tx: Transaction) -> None:
    """Empty the table."""
    tx.execute(delete(total_table))


TOTALS = Projection("totals", project, clear)


async def totals(store: Store) -> dict[str, int]:
    return await store.read(lambda connection: {row.aggregate: row.cents for row in connection.execute(select(total_table))})


async def test_a_projection_catches_up_and_each_fact_counts_once(store: Store, another: Another, accounts: Aggregates[Account]) -> None:
    total_table.create(store.engine)
    async with another() as second, asyncio.TaskGroup() as group:
        group.create_task(appended(store, "a", 30))
        group.create_task(appended(second, "b", 30))
        for where in (store, second, store, second):
            group.create_task(repeatedly(where, 15))
    await Projector(store).catch_up(TOTALS)
    assert await totals(store) == {"a": 30, "b": 30}
    assert await Projector(store).behind(TOTALS) == 0


async def appended(store: Store, id_: str, times: int) -> None:
    for version in range(times):
        await store.commit(Aggregates(store, ACCOUNT).append("acme", id_, version, [deposit(1)]))


async def repeatedly(store: Store, times: int) -> None:
    for _ in range(times):
        await Projector(store).catch_up(TOTALS)


async def test_a_projection_is_rebuilt_from_the_first_fact(store: Store, accounts: Aggregates[Account]) -> None:
    total_table.create(store.engine)
    await store.commit(accounts.append("acme", "a", 0, [Fact("deposited", {"euros": 1})] + [deposit(1)] * 700))
    projector = Projector(store)
    assert await projector.catch_up(TOTALS) == 701
    await store.commit(lambda tx: tx.execute(update(total_table).values(cents=0)))
    assert await projector.rebuild(TOTALS) == 701
    assert await totals(store) == {"a": 800}


async def test_a_projection_that_fails_stays_where_it_was(store: Store, accounts: Aggregates[Account]) -> None:
    total_table.create(store.engine)
    await store.commit(accounts.append("acme", "a", 0, [deposit(1), deposit(2)]))

    def stumbles(tx: Transaction, kept: Kept) -> None:
        project(tx, kept)
        if kept.version == 2:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Projector(store).catch_up(replace(TOTALS, project=stumbles))
    assert (await totals(store), await Projector(store).behind(TOTALS)) == ({}, 2)
    await Projector(store).catch_up(TOTALS)
    assert await totals(store) == {"a": 3}
