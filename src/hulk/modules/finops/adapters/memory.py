"""A ledger, budgets and rates in memory, and a price list given by hand: for tests and for trying things out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import Exhausted, NotFound
from hulk.kernel.events import Trail
from hulk.modules.finops.domain import (
    Budget,
    By,
    Charge,
    Cost,
    Costs,
    Count,
    Priced,
    Rate,
    Slot,
    Spending,
    Tariff,
    Usage,
    Used,
    Wanted,
    assumed,
    released,
    settled,
)
from hulk.modules.finops.domain.budgets import Origin, slots, succeeding, unlike_settings
from hulk.modules.finops.domain.daily import Month, Place, exact_sum
from hulk.modules.finops.domain.keeping import Entry, InForce, Move, Outcome, Page
from hulk.modules.finops.domain.reports import key_of, written_key
from hulk.modules.finops.ports import SlotsOf


@dataclass(slots=True)
class MemoryBudgets:
    """Keeps `Budgets`' promises in this process, with the counts of a `MemoryLedger`."""

    kept: dict[tuple[str, str], list[Budget]] = field(default_factory=dict)
    held: dict[tuple[str, str], Budget] = field(default_factory=dict)
    counts: dict[str, tuple[Slot, Count]] = field(default_factory=dict)

    def put(self, wanted: Budget, now: datetime) -> Change[tuple[Budget | None, Budget]]:
        """See `Budgets`."""

        def change(_: Any) -> tuple[Budget | None, Budget]:
            key = (wanted.owner, wanted.name)
            before, versions = self.held.get(key), self.kept.setdefault(key, [])
            unlike_settings(before, wanted.origin)
            after = succeeding(before, wanted, len(versions), now)
            if before is not None and after.same(before):
                return before, before
            self.held[key] = after
            versions.append(after)
            return before, after

        return change

    def remove(self, owner: str, name: str, origin: Origin, now: datetime) -> Change[Budget]:  # noqa: ARG002  # when, nobody asks here
        """See `Budgets`."""

        def change(_: Any) -> Budget:
            if (owner, name) not in self.held:
                raise NotFound("There is no budget “{name}”.", name=name[:80])
            unlike_settings(self.held[owner, name], origin)
            return self.held.pop((owner, name))

        return change

    async def holding(self) -> Sequence[Budget]:
        """See `Budgets`."""
        return [self.held[key] for key in sorted(self.held)]

    async def versions(self, owner: str, name: str) -> Sequence[Budget]:
        """See `Budgets`."""
        return list(self.kept.get((owner, name), ()))

    async def used(self, periods: Sequence[str]) -> Sequence[Used]:
        """See `Budgets`."""
        return [
            Used(id=id_, budget=budget, values=slot.values, period=slot.period, limit=count.limit, reserved=count.reserved,
                 spent=count.spent, foretold=count.foretold)
            for id_, (slot, count) in self.counts.items()
            if slot.period in periods and count.limit is not None and (budget := self._holding(slot.budget)) is not None
        ]  # fmt: skip

    def foretell(self, count: str) -> Change[bool]:
        """See `Budgets`."""

        def change(_: Any) -> bool:
            found = self.counts[count][1]
            before, found.foretold = found.foretold, True
            return not before

        return change

    def _holding(self, budget: Budget) -> Budget | None:
        holds = self.held.get((budget.owner, budget.name))
        return budget if budget.total else holds if holds is not None and holds.epoch == budget.epoch else None


