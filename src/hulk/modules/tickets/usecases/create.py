"""Making tickets: what is asked for is looked at whole, and all that is wrong with it told at once."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from hulk.kernel.bells import Bells
from hulk.kernel.durable import Change, Commit, followed
from hulk.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from hulk.kernel.events import Trail
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.tickets.domain import MOST_AT_ONCE, Kind, New, Ticket, require_new
from hulk.modules.tickets.domain.kinds import kind_name
from hulk.modules.tickets.domain.new import LARGEST_INPUT, Wrong, placed
from hulk.modules.tickets.ports import Board, Kinds, Made, Schemas, Surroundings
from hulk.modules.tickets.usecases.facts import opened

UNKNOWN = "-"
"""In place of a plan: of an intent that there is not."""
DEEPEST = 64
"""Levels of an input or result."""


Persisted: TypeAlias = Callable[[Literal["created", "existing", "refused"], int], None]
"""Hears how many of the tickets that were asked for were kept, were there already, or were refused."""


def unheard(_: Literal["created", "existing", "refused"], __: int) -> None:
    """Nobody counts."""


@dataclass(frozen=True, slots=True)
class CreateTickets:
    """Makes tickets for workers and people."""

    board: Board
    kinds: Kinds
    schemas: Schemas
    trail: Trail
    commit: Commit
    bells: Bells
    clock: Clock
    around: Surroundings
    persisted: Persisted = unheard

    async def one(self, by: Principal, new: New, trace: str | None = None) -> Ticket:
        """One ticket; paths in what is wrong begin at the ticket."""
        with self._refusing(1):
            return await self._one(by, new, trace)

    async def _one(self, by: Principal, new: New, trace: str | None) -> Ticket:
        _allow(by, [new])
        seen = None if new.after else self.kinds.seen(by.tenant, new.kind)
        made = None if seen is None else await self._added(by, new, seen, trace)
        if made is not None:
            return self._kept([made])[0]
        kinds = await self._kinds(by.tenant, [new])
        ticket = await self._looked_at(by, new, kinds)
        return (await self._together([ticket], by, trace, {ticket.id: new.reason}))[0]

    async def _added(self, by: Principal, new: New, kind: Kind, trace: str | None) -> Made | None:
        """The ticket, of a kind that was not looked up again; None when the kind has changed, or the ticket is there already. What is
        wrong by a kind that has changed may be right by now, so it is not told."""
        try:
            ticket = await self._looked_at(by, new, {new.kind: kind})
        except Invalid:
            return None
        follow = (self.around.room.take(by.tenant, 1), self.trail.append(opened(ticket, by.actor, trace, new.reason)))
        made: Made | None = (await self.commit(self.board.add(ticket, kind, *follow)))[0]
        return made

    async def _looked_at(self, by: Principal, new: New, kinds: Mapping[str, Kind]) -> Ticket:
        """The ticket, if nothing is wrong with it."""
        _require_right(wrong(new, 0, kinds, self.schemas, self.clock()))
        _require_right(iter([(field, text) for _, field, text in await self._strangers(by, [new])]))
        return _drafted(new, new.id_for(by.tenant), new.after, by, kinds[new.kind], self.clock)

    async def __call__(self, by: Principal, new: Sequence[New], trace: str | None = None) -> list[Ticket]:
        """Many tickets, all or none, in their order; asked again, those that are there. Raises `Invalid` naming all that is wrong,
        `Forbidden`, `Conflict`."""
        with self._refusing(len(new)):
            return await self._many(by, new, trace)

    async def _many(self, by: Principal, new: Sequence[New], trace: str | None) -> list[Ticket]:
        if not 0 < len(new) <= MOST_AT_ONCE:
            raise Refused("{count} tickets at once are not possible; allowed are 1 to {most}.", count=len(new), most=MOST_AT_ONCE)
        _allow(by, new)
        kinds, now = await self._kinds(by.tenant, new), self.clock()
        _require_right(
            (f"tickets[{place}].{field}", text)
            for place, one in enumerate(new)
            for field, text in wrong(one, place, kinds, self.schemas, now)
        )
        _require_right(iter([(f"tickets[{place}].{field}", text) for place, field, text in await self._strangers(by, new)]))
        ids = [one.id_for(by.tenant) for one in new]
        drafted = [_drafted(one, id_, placed(one.after, ids), by, kinds[one.kind], self.clock) for one, id_ in zip(new, ids, strict=True)]
        return await self._together(drafted, by, trace, {id_: one.reason for id_, one in zip(ids, new, strict=True)})

    async def _together(self, tickets: Sequence[Ticket], by: Principal, trace: str | None, reasons: Mapping[str, str]) -> list[Ticket]:
        create = followed(self.board.create(tickets), lambda made: self._told([one.ticket for one in made if one.new], by, trace, reasons))
        return self._kept((await self.commit(create))[0])

    def _told(self, new: Sequence[Ticket], by: Principal, trace: str | None, reasons: Mapping[str, str]) -> list[Change[Any]]:
        told = self.trail.append(*(opened(ticket, by.actor, trace, reasons[ticket.id]) for ticket in new))
        return [self.around.room.take(by.tenant, len(new)), told] if new else []

    @contextmanager
    def _refusing(self, count: int) -> Iterator[None]:
        try:
            yield
        except (Refused, Conflict):
            self.persisted("refused", count)
            raise

    def _kept(self, made: Sequence[Made]) -> list[Ticket]:
        """Count them, and tell those who wait for work."""
        created = sum(one.new for one in made)
        if created:
            self.persisted("created", created)
        if created < len(made):
            self.persisted("existing", len(made) - created)
        if any(one.ticket.status == "ready" for one in made):
            self.bells.ring([made[0].ticket.tenant])
        return [one.ticket for one in made]

    async def _strangers(self, by: Principal, new: Sequence[New]) -> list[tuple[int, str, Text]]:
        """Where tickets name a namespace or an intent that the tenant has not, or a plan that is not the intent's."""
        plans = {intent: await self._plan(by.tenant, intent) for intent in {one.intent for one in new if one.intent}}
        unknown = {name for name in {one.namespace for one in new} if not await self._has(by.tenant, name)}
        found: list[tuple[int, str, Text]] = []
        for place, one in enumerate(new):
            if one.namespace in unknown:
                found.append((place, "namespace", Text("there is no such namespace")))
            if one.intent is not None and plans[one.intent] == UNKNOWN:
                found.append((place, "intent_id", Text("there is no such intent")))
            elif one.plan is not None and (one.intent is None or plans[one.intent] != one.plan):
                found.append((place, "plan_id", Text("it is not the plan of the intent in intent_id")))
        return found

    async def _has(self, tenant: str, namespace: str) -> bool:
        try:
            await self.around.require_namespace(tenant, namespace)
        except Refused:
            return False
        return True

    async def _plan(self, tenant: str, intent: str) -> str | None:
        try:
            return await self.around.chain(tenant, intent)
        except NotFound:
            return UNKNOWN

    async def _kinds(self, tenant: str, new: Sequence[New]) -> dict[str, Kind]:
        """By name. One that is only for people needs no registration: nobody takes it under a lease."""
        named = list(dict.fromkeys(one.kind for one in new))
        found = [(name, await self.kinds.get(tenant, name)) for name in named]
        workers = {one.kind for one in new if one.assignee is None or one.assignee.kind != "person"}
        known = [(name, kind or (None if name in workers else _plain(tenant, name, self.clock()))) for name, kind in found]
        return {name: kind for name, kind in known if kind is not None}


