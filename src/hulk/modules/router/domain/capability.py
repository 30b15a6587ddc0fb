"""Leave to send: what the decision says may go where, signed, so that nothing on the way can widen it. Pure rules.

A capability is bound to the whole payload by its hash, to how far it may go, to the decision, and to a time. Whoever sends proves it
before each attempt; of each attempt a receipt is kept, signed too, with the hash of the bytes that left.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from hulk.kernel.errors import Forbidden
from hulk.kernel.time import iso

Reach: TypeAlias = Literal["local", "any"]
"""Only models that run where sensitive data may go, or any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """Leave to send a payload. `payload` is its hash (`Prompt.digest`); `seal` the mark that only who has the key can make."""

    decision: str
    tenant: str
    payload: str
    reach: Reach
    expires: datetime
    seal: str = ""

    def sealed(self, key: bytes) -> "Capability":
        """The same with its mark (HMAC-SHA-256 over all it says)."""
        return replace(self, seal=_mark(key, "capability", self.decision, self.tenant, self.payload, self.reach, iso(self.expires)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What somebody is about to send, and where."""

    model: str
    local: bool
    tenant: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """An attempt to send: what left (`body`, SHA-256 of the bytes), to which host, by leave of which decision."""

    id: str
    decision: str
    tenant: str
    model: str
    host: str
    local: bool
    payload: str
    body: str
    at: datetime
    seal: str = ""

    def sealed(self, key: bytes) -> "Receipt":
        """The same with its mark (HMAC-SHA-256 over all it says)."""
        told = (self.id, self.decision, self.tenant, self.model, self.host, str(self.local), self.payload, self.body, iso(self.at))
        return replace(self, seal=_mark(key, "receipt", *told))

    def proved(self, key: bytes) -> bool:
        """Whether it says what it said when it was signed."""
        return hmac.compare_digest(self.seal, self.sealed(key).seal)


def require(capability: Capability, sending: Sending, key: bytes, now: datetime) -> None:
    """Raises `Forbidden` unless the capability is ours, still holds, and is for just this."""
    if not hmac.compare_digest(capability.seal, capability.sealed(key).seal):
        raise Forbidden("{model} is not asked: the leave to send was not given by this installation, or was altered.", model=sending.model)
    if now >= capability.expires:
        raise Forbidden("{model} is not asked: the leave to send ended at {time}.", model=sending.model, time=iso(capability.expires))
    if capability.tenant != sending.tenant or not hmac.compare_digest(capability.payload, sending.payload):
        raise Forbidden("{model} is not asked: the leave to send is for something else.", model=sending.model)
    if capability.reach != "any" and not sending.local:
        raise Forbidden(
            "{model} is not asked: what is to be sent must stay in the company, and this model is outside.", model=sending.model
        )


def _mark(key: bytes, *told: str) -> str:
    """Each part with its length before it, so that no two lists of parts read the same."""
    return hmac.new(key, "".join(f"{len(part)}:{part}" for part in told).encode(), hashlib.sha256).hexdigest()
