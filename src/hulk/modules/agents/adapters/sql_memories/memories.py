"""What a search weighs is read anew each time; vectors, which never change, are held from one search to the next."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, select, update

from hulk.kernel.durable import Change
from hulk.modules.agents.adapters import nearest
from hulk.modules.agents.adapters.shelves import Shelves
from hulk.modules.agents.adapters.sql_memories.tables import memory_of, memory_table, name_table, row_of
from hulk.modules.agents.domain.memory import Memory, weakest
from hulk.modules.agents.domain.memory.fading import DAY, retention
from hulk.modules.agents.domain.memory.memory import absent, require_superseded
from hulk.modules.agents.ports.memories import Near, Sought, Which
from hulk.modules.router import Label
from hulk.runtime.store import Store, Transaction, among

_its, _names = memory_table.c, name_table.c
_ONE = select(memory_table).where(_its.tenant == bindparam("of"), _its.id == bindparam("one"))
_HELD = _ONE.with_for_update()
_SOME = select(memory_table).where(_its.tenant == bindparam("of"), among(_its.id, "some"))
_SOME_HELD = _SOME.order_by(_its.id).with_for_update()
_KNOWN = select(memory_table).join(
    name_table, (_names.tenant == _its.tenant) & (_names.memory == _its.id)
).where(_names.tenant == bindparam("of"), _names.id == bindparam("one"))  # fmt: skip
_CHANGE = update(memory_table).where(_its.tenant == bindparam("of"), _its.id == bindparam("one"))
_VECTORS = select(_its.id, _its.vector).where(_its.tenant == bindparam("of"), among(_its.id, "some"))
_WEIGHTS = select(_its.id, _its.strength, _its.used).where(_its.tenant == bindparam("of"), _its.agent == bindparam("whose"))
_COUNT = select(func.count()).where(_its.tenant == bindparam("of"), _its.agent == bindparam("whose"))
_DELETE = delete(memory_table).where(_its.tenant == bindparam("of"), among(_its.id, "some"))
_DELETE_NAMES = delete(name_table).where(_names.tenant == bindparam("of"), among(_names.memory, "some"))
_Deleted: TypeAlias = Sequence[Memory]


class SqlMemories:
    """`Memories` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._shelves = Shelves()

    def keep(self, memory: Memory, supersedes: str | None = None) -> Change[tuple[Memory, bool]]:
        """See `Memories`."""

        def change(tx: Transaction) -> tuple[Memory, bool]:
            if not tx.insert_new(name_table, {"tenant": memory.tenant, "id": memory.id, "memory": memory.id}):
                return _known(tx, memory.tenant, memory.id), False
            if supersedes is not None:
                require_superseded(_held(tx, memory.tenant, supersedes), memory, supersedes)
                tx.execute(_CHANGE, {"of": memory.tenant, "one": supersedes, "superseded_by": memory.id})
            tx.insert_all(memory_table, [row_of(memory)])
            return memory, True

        return change

    def repeat(self, tenant: str, id_: str, again: str, now: datetime, labels: tuple[Label, ...]) -> Change[tuple[Memory, bool]]:
        """See `Memories`."""

        def change(tx: Transaction) -> tuple[Memory, bool]:
            found = _held(tx, tenant, id_)
            if found is None:
                raise absent(id_)
            if not tx.insert_new(name_table, {"tenant": tenant, "id": again, "memory": id_}):
                return _known(tx, tenant, again), False
            return _changed(tx, found.repeated(now, labels)), True

        return change

    async def known(self, tenant: str, id_: str) -> Memory | None:
        """See `Memories`."""
        row = await self._store.read(lambda connection: connection.execute(_KNOWN, {"of": tenant, "one": id_}).one_or_none())
        return None if row is None else memory_of(row)

    async def get(self, tenant: str, id_: str) -> Memory:
        """See `Memories`."""
        row = await self._store.read(lambda connection: connection.execute(_ONE, {"of": tenant, "one": id_}).one_or_none())
        if row is None:
            raise absent(id_)
        return memory_of(row)

    async def near(self, sought: Sought) -> Sequence[Near]:
        """See `Memories`."""
        return await self._store.read(lambda connection: self._near(connection, sought))

    def _near(self, connection: Connection, sought: Sought) -> Sequence[Near]:
        weights = connection.execute(_weighed(sought)).all()
        if not weights:
            return []
        ids, strengths, used = ([row[place] for row in weights] for place in range(3))

        def read(missing: Sequence[str]) -> Sequence[tuple[str, bytes]]:
            rows = connection.execute(_VECTORS, {"of": sought.tenant, "some": missing}).all()
            return [(row.id, row.vector) for row in rows]

        vectors = self._shelves.rows((sought.tenant, sought.agent, sought.model), ids, len(sought.vector), read)
        cosine = nearest.cosines(vectors, sought.vector)
        scored = nearest.scores(cosine, () if sought.faded else nearest.ages(used, sought.now.timestamp()), strengths)
        places = nearest.best(scored, sought.most)
        some = connection.execute(_SOME, {"of": sought.tenant, "some": [ids[place] for place in places]}).all()
        kept = {row.id: memory_of(row) for row in some}
        found = [(kept.get(ids[place]), place) for place in places]
        return [Near(one, float(cosine[place]), float(scored[place])) for one, place in found if one is not None]

    async def of(self, which: Which, most: int, before: str | None = None) -> Sequence[Memory]:
        """See `Memories`."""
        found = _meant(which).order_by(_its.created.desc(), _its.id.desc()).limit(most)
        if before is not None:
            last = select(_its.created).where(_its.tenant == which.tenant, _its.id == before).scalar_subquery()
            found = found.where((_its.created < last) | ((_its.created == last) & (_its.id < before)))
        return [memory_of(row) for row in await self._store.read(lambda connection: connection.execute(found).all())]

    def used(self, tenant: str, ids: Sequence[str], now: datetime) -> Change[None]:
        """See `Memories`."""

        def change(tx: Transaction) -> None:
            for id_ in sorted(ids):  # in one order, so that two that recall the same never wait for one another
                if (found := _held(tx, tenant, id_)) is not None:
                    _changed(tx, found.used(now))

        return change

    def forget(self, which: Which, most: int) -> Change[_Deleted]:
        """See `Memories`."""
        return _deleting(lambda tx: tx.execute(_meant(which).order_by(_its.id).limit(most).with_for_update()).all())

    def sweep(self, now: datetime, most: int) -> Change[_Deleted]:
        """See `Memories`."""
        ended = select(memory_table).where(_its.ends <= now).order_by(_its.ends).limit(most).with_for_update(skip_locked=True)
        return _deleting(lambda tx: tx.execute(ended).all())

    def thin(self, tenant: str, agent: str, now: datetime, most: int) -> Change[_Deleted]:
        """See `Memories`."""

        def going(tx: Transaction) -> Sequence[Row[Any]]:
            whose = {"of": tenant, "whose": agent}
            if tx.execute(_COUNT, whose).scalar_one() <= most:
                return []
            kept = _remembered(tx.execute(_WEIGHTS, whose).all(), now)
            return tx.execute(_SOME_HELD, {"of": tenant, "some": weakest(kept, most)}).all()

        return _deleting(going)

    async def others(self, model: str, most: int) -> Sequence[Memory]:
        """See `Memories`."""
        wanted = select(memory_table).where(_its.model != model).limit(most)
        return [memory_of(row) for row in await self._store.read(lambda connection: connection.execute(wanted).all())]

    def embed(self, tenant: str, id_: str, model: str, vector: bytes) -> Change[None]:
        """See `Memories`."""

        def change(tx: Transaction) -> None:
            tx.execute(_CHANGE, {"of": tenant, "one": id_, "model": model, "vector": vector})

        return change


