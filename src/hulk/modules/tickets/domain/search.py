"""What tickets are found by: the terms that stand for one, filters, and pages of a listing that goes on behind its last ticket."""

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hulk.kernel import ids
from hulk.kernel.errors import Refused
from hulk.kernel.time import from_iso, iso
from hulk.modules.tickets.domain.ticket import Assignee, Owner, Priority, Status, Ticket

MOST_WORDS = 64
"""Words of one ticket that it is found by."""
_LONGEST_WORD = 40
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which tickets are wanted; what is empty does not restrict. `namespaces` are those that the caller may read, None for all.

    `text` are words that must all be in the title or the texts of the input, however they are accented and written large or small;
    `overdue` leaves those that have not ended and should have."""

    tenant: str
    plan: str | None = None
    intent: str | None = None
    statuses: tuple[Status, ...] = ()
    priorities: tuple[Priority, ...] = ()
    kinds: tuple[str, ...] = ()
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    assignee: Assignee | None = None
    owner: Owner | None = None
    overdue: bool = False
    namespaces: frozenset[str] | None = None

    def terms(self) -> list[str]:
        """The terms that a ticket must have, all of them."""
        single = [f"k:{one}" for one in self.kinds if len(self.kinds) == 1]
        single += [f"p:{one}" for one in self.priorities if len(self.priorities) == 1]
        single += [f"n:{self.namespace}"] if self.namespace else []
        single += [f"a:{self.assignee}"] if self.assignee else []
        return [*single, *(f"l:{name}={value}" for name, value in self.labels.items()), *(f"w:{word}" for word in words([self.text]))]

    def takes(self, ticket: Ticket, now: datetime) -> bool:
        """Whether that ticket is wanted: the rule that a store's search must agree with."""
        return (
            ticket.tenant == self.tenant
            and self.plan in (None, ticket.plan)
            and self.intent in (None, ticket.intent)
            and self.owner in (None, ticket.owner)
            and (not self.statuses or ticket.status in self.statuses)
            and (not self.priorities or ticket.priority in self.priorities)
            and (not self.kinds or ticket.kind in self.kinds)
            and (self.namespaces is None or ticket.namespace in self.namespaces)
            and set(self.terms()) <= set(terms(ticket))
            and (not self.overdue or (ticket.ended is None and ticket.due is not None and ticket.due < now))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Tickets of a listing, the newest first, and the token of the page behind them, if there is one."""

    tickets: tuple[Ticket, ...]
    next: str | None


def page_token(ticket: Ticket) -> str:
    """Where the page behind that ticket begins."""
    return base64.urlsafe_b64encode(json.dumps([iso(ticket.created), ticket.id]).encode()).decode().rstrip("=")


def read_token(token: str) -> tuple[datetime, str]:
    """The reverse of `page_token`: the moment and id behind which the page begins. Raises `Refused`."""
    try:
        moment, id_ = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        found = from_iso(moment), str(id_)
    except (ValueError, TypeError, binascii.Error) as error:
        raise Refused("“{token}” is not the token of a page: take it from the answer before, as it is.", token=token[:80]) from error
    if found[0].tzinfo is None or not ids.is_id(found[1], "tkt"):
        raise Refused("“{token}” is not the token of a page: take it from the answer before, as it is.", token=token[:80])
    return found


def terms(ticket: Ticket, titles: Iterable[str] = ()) -> list[str]:
    """What the ticket is found by; `titles` are its title in the languages that people search in."""
    said = words([str(ticket.title), *titles, *_texts(ticket.input)])
    facts = [f"k:{ticket.kind}", f"p:{ticket.priority}", f"n:{ticket.namespace}"]
    facts += [f"a:{ticket.assignee}"] if ticket.assignee else []
    return [*facts, *(f"l:{name}={value}" for name, value in ticket.labels.items()), *(f"w:{word}" for word in said)]


def words(texts: Iterable[str]) -> list[str]:
    """The first `MOST_WORDS` different words of the texts, in small letters without accents: `Índice` is found by `indice`."""
    found: dict[str, None] = {}
    for text in texts:
        for match in _WORD.finditer(_plain(text)):
            found.setdefault(match[0][:_LONGEST_WORD])
            if len(found) == MOST_WORDS:
                return list(found)
    return list(found)


def _plain(text: str) -> str:
    folded = text.casefold()
    if folded.isascii():
        return folded
    return "".join(letter for letter in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(letter))


def _texts(value: Any) -> Iterator[str]:
    """All texts in JSON data, breadth last."""
    if isinstance(value, str):
        yield value[:10_000]
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
