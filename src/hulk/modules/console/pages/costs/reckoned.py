"""Rows of the API's costs and budgets, reckoned for a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from hulk.modules.console.domain import each_day
from hulk.modules.console.pages.costs.wished import Wished


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """All that was spent in one currency; of it `assumed` is not known for sure. `days` has every day."""

    currency: str
    calls: int
    settled: Decimal
    assumed: Decimal
    reserved: Decimal
    days: Sequence[tuple[date, Decimal]]


def totals(rows: Sequence[Mapping[str, Any]], wished: Wished, today: date) -> Sequence[Total]:
    """By currency, of rows by day."""
    found = {row["currency"]: [one for one in rows if one["currency"] == row["currency"]] for row in rows}
    return [_total(currency, own, wished, today) for currency, own in sorted(found.items())]


def _total(currency: str, rows: Sequence[Mapping[str, Any]], wished: Wished, today: date) -> Total:
    sums = {name: sum((Decimal(row[name]) for row in rows), Decimal(0)) for name in ("settled", "assumed", "reserved")}
    known = {date.fromisoformat(row["day"]): Decimal(row["settled"]) for row in rows}
    days = each_day(wished.span.days(today), known)
    return Total(currency=currency, calls=sum(row["calls"] for row in rows), days=days, **sums)


def share(used: Mapping[str, Any]) -> float:
    """Which part of a limit is used up, reserved money too; 1 of nothing at all."""
    limit, taken = Decimal(used["limit"]), Decimal(used["spent"]) + Decimal(used["reserved"])
    return float(taken / limit) if limit else 1.0
