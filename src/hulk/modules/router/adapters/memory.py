"""Decisions and receipts in memory: for tests and for trying things out."""

from collections.abc import Sequence
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.modules.router.domain.capability import Receipt
from hulk.modules.router.domain.decision import Decision


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
