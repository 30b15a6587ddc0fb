"""Money put together: its routes, its metrics, the chart of a report, and what `thor` asks of the store about it."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from fastapi import APIRouter

from hulk.apps.members import admin
from hulk.kernel.errors import Refused
from hulk.kernel.events import Trail
from hulk.kernel.text import Text, Voice
from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget, Rate, Report, Scope, Used, WrongDay
from hulk.modules.finops.api import routes, shown_cost, shown_use
from hulk.modules.finops.settings import FinopsSettings
from hulk.modules.finops.wiring import Money, money
from hulk.modules.skills import Bars, Chart, Charts, Columns
from hulk.modules.tools.wiring import charts
from hulk.runtime.config import Config
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics

Row: TypeAlias = Mapping[str, Any]
MOST_BARS = 15
NO_CHART = Text("There is no chart, because nothing here can draw one: pip install 'hulk-ops[data]'.")


def money_routes(acts: Money, settings: FinopsSettings) -> list[APIRouter]:
    """The routes."""
    return routes(acts.costs, acts.month, partial(drawn, charts()), acts.budgets, acts.rates, settings.currency)


def budget_figures(metrics: Metrics) -> Callable[[Sequence[Used]], None]:
    """What shows how much is spent of each budget: of those with a `*`, the fullest. No person's name becomes a label."""
    gauge = metrics.gauge("hulk_budget_spent_ratio", "Spent of a budget's limit, 0 to 1; its fullest count.", ["owner", "budget", "period"])

    def show(used: Sequence[Used]) -> None:
        gauge.clear()
        fullest: dict[tuple[str, str, str], float] = {}
        for one in used:
            key = (one.budget.owner, one.budget.name or "tenant", "day" if len(one.period) > len("2026-11") else "month")
            fullest[key] = max(fullest.get(key, 0.0), one.ratio)
        for key, ratio in fullest.items():
            gauge.labels(*key).set(ratio)

    return show