class MemoryLedger:
    """Keeps `Ledger`'s promises in this process: a change runs whole, because nothing in it waits."""

    def __init__(self, budgets: MemoryBudgets | None = None, trail: Trail | None = None) -> None:
        self._charges: dict[str, Charge] = {}
        self._budgets = budgets or MemoryBudgets()
        self._trail = trail

    def record(self, charge: Charge) -> Change[None]:
        """See `Ledger`."""

        def change(_: Any) -> None:
            self._charges.setdefault(charge.id, charge)

        return change

    def reserve(self, charge: Charge, budget: Budget) -> Change[Charge | Exhausted]:
        """See `Ledger`."""
        return self._change(Entry(charge.id, new=charge, own=budget))

    def settle(self, id_: str, usage: Usage, at: datetime) -> Change[Charge]:
        """See `Ledger`."""
        return self._moved(id_, lambda before: settled(before, usage, at))

    def assume(self, id_: str, at: datetime) -> Change[Charge]:
        """See `Ledger`."""
        return self._moved(id_, lambda before: assumed(before, at))

    def release(self, id_: str, at: datetime) -> Change[Charge]:
        """See `Ledger`."""
        return self._moved(id_, lambda before: released(before, at))

    async def of_intent(self, tenant: str, intent: str) -> Sequence[Charge]:
        """See `Ledger`."""
        rows = [charge for charge in self._charges.values() if (charge.tenant, charge.intent) == (tenant, intent)]
        return sorted(rows, key=lambda charge: (charge.at, charge.id))

    async def spending(self, slot: Slot) -> Spending | None:
        """See `Ledger`."""
        used = self._budgets.counts[slot.id][1].used if slot.id in self._budgets.counts else Decimal(0)
        return Spending(tenant=slot.scope.tenant or "", period=slot.period, currency=slot.budget.currency, amount=used) if used else None

    async def standing(self, slots_of: SlotsOf) -> Sequence[tuple[Slot, Decimal]]:
        """See `Ledger`."""
        counts, slots = self._budgets.counts, slots_of(await self._budgets.holding())
        return [(slot, counts[slot.id][1].used if slot.id in counts else Decimal(0)) for slot in slots]

    async def overdue(self, moment: datetime, most: int) -> Sequence[Charge]:
        """See `Ledger`."""
        rows = [one for one in self._charges.values() if one.status == "reserved" and one.deadline is not None and one.deadline < moment]
        return sorted(rows, key=lambda charge: (charge.deadline, charge.id))[:most]

    async def costs(self, wanted: Wanted, after: str | None, most: int) -> Costs:
        """See `CostBook`."""
        groups: dict[tuple[str, ...], list[Charge]] = {}
        for charge in (one for one in self._charges.values() if _is_wanted(one, wanted)):
            groups.setdefault((*(_key(charge, name) for name in wanted.by), charge.currency), []).append(charge)
        if wanted.order == "cost":
            rows = sorted((_cost(key, groups[key]) for key in sorted(groups)), key=lambda one: -one.settled)
            return Costs(rows[:most], None)
        behind = sorted(key for key in groups if after is None or key > key_of(after, len(wanted.by) + 1))
        page = behind[:most]
        return Costs([_cost(key, groups[key]) for key in page], written_key(page[-1]) if len(behind) > most else None)

    async def days(self) -> Sequence[str]:
        """See `CostBook`."""
        return sorted({charge.day for charge in self._charges.values() if charge.kind == "model"})

    async def differing(self, day: str) -> Sequence[Place | Month]:  # noqa: ARG002  # it keeps no sums
        """See `CostBook`."""
        return []

    def mended(self, day: str) -> Change[Sequence[Place | Month]]:  # noqa: ARG002
        """See `CostBook`."""
        return lambda _: []

    def _moved(self, id_: str, move: Move) -> Change[Charge]:
        return self._change(Entry(id_, move=move))

    def _change(self, entry: Entry) -> Change[Any]:
        return lambda tx: self._written(tx, entry)

    def _written(self, tx: Any, entry: Entry) -> Outcome:
        there = {entry.id: self._charges[entry.id]} if entry.id in self._charges else {}
        page = Page(InForce.of(list(self._budgets.held.values())), there)
        page.counts = {id_: self._count(id_, slot) for id_, slot in page.needs([entry]).items()}
        outcome = page.write(entry)
        if isinstance(outcome, NotFound):
            raise outcome
        self._charges |= page.charges
        if self._trail is not None and page.events:
            self._trail.append(*page.events)(tx)
        return outcome

    def _count(self, id_: str, slot: Slot) -> Count:
        if id_ not in self._budgets.counts:
            count = Count()
            for charge in (one for one in self._charges.values() if one.kind == "model"):
                if any(one.id == id_ for one in slots(charge, [slot.budget])):
                    count.move(None, charge)
            self._budgets.counts[id_] = (slot, count)
        return self._budgets.counts[id_][1]


def _key(charge: Charge, name: By) -> str:
    return f"{charge.provider or ''}/{charge.model or ''}" if name == "model" else str(getattr(charge, name) or "")


def _is_wanted(charge: Charge, wanted: Wanted) -> bool:
    if charge.kind != "model" or charge.status == "released" or not wanted.since.isoformat() <= charge.day <= wanted.until.isoformat():
        return False
    return wanted.tenant in (None, charge.tenant) and all(_key(charge, name) == value for name, value in wanted.only.items())


def _cost(key: tuple[str, ...], charges: Sequence[Charge]) -> Cost:
    done = [one for one in charges if one.status != "reserved"]
    return Cost(
        key=key[:-1], currency=key[-1], calls=len(charges),
        settled=exact_sum(one.amount for one in done),
        assumed=exact_sum(one.amount for one in done if one.status == "assumed"),
        reserved=exact_sum(one.reserved for one in charges if one.status == "reserved"),
        input_tokens=sum(one.usage.input_tokens for one in charges),
        output_tokens=sum(one.usage.output_tokens for one in charges),
        cached_tokens=sum(one.usage.cached_read_tokens + one.usage.cached_write_tokens for one in charges),
        reasoning_tokens=sum(one.usage.reasoning_tokens for one in charges),
    )  # fmt: skip


@dataclass(slots=True)
class MemoryRates:
    """Keeps `Rates`' promises in this process."""

    kept: dict[tuple[str, str, str], Rate] = field(default_factory=dict)

    def put(self, rate: Rate) -> Change[Rate | None]:
        """See `Rates`."""

        def change(_: Any) -> Rate | None:
            key = (rate.base, rate.quote, rate.day.isoformat())
            before = self.kept.get(key)
            self.kept[key] = rate
            return before

        return change

    async def newest(self, base: str, quote: str) -> Rate | None:
        """See `Rates`."""
        return max((one for one in self.kept.values() if (one.base, one.quote) == (base, quote)), key=lambda one: one.day, default=None)

    async def recent(self, most: int) -> Sequence[Rate]:
        """See `Rates`."""
        return sorted(sorted(self.kept.values(), key=lambda one: (one.base, one.quote)), key=lambda one: one.day, reverse=True)[:most]


class PriceTable:
    """Tariffs by the provider's and the model's name."""

    def __init__(self, tariffs: Mapping[tuple[str, str], Tariff]) -> None:
        self._tariffs = dict(tariffs)

    async def tariff(self, priced: Priced) -> Tariff | None:
        """See `Prices`."""
        return self._tariffs.get((priced.provider, priced.model))
