"""Choreography: an event begins a run, and nobody conducts.

    workflows.on("hulk.ticket.completed.v1", bill, name="billing")

    def bill(event: Event) -> Started | None:
        return Started(workflow="bill", data={"ticket": event.subject}, tenant=event.tenant, id="")

Each reaction is a durable consumer of the events' stream, shared by all processes that have it. Events come at least once; the
run's id is derived from the event and the workflow, so it is begun once all the same. What a reaction cannot deal with at once
becomes a run of its own, of the workflow `on-hulk-ticket-completed-v1-billing`: it is tried again, told, replayed and discarded
as any other.
"""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeAlias

import structlog
from sqlalchemy import Connection, select

from hulk.kernel import ids
from hulk.kernel.durable import Change, Context, Outcome, Retry, Started
from hulk.kernel.errors import Conflict, HulkError, Refused, Unavailable, permanent
from hulk.kernel.events import Event
from hulk.kernel.records import JsonObject, from_json, to_json
from hulk.runtime.bus import EVENTS, Bus, Message, from_message, subject_of
from hulk.runtime.store import Store
from hulk.runtime.telemetry import span
from hulk.runtime.workflows.functions import workflow
from hulk.runtime.workflows.registry import Registry
from hulk.runtime.workflows.tables import run_table

log = structlog.get_logger(__name__)

React: TypeAlias = Callable[[Event], Started | Awaitable[Started | None] | None]
"""Gives the run that an event begins, or None. Its id, tenant and cause are set here, and where they are empty intent and trace."""

LEASE = timedelta(seconds=30)
WITHIN = timedelta(seconds=10)
"""How long a reaction may take to say what an event begins."""
TRIES = Retry(attempts=8)
"""How often a run asks a reaction that raises, over half a minute at most; then it is a dead letter."""
BATCH = 64
FETCH_SECONDS = 5.0
AWAY_SECONDS = 1.0
ODD_SECONDS = 60.0
"""After how long an event is looked at again that neither begins what it should nor can be kept as a run."""
ANY = -1
"""No bound on un-acknowledged events: those that wait to be tried again must not keep others waiting."""
PREFIX = "on-"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What events of a type begin. `past`: also those that were told before the reaction was first known."""

    type: str
    name: str
    react: React
    past: bool = False
    retry: Retry = TRIES

    @property
    def consumer(self) -> str:
        """The durable consumer's name and that of the runs for what went wrong, the same in every process and after every restart."""
        return f"{PREFIX}{self.type.replace('.', '-')}-{self.name}"


