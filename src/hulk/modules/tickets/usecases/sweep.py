"""What time does to tickets, told to the trail and to who waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hulk.kernel.bells import Bells
from hulk.kernel.durable import Change, Commit, followed
from hulk.kernel.events import Event, Trail
from hulk.kernel.time import iso
from hulk.modules.tickets.domain import Ticket
from hulk.modules.tickets.ports import Board, Moved, Swept
from hulk.modules.tickets.usecases.facts import Following, fact, statuses

MOST = 500
"""Tickets of each sort at a time."""
ACTOR = "hulk"


@dataclass(frozen=True, slots=True)
class SweepTickets:
    """Puts back what is held no more, ends what is past its deadline, wakes what has waited, tells what is late."""

    board: Board
    trail: Trail
    following: Following
    commit: Commit
    bells: Bells

    async def __call__(self) -> bool:
        """Do what time demands; whether there is more of it. Raises `Unavailable`."""
        swept: Swept = (await self.commit(followed(self.board.sweep(MOST), self._told)))[0]
        for tenant in {ticket.tenant for ticket in (*swept.woken, *(one.after for one in swept.lost))}:
            self.bells.ring([tenant])
        return swept.more

    def _told(self, swept: Swept) -> Sequence[Change[Any]]:
        events = [
            *map(_lost, swept.lost),
            *(_ended("failed", one) for one in swept.expired),
        ]
        events += [fact("woken", ticket, ACTOR) for ticket in swept.woken]
        events += [fact("overdue", ticket, ACTOR, data={"due": iso(ticket.due)}) for ticket in swept.late if ticket.due]
        led = [change for one in (*swept.lost, *swept.expired) for change in self.following(one, ACTOR)]
        return [*([self.trail.append(*events)] if events else []), *led]


@dataclass(frozen=True, slots=True)
class BoundWaits:
    """Gives a deadline to what people were asked before there were any: nobody is waited for for ever."""

    board: Board
    trail: Trail
    commit: Commit

    async def __call__(self, kinds: Mapping[str, timedelta]) -> int:
        """How many got one, each as long as those of its kind have; a second time it is none. Raises `Unavailable`."""
        count, last = 0, MOST
        while last == MOST:
            last = len((await self.commit(followed(self.board.bound(kinds, MOST), self._told)))[0])
            count += last
        return count

    def _told(self, given: Sequence[Ticket]) -> Sequence[Change[Any]]:
        events = [fact("bounded", one, ACTOR, data={"due": iso(one.deadline)}) for one in given if one.deadline]
        return [self.trail.append(*events)] if events else []


def _lost(moved: Moved) -> Event:
    """Ready again, or failed with its last attempt."""
    what = "failed" if moved.after.status == "failed" else "lease_lost"
    return _ended(what, moved)


def _ended(what: str, moved: Moved) -> Event:
    problem = moved.after.problem
    return fact(what, moved.after, ACTOR, data={"problem": problem, **statuses(moved.before.status, moved.after.status, problem)})