async def drawn(charts: Charts, report: Report, voice: Voice) -> bytes:
    """The report's chart as PNG. Raises `Refused` where nothing can draw or nothing was spent."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chart.png"
        try:
            await charts.draw(_chart(report, voice), path)
        except ImportError as error:
            raise Refused(NO_CHART) from error
        return path.read_bytes()


def _chart(report: Report, voice: Voice) -> Chart:
    """The days of the month, then what was spent by agent and by model."""
    if not report.rows:
        raise Refused("Nothing was spent in {month}, so there is nothing to draw.", month=report.month)
    say, currencies = voice.say, sorted({row.currency for row in report.rows})
    panels = [one for currency in currencies for one in _panels(report, currency, say)]
    return Chart(title=say(Text("Costs of {month}", month=report.month)), panels=tuple(panels))


def _panels(report: Report, currency: str, say: Callable[[Text], str]) -> list[Bars | Columns]:
    spent = {row.key[0]: row.settled for row in report.days if row.currency == currency}
    days = [f"{report.month}-{number:02}" for number in range(1, int(max(spent)[8:]) + 1)]
    values = tuple(float(spent.get(day, 0)) for day in days)
    by_day = Columns(title=say(Text("Costs per day")), labels=tuple(day[8:] for day in days), values=values, unit=currency)
    return [by_day, _bars(report, 1, Text("By agent"), currency, say), _bars(report, 2, Text("By model"), currency, say)]


def _bars(report: Report, place: int, title: Text, currency: str, say: Callable[[Text], str]) -> Bars:
    """The dearest, and all others together."""
    rows = [(name or "—", float(amount)) for name, unit, amount in report.by(place) if unit == currency]
    shown, rest = rows[:MOST_BARS], rows[MOST_BARS:]
    if rest:
        shown = [*shown, (say(Text("{count} others", count=len(rest))), sum(amount for _, amount in rest))]
    return Bars(title=say(title), labels=tuple(name for name, _ in shown), values=tuple(amount for _, amount in shown), unit=currency)


@dataclass(frozen=True, slots=True)
class MoneyRows:
    """The acts on money, as an admin of the tenant named; `*` is an admin of the tenant `default` who looks at all."""

    acts: Money
    currency: str
    voice: Voice

    async def costs(self, tenant: str, by: Sequence[str], since: date | None, until: date | None, only: Mapping[Any, str]) -> list[Row]:
        """What was spent, the most first."""
        groups = list(dict.fromkeys(by)) or ["model"]
        wanted = self.acts.costs.wanted(_who(tenant), groups, since, until, tenant, only)
        rows = sorted(await self.acts.costs.whole(wanted), key=lambda row: (-row.settled, row.key))
        return [_flat(shown_cost(groups, row)) for row in rows]

    async def report(self, tenant: str, month: str, out: Path) -> list[Row]:
        """Writes the report of a month into a folder; gives the files."""
        report = await self.acts.month(_who(tenant), month, tenant)
        try:
            picture, note = await drawn(charts(), report, self.voice), None
        except Refused as error:
            picture, note = None, error.text
        return [{"file": str(file)} for file in await asyncio.to_thread(_written, report, self.voice, out, picture, note)]

    async def verify(self, since: date | None, until: date | None) -> list[Row]:
        """The days whose sums are not what the charges say."""
        return [_wrong(one) for one in await self.acts.verify(_who("*"), since, until)]

    async def mend(self, since: date | None, until: date | None) -> list[Row]:
        """The same days, whose sums are now."""
        return [_wrong(one) for one in await self.acts.verify.mend(_who("*"), since, until)]

    async def budgets(self, tenant: str) -> list[Row]:
        """What is used of each budget today and this month; those of which nothing is used too."""
        budgets, used = await self.acts.budgets.list(_who(tenant), tenant)
        shown = [_flat(shown_use(one)) for one in used]
        idle = [one for one in budgets if not any(row["budget"] == one.name for row in shown)]
        return [*shown, *(row for one in idle for row in _idle(one))]

    async def put_budget(
        self, tenant: str, name: str, scope: Mapping[str, str | None], daily: str | None, monthly: str | None, why: str
    ) -> list[Row]:
        """The budget as it holds now."""
        wanted = Budget(
            name=name, currency=self.currency, scope=Scope(**{"tenant": tenant, **_given(scope)}), daily=amount(daily),
            monthly=amount(monthly),
        )  # fmt: skip
        made = await self.acts.budgets.put(admin(tenant), wanted, why)
        return [{"name": made.name, "version": made.version, "scope": str(made.scope), "daily": made.daily, "monthly": made.monthly}]

    async def remove_budget(self, tenant: str, name: str, why: str) -> list[Row]:
        """Nothing holds of it any more."""
        await self.acts.budgets.remove(admin(tenant), name, why)
        return [{"name": name, "removed": True}]

    async def rates(self, limit: int) -> list[Row]:
        """The newest."""
        return [_rate(one) for one in await self.acts.rates.list(_who("*"), limit)]

    async def set_rate(self, base: str, quote: str, value: str, day: date | None, why: str) -> list[Row]:
        """A rate as it is kept."""
        rate = Rate(base=base.upper(), quote=quote.upper(), value=amount(value) or Decimal(0), day=day or utc_now().date(), source="thor")
        if not all(len(one) == 3 and one.isascii() and one.isalpha() for one in (base, quote)):
            raise Refused("A currency is three letters, such as USD; “{currency}” is none.", currency=f"{base} {quote}"[:80])
        return [_rate(await self.acts.rates.set(_who("*"), rate, why))]


def _written(report: Report, voice: Voice, out: Path, picture: bytes | None, note: Text | None) -> list[Path]:
    """The files of a report."""
    out.mkdir(parents=True, exist_ok=True)
    text, table, chart = (out / f"costs-{report.month}.{ending}" for ending in ("md", "csv", "png"))
    text.write_text(report.markdown(voice, chart.name if picture else None, note), encoding="utf-8")
    table.write_text(report.csv, encoding="utf-8", newline="")
    if picture is None:
        return [text, table]
    chart.write_bytes(picture)
    return [text, table, chart]


def money_rows(config: Config, store: Store, trail: Trail, voice: Voice) -> MoneyRows:
    """Over that store."""
    settings = config.section(FinopsSettings)
    return MoneyRows(money(store, settings, trail), settings.currency, voice)


def amount(text: str | None) -> Decimal | None:
    """A number as people write it, if any; raises `Refused`."""
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation as error:
        raise Refused("“{text}” is no number; write 12.50.", text=str(text)[:80]) from error


def _who(tenant: str) -> Any:
    return admin("default" if tenant == "*" else tenant)


def _given(scope: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in scope.items() if value is not None}


def _wrong(one: WrongDay) -> Row:
    return {"day": one.day, "sums": len(one.places), "tenants": ", ".join(one.tenants)}


def _idle(budget: Budget) -> Iterator[Row]:
    """A budget of which nothing is used."""
    for limit, period in ((budget.daily, "day"), (budget.monthly, "month")):
        if limit is not None:
            nothing = {"limit": f"{limit:f}", "spent": "0", "reserved": "0", "left": f"{limit:f}"}
            yield {"budget": budget.name, "period": period, "currency": budget.currency, **nothing, "scope": str(budget.scope)}


def _rate(rate: Rate) -> Row:
    return {"base": rate.base, "quote": rate.quote, "value": f"{rate.value:f}", "day": rate.day.isoformat(), "source": rate.source}


def _flat(row: Row) -> dict[str, Any]:
    """What is nested, as a column of its own or in a line."""
    flat = {name: value for name, value in row.items() if name not in ("tokens", "scope")}
    if "tokens" in row:
        flat |= {f"tokens_{name}": count for name, count in row["tokens"].items()}
    if "scope" in row:
        flat["scope"] = ", ".join(f"{name} {value}" for name, value in row["scope"].items())
    return flat
