"""Leases: a worker takes some tickets for a while, under one token, and each under a fence that only grows.

A write is taken from who holds the ticket now, and from nobody else, however late it comes: its lease must be the ticket's
last, not run out, and its fence the ticket's. The same write again, from the same lease, changes nothing and is answered
as the first was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from hulk.kernel import ids
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE
from hulk.kernel.text import Text, writable
from hulk.modules.tickets.domain.kinds import LONGEST_LEASE, SHORTEST_LEASE
from hulk.modules.tickets.domain.new import MOST_AT_ONCE, Wrong
from hulk.modules.tickets.domain.ticket import Assignee, Ticket

LONGEST_WAIT = timedelta(seconds=20)
_LONGEST_RETRY = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a worker asks for: up to `most` tickets of these kinds, for as long as `lasting`. It takes what is anybody's, and what is
    for one of `assignees`. `request` makes it harmless to ask again: while the lease lasts, the same tickets are given."""

    worker: str
    kinds: tuple[str, ...]
    namespace: str = DEFAULT_NAMESPACE
    assignees: tuple[Assignee, ...] = ()
    most: int = 1
    lasting: timedelta | None = None
    wait: timedelta = timedelta(0)
    request: str | None = None

    def lease_id(self, tenant: str) -> str:
        """The lease's id: always the same for the same request of a worker."""
        return ids.new("lse") if self.request is None else ids.derived("lse", tenant, self.worker, self.request)

    def wrong(self) -> Iterator[Wrong]:
        """What is wrong with it."""
        if not 0 < len(self.worker) <= 128 or not self.worker.isprintable() or writable(self.worker) != self.worker:
            yield "worker", Text("1 to {most} printable characters", most=128)
        if not 0 < len(self.kinds) <= 50:
            yield "kinds", Text("1 to {most} kinds", most=50)
        if not 0 < self.most <= MOST_AT_ONCE:
            yield "most", Text("{least} to {most}", least=1, most=MOST_AT_ONCE)
        if self.lasting is not None and not SHORTEST_LEASE <= self.lasting <= LONGEST_LEASE:
            yield "lease_for", Text("1 s to 1 h")
        if not timedelta(0) <= self.wait <= LONGEST_WAIT:
            yield "wait", Text("at most {seconds} s", seconds=LONGEST_WAIT.seconds)
        if any(one.kind == "person" for one in self.assignees):
            yield "assignees", Text("a worker does not take what is a person's")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who wants to hold tickets under the lease `id`, and for how long at a time. `actor` is by whose right."""

    id: str
    tenant: str
    worker: str
    actor: str
    lasting: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease(Claim):
    """What a worker holds, until `until`."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A ticket as the worker knows it: with the fence under which it was taken."""

    ticket: str
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the work on a held ticket ended: `completed` with a result, `failed` for good, or given back to be tried again `after`."""

    held: Held
    how: Literal["completed", "failed", "again"]
    result: JsonObject | None = None
    problem: JsonObject | None = None
    after: timedelta = timedelta(0)

    def wrong(self) -> Iterator[Wrong]:
        """What is wrong with it."""
        if not ids.is_id(self.held.ticket, "tkt"):
            yield "ticket_id", Text("an id is expected: {prefix}_ and 26 letters or digits", prefix="tkt")
        if not timedelta(0) <= self.after <= _LONGEST_RETRY:
            yield "retry_after", Text("at most {days} days", days=_LONGEST_RETRY.days)


Stale: TypeAlias = Literal["unknown", "other lease", "older fence", "run out", "ended", "other result"]
"""Why a write is refused."""
Verdict: TypeAlias = Literal["write", "again"] | Stale
"""write: it is taken; again: it was, and nothing is changed."""


def judged(ticket: Ticket | None, lease: str, ending: Ending, holds: bool) -> Verdict:  # a table of cases
    """Whether a write under `lease` is taken. `holds` is whether the lease has not run out."""
    if ticket is None:
        return "unknown"
    if ending.held.fence != ticket.fence:
        return "older fence"
    if ticket.lease != lease:
        return "other lease"
    if ticket.status != "running":
        return _judged_again(ticket, ending)
    return "write" if holds else "run out"


def _judged_again(ticket: Ticket, ending: Ending) -> Verdict:
    """Of a ticket that nobody holds any more: the lease's own write again, or one that comes too late."""
    match ticket.status, ending.how:
        case "completed", "completed":
            return "again" if ticket.result == ending.result else "other result"
        case "failed", "failed" | "again":
            return "again"
        case (("ready" | "open"), "again"):
            return "again"
        case (("ready" | "open"), _):
            return "run out"
        case _:
            return "ended"


def shortened(leases: Sequence[timedelta], asked: timedelta | None) -> timedelta:
    """How long a lease lasts: as asked, else the shortest that the kinds taken have."""
    return asked or min(leases, default=timedelta(seconds=30))
