"""Ending tickets and moving them: each row is held while its rule is asked, and what waited for it is told in the same transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select

from hulk.kernel.errors import Conflict, NotFound
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.kernel.time import iso
from hulk.modules.tickets.adapters.sql.tables import NEVER, THEIRS, dependency_table, lease_table, ticket_of, ticket_table
from hulk.modules.tickets.domain import ENDED, Ending, Status, Ticket, changed, judged, lasting, moved, problem_of, reopened
from hulk.modules.tickets.ports import Ended, Moved
from hulk.runtime.store import Transaction, among

_its = ticket_table.c
_LOCKED = select(ticket_table).where(among(_its.id, "ids"), THEIRS).order_by(_its.id).with_for_update()
_UNTIL = select(lease_table.c.until).where(lease_table.c.id == bindparam("at"), lease_table.c.tenant == bindparam("of"))
_CHANGED = ("status", "result", "problem", "revision", "attempts", "fence", "begins", "updated", "ended")
"""What of a ticket a move changes."""
_WAITING = (
    select(ticket_table, dependency_table.c.needs)
    .join(dependency_table, dependency_table.c.ticket == _its.id)
    .where(among(dependency_table.c.needs, "ids"), _its.status == "open")
    .order_by(_its.id)
    .with_for_update(of=ticket_table)
)
_DONE_WITH = delete(dependency_table).where(among(dependency_table.c.needs, "ids"))
_MISSING = select(_its.id).where(among(_its.id, "ids"), _its.status != "completed").with_for_update(read=True)


@dataclass(slots=True)
class Writes:
    """What a transaction changes of tickets, written at the end in one go."""

    tx: Transaction
    now: datetime
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, ticket: Ticket, **more: Any) -> Ticket:
        """The ticket as it will be written: one revision on. `more`: what a ticket does not know of itself (`missing`, `wakes`, `late_at`);
        only what is open wakes, and what has ended is late no more."""
        new = changed(ticket, revision=ticket.revision + 1, updated=self.now)
        asleep = {} if new.status == "open" else {"wakes": None}
        in_time = {"late_at": None} if new.status in ENDED else {}
        self.rows[ticket.id] = {"id": ticket.id, **{name: getattr(new, name) for name in _CHANGED}, **asleep, **in_time, **more}
        return new

    def write(self) -> None:
        """Write all; rows that change the same columns go together."""
        alike: dict[frozenset[str], list[dict[str, Any]]] = {}
        for row in self.rows.values():
            alike.setdefault(frozenset(row), []).append(row)
        for rows in alike.values():
            self.tx.update_each(ticket_table, "id", rows)
        self.rows.clear()


def locked(tx: Transaction, tenant: str, ticket: str) -> Ticket:
    """The ticket, nobody else's to change until the transaction ends; raises `NotFound`."""
    row = tx.execute(_LOCKED, {"ids": [ticket], "of": tenant}).one_or_none()
    if row is None:
        raise NotFound("There is no ticket {id}.", id=ticket)
    return ticket_of(row)


def finish(tx: Transaction, tenant: str, lease: str, endings: Sequence[Ending]) -> list[Ended]:
    """See `Board.finish`."""
    ids = sorted({ending.held.ticket for ending in endings})
    found = {row.id: ticket_of(row) for row in tx.execute(_LOCKED, {"ids": ids, "of": tenant}).all()}
    now = tx.now()
    until = tx.execute(_UNTIL, {"at": lease, "of": tenant}).scalar_one_or_none()
    writes, ended = Writes(tx, now), list[Ended]()
    for ending in endings:
        before = found.get(ending.held.ticket)
        verdict = judged(before, lease, ending, until is not None and until > now)
        if before is None or verdict != "write":
            ended.append(Ended(ending=ending, verdict=verdict, ticket=before))
            continue
        after = found[before.id] = _finished(writes, before, ending)
        ended.append(Ended(ending=ending, verdict=verdict, ticket=after, moved=Moved(before=before, after=after)))
    told = _told(writes, [one.moved.after for one in ended if one.moved and one.moved.after.status in ENDED])
    writes.write()
    return [replace(one, moved=_with(one.moved, told)) if one.moved else one for one in ended]


def _finished(writes: Writes, ticket: Ticket, ending: Ending) -> Ticket:
    match ending.how:
        case "completed":
            return writes.put(changed(ticket, status="completed", result=ending.result, problem=None, ended=writes.now))
        case "again" if ticket.attempts < ticket.most_attempts:
            return again(writes, changed(ticket, problem=ending.problem), writes.now + ending.after if ending.after else None)
        case _:
            return writes.put(changed(ticket, status="failed", problem=ending.problem, ended=writes.now))


def timed(ticket: Ticket) -> dict[str, datetime | None]:
    """The columns that say by when it is to be done."""
    return {"deadline": ticket.deadline, "due_by": ticket.due or NEVER}


def again(writes: Writes, ticket: Ticket, begins: datetime | None) -> Ticket:
    """A ticket that was held and is to be taken again, at once or at a time."""
    if begins is None:
        return writes.put(changed(ticket, status="ready"))
    return writes.put(changed(ticket, status="open", begins=begins), wakes=begins)


