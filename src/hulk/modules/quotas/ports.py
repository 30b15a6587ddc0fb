"""Where quotas are kept, and what is asked of others about them."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

from hulk.kernel.durable import Change
from hulk.kernel.errors import OverQuota
from hulk.modules.quotas.domain import Counted, Limits, Own, Standing

UnderWay: TypeAlias = Callable[[Any, str], int]
"""How many runs of a tenant are pending or running, as that connection sees it."""

Spent: TypeAlias = Callable[[str], Awaitable[tuple[Decimal, Decimal | None]]]
"""What a tenant has spent and reserved this month, and the most that the settings allow."""

Known: TypeAlias = Callable[[str], Awaitable[bool]]
"""Whether there is a tenant of that name."""


class Quotas(Protocol):
    """Limits and counts of tenants. Changes that are committed together read and write a tenant's row once."""

    def admit(self, tenant: str) -> Change[OverQuota | None]:
        """One more intent and its run, if both quotas have room; else which has not, and nothing is counted."""

    def take(self, tenant: str, name: Counted, amount: int) -> Change[None]:
        """So many more of it; raises `OverQuota` when there is no room."""

    def give_back(self, tenant: str, name: Counted, amount: int) -> Change[None]:
        """So many less of it."""

    def keep_file(self, tenant: str, blob: str, size: int) -> Change[bool]:
        """Count a file that the tenant keeps, once; whether it is new. Raises `OverQuota` when there is no room."""

    async def keeps_file(self, tenant: str, blob: str) -> bool:
        """Whether the tenant keeps that file."""

    def change(self, tenant: str, own: Own) -> Change[tuple[Own, Own]]:
        """Give the tenant these limits of its own; all its own ones before and after."""

    async def standing(self, tenant: str) -> Standing:
        """The tenant's own limits and what it has used, its runs too."""

    @property
    def defaults(self) -> Limits:
        """The limits of tenants that have none of their own."""
