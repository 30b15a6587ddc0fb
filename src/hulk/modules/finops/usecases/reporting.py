"""Telling what was spent: page by page, and month by month as a report."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Text, Voice
from hulk.kernel.time import Clock
from hulk.modules.finops.domain import By, Cost, Costs, Wanted
from hulk.modules.finops.domain.reports import Order, as_csv, csv_rows, dimension, month_days, sums
from hulk.modules.finops.ports import CostBook
from hulk.modules.finops.usecases.rights import ALL, require

PAGE = 1000
MOST_ROWS = 100_000
REPORTED: tuple[By, ...] = ("tenant", "agent", "model")
"""By what a monthly report adds up."""


@dataclass(frozen=True, slots=True)
class ReportCosts:
    """What calls cost, added up by whatever is asked for."""

    book: CostBook
    clock: Clock

    async def __call__(
        self, by: Principal, groups: Sequence[str], since: date | None = None, until: date | None = None, *, tenant: str | None = None,
        only: Mapping[By, str] | None = None, order: Order = "name", after: str | None = None, most: int = 100,
    ) -> Costs:  # fmt: skip
        """A page, by default of this month. Raises `Forbidden`, and `Refused` for what cannot be added up by."""
        wanted = self.wanted(by, groups, since, until, tenant, only or {})
        return await self.book.costs(replace(wanted, order=order), after if order == "name" else None, most)

    async def whole(self, wanted: Wanted) -> Sequence[Cost]:
        """All pages, up to 100,000 rows."""
        rows: list[Cost] = []
        async for page in self.pages(wanted):
            rows += page
            if len(rows) >= MOST_ROWS:
                break
        return rows

    async def pages(self, wanted: Wanted) -> AsyncIterator[Sequence[Cost]]:
        """All pages, one after the other."""
        page = await self.book.costs(wanted, None, PAGE)
        yield page.rows
        while page.after is not None:
            page = await self.book.costs(wanted, page.after, PAGE)
            yield page.rows

    def wanted(
        self, by: Principal, groups: Sequence[str], since: date | None, until: date | None, tenant: str | None, only: Mapping[By, str]
    ) -> Wanted:
        """What is asked for, if it may be; raises as `__call__`."""
        whose = by.tenant if tenant is None else tenant
        require(by, "read", whose)
        today = self.clock().date()
        return Wanted(
            by=tuple(dict.fromkeys(dimension(name) for name in groups)), since=since or today.replace(day=1), until=until or today,
            tenant=None if whose == ALL else whose, only=only,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A month: what each agent of each tenant spent with each model, and the sum of each day."""

    month: str
    rows: Sequence[Cost]
    days: Sequence[Cost]

    @property
    def csv(self) -> str:
        """All rows."""
        return as_csv(REPORTED, self.rows)

    def by(self, place: int) -> Sequence[tuple[str, str, Decimal]]:
        """What was spent by the key at that place: key, currency and amount, the most first."""
        found: dict[tuple[str, str], Decimal] = {}
        for row in self.rows:
            key = (row.key[place], row.currency)
            found[key] = found.get(key, Decimal(0)) + row.settled
        return sorted(((name, currency, amount) for (name, currency), amount in found.items()), key=lambda one: (-one[2], one[0]))

    def markdown(self, voice: Voice, chart: str | None = None, note: Text | None = None) -> str:
        """For people: sums first, then tables; the `chart` is a file beside it, a `note` says why there is none."""
        say = voice.say
        total = ", ".join(f"{currency} {_read(voice, amount)}" for currency, amount in sums(self.rows).items()) or "0"
        lines = [f"# {say(Text('Costs of {month}', month=self.month))}", "", say(Text("In all: {total}.", total=total))]
        if assumed := sum((row.assumed for row in self.rows), Decimal(0)):
            lines.append(say(Text("Of this {amount} is assumed: the provider never said what it did cost.", amount=_read(voice, assumed))))
        if reserved := sum((row.reserved for row in self.rows), Decimal(0)):
            lines.append(say(Text("Still reserved: {amount}.", amount=_read(voice, reserved))))
        lines += ["", f"![{say(Text('Costs per day'))}]({chart})"] if chart else []
        lines += ["", say(note)] if note else []
        for place, title in enumerate((Text("By tenant"), Text("By agent"), Text("By model"))):
            lines += ["", f"## {say(title)}", "", *_table(voice, self.by(place))]
        return "\n".join([*lines, "", f"## {say(Text('In detail'))}", "", *_detail(voice, self.rows), ""])


@dataclass(frozen=True, slots=True)
class ReportMonth:
    """The report of a month of UTC."""

    costs: ReportCosts

    async def __call__(self, by: Principal, month: str, tenant: str | None = None) -> Report:
        """Of the tenant, or of all for `*`; raises `Forbidden`, and `Refused` for what is no month."""
        wanted = self._wanted(by, REPORTED, month, tenant)
        days = self._wanted(by, ("day",), month, tenant)
        return Report(month=month, rows=await self.costs.whole(wanted), days=await self.costs.whole(days))

    def csv(self, by: Principal, month: str, tenant: str | None = None) -> AsyncIterator[str]:
        """All of its rows, however many, a page at a time; raises as the report does, before the first."""
        return self._csv(self._wanted(by, REPORTED, month, tenant))

    async def _csv(self, wanted: Wanted) -> AsyncIterator[str]:
        yield as_csv(REPORTED, [])
        async for page in self.costs.pages(wanted):
            yield csv_rows(page)

    def _wanted(self, by: Principal, groups: Sequence[str], month: str, tenant: str | None) -> Wanted:
        since, until = month_days(month)
        return self.costs.wanted(by, groups, since, until, tenant, {})


def _table(voice: Voice, rows: Sequence[tuple[str, str, Decimal]]) -> list[str]:
    head = [f"| {voice.say(Text('what'))} | {voice.say(Text('cost'))} |", "|---|---:|"]
    return head + [f"| {_cell(name) or '—'} | {currency} {_read(voice, amount)} |" for name, currency, amount in rows]


def _detail(voice: Voice, rows: Sequence[Cost]) -> list[str]:
    heads = (Text("tenant"), Text("agent"), Text("model"), Text("calls"), Text("tokens in"), Text("tokens out"), Text("cost"))
    lines = ["| " + " | ".join(map(voice.say, heads)) + " |", "|---|---|---|---:|---:|---:|---:|"]
    for row in rows:
        names = " | ".join(_cell(name) or "—" for name in row.key)
        lines.append(f"| {names} | {row.calls} | {row.input_tokens} | {row.output_tokens} | {row.currency} {_read(voice, row.settled)} |")
    return lines


def _cell(text: str) -> str:
    """As a cell of a table: a name may have anything in it."""
    return " ".join(text.replace("|", "¦").split())


def _read(voice: Voice, amount: Decimal) -> str:
    """To a hundredth of a cent, for reading; the CSV has all digits."""
    return voice.number(float(amount), 4)
