"""Proving the trail."""

from dataclasses import dataclass

from hulk.kernel.text import Text
from hulk.modules.audit.domain import Head, Verdict, Verifier, Wrong
from hulk.modules.audit.ports import Chains

BEFORE_ALL = -(1 << 63)
"""Not 0: an entry put before the beginning must be seen."""


@dataclass(frozen=True, slots=True)
class VerifyTrail:
    """Recomputes every chain and compares: finds any entry altered, removed, added, moved, and any chain cut short."""

    chains: Chains
    key: bytes

    async def __call__(self, tenant: str | None = None) -> list[Verdict]:
        """A verdict per tenant (or of the one given). Safe while Hulk is writing: each chain is read up to its head."""
        return [await self._one(name) for name in ([tenant] if tenant else await self.chains.tenants())]

    async def _one(self, tenant: str) -> Verdict:
        head = await self.chains.head(tenant)
        verifier = Verifier(tenant)
        async for links in self.chains.links(tenant, BEFORE_ALL, head.position if head else None):
            verifier.take(links)
        if verifier.wrong is None and head is not None and await self._goes_on(head):
            past = Text("there are entries past {position}, where the head says that the chain ends", position=head.position)
            verifier.wrong = Wrong(head.position + 1, "added", past)
        return verifier.verdict(head, self.key)

    async def _goes_on(self, head: Head) -> bool:
        """Whether there are entries past that head. An entry and its head commit together, so a head that stays put has none."""
        async for _ in self.chains.links(head.tenant, head.position):
            return await self.chains.head(head.tenant) == head
        return False
