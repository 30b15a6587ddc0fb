"""What people and operators do to tickets: approve, reject, comment, call off, open again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from hulk.kernel import events, ids
from hulk.kernel.bells import Bells
from hulk.kernel.durable import Change, Commit, Context, Outcome, Runs, followed
from hulk.kernel.errors import Forbidden, Invalid, NotFound, Refused
from hulk.kernel.events import Trail, changed
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, Principal
from hulk.kernel.text import Text, writable
from hulk.kernel.time import Clock
from hulk.modules.tickets.domain import OVER_TIME, Assignee, Comment, Priority, Status, Ticket, problem_of
from hulk.modules.tickets.ports import Board, CallOff, Moved
from hulk.modules.tickets.usecases.create import unfit_json
from hulk.modules.tickets.usecases.facts import Following, fact, opened, signal

LONGEST_REASON = 2000
LONGEST_COMMENT = 10_000
_WORDS = {"completed": "approved", "failed": "rejected", "cancelled": "cancelled", "open": "reopened"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants a ticket to become, and why. `revision`, when given, must be the ticket's."""

    ticket: str
    status: Literal["completed", "failed", "cancelled", "open"]
    reason: str = ""
    revision: int | None = None
    result: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class MoveTicket:
    """Moves a ticket as a person or an operator wants it."""

    board: Board
    trail: Trail
    following: Following
    commit: Commit
    bells: Bells
    call_off: CallOff

    async def __call__(self, by: Principal, wish: Wish) -> Ticket:
        """The ticket as it is then; asked again, as it is. To complete (approve) or fail (reject) a person's takes the right to approve,
        all else the right to write; what somebody asked for themselves they approve only as an admin. Raises `NotFound`, `Forbidden`,
        `Conflict`, `Invalid`."""
        _require_fit(wish)
        ticket = await visible(self.board, by, wish.ticket)
        _require_right(by, ticket, wish)
        if ticket.owner == "run" and wish.status == "cancelled" and ticket.run is not None:
            await self.commit(self.call_off(ticket.run, by.actor, writable(wish.reason)[: events.LONGEST_REASON]))
            return await self.board.get(by.tenant, ticket.id)
        moved: Moved | None = (await self.commit(self._change(by, wish)))[0]
        if moved is not None and (moved.released or moved.after.status == "ready"):
            self.bells.ring([by.tenant])
        return moved.after if moved else await self.board.get(by.tenant, ticket.id)

    def may_approve(self, by: Principal, ticket: Ticket) -> bool:
        """Whether they may complete it, as calling would have it."""
        try:
            _require_right(by, ticket, Wish(ticket=ticket.id, status="completed"))
        except Forbidden:
            return False
        return True

    def _change(self, by: Principal, wish: Wish) -> Change[Moved | None]:
        problem = None
        if wish.status == "failed":
            reason = writable(wish.reason) or "—"
            problem = problem_of("rejected", Text("{actor} rejected it: {reason}", actor=by.actor, reason=reason))
        moving = self.board.move(by.tenant, wish.ticket, wish.status, revision=wish.revision, result=wish.result, problem=problem)
        return followed(moving, lambda moved: [] if moved is None else self._told(moved, by, wish))

    def _told(self, moved: Moved, by: Principal, wish: Wish) -> list[Change[Any]]:
        word = _WORDS[wish.status] if moved.after.owner == "person" or wish.status in ("cancelled", "open") else wish.status
        data = changed(writable(wish.reason), {"status": moved.before.status}, {"status": moved.after.status})
        event = fact(word, moved.after, by.actor, data=data)
        return [self.trail.append(event), *self.following(moved, by.actor)]


async def visible(board: Board, by: Principal, id_: str) -> Ticket:
    """The ticket, if the caller may read it; raises `NotFound`."""
    ticket = await board.get(by.tenant, ids.parse(id_, "tkt"))
    if not by.may("read", "tickets", ticket.namespace):
        raise NotFound("There is no ticket {id}.", id=id_)
    return ticket


def _require_right(by: Principal, ticket: Ticket, wish: Wish) -> None:
    verb: Literal["approve", "write"] = "approve" if ticket.owner == "person" and wish.status in ("completed", "failed") else "write"
    if not by.may(verb, "tickets", ticket.namespace):
        raise Forbidden(
            "You may not do this: it needs “{verb}” on {resource}, and your roles are {roles}. Ask an admin for a role that has it.",
            verb=verb, resource="tickets", roles=by.roles or "—",
        )  # fmt: skip
    assignee = ticket.assignee
    named = verb == "approve" and assignee is not None and assignee.name != ""
    if named and assignee is not None and by.actor != f"person:{assignee.name}" and not by.may("manage", "tickets", ticket.namespace):
        raise Forbidden("Ticket {ticket} is for {assignee} to decide on.", ticket=ticket.id, assignee=assignee.name)
    if wish.status == "completed" and ticket.asker == by.actor and not by.may("manage", "tickets", ticket.namespace):
        raise Forbidden("You asked for this yourself, so ticket {ticket} is for somebody else to approve.", ticket=ticket.id)


