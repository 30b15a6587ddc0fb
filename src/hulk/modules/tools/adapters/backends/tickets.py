"""Hulk's own tickets as tools: looked for, shown, opened for people and workers, commented on.

What the rules on tools allow is done with an operator's rights, in the name of whoever calls."""

from collections.abc import Callable, Sequence

from pydantic import Field

from hulk.kernel.errors import Invalid
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, Principal, everywhere
from hulk.kernel.text import Language, Text, Voice
from hulk.modules.tickets import Assignee, Filter, New, Priority, Status, TicketActs, view
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments, said
from hulk.modules.tools.domain import Output, Question, Words
from hulk.modules.tools.ports import Calling

_KIND = "kind"
"""The key of the question which kind is meant."""
_KINDS = 100
"""How many are named."""


class ListTickets(Arguments):
    """Tickets, newest first (tarefas, chamados): all, or those of a status, a kind, a label, with words in them."""

    text: str = Field(default="", max_length=200, description="Words that must all be in them.")
    statuses: tuple[Status, ...] = Field(default=(), description="Only of these.")
    kinds: tuple[str, ...] = Field(default=(), max_length=20, description="Only of these kinds.")
    labels: dict[str, str] = Field(default_factory=dict, description="Only with these.")
    overdue: bool = Field(default=False, description="Only those that should have ended.")
    most: int = Field(default=50, ge=1, le=200)


class ShowTicket(Arguments):
    """A ticket with what was said about it."""

    ticket: str = Field(description="Its id, tkt_…", max_length=64)


class CreateTicket(Arguments):
    """Open a ticket (abrir chamado): for workers, of a registered kind, or for a person."""

    kind: str = Field(max_length=128, description="For workers a registered kind; for a person any name (`review`).")
    title: str = Field(min_length=1, max_length=300)
    input: JsonObject = Field(default_factory=dict, description="As the kind's schema has it.")
    person: str = Field(default="", max_length=200, description="Who is to do it; `*` is whoever may approve; empty for a worker.")
    priority: Priority = "normal"
    labels: dict[str, str] = Field(default_factory=dict)
    namespace: str = Field(default=DEFAULT_NAMESPACE, max_length=63)


class CommentTicket(Arguments):
    """Say something about a ticket."""

    ticket: str = Field(description="Its id, tkt_…", max_length=64)
    text: str = Field(min_length=1, max_length=10_000)


class TicketTools(Acts):
    """`Backend` of tickets."""

    def __init__(self, acts: TicketActs, voices: Callable[[Language], Voice], name: str = "tickets") -> None:
        super().__init__(
            name, About(outside=False, owner="Hulk", tags=("tickets",)),
            Act("list", "List tickets", ListTickets, self._list, at=""),
            Act("show", "Show a ticket", ShowTicket, self._show, at="/{ticket}"),
            Act("create", "Open a ticket", CreateTicket, self._create, effect="write", idempotent=True),
            Act("comment", "Comment on a ticket", CommentTicket, self._comment, effect="write", idempotent=True),
        )  # fmt: skip
        self._acts_on = acts
        self._voices = voices

    async def _list(self, wanted: ListTickets, calling: Calling) -> Output:
        meant = Filter(
            tenant=calling.tenant, text=wanted.text, statuses=wanted.statuses, kinds=wanted.kinds, labels=wanted.labels,
            overdue=wanted.overdue,
        )  # fmt: skip
        page = await self._acts_on.find(_by(calling), meant, wanted.most)
        voice = self._voices(calling.language)
        cut = Text("There are more; ask for others.") if page.next else None
        return said({"tickets": [view(one, voice) for one in page.tickets]}, cut=voice.say(cut) if cut else "")

    async def _show(self, wanted: ShowTicket, calling: Calling) -> Output:
        by, voice = _by(calling), self._voices(calling.language)
        ticket = await self._acts_on.show(by, wanted.ticket)
        comments = await self._acts_on.show.comments(by, wanted.ticket)
        shown = [{"actor": one.actor, "text": one.text, "at": one.at} for one in comments]
        return said({**view(ticket, voice), "input": ticket.input, "result": ticket.result, "comments": shown})

    async def _create(self, wanted: CreateTicket, calling: Calling) -> Output:
        if not wanted.title.strip():
            raise Invalid([("title", Text("1 to {most} characters, without NUL", most=300))])
        kind, known = _kind(wanted, calling), [one.name for one in await self._acts_on.list_kinds(_by(calling))]
        if known and kind not in known and not wanted.person:
            return _which(kind, known, self._voices(calling.language))
        new = New(
            kind=kind, title=wanted.title, input=wanted.input, request=f"tool:{calling.id}"[:128], priority=wanted.priority,
            labels=wanted.labels, namespace=wanted.namespace, assignee=_assignee(wanted.person),
        )  # fmt: skip
        return said(view(await self._acts_on.create.one(_by(calling), new), self._voices(calling.language)))

    async def _comment(self, wanted: CommentTicket, calling: Calling) -> Output:
        comment = await self._acts_on.comment(_by(calling), wanted.ticket, wanted.text, f"tool:{calling.id}")
        return said({"comment": comment.id, "ticket": comment.ticket})


def _assignee(person: str) -> Assignee | None:
    return Assignee("person", "" if person == "*" else person) if person else None


def _kind(wanted: CreateTicket, calling: Calling) -> str:
    """As it was chosen where it was asked for, else as it was named."""
    chosen = (calling.present.answers.get(_KIND) or {}).get("kind")
    return chosen if isinstance(chosen, str) else wanted.kind


def _which(kind: str, known: Sequence[str], voice: Voice) -> Output:
    """Asks which of the kinds that there are is meant."""
    text = voice.say(
        Text("There is no kind of ticket “{kind}” here. Which one is it: {known}?", kind=kind, known=", ".join(known[:_KINDS]))
    )
    schema: JsonObject = {"type": "object", "properties": {"kind": {"type": "string", "enum": known[:_KINDS]}}, "required": ["kind"]}
    return Output(pieces=(Words(text),), failed=True, asks=(Question(key=_KIND, message=text, schema=schema),))


def _by(calling: Calling) -> Principal:
    return Principal(tenant=calling.tenant, actor=calling.actor, grants=everywhere("operator"))
