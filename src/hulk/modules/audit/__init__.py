"""Audit: proves that the trail of what happened is whole.

Entries are written by `runtime.outbox`, in the transaction of the change they tell of, each linked by SHA-256 to the one
before it in its tenant's chain; the head carries an HMAC made with a key that is not in the database. Verification
recomputes all of it. What it cannot see: the whole store put back to an earlier state together with its head.
"""

from hulk.modules.audit.domain import Verdict
from hulk.modules.audit.usecases import VerifyTrail

__all__ = ["Verdict", "VerifyTrail"]
