"""Looking at tickets, and hearing of what becomes of them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from hulk.kernel.errors import Refused
from hulk.kernel.events import Event
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import Clock
from hulk.modules.tickets.domain import Comment, Filter, Page, Ticket, read_token, tickets_of
from hulk.modules.tickets.ports import Board, Feed
from hulk.modules.tickets.usecases.decide import visible

LARGEST_PAGE = 1000
MOST_EVENTS = 200
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class FindTickets:
    """Finds the tickets that fit, in the namespaces that the caller may read."""

    board: Board

    async def __call__(self, by: Principal, wanted: Filter, size: int = 100, token: str = "") -> Page:
        """A page of up to `size` (1 to 1000), the newest first; `token` is the `next` of the page before. Raises `Refused`."""
        if not 0 < size <= LARGEST_PAGE:
            raise Refused("A page of {size} is not possible; allowed are 1 to {most}.", size=size, most=LARGEST_PAGE)
        if len(wanted.text) > _LONGEST_TEXT:
            raise Refused(
                "The text to search for has {count} characters; at most {most} are taken.", count=len(wanted.text), most=_LONGEST_TEXT
            )
        return await self.board.find(seen_by(by, wanted), size, read_token(token) if token else None)


def seen_by(by: Principal, wanted: Filter) -> Filter:
    """The filter, cut to what the caller may read."""
    return replace(wanted, tenant=by.tenant, namespaces=by.namespaces("read", "tickets"))


@dataclass(frozen=True, slots=True)
class ShowTicket:
    """A ticket and what was said about it."""

    board: Board
    feed: Feed

    async def __call__(self, by: Principal, ticket: str) -> Ticket:
        """The ticket; raises `NotFound`, also for what the caller may not read."""
        return await visible(self.board, by, ticket)

    async def comments(self, by: Principal, ticket: str, most: int | None = None) -> list[Comment]:
        """What was said about it, oldest first: the last `most`, or all of it; raises `NotFound`."""
        await visible(self.board, by, ticket)
        return await self.board.comments(ticket, most)

    async def history(self, by: Principal, ticket: str) -> Sequence[Event]:
        """What became of it, at most the last `MOST_EVENTS` events, oldest first; raises `NotFound`."""
        return await self.feed.past(await visible(self.board, by, ticket), MOST_EVENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of a ticket: as it is now, and the event that told of it."""

    position: int
    ticket: Ticket
    event: Event


@dataclass(frozen=True, slots=True)
class WatchTickets:
    """Tells each change of the tickets that fit."""

    board: Board
    feed: Feed
    clock: Clock

    async def __call__(self, by: Principal, wanted: Filter, after: int | None) -> AsyncIterator[Change]:
        """Each change past position `after` (None: from now on), in order, without end. A ticket that changes quickly may be shown as it
        became later; no change is left out."""
        seen = seen_by(by, wanted)
        async for happenings in self.feed.follow(by.tenant, after):
            told = [(one, id_) for one in happenings for id_ in tickets_of(one.event)]
            found = await self.board.many(list(dict.fromkeys(id_ for _, id_ in told))) if told else {}
            for one, id_ in told:
                if id_ in found and seen.takes(found[id_], self.clock()):
                    yield Change(position=one.position, ticket=found[id_], event=one.event)
