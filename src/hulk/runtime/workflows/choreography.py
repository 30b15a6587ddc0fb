"""Choreography: an event begins a run, and nobody conducts.

    workflows.on("hulk.ticket.completed.v1", bill, name="billing")

    def bill(event: Event) -> Started | None:
        return Started(workflow="bill", data={"ticket": event.subject}, tenant=event.tenant, id="")

Each reaction is a durable consumer of the events' stream, shared by all processes that have it. Events come at least once; the
run's id is derived from the event and the workflow, so it is begun once all the same.
"""

import asyncio
import inspect
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeAlias

import structlog

from hulk.kernel import ids
from hulk.kernel.durable import Change, Retry, Started, backoff
from hulk.kernel.errors import Conflict, Refused, Unavailable, blamed
from hulk.kernel.events import Event
from hulk.kernel.records import JsonObject
from hulk.runtime.bus import EVENTS, Bus, Message, from_message, subject_of
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from hulk.runtime.telemetry import span

log = structlog.get_logger(__name__)

React: TypeAlias = Callable[[Event], Started | Awaitable[Started | None] | None]
"""Gives the run that an event begins, or None. Its id, tenant and cause are set here, and where they are empty intent and trace."""

LEASE = timedelta(seconds=30)
WITHIN = timedelta(seconds=10)
"""How long a reaction may take to say what an event begins."""
TRIES = Retry(attempts=5, first=timedelta(seconds=0.5), factor=4)
"""How often an event is handed to a reaction that raises, about 30 s in all; then it goes to the dead letters."""
BATCH = 64
FETCH_SECONDS = 5.0
AWAY_SECONDS = 1.0
ANY = -1
"""No bound on un-acknowledged events: those that wait to be tried again must not keep others waiting."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What events of a type begin. `past`: also those that were told before the reaction was first known."""

    type: str
    name: str
    react: React
    past: bool = False

    @property
    def consumer(self) -> str:
        """The durable consumer's name, the same in every process and after every restart."""
        return f"on-{self.type.replace('.', '-')}-{self.name}"


@dataclass(frozen=True, slots=True)
class Choreography:
    """The reactions of this process, and what carries them out."""

    store: Store
    bus: Bus
    outbox: Outbox
    begin: Callable[[Started], Change[bool]]
    tries: Retry = TRIES
    _reactions: dict[str, Reaction] = field(default_factory=dict)

    def on(self, event_type: str, react: React, *, name: str, past: bool = False) -> None:
        """Have events of that type begin what `react` says. Raises `Refused` for a name that cannot be kept, `Conflict` for one taken."""
        if not _NAME.fullmatch(name):
            raise Refused("“{name}” cannot be the name of a reaction to events: use 1 to 64 letters, digits, _ or -.", name=name[:80])
        reaction = Reaction(type=event_type, name=name, react=react, past=past)
        if reaction.consumer in self._reactions:
            raise Conflict("There is a reaction named “{name}” to {type} already: give this one another name.", name=name, type=event_type)
        self._reactions[reaction.consumer] = reaction

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
        final = message.num_delivered >= self.tries.attempts
        log.warning("reaction_failed", reaction=reaction.name, delivery=message.num_delivered, final=final, exc_info=error)
        if not final:
            chance = random.random()  # noqa: S311  # jitter, not a secret
            return await message.nak(backoff(self.tries, message.num_delivered - 1, chance).total_seconds())
        try:
            await self.store.commit(self.outbox.append(_dead_letter(reaction, message, event, error)))
        except Unavailable:
            return await message.nak(AWAY_SECONDS)
        return await message.term()


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


def _dead_letter(reaction: Reaction, message: Message, event: Event, error: Exception) -> Event:
    """What goes to `hulk.errors.events`: which event, who could not deal with it, how often it was tried and what ended it."""
    data: JsonObject = {
        "event": event.id, "type": event.type, "sequence": message.stream_seq, "reaction": reaction.name,
        "deliveries": message.num_delivered, **blamed(error),
    }  # fmt: skip
    return Event(
        type="hulk.errors.events.v1", subject=event.subject, tenant=event.tenant, actor="hulk", data=data, intent=event.intent,
        trace=event.trace,
    )  # fmt: skip