@dataclass(frozen=True, slots=True)
class Choreography:
    """The reactions of this process, and what carries them out."""

    store: Store
    bus: Bus
    workflows: Registry
    begin: Callable[[Started], Change[bool]]
    _reactions: dict[str, Reaction] = field(default_factory=dict)

    def on(self, event_type: str, react: React, *, name: str, past: bool = False, retry: Retry = TRIES) -> None:
        """Have events of that type begin what `react` says. Raises `Refused` for a name that cannot be kept, `Conflict` for one taken."""
        if not _NAME.fullmatch(name):
            raise Refused("“{name}” cannot be the name of a reaction to events: use 1 to 64 letters, digits, _ or -.", name=name[:80])
        reaction = Reaction(type=event_type, name=name, react=react, past=past, retry=retry)
        if reaction.consumer in self._reactions:
            raise Conflict("There is a reaction named “{name}” to {type} already: give this one another name.", name=name, type=event_type)
        self._reactions[reaction.consumer] = reaction
        self.workflows.add(reaction.consumer, workflow(_Again(reaction, self.begin)))

    async def run(self) -> None:
        """Begin what events begin, until cancelled. Only reactions that were known before take part."""
        async with asyncio.TaskGroup() as group:
            for reaction in self._reactions.values():
                group.create_task(self._follow(reaction))

    async def _follow(self, reaction: Reaction) -> None:
        subjects, seconds = [subject_of(reaction.type)], LEASE.total_seconds()
        async with self.bus.pull(
            EVENTS, reaction.consumer, subjects, ack_wait=seconds, max_ack_pending=ANY, only_new=not reaction.past
        ) as pull:
            while True:
                messages = await pull.fetch(BATCH, FETCH_SECONDS)
                async with asyncio.TaskGroup() as group:  # together, so that their commits share one transaction
                    for message in messages:
                        group.create_task(self._handle(reaction, message))

    async def _handle(self, reaction: Reaction, message: Message) -> None:
        try:
            event = from_message(message.headers, message.data)
        except Refused as error:
            log.warning("not_an_event", reaction=reaction.name, sequence=message.stream_seq, reason=str(error))
            return await message.term()
        if event.type != reaction.type:  # another version on the same subject
            return await message.ack()
        with structlog.contextvars.bound_contextvars(event=event.id, tenant=event.tenant), span(f"on {event.type}", event.trace):
            return await self._react(reaction, message, event)

    async def _react(self, reaction: Reaction, message: Message, event: Event) -> None:
        try:
            run = await _asked(reaction, event)
            changes = [self.begin(run)] if run else []
        except Exception as error:  # noqa: BLE001  # whatever a reaction raises is told and written down
            return await self._went_wrong(reaction, message, event, error)
        try:
            begun = await self.store.commit(*changes) if changes else []
        except Unavailable as error:  # the store is away, or the run's rate is used up: no fault of the reaction's
            log.info("event_waits", reaction=reaction.name, reason=str(error))
            return await message.nak(error.retry_after or AWAY_SECONDS)
        except Exception as error:  # noqa: BLE001  # the run cannot be begun as it is
            return await self._went_wrong(reaction, message, event, error)
        if run and begun == [True]:
            log.info("begun_by_event", reaction=reaction.name, run=run.id, workflow=run.workflow)
        return await message.ack()

    async def _went_wrong(self, reaction: Reaction, message: Message, event: Event, error: Exception) -> None:
        """Make a run of it. Not of the end of such a run: then no reaction would ever come to an end with itself, or another."""
        log.warning("reaction_failed", reaction=reaction.name, exc_info=error)
        try:
            if not await self.store.read(lambda connection: _of_reaction(connection, event)):
                await self.store.commit(self.begin(_again(reaction, event)))
        except Unavailable:
            return await message.nak(AWAY_SECONDS)
        except Exception:
            log.exception("event_cannot_be_kept", reaction=reaction.name)
            return await message.nak(ODD_SECONDS)
        return await message.ack()


@dataclass(frozen=True, slots=True)
class _Again:
    """The body of the runs for events that the reaction could not deal with at once."""

    reaction: Reaction
    begin: Callable[[Started], Change[bool]]

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        """Ask the reaction, and begin what it says."""
        event = from_json(Event, data["event"])
        return {"run": await context.step("react", lambda: self._reacted(event))}

    async def _reacted(self, event: Event) -> Outcome[str | None]:
        try:
            run = await _asked(self.reaction, event)
            return Outcome(run.id, [self.begin(run)]) if run else Outcome(None)
        except HulkError as error:
            if permanent(error):  # nobody asked who could ask otherwise: somebody has to look, so it ends as a dead letter
                raise HulkError(error.text) from error
            raise


def _again(reaction: Reaction, event: Event) -> Started:
    run = Started(workflow=reaction.consumer, data={"event": to_json(event)}, tenant=event.tenant, id="", retry=reaction.retry)
    return caused(run, event)


def _of_reaction(connection: Connection, event: Event) -> bool:
    """Whether the event tells of a run that is there because a reaction failed."""
    query = select(run_table.c.id).where(run_table.c.id == event.subject, run_table.c.workflow.startswith(PREFIX, autoescape=True))
    return connection.execute(query).first() is not None


async def _asked(reaction: Reaction, event: Event) -> Started | None:
    async with asyncio.timeout(WITHIN.total_seconds()):
        answer = reaction.react(event)
        run = await answer if inspect.isawaitable(answer) else answer
    return None if run is None else caused(run, event)


def caused(run: Started, event: Event) -> Started:
    """`run` as that event begins it, with the same id each time."""
    return replace(
        run, id=ids.derived("run", event.id, run.workflow), tenant=event.tenant, cause=event.id,
        intent=run.intent or event.intent, trace=run.trace or event.trace,
    )  # fmt: skip
