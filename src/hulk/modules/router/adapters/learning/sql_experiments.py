"""Experiments, and the versions and prices of models, in the store."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Index, Row, String, Table, bindparam, or_, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, NotFound
from hulk.kernel.records import fields_of, from_json, to_json
from hulk.kernel.text import Text
from hulk.modules.router.domain.learning.drift import Regime
from hulk.modules.router.domain.learning.experiments import Experiment
from hulk.runtime.store import Document, Moment, Store, Transaction, metadata

experiment_table = Table(
    "experiment",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("created", Moment, nullable=False),
    Column("status", String(16), nullable=False),
    Column("state", Document, nullable=False),
    Index("ix_experiment_tenant_name", "tenant", "name", unique=True),
)
"""An experiment with its evidence."""

regime_table = Table(
    "regime",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("arm", String(128), primary_key=True),
    Column("since", Moment, primary_key=True),
    Column("regime", String(16), nullable=False),
    Column("version", String(256), nullable=False),
    Column("price", String(256), nullable=False),
    Column("why", Document, nullable=False),
)
"""Since when a model is at a version and price, and why that began."""

_EXPERIMENT, _REGIME = experiment_table.c, regime_table.c
_NAMED = select(experiment_table).where(
    _EXPERIMENT.tenant == bindparam("of"), or_(_EXPERIMENT.id == bindparam("one"), _EXPERIMENT.name == bindparam("one"))
)
_HELD = _NAMED.with_for_update()
_ALL = select(experiment_table).where(_EXPERIMENT.tenant == bindparam("of")).order_by(_EXPERIMENT.created.desc(), _EXPERIMENT.id.desc())
_WRITE = update(experiment_table).where(_EXPERIMENT.id == bindparam("one"))
_HISTORY = select(regime_table).where(_REGIME.tenant == bindparam("of")).order_by(_REGIME.since, _REGIME.arm)
_LAST = (
    select(_REGIME.regime).where(_REGIME.tenant == bindparam("of"), _REGIME.arm == bindparam("one")).order_by(_REGIME.since.desc()).limit(1)
)


class SqlExperiments:
    """`Experiments` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, experiment: Experiment) -> Change[None]:
        """See `Experiments`."""
        row = {"id": experiment.id, "tenant": experiment.tenant, "name": experiment.name, "created": experiment.created}

        def change(tx: Transaction) -> None:
            if not tx.insert_new(experiment_table, {**row, **_state(experiment)}):
                raise Conflict("There is an experiment “{name}” already.", name=experiment.name)

        return change

    def change(self, tenant: str, id_: str, rule: Callable[[Experiment], Experiment]) -> Change[tuple[Experiment, Experiment]]:
        """See `Experiments`."""

        def change(tx: Transaction) -> tuple[Experiment, Experiment]:
            before = _found(tx.execute(_HELD, {"of": tenant, "one": id_}).one_or_none(), id_)
            after = rule(before)
            tx.execute(_WRITE, {"one": before.id, **_state(after)})
            return before, after

        return change

    async def get(self, tenant: str, name: str) -> Experiment:
        """See `Experiments`."""
        at = {"of": tenant, "one": name}
        return _found(await self._store.read(lambda connection: connection.execute(_NAMED, at).one_or_none()), name)

    async def of_tenant(self, tenant: str) -> Sequence[Experiment]:
        """See `Experiments`."""

        def read(connection: Connection) -> list[Experiment]:
            return [from_json(Experiment, row.state) for row in connection.execute(_ALL, {"of": tenant})]

        return await self._store.read(read)


def _state(experiment: Experiment) -> dict[str, Any]:
    return {"status": experiment.status, "state": to_json(experiment)}


def _found(row: Row[Any] | None, name: str) -> Experiment:
    if row is None:
        raise NotFound("There is no experiment “{name}”.", name=name[:80])
    return from_json(Experiment, row.state)


class SqlRegimes:
    """`Regimes` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def began(self, regime: Regime) -> Change[None]:
        """See `Regimes`."""
        names = ("tenant", "arm", "since", "regime", "version", "price")
        row = {name: getattr(regime, name) for name in names} | {"why": regime.why.to_json()}

        def change(tx: Transaction) -> None:
            last = tx.execute(_LAST, {"of": regime.tenant, "one": regime.arm}).scalar()
            if last != regime.regime:
                tx.insert_new(regime_table, row)

        return change

    async def history(self, tenant: str) -> Sequence[Regime]:
        """See `Regimes`."""

        def read(connection: Connection) -> list[Regime]:
            return [_regime(row) for row in connection.execute(_HISTORY, {"of": tenant})]

        return await self._store.read(read)


def _regime(row: Row[Any]) -> Regime:
    return Regime(**{**fields_of(Regime, row), "why": Text.from_json(row.why)})
