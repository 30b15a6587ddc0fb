"""The tables of money, and the rows of charges."""

import functools
import json
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, Row, String, Table, Text

from hulk.kernel.records import from_json, to_json
from hulk.modules.finops.domain import Charge, Rate, Tariff, Usage
from hulk.runtime.store import Document, Exact, Moment, dumps, metadata

charge_table = Table(
    "charge",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("intent", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reserved", Exact, nullable=False),
    Column("amount", Exact, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("original", Exact, nullable=False),
    Column("rate", Exact),
    Column("rate_day", String(10)),
    Column("rate_source", String(256)),
    Column("at", Moment, nullable=False),
    Column("day", String(10), nullable=False),
    Column("deadline", Moment),
    Column("ended", Moment),
    Column("provider", String(128)),
    Column("model", String(256)),
    Column("agent", String(256)),
    Column("channel", String(256)),
    Column("person", String(256)),
    Column("decision", String(64)),
    Column("attempt", Integer, nullable=False),
    Column("tariff", Text),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cached_read_tokens", Integer, nullable=False),
    Column("cached_write_tokens", Integer, nullable=False),
    Column("reasoning_tokens", Integer, nullable=False),
    Column("seconds", Exact, nullable=False),
    Index("ix_charge_tenant_intent", "tenant", "intent"),
    Index("ix_charge_tenant_day", "tenant", "day"),
    Index("ix_charge_tenant_person_day", "tenant", "person", "day"),
    Index("ix_charge_day", "day"),
    Index("ix_charge_status_deadline", "status", "deadline"),
)
"""What decisions and calls cost. `rate` is what the tariff's currency cost in `currency` on `rate_day`; `day` is that of `at` in UTC."""

cost_table = Table(
    "cost",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("day", String(10), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("provider", String(128), nullable=False),
    Column("model", String(256), nullable=False),
    Column("agent", String(256), nullable=False),
    Column("channel", String(256), nullable=False),
    Column("personal", Boolean, nullable=False),
    Column("person", String(256), nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("settled", Exact, nullable=False),
    Column("assumed", Exact, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Index("ix_cost_tenant_personal_day", "tenant", "personal", "day"),
    Index("ix_cost_day_personal", "day", "personal"),
)
"""What calls that have ended did cost on a day: once by what names it, once by the person alone (`personal`). See `domain/daily.py`."""

intent_cost_table = Table(
    "intent_cost",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("tenant", String(64), primary_key=True),
    Column("intent", String(64), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("settled", Double, nullable=False),
    Index("ix_intent_cost_tenant_month_settled", "tenant", "month", "settled"),
)
"""What the calls of an intent that have ended did cost in a month, roughly: to find the dearest among very many. See `domain/daily.py`."""

spending_table = Table(
    "spending",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", String(64)),
    Column("owner", String(64), nullable=False),
    Column("budget", String(64), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("scope", Document, nullable=False),
    Column("period", String(10), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("limit", Exact),
    Column("reserved", Exact),
    Column("spent", Exact),
    Column("told", Integer, nullable=False),
    Column("foretold", Boolean, nullable=False),
    Index("ix_spending_period_budget", "period", "budget"),
)
"""What is reserved and spent in a day or month of a budget, or, where `budget` is empty, of a tenant. Null: not added up yet."""

budget_table = Table(
    "budget",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("scope", Document, nullable=False),
    Column("daily", Exact),
    Column("monthly", Exact),
    Column("origin", String(16), nullable=False),
    Column("until", Moment),
    Index("ix_budget_until", "until"),
)
"""Each version of each budget; the one that holds has no `until`."""

head_table = Table("budget_head", metadata, Column("id", Integer, primary_key=True), Column("version", Integer, nullable=False))
"""One row, which changes with every change of a budget: who counts holds it shared, who changes budgets alone."""

rate_table = Table(
    "rate",
    metadata,
    Column("base", String(3), primary_key=True),
    Column("quote", String(3), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("value", Exact, nullable=False),
    Column("source", String(256), nullable=False),
)
"""What one of `base` cost in `quote` on a day."""

_SAME = (
    "id", "tenant", "intent", "kind", "subject", "status", "reserved", "amount", "currency", "original", "at", "day", "deadline", "ended",
    "provider", "model", "agent", "channel", "person", "decision", "attempt",
)  # fmt: skip
_USED = ("input_tokens", "output_tokens", "cached_read_tokens", "cached_write_tokens", "reasoning_tokens", "seconds")


def row_of(charge: Charge) -> dict[str, Any]:
    """A charge as it is kept."""
    rate = charge.rate
    return {
        **{name: getattr(charge, name) for name in _SAME},
        **{name: getattr(charge.usage, name) for name in _USED},
        "tariff": charge.tariff and _written(charge.tariff),
        "rate": rate and rate.value,
        "rate_day": rate and rate.day.isoformat(),
        "rate_source": rate and rate.source,
    }


def moved_row(charge: Charge) -> dict[str, Any]:
    """What of a charge may change, with its id."""
    used = {name: getattr(charge.usage, name) for name in _USED}
    return {"id": charge.id, "status": charge.status, "amount": charge.amount, "original": charge.original, "ended": charge.ended, **used}


def charge_of(row: Row[Any]) -> Charge:
    """The reverse of `row_of`."""
    tariff = _read(row.tariff) if row.tariff is not None else None
    return Charge(
        **{name: getattr(row, name) for name in _SAME if name != "day"}, tariff=tariff, rate=_rate(row, tariff),
        usage=Usage(**{name: getattr(row, name) for name in _USED}),
    )  # fmt: skip


def _rate(row: Row[Any], tariff: Tariff | None) -> Rate | None:
    if row.rate is None or tariff is None:
        return None
    day = date.fromisoformat(row.rate_day)
    return Rate(base=tariff.currency, quote=row.currency, value=row.rate, day=day, source=row.rate_source)


@functools.lru_cache(512)
def _written(tariff: Tariff) -> str:
    """A tariff as it is kept with each charge. There are few, and many charges."""
    return dumps(to_json(tariff))


@functools.lru_cache(512)
def _read(text: str) -> Tariff:
    return from_json(Tariff, json.loads(text))
