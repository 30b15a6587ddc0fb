"""Tickets and artefacts in memory: for tests and for trying things out."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, NotFound, Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.time import Clock, utc_now
from hulk.modules.tickets.domain import Artefact, NewArtefact, Status, Ticket, moved


class MemoryTickets:
    """Keeps `Tickets`' promises in this process."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._tickets: dict[str, Ticket] = {}
        self._made: dict[tuple[str, str], Artefact] = {}

    def open(self, tickets: Sequence[Ticket]) -> Change[None]:
        """See `Tickets`."""

        def change(_: Any) -> None:
            for ticket in tickets:
                self._tickets.setdefault(ticket.id, ticket)

        return change

    def begin(self, ticket: str, run: str) -> Change[None]:
        """See `Tickets`."""

        def change(_: Any) -> None:
            self._move(ticket, "ready", run=run)

        return change

    def start(self, ticket: str) -> Change[None]:
        """See `Tickets`."""

        def change(_: Any) -> None:
            self._move(ticket, "running")

        return change

    def end(self, ticket: str, status: Status, *, result: JsonObject | None = None, problem: JsonObject | None = None) -> Change[bool]:
        """See `Tickets`."""
        return lambda _: self._move(ticket, status, result=result, problem=problem, ended=self._clock())

    def _move(self, ticket: str, status: Status, **values: Any) -> bool:
        """Whether there is such a ticket and it may become that."""
        found = self._tickets.get(ticket)
        if found is None or not _may(found, status):
            return False
        self._tickets[ticket] = replace(found, status=status, **values, updated=self._clock(), revision=found.revision + 1)
        return True

    def reopen(self, ticket: str) -> Change[bool]:
        """See `Tickets`."""

        def change(_: Any) -> bool:
            found = self._tickets.get(ticket)
            if found is None or found.status != "failed":
                return False
            self._tickets[ticket] = replace(
                found, status="ready", problem=None, ended=None, updated=self._clock(), revision=found.revision + 1
            )
            return True

        return change

    def unskip(self, intent: str) -> Change[None]:
        """See `Tickets`."""

        def change(_: Any) -> None:
            for one in list(self._tickets.values()):
                if one.intent == intent and one.status == "skipped":
                    self._tickets[one.id] = replace(one, status="open", ended=None, updated=self._clock(), revision=one.revision + 1)

        return change

    def attach(self, ticket: str, artefacts: Sequence[Artefact]) -> Change[None]:
        """See `Tickets`."""

        def change(_: Any) -> None:
            for made in artefacts:
                self._made.setdefault((ticket, made.name), replace(made, ticket=ticket))

        return change

    async def get(self, ticket: str) -> Ticket:
        """See `Tickets`."""
        if ticket not in self._tickets:
            raise NotFound("There is no ticket {id}.", id=ticket)
        return self._tickets[ticket]

    async def of_plan(self, plan: str) -> list[Ticket]:
        """See `Tickets`."""
        return [ticket for ticket in self._tickets.values() if ticket.plan == plan and ticket.owner == "run"]

    async def of_intent(self, intent: str) -> list[Ticket]:
        """See `Tickets`."""
        theirs = [ticket for ticket in self._tickets.values() if ticket.intent == intent]
        return sorted(theirs, key=lambda ticket: ticket.owner == "person")

    async def artefacts(self, intent: str) -> list[Artefact]:
        """See `Tickets`."""
        made = sorted(self._made.values(), key=lambda one: one.name)
        return [one for ticket in await self.of_intent(intent) for one in made if one.ticket == ticket.id]


def _may(ticket: Ticket, status: Status) -> bool:
    try:
        moved(ticket, status)
    except Conflict:
        return False
    return True


class MemoryFiles:
    """Keeps `Files`' promises in this process; `contents` are the bytes by their SHA-256."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    async def keep(self, artefact: NewArtefact) -> Artefact:
        """See `Files`."""
        try:
            content = await asyncio.to_thread(artefact.path.read_bytes)
        except OSError as error:
            reason = error.strerror or str(error)
            raise Unavailable(
                "The file cannot be kept: {reason}. Check the disk and the rights of the data folder.", retry_after=5, reason=reason
            ) from error
        blob = hashlib.sha256(content).hexdigest()
        self.contents[blob] = content
        return Artefact(name=artefact.name, media_type=artefact.media_type, blob=blob, size=len(content))

    @asynccontextmanager
    async def scratch(self) -> AsyncIterator[Path]:
        """See `Files`."""
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