def move(
    tx: Transaction, tenant: str, id_: str, wanted: Status, *,
    revision: int | None = None, result: JsonObject | None = None, problem: JsonObject | None = None,
) -> Moved | None:  # fmt: skip
    """See `Board.move`."""
    before = locked(tx, tenant, id_)
    if revision is not None and revision != before.revision:
        raise Conflict(
            "Ticket {ticket} is at revision {found}, not {wanted}: somebody changed it. Read it again, then decide.",
            ticket=id_, found=before.revision, wanted=revision,
        )  # fmt: skip
    if before.owner == "run":
        raise Conflict("Ticket {ticket} is done by the run {run}: steer that run instead.", ticket=id_, run=before.run or "—")
    if before.status == wanted and wanted != "open":
        return None
    writes = Writes(tx, tx.now())
    after = _moved(writes, before, wanted, result, problem)
    told = _told(writes, [after] if after.status in ENDED else [])
    writes.write()
    return _with(Moved(before=before, after=after), told)


def _moved(writes: Writes, before: Ticket, wanted: Status, result: JsonObject | None, problem: JsonObject | None) -> Ticket:
    if wanted == "open":
        return _opened(writes, changed(before, status=reopened(before, wanted)))
    if before.status == "running" and wanted != "cancelled":
        raise Conflict(
            "Ticket {ticket} is held by the worker {worker}; it may be cancelled, or left to it.", ticket=before.id, worker=before.worker
        )
    status = moved(before, wanted)
    if status != "cancelled" and before.deadline is not None and before.deadline <= writes.now:
        raise Conflict("The time of ticket {ticket} is over, since {deadline}.", ticket=before.id, deadline=iso(before.deadline))
    if status == "completed" and _waits_for(writes.tx, before):
        raise Conflict("Ticket {ticket} comes after others that have not completed.", ticket=before.id)
    return writes.put(changed(before, status=status, result=result, problem=problem, ended=writes.now))


def _opened(writes: Writes, ticket: Ticket) -> Ticket:
    """A ticket that is to be done once more: with all its attempts, after all that it comes after."""
    missing, deadline = _waits_for(writes.tx, ticket), lasting(ticket, writes.now)
    fresh = changed(ticket, attempts=0, fence=ticket.fence + 1, result=None, problem=None, ended=None, begins=None, deadline=deadline)
    rows = [{"needs": one, "ticket": ticket.id} for one in missing]
    writes.tx.insert_all_new(dependency_table, rows)
    late = fresh.due if fresh.due and fresh.due > writes.now else None
    status: Status = "open" if missing or ticket.owner != "worker" else "ready"
    return writes.put(changed(fresh, status=status), missing=len(missing), late_at=late, **timed(fresh))


def _waits_for(tx: Transaction, ticket: Ticket) -> list[str]:
    """Those that it comes after and that have not completed."""
    return list(tx.execute(_MISSING, {"ids": list(dict.fromkeys(ticket.after))}).scalars()) if ticket.after else []


@dataclass(slots=True)
class Told:
    """What became of those that waited."""

    released: list[Ticket] = field(default_factory=list)
    skipped: list[Ticket] = field(default_factory=list)


def _told(writes: Writes, ended: Iterable[Ticket]) -> Told:
    """Let those begin that waited for the last of what completed; skip those that wait for what never will, and so on."""
    told, known = Told(), dict[str, tuple[Ticket, int]]()
    now_ended = list(ended)
    while now_ended:
        completed = {one.id for one in now_ended if one.status == "completed"}
        waiting = _waiting(writes.tx, [one.id for one in now_ended], known)
        now_ended = []
        for id_, needs in waiting.items():
            ticket, missing = known[id_]
            left = missing - len(needs & completed)
            known[id_] = (ticket, left)
            if needs - completed:
                skipped = writes.put(changed(ticket, status="skipped", ended=writes.now), missing=left)
                told.skipped.append(skipped)
                now_ended.append(skipped)
            elif left > 0 or ticket.owner != "worker":
                writes.put(ticket, missing=left)
            else:
                told.released.append(_released(writes, ticket))
    return told


def _waiting(tx: Transaction, ended: Sequence[str], known: dict[str, tuple[Ticket, int]]) -> dict[str, set[str]]:
    """Of each ticket that waits, which of the ended it waits for; those are waited for no more."""
    waiting: dict[str, set[str]] = {}
    for row in tx.execute(_WAITING, {"ids": list(ended)}):
        known.setdefault(row.id, (ticket_of(row), row.missing))
        waiting.setdefault(row.id, set()).add(row.needs)
    if waiting:
        tx.execute(_DONE_WITH, {"ids": list(ended)})
    return waiting


def _released(writes: Writes, ticket: Ticket) -> Ticket:
    if ticket.begins is not None and ticket.begins > writes.now:
        return writes.put(ticket, missing=0, wakes=ticket.begins)
    return writes.put(changed(ticket, status="ready"), missing=0)


def _with(moved_: Moved | None, told: Told) -> Moved | None:
    """The first of a batch carries what became of others: they may have waited for several of it."""
    if moved_ is None:
        return None
    filled = replace(moved_, released=tuple(told.released), skipped=tuple(told.skipped))
    told.released, told.skipped = [], []
    return filled


def failed_by_time(writes: Writes, ticket: Ticket, code: str, text: Text) -> Moved:
    """A ticket that time has ended, with what became of others."""
    after = writes.put(changed(ticket, status="failed", problem=problem_of(code, text), ended=writes.now))
    found = _with(Moved(before=ticket, after=after), _told(writes, [after]))
    assert found is not None  # noqa: S101  # it was given
    return found
