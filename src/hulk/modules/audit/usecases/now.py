"""Proving a tenant's trail for somebody who waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from hulk.kernel.errors import Exhausted, Refused
from hulk.modules.audit.domain import Verdict
from hulk.modules.audit.usecases.verify import VerifyCopies

MOST = 200_000
"""Entries that are verified while somebody waits; `thor audit verify` has no limit."""


@dataclass(slots=True)
class VerifyNow:
    """Verifies both copies of one tenant's trail: one at a time in this process, and none that is too long to wait for."""

    verify: VerifyCopies
    most: int = MOST
    _busy: bool = False

    async def __call__(self, tenant: str) -> Sequence[Verdict]:
        """Two verdicts, on the store and on the archive. Raises `Refused` for a trail that is too long, `Exhausted` while another is being
        verified, `Unavailable`."""
        if self._busy:
            raise Exhausted("A trail is being verified already. Ask again when that is done.", retry_after=5)
        self._busy = True
        try:
            head = await self.verify.trail.chains.head(tenant)
            if head is not None and head.position > self.most:
                raise Refused(
                    "The trail has {entries} entries; more than {most} are not verified while you wait. Use: thor audit verify",
                    entries=head.position, most=self.most,
                )  # fmt: skip
            return await self.verify(tenant)
        finally:
            self._busy = False
