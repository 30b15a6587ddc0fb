"""Audit: two copies of the trail of what happened, and the proof that they are whole and equal.

Entries are written by `runtime.outbox`, in the transaction of the change they tell of, each linked by SHA-256 to the one
before it in its tenant's chain; the head carries an HMAC made with a key that is not in the database. `ArchiveTrail` carries
each chain to a second store (`audit.archive`), which only ever adds. `VerifyCopies` recomputes and compares both. `Prune` removes what
is older than the retention, unless a hold keeps it, and leaves a sealed gap. What cannot be seen: both stores put back to an
earlier state together.
"""

from hulk.modules.audit.domain import Gap, Hold, Verdict
from hulk.modules.audit.ports import Holds
from hulk.modules.audit.usecases import ArchiveTrail, ExportTrail, KeepHolds, Prune, VerifyCopies, VerifyTrail

__all__ = ["ArchiveTrail", "ExportTrail", "Gap", "Hold", "Holds", "KeepHolds", "Prune", "Verdict", "VerifyCopies", "VerifyTrail"]
