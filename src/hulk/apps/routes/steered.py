"""What the routes that steer runs need, and how they show runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Text, Voice
from hulk.kernel.time import iso
from hulk.runtime.http import allow
from hulk.runtime.store import Store
from hulk.runtime.workflows import ENDED, REPLAYABLE, Dead, Entry, Queue, Run, RunQueries, Steering, Timeline


def require_storable(data: Json) -> None:
    """Raises `Refused` for what parses as JSON and no store keeps: NaN, and half of a UTF-16 pair."""
    try:
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        raise Refused("The data holds NaN, Infinity or half of a UTF-16 pair, which no store keeps as JSON.") from error


@dataclass(frozen=True, slots=True)
class Steered:
    """What the routes need."""

    store: Store
    queries: RunQueries
    steering: Steering

    async def own(self, run_id: str, caller: Principal) -> Run:
        """The run, if the caller may see it; raises `Refused` for what is no run's id and `NotFound`."""
        run = await self.queries.alone(ids.parse(run_id, "run"))
        if run.tenant != caller.tenant or not caller.may("read", "runs", run.namespace):
            raise NotFound("There is no run {id}.", id=run_id)
        return run

    async def steerable(self, run_id: str, caller: Principal) -> Run:
        """The run, if the caller may do something to it; raises `Forbidden` too."""
        run = await self.own(run_id, caller)
        allow(caller, "write", "runs", run.namespace)
        return run

    def acts(self, run: Run, caller: Principal) -> list[str]:
        """What can be done with the run as it stands, by the caller."""
        if not caller.may("write", "runs", run.namespace):
            return []
        tied = self.steering.registry.tied(run.workflow)
        fits = {
            "replay": run.status in REPLAYABLE and run.status != "needs_attention", "resolve": run.status == "needs_attention",
            "cancel": run.status not in ENDED and not run.cancelling, "discard": run.dead,
            "fork": not tied, "signal": run.status not in ENDED and not tied,
        }  # fmt: skip
        return [act for act, fit in fits.items() if fit]

    async def did(self, change: Change[Any]) -> Any:
        """What the change gives, once it is committed."""
        return (await self.store.commit(change))[0]


def run_view(run: Run, voice: Voice) -> JsonObject:
    """A run as the API shows it."""
    return {
        "run_id": run.id, "namespace": run.namespace,
        "workflow": run.workflow, "version": run.version, "queue": run.queue, "status": run.status, "dead": run.dead,
        "cancelling": run.cancelling, "intent_id": run.intent, "parent_id": run.parent, "copy_of": run.origin, "priority": run.priority,
        "failures": run.failures, "attributes": dict(run.attributes), "problem": problem_view(run.error, voice),
        "trace_id": run.trace and run.trace.split("-")[1],
        "due": run.due and iso(run.due), "awaits": run.awaits, "created": iso(run.created), "ended": run.ended and iso(run.ended),
    }  # fmt: skip


def timeline_view(timeline: Timeline, voice: Voice) -> JsonObject:
    """A timeline, or a part of it; `earlier` and `later` are where to go on, null when there is nothing more."""
    first, end, steps = timeline.first, timeline.end, timeline.steps
    return {
        "timeline": [entry_view(entry, voice) for entry in timeline.entries], "children": dict(timeline.children), "steps": steps,
        "earlier": first or None, "later": end if end < steps else None,
    }  # fmt: skip


def entry_view(entry: Entry, voice: Voice) -> JsonObject:
    """An entry of a timeline: what is not known of its kind is left out."""
    found: Mapping[str, object] = {
        "at": iso(entry.at), "kind": entry.kind, "name": entry.name, "step": entry.index, "seconds": entry.seconds, "status": entry.status,
        "problem": problem_view(entry.error, voice), "due": entry.due and iso(entry.due), "actor": entry.actor, "consumed": entry.consumed,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}


def dead_view(dead: Dead) -> JsonObject:
    """The dead letters of a kind, counted."""
    return {"workflow": dead.workflow, "code": dead.code, "count": dead.count, "oldest": iso(dead.oldest), "newest": iso(dead.newest)}


def queue_view(queue: Queue) -> JsonObject:
    """A queue as the API shows it."""
    paused = queue.paused and {"since": iso(queue.paused), "actor": queue.actor, "reason": queue.reason}
    return {
        "queue": queue.name, "paused": paused, "held": queue.held, "pending": queue.pending, "running": queue.running,
        "waiting": queue.waiting, "needs_attention": queue.needs_attention, "oldest": queue.oldest and iso(queue.oldest),
    }  # fmt: skip


def problem_view(error: JsonObject | None, voice: Voice) -> JsonObject | None:
    """An error as it was told (`kernel.errors.told`), in the reader's words."""
    return None if error is None else {"code": error["code"], "detail": voice.say(Text.from_json(error["text"]))}