def _require_fit(wish: Wish) -> None:
    if len(wish.reason) > LONGEST_REASON:
        raise Invalid([("reason", Text("the length must be at most {count}", count=LONGEST_REASON))])
    if wish.result is not None and (unfit := unfit_json(wish.result)) is not None:
        raise Invalid([("result", unfit)])
    if wish.result is not None and wish.status != "completed":
        raise Invalid([("result", Text("only what is completed has a result"))])


@dataclass(frozen=True, slots=True)
class CommentTicket:
    """Keeps what somebody says about a ticket, and tells the run that waits for it."""

    board: Board
    trail: Trail
    runs: Runs
    commit: Commit
    clock: Clock

    async def __call__(self, by: Principal, ticket: str, text: str, request: str | None = None) -> Comment:
        """The comment; under the same `request` of the caller it is kept once. Raises `NotFound`, `Forbidden`, `Refused`, `Conflict`."""
        found = await visible(self.board, by, ticket)
        if not any(by.may(verb, "tickets", found.namespace) for verb in _TALKERS):
            raise Forbidden("You may say nothing about tickets here; your roles are {roles}.", roles=by.roles or "—")
        if not 0 < len(text.strip()) <= LONGEST_COMMENT or writable(text) != text:
            raise Refused("A comment has 1 to {most} characters, without NUL; this one has {count}.", most=LONGEST_COMMENT, count=len(text))
        id_ = ids.new("cmt") if request is None else ids.derived("cmt", by.tenant, by.actor, ticket, request)
        comment = Comment(id=id_, ticket=ticket, actor=by.actor, at=self.clock(), text=text)
        keeping = followed(self.board.comment(by.tenant, comment), lambda new: [] if new is None else self._told(new, comment))
        await self.commit(keeping)
        return next(one for one in await self.board.comments(ticket) if one.id == id_)

    def _told(self, ticket: Ticket, comment: Comment) -> list[Change[Any]]:
        made = {"comment": comment.id}
        told = [self.trail.append(fact("commented", ticket, comment.actor, data={**made, **changed("", None, made)}))]
        if ticket.waiter is not None:
            told.append(signal(ticket, self.runs, "comment", comment.actor, comment.id, text=comment.text))
        return told


_TALKERS: tuple[Literal["write", "approve"], ...] = ("write", "approve")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a person is asked by a run."""

    kind: str
    title: Text
    input: JsonObject = field(default_factory=dict)
    person: str = ""
    asker: str | None = None
    """Who wants it; they do not approve it themselves, unless they are an admin."""
    wait: timedelta | None = None
    """How long they are waited for: then the ticket ends by itself. None is for ever."""
    namespace: str = DEFAULT_NAMESPACE
    priority: Priority = "normal"
    intent: str | None = None
    plan: str | None = None


def in_time(problem: JsonObject | None) -> bool:
    """Whether a ticket with that problem was ended by something else than its deadline."""
    return problem is None or problem["code"] != OVER_TIME


Besides: TypeAlias = Callable[[Ticket], Sequence[Change[Any]]]
"""What is to be written with a ticket."""


def nothing(_: Ticket) -> Sequence[Change[Any]]:
    """No more than the ticket."""
    return ()


@dataclass(frozen=True, slots=True)
class AskPerson:
    """Has a run wait for a person: a ticket is opened in a step, and its end comes as a durable signal."""

    board: Board
    trail: Trail
    clock: Clock

    async def __call__(self, context: Context, name: str, matter: Matter, besides: Besides = nothing) -> JsonObject:
        """How the person decided: `status`, `result`, `problem`, `actor`, and the `comments` made until then. `besides` gives the changes
        that commit with the ticket."""
        ticket: str = await context.step(name, lambda: self._open(context, name, matter, besides))
        comments: list[JsonObject] = []
        while True:
            heard: Any = await context.wait(ticket)
            if heard["act"] != "comment":
                return {**heard, "comments": comments}
            comments.append({"actor": heard["actor"], "text": heard["text"]})

    async def _open(self, context: Context, name: str, matter: Matter, besides: Besides) -> Outcome[str]:
        now = self.clock()
        ticket = Ticket(
            id=ids.derived("tkt", context.key), plan=matter.plan, intent=matter.intent, tenant=context.tenant, key=name, kind=matter.kind,
            title=matter.title, status=_OPEN, input=matter.input, owner="person", priority=matter.priority, created=now,
            namespace=matter.namespace, assignee=Assignee("person", matter.person), actor=f"run:{context.run_id}", waiter=context.run_id,
            asker=matter.asker, deadline=None if matter.wait is None else now + matter.wait,
        )  # fmt: skip
        told = self.trail.append(opened(ticket, ticket.actor))
        return Outcome(ticket.id, [followed(self.board.create([ticket]), lambda made: [told, *besides(ticket)] if made[0].new else [])])


_OPEN: Status = "open"