def _weighed(sought: Sought) -> Select[Any]:
    found = select(_its.id, _its.strength, _its.used).where(
        _its.tenant == sought.tenant, _its.agent == sought.agent, _its.model == sought.model, _its.superseded_by.is_(None),
        _its.ends > sought.now,
    )  # fmt: skip
    if sought.namespaces is not None:
        found = found.where(_its.namespace.in_(sorted(sought.namespaces)))
    if sought.kinds:
        found = found.where(_its.kind.in_(sought.kinds))
    return found.order_by(_its.id) if sought.sensitive else found.where(_its.p0.is_(False)).order_by(_its.id)


def _meant(which: Which) -> Select[Any]:
    same = {name: getattr(which, name) for name in ("agent", "task", "source", "actor", "about")} | {"id": which.memory}
    found = select(memory_table).where(_its.tenant == which.tenant, *(_its[name] == value for name, value in same.items() if value))
    return found if which.namespaces is None else found.where(_its.namespace.in_(sorted(which.namespaces)))


def _deleting(going: Callable[[Transaction], Sequence[Row[Any]]]) -> Change[_Deleted]:
    def change(tx: Transaction) -> _Deleted:
        found = [memory_of(row) for row in going(tx)]
        for tenant in {one.tenant for one in found}:
            its = {"of": tenant, "some": [one.id for one in found if one.tenant == tenant]}
            tx.execute(_DELETE, its)
            tx.execute(_DELETE_NAMES, its)
        return found

    return change


def _remembered(weights: Sequence[Row[Any]], now: datetime) -> dict[str, float]:
    moment = now.timestamp()
    return {row.id: retention(max(0.0, moment - row.used) / DAY, row.strength) for row in weights}


def _held(tx: Transaction, tenant: str, id_: str) -> Memory | None:
    row = tx.execute(_HELD, {"of": tenant, "one": id_}).one_or_none()
    return None if row is None else memory_of(row)


def _known(tx: Transaction, tenant: str, id_: str) -> Memory:
    return memory_of(tx.execute(_KNOWN, {"of": tenant, "one": id_}).one())


def _changed(tx: Transaction, memory: Memory) -> Memory:
    row = row_of(memory)
    changed = {name: row[name] for name in ("strength", "uses", "last_used", "used", "ends", "labels", "p0")}
    tx.execute(_CHANGE, {"of": memory.tenant, "one": memory.id, **changed})
    return memory
