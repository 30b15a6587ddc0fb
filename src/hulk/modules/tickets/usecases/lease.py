"""Taking work, holding on to it and ending it: what a worker does, anywhere."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel.bells import Bells
from hulk.kernel.durable import Change, Commit, followed
from hulk.kernel.errors import Conflict, Forbidden, HulkError, Invalid, LeaseLost, NotFound, Refused, Unauthenticated
from hulk.kernel.events import Event, Trail
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Text
from hulk.modules.tickets.domain import MOST_AT_ONCE, STATUSES, Asked, Claim, Ending, Lease, Ticket, Verdict, shortened
from hulk.modules.tickets.domain.new import Wrong
from hulk.modules.tickets.ports import Board, Ended, Kinds, Schemas, Taken, Tokens
from hulk.modules.tickets.usecases.create import joined, unfit_json
from hulk.modules.tickets.usecases.facts import Following, fact, leased, statuses

LOOK_SECONDS = 0.5
"""How often who waits for work looks for what another process has made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A lease as the worker gets it, with the token that proves it; without tickets there is none."""

    lease: Lease
    token: str
    tickets: tuple[Ticket, ...]
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeaseTickets:
    """Takes what is ready, for a worker."""

    board: Board
    kinds: Kinds
    tokens: Tokens
    trail: Trail
    commit: Commit
    bells: Bells

    async def __call__(self, by: Principal, asked: Asked) -> Grant:
        """Up to `asked.most` tickets, as soon as there is one, at the latest after `asked.wait`: then maybe none. Raises `Invalid`,
        `Forbidden`."""
        if not by.may("work", "tickets", asked.namespace):
            raise Forbidden(
                "You may take no work in the namespace “{namespace}”; your roles are {roles}.",
                namespace=asked.namespace, roles=by.roles or "—",
            )  # fmt: skip
        if fields := [*asked.wrong(), *_strangers(by, asked)]:
            raise Invalid(fields)
        claim = Claim(
            id=asked.lease_id(by.tenant), tenant=by.tenant, worker=asked.worker, actor=by.actor, lasting=await self._lasting(by, asked)
        )
        return self._granted(await self._taken(claim, asked))

    async def _lasting(self, by: Principal, asked: Asked) -> Any:
        found = [(place, await self.kinds.get(by.tenant, name)) for place, name in enumerate(asked.kinds)]
        if unknown := [place for place, kind in found if kind is None]:
            raise Invalid([(f"kinds[{place}]", Text("there is no such kind of ticket here")) for place in unknown])
        return shortened([kind.lease for _, kind in found if kind is not None], asked.lasting)

    async def _taken(self, claim: Claim, asked: Asked) -> Taken:
        loop = asyncio.get_running_loop()
        until = loop.time() + asked.wait.total_seconds()
        with self.bells.listening(claim.tenant) as bell:
            while True:
                bell.looks()
                taken = await self._once(claim, asked)
                left = until - loop.time()
                if taken.tickets or left <= 0:
                    return taken
                await bell.heard(min(LOOK_SECONDS, left))

    async def _once(self, claim: Claim, asked: Asked) -> Taken:
        def told(taken: Taken) -> list[Change[Any]]:
            return [self.trail.append(leased(claim, taken.tickets))] if taken.tickets and taken.fresh else []

        taken: Taken = (await self.commit(followed(self.board.lease(claim, asked), told)))[0]
        return taken

    def _granted(self, taken: Taken) -> Grant:
        return Grant(lease=taken.lease, token=self.tokens.issue(taken.lease) if taken.tickets else "", tickets=taken.tickets)


def _strangers(by: Principal, asked: Asked) -> Iterator[Wrong]:
    """Groups that the caller may not take work for."""
    for place, one in enumerate(asked.assignees):
        if one.kind == "worker_group" and by.groups and one.name not in by.groups:
            yield f"assignees[{place}]", Text("you may take work for {groups} only", groups=", ".join(by.groups))


@dataclass(frozen=True, slots=True)
class HoldOn:
    """Goes on holding what a lease holds."""

    board: Board
    tokens: Tokens
    commit: Commit

    async def __call__(self, lease: Lease, known: Sequence[str] = ()) -> Grant:
        """The lease for as long again as it lasts, with a new token, and what it holds; `lost` are those of `known` that it does not.
        Raises `LeaseLost` when it holds nothing any more."""
        taken: Taken = (await self.commit(self.board.renew(lease)))[0]
        if not taken.tickets:
            raise LeaseLost(
                "The lease {lease} holds nothing any more: it ran out, or all of it has ended. Leave off with what is left.", lease=lease.id
            )
        held = {ticket.id for ticket in taken.tickets}
        lost = tuple(one for one in known if one not in held)
        return Grant(lease=taken.lease, token=self.tokens.issue(taken.lease), tickets=taken.tickets, lost=lost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one ending: the ticket, or why it was refused."""

    ticket: Ticket | None
    error: HulkError | None = None