def _plain(tenant: str, name: str, now: datetime) -> Kind | None:
    """A kind that nobody has registered, if it may be called so."""
    try:
        return Kind(tenant=tenant, name=kind_name(name), created=now)
    except Refused:
        return None


def wrong(new: New, place: int, kinds: Mapping[str, Kind], schemas: Schemas, now: Any) -> Iterator[Wrong]:
    """All that is wrong with a ticket that is asked for."""
    yield from require_new(new, place, now)
    kind = kinds.get(new.kind)
    if kind is None:
        yield "kind", Text("there is no such kind of ticket here; register it, or see which there are")
    elif (unfit := unfit_json(new.input)) is not None:
        yield "input", unfit
    else:
        yield from ((joined("input", field), text) for field, text in schemas.wrong(kind.input_schema, new.input))


def joined(head: str, field: str) -> str:
    """`input` and `amount` as `input.amount`; and `[0]` as `input[0]`."""
    return head + (field if field.startswith("[") or not field else f".{field}")


def unfit_json(value: Any) -> Text | None:
    """Why the data cannot be kept: too much of it, too deep, or no JSON."""
    try:
        text = _encoded(value)
        size = len(text.encode())
    except (ValueError, RecursionError):
        return Text("NaN, Infinity, half of a UTF-16 pair or deep nesting cannot be kept as JSON")
    if size > LARGEST_INPUT:
        return Text("at most {most} bytes of JSON; keep more as a file and name it here", most=LARGEST_INPUT)
    deep = text.count("{") + text.count("[") > DEEPEST and _deeper(value, DEEPEST)
    return Text("at most {most} levels", most=DEEPEST) if deep else None


_encoded = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper(one, levels - 1) for one in inner)


def _require_right(found: Iterator[Wrong]) -> None:
    if fields := list(found):
        raise Invalid(fields)


def _allow(by: Principal, new: Sequence[New]) -> None:
    for namespace in {one.namespace for one in new}:
        if not by.may("write", "tickets", namespace):
            raise Forbidden(
                "You may make no tickets in the namespace “{namespace}”; your roles are {roles}.",
                namespace=namespace,
                roles=by.roles or "—",
            )  # fmt: skip


def _drafted(new: New, id_: str, after: tuple[str, ...], by: Principal, kind: Kind, clock: Clock) -> Ticket:
    person = new.assignee is not None and new.assignee.kind == "person"
    return Ticket(
        id=id_, plan=new.plan, intent=new.intent, tenant=by.tenant, key="", kind=new.kind, title=Text("{title}", title=new.title),
        status="open", input=new.input, after=after, owner="person" if person else "worker", priority=new.priority, created=clock(),
        namespace=new.namespace, assignee=new.assignee, labels=new.labels, deadline=new.deadline, sla=new.sla, begins=new.begins,
        actor=by.actor, waiter=new.waiter, most_attempts=kind.attempts, digest=new.digest() if new.request is not None else "",
    )  # fmt: skip
