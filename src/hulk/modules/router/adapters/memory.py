"""Decisions, receipts and policies in memory: for tests and for trying things out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.modules.router.domain.capability import Receipt
from hulk.modules.router.domain.decision import Decision
from hulk.modules.router.domain.policy import PolicySet, Version, expect


class MemoryDecisions:
    """`Decisions` in this process."""

    def __init__(self) -> None:
        self._kept: dict[str, Decision] = {}

    def record(self, decision: Decision) -> Change[None]:
        """See `Decisions`."""

        def change(_: Any) -> None:
            self._kept.setdefault(decision.id, decision)

        return change

    async def get(self, decision: str) -> Decision:
        """See `Decisions`."""
        if decision not in self._kept:
            raise NotFound("There is no decision {id}.", id=decision)
        return self._kept[decision]

    async def of_intent(self, tenant: str, intent: str) -> Sequence[Decision]:
        """See `Decisions`."""
        rows = [decision for decision in self._kept.values() if (decision.tenant, decision.intent) == (tenant, intent)]
        return sorted(rows, key=lambda decision: (decision.at, decision.id))

    async def recent(self, tenant: str, before: str | None, most: int) -> Sequence[Decision]:
        """See `Decisions`."""
        own = {one.id: (one.at, one.id) for one in self._kept.values() if one.tenant == tenant}
        if before is not None and before not in own:
            raise NotFound("There is no decision {id}.", id=before[:80])
        newest = sorted(own, key=own.__getitem__, reverse=True)
        return [self._kept[one] for one in newest if before is None or own[one] < own[before]][:most]


class MemoryReceipts:
    """`Receipts` in this process."""

    def __init__(self) -> None:
        self._kept: dict[str, Receipt] = {}

    def record(self, receipt: Receipt) -> Change[None]:
        """See `Receipts`."""

        def change(_: Any) -> None:
            self._kept.setdefault(receipt.id, receipt)

        return change

    async def of_decision(self, tenant: str, decision: str) -> Sequence[Receipt]:
        """See `Receipts`."""
        rows = [one for one in self._kept.values() if (one.tenant, one.decision) == (tenant, decision)]
        return sorted(rows, key=lambda one: (one.at, one.id))


class MemoryPolicySets:
    """`PolicySets` in this process."""

    def __init__(self) -> None:
        self._kept: dict[str, list[PolicySet]] = {}

    def add(self, wanted: PolicySet, expected: int | None = None) -> Change[tuple[PolicySet | None, PolicySet]]:
        """See `PolicySets`."""

        def change(_: Any) -> tuple[PolicySet | None, PolicySet]:
            known = self._kept.setdefault(wanted.version.tenant, [])
            before = known[-1] if known else None
            expect(expected, len(known))
            if before is not None and before.policies == wanted.policies:
                return before, before
            after = replace(wanted, version=replace(wanted.version, number=len(known) + 1))
            known.append(after)
            return before, after

        return change

    async def number(self, tenant: str) -> int:
        """See `PolicySets`."""
        return len(self._kept.get(tenant, ()))

    async def newest(self, tenant: str) -> PolicySet | None:
        """See `PolicySets`."""
        known = self._kept.get(tenant)
        return known[-1] if known else None

    async def get(self, tenant: str, number: int) -> PolicySet:
        """See `PolicySets`."""
        known = self._kept.get(tenant, [])
        if not 0 < number <= len(known):
            raise NotFound("There is no such version of the policies.")
        return known[number - 1]

    async def history(self, tenant: str, before: int | None, most: int) -> Sequence[Version]:
        """See `PolicySets`."""
        newest = [one.version for one in reversed(self._kept.get(tenant, []))]
        return [one for one in newest if before is None or one.number < before][:most]
