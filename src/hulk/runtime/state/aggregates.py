"""Event-sourced aggregates: facts appended under an expected version, folded into a state, with snapshots in between.

The fold is pure and may be run at any time; a snapshot only saves reading. All facts of a store stand in one order without
gaps, in which they were committed, so that a projection that has read up to a number has missed none below it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, and_, bindparam, delete, insert, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict
from hulk.kernel.records import JsonObject, from_json, to_json
from hulk.kernel.time import Clock, utc_now
from hulk.runtime.state.tables import aggregate_table, fact_table, head_table, snapshot_table
from hulk.runtime.store import Store, Transaction

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that has happened to an aggregate. `form` is the version of its data's shape, for upcasters."""

    type: str
    data: JsonObject = field(default_factory=dict)
    form: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A fact where it was kept: `sequence` in the whole store, `version` in its aggregate, both from 1."""

    sequence: int
    tenant: str
    kind: str
    aggregate: str
    version: int
    fact: Fact
    time: datetime


@dataclass(frozen=True, slots=True)
class Loaded(Generic[S]):
    """An aggregate's state after `version` facts."""

    state: S
    version: int


@dataclass(frozen=True, slots=True)
class Kind(Generic[S]):
    """A kind of aggregate: what it is before the first fact, what a fact makes of it, the class of its state.

    `upcasters` give data of the next form for (type, form). `form` is the shape of the state: raise it when `fold` or the
    class change, and snapshots of another form are no longer read."""

    name: str
    initial: S
    fold: Callable[[S, Fact], S]
    state: type[S]
    upcasters: Mapping[tuple[str, int], Callable[[JsonObject], JsonObject]] = field(default_factory=dict)
    form: int = 1
    snapshot_every: int = 100

    def upcast(self, fact: Fact) -> Fact:
        """The fact in the newest form."""
        while (upcaster := self.upcasters.get((fact.type, fact.form))) is not None:
            fact = Fact(fact.type, upcaster(fact.data), fact.form + 1)
        return fact

    def folded(self, start: Loaded[S], facts: Iterable[Fact]) -> Loaded[S]:
        """The state after these facts too."""
        for fact in facts:
            start = Loaded(self.fold(start.state, self.upcast(fact)), start.version + 1)
        return start


@dataclass(slots=True)
class _Head:
    """The last number given out while a transaction appends."""

    sequence: int


class Aggregates(Generic[S]):
    """The aggregates of one kind in a store."""

    def __init__(self, store: Store, kind: Kind[S], clock: Clock = utc_now) -> None:
        self._store = store
        self._kind = kind
        self._clock = clock

    def append(self, tenant: str, id_: str, expected: int, facts: Sequence[Fact]) -> Change[int]:
        """Keep `facts` behind the `expected` version (0: a new aggregate); gives the version then.

        Raises `Conflict` when the aggregate is at another version: load it again, then decide."""
        at = {"tenant": tenant, "kind": self._kind.name, "id": id_}

        def change(tx: Transaction) -> int:
            version = expected + len(facts)
            if not _moved(tx, at, expected, version):
                raise Conflict(
                    "{kind} {id} is not at version {expected} any more: load it again, then decide.",
                    kind=self._kind.name,
                    id=id_,
                    expected=expected,
                )
            tx.insert_all(fact_table, self._rows(tx, at, expected, facts))
            if version // self._kind.snapshot_every > expected // self._kind.snapshot_every:
                self._snapshot(tx, at)
            return version

        return change

    def _rows(self, tx: Transaction, at: Mapping[str, str], expected: int, facts: Sequence[Fact]) -> list[dict[str, Any]]:
        head = tx.once("fact_head", lambda: _head(tx), lambda head: _move_head(tx, head))
        first, now = head.sequence + 1, self._clock()
        head.sequence += len(facts)
        return [
            {
                "sequence": first + number, "tenant": at["tenant"], "kind": at["kind"], "aggregate": at["id"],
                "version": expected + 1 + number, "type": fact.type, "form": fact.form, "data": fact.data, "time": now,
            }
            for number, fact in enumerate(facts)
        ]  # fmt: skip

    def _snapshot(self, tx: Transaction, at: Mapping[str, str]) -> None:
        loaded = self._loaded(tx.connection, at["tenant"], at["id"])
        which = _of(snapshot_table, at["tenant"], self._kind.name, at["id"])
        row = {"tenant": at["tenant"], "kind": at["kind"], "aggregate": at["id"], "form": self._kind.form}
        tx.execute(delete(snapshot_table).where(which))
        tx.execute(insert(snapshot_table), {**row, "version": loaded.version, "state": to_json(loaded.state)})

    async def load(self, tenant: str, id_: str) -> Loaded[S]:
        """The aggregate as it stands; version 0 for one without facts. Raises `Unavailable`."""
        return await self._store.read(lambda connection: self._loaded(connection, tenant, id_))

    def _loaded(self, connection: Connection, tenant: str, id_: str) -> Loaded[S]:
        """The newest snapshot of our form, and the facts behind it."""
        known = connection.execute(select(snapshot_table).where(_of(snapshot_table, tenant, self._kind.name, id_))).one_or_none()
        start = Loaded(self._kind.initial, 0)
        if known is not None and known.form == self._kind.form:
            start = Loaded(from_json(self._kind.state, known.state), known.version)
        behind = and_(_of(fact_table, tenant, self._kind.name, id_), fact_table.c.version > start.version)
        rows = connection.execute(select(fact_table).where(behind).order_by(fact_table.c.version))
        return self._kind.folded(start, (kept(row).fact for row in rows))


def kept(row: Row[Any]) -> Kept:
    """A row of facts as it is read back."""
    return Kept(
        sequence=row.sequence, tenant=row.tenant, kind=row.kind, aggregate=row.aggregate, version=row.version, time=row.time,
        fact=Fact(row.type, row.data, row.form),
    )  # fmt: skip


def _of(table: Any, tenant: str, kind: str, id_: str) -> Any:
    return and_(table.c.tenant == tenant, table.c.kind == kind, table.c.aggregate == id_)


_MOVE = update(aggregate_table).where(
    *(aggregate_table.c[name] == bindparam(f"of_{name}") for name in ("tenant", "kind", "id")),
    aggregate_table.c.version == bindparam("expected"),
)


def _moved(tx: Transaction, at: Mapping[str, str], expected: int, version: int) -> bool:
    """Whether the aggregate was at that version, and is at the other now."""
    if expected == 0 and tx.insert_new(aggregate_table, {**at, "version": version}):
        return True
    of = {f"of_{name}": value for name, value in at.items()}
    return tx.execute(_MOVE, {**of, "expected": expected, "version": version}).rowcount == 1


def _head(tx: Transaction) -> _Head:
    """The end of all facts, locked against other processes until this transaction ends."""
    tx.insert_new(head_table, {"id": 1, "sequence": 0})
    return _Head(tx.execute(select(head_table.c.sequence).where(head_table.c.id == 1).with_for_update()).scalar_one())


def _move_head(tx: Transaction, head: _Head) -> None:
    tx.execute(update(head_table).where(head_table.c.id == 1).values(sequence=head.sequence))
