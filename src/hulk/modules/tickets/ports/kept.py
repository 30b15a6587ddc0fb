"""What executing the tickets of plans needs: where they and their files are kept."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from hulk.kernel.durable import Change
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Language, Voice
from hulk.modules.tickets.domain import Artefact, NewArtefact, Status, Ticket


class Tickets(Protocol):
    """Where tickets are kept. Changes are idempotent: the same one applied twice leaves one ticket in one state. A change that
    would take a ticket back, or to where `domain.moved` does not let it, changes nothing."""

    def open(self, tickets: Sequence[Ticket]) -> Change[None]:
        """Keep new tickets; those that are there already are left as they are."""

    def begin(self, ticket: str, run: str) -> Change[None]:
        """An open ticket is ready, to be executed by `run`."""

    def start(self, ticket: str) -> Change[None]:
        """A ready ticket is running."""

    def end(self, ticket: str, status: Status, *, result: JsonObject | None = None, problem: JsonObject | None = None) -> Change[bool]:
        """The ticket is completed, failed or skipped; False when it was ended before, and nothing was changed."""

    def reopen(self, ticket: str) -> Change[bool]:
        """A failed ticket is ready once more: its work is done again. False when it has not failed."""

    def unskip(self, intent: str) -> Change[None]:
        """The intent's skipped tickets are open again, since what they came after is."""

    def attach(self, ticket: str, artefacts: Sequence[Artefact]) -> Change[None]:
        """Keep what the ticket's work has made; of a name that it has made already, the first stays."""

    async def get(self, ticket: str) -> Ticket:
        """The ticket; raises `NotFound`."""

    async def of_plan(self, plan: str) -> list[Ticket]:
        """The tickets of a plan that workers do, in the order they were opened."""

    async def of_intent(self, intent: str) -> list[Ticket]:
        """All tickets of an intent: those that workers do, then those of people, each in the order they were opened."""

    async def artefacts(self, intent: str) -> list[Artefact]:
        """What the tickets of an intent have made: in the order of the tickets, of one ticket by name."""


class Files(Protocol):
    """Where artefacts are kept, and scratch folders come from."""

    async def keep(self, artefact: NewArtefact) -> Artefact:
        """Keep the file by its content; keeping the same content again changes nothing. Raises `Unavailable`."""

    def scratch(self) -> AbstractAsyncContextManager[Path]:
        """An empty folder that is removed at the end."""


class Voices(Protocol):
    """Gives the voice of a language."""

    def __call__(self, language: Language) -> Voice:
        """The voice of that language."""
