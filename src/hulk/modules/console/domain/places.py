"""The places of the console: how they are called and reached, and where each id is shown."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hulk.kernel.tenancy import Principal, Resource, Verb
from hulk.kernel.text import Text

ROOT = "/console"


@dataclass(frozen=True, slots=True)
class Place:
    """A page that can be gone to: by its name, or by `g` and its `key`. `resource` is what one must be allowed to read (or
    whatever `verb` says) somewhere; in all of the tenant, where it is of the tenant as a `whole` and of no namespace."""

    path: str
    name: Text
    key: str
    resource: Resource | None = None
    whole: bool = False
    verb: Verb = "read"

    @property
    def address(self) -> str:
        """Its path from the root of the site."""
        return f"{ROOT}/{self.path}" if self.path else f"{ROOT}/"

    def open_to(self, caller: Principal) -> bool:
        """Whether there is anything there for them."""
        if self.resource is None:
            return True
        return caller.may(self.verb, self.resource) if self.whole else caller.somewhere(self.verb, self.resource)


@dataclass(frozen=True, slots=True)
class Group:
    """Places that belong together."""

    name: Text
    places: Sequence[Place]

    def open_to(self, caller: Principal) -> bool:
        """Whether any of them is."""
        return any(place.open_to(caller) for place in self.places)


GROUPS: Sequence[Group] = (
    Group(
        Text("Today"),
        (
            Place("", Text("Now"), "n"),
            Place("ask", Text("Ask"), "a", "intents", verb="write"),
        ),
    ),
    Group(
        Text("Work"),
        (
            Place("intents", Text("Intents"), "i", "intents"),
            Place("tickets", Text("Tickets"), "t", "tickets"),
            Place("runs", Text("Runs"), "r", "runs"),
            Place("dead-letters", Text("Dead letters"), "d", "runs"),
            Place("queues", Text("Queues"), "q", "queues"),
            Place("schedules", Text("Schedules"), "s", "schedules"),
        ),
    ),
    Group(
        Text("Who answers"),
        (
            Place("router", Text("Router"), "o", "router", whole=True),
            Place("models", Text("Models"), "m", "router", whole=True),
            Place("agents", Text("Agents"), "w", "agents"),
            Place("tools", Text("Tools"), "l", "tools", whole=True),
        ),
    ),
    Group(
        Text("Money"),
        (
            Place("costs", Text("Costs and budgets"), "c", "costs", whole=True),
        ),
    ),
    Group(
        Text("People and channels"),
        (
            Place("channels", Text("Channels"), "h", "channels"),
            Place("conversations", Text("Conversations"), "v", "channels"),
            Place("contacts", Text("Contacts"), "k", "channels", verb="manage"),
            Place("people", Text("People"), "p", "members"),
            Place("tenants", Text("Tenants"), "z", "platform", whole=True),
        ),
    ),
    Group(
        Text("This Hulk"),
        (
            Place("audit", Text("Audit"), "u", "audit", whole=True),
            Place("settings", Text("Settings"), "e", "platform", whole=True),
            Place("about", Text("About"), "b"),
        ),
    ),
)  # fmt: skip
"""As the menu has them."""

PLACES: Sequence[Place] = tuple(place for group in GROUPS for place in group.places)

_SHOWN: Mapping[str, str] = {
    "int": "intents/",
    "run": "runs/",
    "sch": "schedules/",
    "tkt": "tickets/",
    "dec": "router/decisions/",
    "exp": "router/experiments/",
    "usr": "people/",
    "svc": "people/",
    "tsk": "agent-tasks/",
    "tcl": "tool-calls/",
    "key": "people#",
    "cnv": "conversations/",
    "evt": "trace/",
    "pln": "trace/",
}
"""By the prefix of an id, what stands before it in the address where it is shown."""
_TRACE = re.compile("[0-9a-f]{32}")
"""The id of a trace, as logs and other programs have it (W3C Trace Context)."""


def place_of(identifier: str) -> str | None:
    """Where what has that id is shown, a path; None for what is no id, or of nothing that has a page."""
    if _TRACE.fullmatch(identifier):
        return f"{ROOT}/trace/{identifier}"
    prefix, sign, _ = identifier.partition("_")
    path = _SHOWN.get(prefix) if sign and identifier.isascii() and identifier.isidentifier() else None
    return f"{ROOT}/{path}{identifier}" if path else None


def within(address: str) -> str:
    """The address if it is a page of the console, else its front page: nobody is led elsewhere by a link to us."""
    fine = address == ROOT or address.startswith((f"{ROOT}/", f"{ROOT}?"))
    plain = address.isprintable() and "\\" not in address and ".." not in address.partition("?")[0]
    return address if fine and plain else f"{ROOT}/"
