"""Kinds of tickets that workers and people do: what their input and result look like, and how they are tried."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,30}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]{0,30}[a-z0-9])?){0,5}")
LONGEST_LEASE = timedelta(hours=1)
SHORTEST_LEASE = timedelta(seconds=1)
MOST_ATTEMPTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind, as a tenant has registered it. Schemas are JSON Schema 2020-12; an empty one takes anything.

    A lease lasts `lease` when the worker names no other time; a ticket that was leased `attempts` times without an end fails."""

    tenant: str
    name: str
    input_schema: JsonObject = field(default_factory=dict)
    result_schema: JsonObject = field(default_factory=dict)
    description: str = ""
    lease: timedelta = timedelta(seconds=30)
    attempts: int = 5
    version: int = 1
    actor: str = "hulk"
    created: datetime

    def checked(self) -> "Kind":
        """This, if it may be registered; raises `Refused`. Its schemas are checked by who compiles them."""
        kind_name(self.name)
        if not SHORTEST_LEASE <= self.lease <= LONGEST_LEASE:
            raise Refused("A lease of {seconds} s is not possible; allowed are 1 s to 1 h.", seconds=self.lease.total_seconds())
        if not 1 <= self.attempts <= MOST_ATTEMPTS:
            raise Refused("{count} attempts are not possible; allowed are 1 to {most}.", count=self.attempts, most=MOST_ATTEMPTS)
        if len(self.description) > 1000:
            raise Refused("The description has {count} characters; at most {most} are kept.", count=len(self.description), most=1000)
        return self


def kind_name(name: str) -> str:
    """`name` if a kind may be called so; raises `Refused`."""
    if len(name) > 64 or _NAME.fullmatch(name) is None:
        raise Refused(
            "“{name}” is no name for a kind: small letters, digits, _ and - in up to six parts joined by dots, as in report.monthly.",
            name=name[:80],
        )
    return name
