"""What tickets for workers and people anywhere need: where they are kept, kinds, schemas, and the tokens of leases."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias

from hulk.kernel.durable import Change
from hulk.kernel.events import Event
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.text import Text
from hulk.modules.tickets.domain import Asked, Claim, Comment, Ending, Filter, Held, Kind, Lease, Page, Status, Ticket, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A ticket that was asked for, as it is kept; `new` is whether it was not there before."""

    ticket: Ticket
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A ticket before and after a change, and what became of others through it: those that may begin now, those that never will."""

    before: Ticket
    after: Ticket
    released: tuple[Ticket, ...] = ()
    skipped: tuple[Ticket, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What was made of one ending: the verdict; with `write`, what it changed; else the ticket as it is, if there is one."""

    ending: Ending
    verdict: Verdict
    ticket: Ticket | None
    moved: Moved | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What time has done: tickets whose lease ran out (ready again, or failed as the last attempt), that passed their deadline, whose
    time has come, and that should have ended by now."""

    lost: tuple[Moved, ...] = ()
    expired: tuple[Moved, ...] = ()
    woken: tuple[Ticket, ...] = ()
    late: tuple[Ticket, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A lease and what it holds; `fresh` is whether it was taken just now."""

    lease: Lease
    tickets: tuple[Ticket, ...]
    fresh: bool = True


class Board(Protocol):
    """Where tickets wait for workers and people. Changes read the clock of the store, so that processes whose clocks differ agree on
    what has run out. Reads raise `Unavailable` when the store is away."""

    def add(self, ticket: Ticket, kind: Kind, *follow: Change[Any]) -> Change[Made | None]:
        """Keep one new ticket that comes after nothing, as `create` does, then `follow`, together with all others that are added just
        then; None when its id is there already, or its kind is not `kind` any more, and nothing was changed."""

    def create(self, tickets: Sequence[Ticket]) -> Change[list[Made]]:
        """Keep new tickets, all or none, in their order; one whose id is there is given as it is. Each comes as `open`, and is `ready`
        when it is a worker's and what it comes after has completed. Raises `Invalid` for one that comes after what is not there or will
        never complete, and `Conflict` when the id is there with another digest."""

    def lease(self, claim: Claim, asked: Asked) -> Change[Taken]:
        """Take up to `asked.most` ready tickets: the more urgent first, then what is due first, then the oldest. When the lease is there
        already, give what it holds. None taken: no lease is kept."""

    def renew(self, claim: Claim) -> Change[Taken]:
        """What the lease still holds, from now on for as long as it lasts; nothing when it has run out."""

    async def kinds_of(self, tenant: str, tickets: Sequence[str]) -> Mapping[str, str]:
        """The kinds of those of the tickets that are there, by id."""

    def finish(self, tenant: str, lease: str, endings: Sequence[Ending]) -> Change[list[Ended]]:
        """End the work on tickets that the lease holds, as `domain.judged` lets it; in the order of `endings`."""

    def move(self, tenant: str, ticket: str, wanted: Status, **to: Any) -> Change[Moved | None]:
        """The ticket becomes `wanted` (`domain.moved`, `domain.reopened`), with `result` or `problem`; None when it is so already.

        `revision`, when given, must be the ticket's. Raises `NotFound`, and `Conflict`, also for what a run of Hulk's own does,
        and for a decision after the deadline."""

    def comment(self, tenant: str, comment: Comment) -> Change[Ticket | None]:
        """Keep a comment; gives the ticket, or None when the comment is there already. Raises `NotFound`, and `Conflict` when it is there
        with another text."""

    def sweep(self, most: int) -> Change[Swept]:
        """Do what time demands, for up to `most` tickets of each sort."""

    def bound(self, kinds: Mapping[str, timedelta], most: int) -> Change[tuple[Ticket, ...]]:
        """Up to `most` tickets of those kinds by which runs wait for people, and that nothing ends: from now on they have so much time."""

    async def get(self, tenant: str, ticket: str) -> Ticket:
        """The ticket; raises `NotFound`, also for another tenant's."""

    async def many(self, tickets: Sequence[str]) -> Mapping[str, Ticket]:
        """Those of the tickets that are there, by id."""

    async def find(self, wanted: Filter, size: int, after: tuple[datetime, str] | None = None) -> Page:
        """Up to `size` tickets that fit, the newest first, from behind `after` on."""

    async def comments(self, ticket: str, most: int | None = None) -> list[Comment]:
        """What was said about the ticket, oldest first: the last `most`, or all of it."""

    async def holding(self, lease: str) -> list[Held]:
        """What the lease holds."""

    async def now(self) -> datetime:
        """The moment by the clock of the store, by which leases run out."""


class Kinds(Protocol):
    """Where kinds are kept, by tenant and name."""

    def put(self, kind: Kind) -> Change[tuple[Kind | None, Kind]]:
        """Keep the kind; over one that is there it gets the next version, unless it is the same. Gives what was there, and is now."""

    def remove(self, tenant: str, name: str) -> Change[bool]:
        """Forget the kind; whether it was there. Its tickets stay."""

    async def get(self, tenant: str, name: str) -> Kind | None:
        """The kind, if there is one."""

    def seen(self, tenant: str, name: str) -> Kind | None:
        """The kind as `get` gave it last; it may have changed since."""

    async def of_tenant(self, tenant: str) -> list[Kind]:
        """All kinds of a tenant, by name."""


class Schemas(Protocol):
    """Checks JSON against JSON Schema (2020-12)."""

    def require_schema(self, schema: JsonObject) -> None:
        """Raises `Refused` when it is no schema, or refers to what lies elsewhere."""

    def wrong(self, schema: JsonObject, value: Json) -> Sequence[tuple[str, Text]]:
        """Where the value is not as the schema has it (`amount`, `lines[2].sku`, empty: as a whole), and why."""


class Chain(Protocol):
    """Knows the intents that tickets may be made for."""

    async def __call__(self, tenant: str, intent: str) -> str | None:
        """The plan of the tenant's intent, None while it has none; raises `NotFound`, also for another tenant's."""


class Room(Protocol):
    """How many open tickets a tenant may have."""

    def take(self, tenant: str, count: int) -> Change[None]:
        """So many more; committing raises `OverQuota` when there is no room."""

    def give_back(self, tenant: str, count: int) -> Change[None]:
        """So many less."""


RequireNamespace: TypeAlias = Callable[[str, str], Awaitable[None]]
"""Raises `Refused` unless the tenant has a namespace of that name."""

CallOff: TypeAlias = Callable[[str, str, str], Change[Any]]
"""Cancels a run (id, actor, reason)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What tickets need of other modules."""

    call_off: CallOff
    chain: Chain
    room: Room
    require_namespace: RequireNamespace


class Tokens(Protocol):
    """Makes and checks the tokens by which workers prove what they hold."""

    def issue(self, lease: Lease) -> str:
        """The lease's token; it ends with the lease."""

    async def verify(self, token: str) -> Lease:
        """The lease of a token; raises `Unauthenticated` for any that was not issued here, was altered, or has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened to a tenant's, at its place in the trail."""

    position: int
    event: Event


class Feed(Protocol):
    """What happens, as it happens."""

    def follow(self, tenant: str, after: int | None) -> AsyncIterator[Sequence[Happening]]:
        """All that happened to a tenant's past that position, then what happens, without end; None: from now on."""

    async def past(self, ticket: Ticket, most: int) -> Sequence[Event]:
        """The last `most` events about that ticket, oldest first."""