@dataclass(frozen=True, slots=True)
class FinishTickets:
    """Ends the work on tickets under a lease."""

    board: Board
    kinds: Kinds
    schemas: Schemas
    trail: Trail
    following: Following
    commit: Commit
    bells: Bells

    async def one(self, lease: Lease, ending: Ending) -> Ticket:
        """The ticket as it ended; raises `LeaseLost`, `NotFound`, `Invalid` or `Conflict`."""
        [answer] = await self(lease, [ending])
        if answer.error is not None:
            raise answer.error
        assert answer.ticket is not None  # noqa: S101  # it has one or the other
        return answer.ticket

    async def __call__(self, lease: Lease, endings: Sequence[Ending]) -> list[Answer]:
        """An answer for each, in their order: one that is refused does not keep the others. Raises `Refused` for too many at once."""
        if not 0 < len(endings) <= MOST_AT_ONCE:
            raise Refused("{count} tickets at once are not possible; allowed are 1 to {most}.", count=len(endings), most=MOST_AT_ONCE)
        bad = await self._unfit(lease.tenant, endings)
        good = [ending for place, ending in enumerate(endings) if place not in bad]
        ended: list[Ended] = (await self.commit(self._change(lease, good)))[0] if good else []
        if any(one.moved and (one.moved.released or one.moved.after.status == "ready") for one in ended):
            self.bells.ring([lease.tenant])
        answers = iter(ended)
        return [Answer(ticket=None, error=bad[place]) if place in bad else _answer(next(answers), lease) for place in range(len(endings))]

    def _change(self, lease: Lease, endings: Sequence[Ending]) -> Change[list[Ended]]:
        finish = self.board.finish(lease.tenant, lease.id, endings)
        return followed(finish, lambda ended: self._told(lease, [one for one in ended if one.moved]))

    def _told(self, lease: Lease, ended: Sequence[Ended]) -> list[Change[Any]]:
        events = [_event(one, lease) for one in ended]
        led = [change for one in ended if one.moved for change in self.following(one.moved, lease.actor)]
        return [*([self.trail.append(*events)] if events else []), *led]

    async def _unfit(self, tenant: str, endings: Sequence[Ending]) -> dict[int, HulkError]:
        """By its place, what is wrong with an ending or its result."""
        found = {place: list(ending.wrong()) for place, ending in enumerate(endings)}
        schemas = await self._result_schemas(tenant, [one for one in endings if one.how == "completed"])
        for place, ending in enumerate(endings):
            if ending.how == "completed":
                found[place] += self._wrong_result(ending, schemas.get(ending.held.ticket, {}))
        return {place: Invalid(fields) for place, fields in found.items() if fields}

    def _wrong_result(self, ending: Ending, schema: Mapping[str, Any]) -> list[Wrong]:
        if (unfit := unfit_json(ending.result)) is not None:
            return [("result", unfit)]
        return [(joined("result", field), text) for field, text in self.schemas.wrong(dict(schema), ending.result)]

    async def _result_schemas(self, tenant: str, endings: Sequence[Ending]) -> dict[str, Mapping[str, Any]]:
        """Of each ticket, what its kind says of the result."""
        if not any(kind.result_schema for kind in await self.kinds.of_tenant(tenant)):
            return {}
        kinds = await self.board.kinds_of(tenant, [ending.held.ticket for ending in endings])
        schemas = {name: kind.result_schema for name in set(kinds.values()) if (kind := await self.kinds.get(tenant, name))}
        return {ticket: schemas.get(name, {}) for ticket, name in kinds.items()}


def _event(ended: Ended, lease: Lease) -> Event:
    assert ended.ticket is not None  # noqa: S101  # it was moved
    what = {"completed": "completed", "failed": "failed"}.get(ended.ticket.status, "given_back")
    data: JsonObject = {"artefacts": []} if what == "completed" else {"problem": ended.ticket.problem}
    return fact(what, ended.ticket, lease.actor, data=data | statuses("running", ended.ticket.status, data.get("problem")))


def _answer(ended: Ended, lease: Lease) -> Answer:
    id_ = ended.ending.held.ticket
    match ended.verdict:
        case "write" | "again":
            return Answer(ticket=ended.ticket)
        case "unknown":
            return Answer(ticket=None, error=NotFound("There is no ticket {id}.", id=id_))
        case "other result":
            return Answer(ticket=None, error=Conflict("The ticket {ticket} was completed already, with another result.", ticket=id_))
        case "run out" | "older fence" | "other lease" | "ended":
            return Answer(ticket=None, error=_lost(id_, lease.id, ended))


_WHY: Mapping[Verdict, Text] = {
    "run out": Text("the lease has run out"),
    "older fence": Text("it was taken again since"),
    "other lease": Text("another lease holds it"),
    "ended": Text("it has ended"),
}


def _lost(id_: str, lease: str, ended: Ended) -> LeaseLost:
    status = STATUSES[ended.ticket.status] if ended.ticket else "—"
    return LeaseLost(
        "The lease {lease} does not hold the ticket {ticket} any more ({why}; it is {status}): leave off with it.",
        lease=lease, ticket=id_, why=_WHY.get(ended.verdict, "—"), status=status,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProveLease:
    """Finds out which lease a caller holds."""

    tokens: Tokens

    async def __call__(self, by: Principal, token: str) -> Lease:
        """The lease of the token; without one, the caller's own. Raises `Unauthenticated`, also for a lease of another tenant."""
        shown = token or by.lease
        if shown:
            lease = await self.tokens.verify(shown)
            if lease.tenant == by.tenant and by.lease in ("", shown):
                return lease
        raise Unauthenticated("A lease token is needed: the one that came with the tickets, or with the last heartbeat.")
