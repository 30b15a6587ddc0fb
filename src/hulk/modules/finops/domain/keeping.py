"""A page of the ledger: the charges and counts that a transaction has in hand, and what is done to them. Pure rules.

Whoever opens a page holds all rows on it against others until what it says is written: so reservations that are made at the same moment,
here or in another process, never fit together where only one of them does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from hulk.kernel.errors import Exhausted, NotFound
from hulk.kernel.events import Event
from hulk.modules.finops.domain.budgets import EACH, Budget, Count, Slot, slots
from hulk.modules.finops.domain.burn import threshold_event
from hulk.modules.finops.domain.charges import Charge
from hulk.modules.finops.domain.refusing import overruns, refusal

Move: TypeAlias = Callable[[Charge], Charge]
"""What becomes of a charge: the same one when nothing does."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """Something to write in the ledger: a `new` charge, to be reserved if it fits, also the tenant's `own` budget; or the `move` of one."""

    id: str
    new: Charge | None = None
    own: Budget | None = None
    move: Move | None = None


Outcome: TypeAlias = Charge | Exhausted | NotFound


@dataclass(frozen=True, slots=True)
class InForce:
    """All budgets that hold now, found by the tenant that they are about."""

    by_tenant: Mapping[str | None, Sequence[Budget]]

    @classmethod
    def of(cls, budgets: Sequence[Budget]) -> "InForce":
        """Of those budgets."""
        found: dict[str | None, list[Budget]] = {}
        for one in budgets:
            found.setdefault(None if one.scope.tenant == EACH else one.scope.tenant, []).append(one)
        return cls(found)

    def about(self, charge: Charge, own: Budget | None) -> list[Budget]:
        """Those that the charge may be in, and the tenant's `own`; without one, what is always counted."""
        total = own or Budget(currency=charge.currency)
        return [total, *self.by_tenant.get(charge.tenant, ()), *self.by_tenant.get(None, ())]


@dataclass(slots=True)
class Page:
    """What is in hand. `charges` and `counts` have all that the entries are about before the first is written."""

    budgets: InForce
    charges: dict[str, Charge]
    counts: dict[str, Count] = field(default_factory=dict)
    before: dict[str, Charge | None] = field(default_factory=dict)
    """Each charge that has changed, as it was when the page was opened."""
    events: list[Event] = field(default_factory=list)
    _places: dict[str, list[tuple[str, Slot]]] = field(default_factory=dict)

    def needs(self, entries: Sequence[Entry]) -> dict[str, Slot]:
        """The slots that the entries will be counted in, by the ids of their counts."""
        found: dict[str, Slot] = {}
        for entry in entries:
            for charge in (self.charges.get(entry.id), entry.new):
                if charge is not None:
                    found.update(self._slots(charge, entry.own))
        return found

    def write(self, entry: Entry) -> Outcome:
        """Do it; gives the charge as it is then, or why not."""
        there = self.charges.get(entry.id)
        if entry.move is not None:
            return NotFound("There is no charge {id}.", id=entry.id) if there is None else self._put(there, entry.move(there), None)
        assert entry.new is not None  # noqa: S101  # an entry is the one or the other
        if there is not None and there.status != "released":
            return there
        return self._reserved(there, entry.new, entry.own)

    def _reserved(self, there: Charge | None, new: Charge, own: Budget | None) -> Charge | Exhausted:
        places = self._slots(new, own)
        for id_, slot in places:
            self.counts[id_].hold_to(slot.limit)
        over = overruns([(slot, self.counts[id_].used) for id_, slot in places], new.reserved)
        if over:
            self._tell([(id_, slot) for id_, slot in places if any(slot is one for one, _ in over)], new.at, refused=True)
            return refusal(over, new.reserved, new.at)
        return self._put(there, new, own)

    def _put(self, before: Charge | None, after: Charge, own: Budget | None) -> Charge:
        if after is before:
            return after
        if before is not None:
            for id_, _ in self._slots(before, own):
                self.counts[id_].move(before, None)
        places = self._slots(after, own)
        for id_, _ in places:
            self.counts[id_].move(None, after)
        self.before.setdefault(after.id, before)
        self.charges[after.id] = after
        self._tell(places, after.ended or after.at, refused=False)
        return after

    def _tell(self, places: Sequence[tuple[str, Slot]], at: datetime, *, refused: bool) -> None:
        """Of each that has passed a threshold, once."""
        for id_, slot in places:
            count = self.counts[id_]
            if (percent := count.crossed(refused=refused)) is not None:
                self.events.append(replace(threshold_event(replace(slot, limit=count.limit), count, percent), time=at))

    def _slots(self, charge: Charge, own: Budget | None) -> list[tuple[str, Slot]]:
        key = f"{charge.id} {charge.at} {own is None}"
        if key not in self._places:
            self._places[key] = [(slot.id, slot) for slot in slots(charge, self.budgets.about(charge, own))]
        return self._places[key]
