"""Quotas in memory: for tests and for trying things out."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import OverQuota
from hulk.kernel.time import Clock
from hulk.modules.quotas.domain import Counted, Limits, Own, Standing
from hulk.modules.quotas.ports import UnderWay


@dataclass(slots=True)
class MemoryQuotas:
    """Keeps `Quotas`' promises in this process."""

    defaults: Limits
    under_way: UnderWay
    clock: Clock
    kept: dict[str, Standing] = field(default_factory=dict)
    files: set[tuple[str, str]] = field(default_factory=set)

    def admit(self, tenant: str) -> Change[OverQuota | None]:
        """See `Quotas`."""

        def change(tx: Any) -> OverQuota | None:
            standing = self._of(tenant)
            standing.running = None  # each call is a transaction of its own
            return standing.admit(self.defaults.of(standing.own), lambda: self.under_way(tx, tenant), self.clock())

        return change

    def take(self, tenant: str, name: Counted, amount: int) -> Change[None]:
        """See `Quotas`."""

        def change(_: Any) -> None:
            standing = self._of(tenant)
            if over := standing.add(name, getattr(self.defaults.of(standing.own), name), amount):
                raise over

        return change

    def give_back(self, tenant: str, name: Counted, amount: int) -> Change[None]:
        """See `Quotas`."""
        return lambda _: self._of(tenant).less(name, amount)

    def keep_file(self, tenant: str, blob: str, size: int) -> Change[bool]:
        """See `Quotas`."""
        count: Callable[[Any], None] = self.take(tenant, "storage", size)

        def change(tx: Any) -> bool:
            if (tenant, blob) in self.files:
                return False
            count(tx)
            self.files.add((tenant, blob))
            return True

        return change

    async def keeps_file(self, tenant: str, blob: str) -> bool:
        """See `Quotas`."""
        return (tenant, blob) in self.files

    def change(self, tenant: str, own: Own) -> Change[tuple[Own, Own]]:
        """See `Quotas`."""

        def change(_: Any) -> tuple[Own, Own]:
            standing = self._of(tenant)
            before, standing.own = standing.own, dict(own)
            return before, own

        return change

    async def standing(self, tenant: str) -> Standing:
        """See `Quotas`."""
        return replace(self._of(tenant), running=self.under_way(None, tenant))

    def _of(self, tenant: str) -> Standing:
        return self.kept.setdefault(tenant, Standing(tenant))
