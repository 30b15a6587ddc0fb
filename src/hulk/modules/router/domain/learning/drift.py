"""A model that changed is another model: what was learnt of it before counts for little, and it is kept why."""

from dataclasses import dataclass
from datetime import datetime

from hulk.kernel.text import Text
from hulk.modules.router.domain.learning.case import Arm

CARRIED = 20.0
"""So many grades at most is all that was learnt before a change still worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """A model at one version and price, since when, and why it began."""

    tenant: str
    arm: str
    regime: str
    version: str
    price: str
    since: datetime
    why: Text


def begun(tenant: str, arm: Arm, known: Regime | None, at: datetime) -> Regime | None:
    """The regime that begins with this sight of the arm; None when it is the one that is known."""
    if known is not None and known.regime == arm.regime:
        return None
    return Regime(
        tenant=tenant, arm=arm.name, regime=arm.regime, version=arm.version, price=arm.price, since=at, why=_why(arm, known)
    )  # fmt: skip


def _why(arm: Arm, known: Regime | None) -> Text:
    if known is None:
        return Text("{arm} is seen for the first time.", arm=arm.name)
    if known.version != arm.version:
        before, after = known.version or "—", arm.version or "—"
        return Text("{arm} has a new version: {before} became {after}.", arm=arm.name, before=before, after=after)
    return Text("{arm} has a new price: {before} became {after}.", arm=arm.name, before=known.price or "—", after=arm.price or "—")
