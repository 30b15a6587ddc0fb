"""What `thor` asks of runs and does to them, on the store itself: where no process works, runs that are to go on are held for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from hulk.apps.terminal import brief
from hulk.kernel import ids
from hulk.kernel.durable import Change
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text, Voice
from hulk.modules.agents import STEP as AGENT_STEP
from hulk.modules.agents import TASK as AGENT_TASK
from hulk.modules.intents import WORKFLOW as INTENT
from hulk.modules.intents.wiring import reopening as reopening_intents
from hulk.modules.tickets import WORKFLOW as TICKET
from hulk.modules.tickets.wiring import reopening as reopening_tickets
from hulk.modules.tickets.wiring import tickets_of
from hulk.modules.tools import WORKFLOW as TOOL_CALL
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from hulk.runtime.workflows import (
    DeadLetters,
    Dealt,
    Elsewhere,
    Entry,
    Hooks,
    Journal,
    Queue,
    Run,
    RunQueries,
    Search,
    Steering,
    Which,
)
from hulk.runtime.workflows.registry import Reopens

Row: TypeAlias = Mapping[str, Any]
ACTOR = "thor"
TIED = frozenset({INTENT, TICKET, TOOL_CALL, AGENT_TASK, AGENT_STEP})
"""Workflows whose runs belong to what they work for: none is copied or given other data, as where they are executed (`forkable=False`)."""


@dataclass(frozen=True, slots=True)
class Helm:
    """Runs, dead letters and queues of one store."""

    store: Store
    queries: RunQueries
    steering: Steering
    voice: Voice

    async def runs(self, search: Search, limit: int, after: str | None) -> tuple[list[Row], str | None]:
        """The newest runs that fit, and the cursor of those behind."""
        page = await self.queries.search(search, limit, after)
        return [self._run(run) for run in page.runs], page.next

    async def show(self, run_id: str) -> tuple[Row, list[Row]]:
        """A run, and what became of it. Raises `NotFound`."""
        timeline = await self.queries.timeline(run_id)
        children = ", ".join(f"{status} {count}" for status, count in sorted(timeline.children.items()))
        return {**self._run(timeline.run), "children": children}, [self._entry(entry) for entry in timeline.entries]

    async def cancel(self, run_id: str, reason: str = "") -> list[Row]:
        """A run called off, with all it has begun."""
        return await self._did(self.steering.cancel(run_id, ACTOR, reason))

    async def replay(self, run_id: str, step: int | None, data: JsonObject | None, reason: str = "") -> list[Row]:
        """A run that failed, executed again, and those of its parents that go on."""
        return await self._did(self.steering.replay(run_id, ACTOR, reason, index=step, data=data))

    async def fork(self, run_id: str, step: int, data: JsonObject | None, reason: str = "") -> list[Row]:
        """A copy of a run."""
        (new,) = await self.store.commit(self.steering.fork(run_id, ids.new("run"), ACTOR, reason, index=step, data=data))
        return await self._named([new])

    async def resolve(self, run_id: str, step: int | None, reason: str = "") -> list[Row]:
        """A run that needed attention, going on or cancelled."""
        return await self._did(self.steering.resolve(run_id, ACTOR, reason, index=step))

    async def _did(self, change: Change[list[str]]) -> list[Row]:
        (runs,) = await self.store.commit(change)
        return await self._named(runs)

    async def _named(self, runs: Sequence[str]) -> list[Row]:
        """The runs as they stand; of very many, the first."""
        return [self._run(await self.queries.alone(run)) for run in runs[:100]]

    async def dead_letters(self, search: Search, limit: int) -> list[Row]:
        """Runs that should have worked."""
        page = await self.queries.search(search, limit)
        return [
            {
                "run_id": run.id, "workflow": run.workflow, "intent_id": run.intent, "ended": brief(run.ended),
                "failures": run.failures + 1, "error": self._problem(run.error),
            }
            for run in page.runs
        ]  # fmt: skip

    async def dead_groups(self, tenant: str) -> list[Row]:
        """How many dead letters there are of each workflow and kind of error."""
        return [
            {"workflow": one.workflow, "code": one.code, "count": one.count, "oldest": brief(one.oldest), "newest": brief(one.newest)}
            for one in await self.queries.dead_groups(tenant)
        ]

    async def replay_dead(self, which: Which, limit: int, reason: str = "", *, dry_run: bool) -> list[Row]:
        """Dead letters executed again, or that would be."""
        dealt = await self._dead.replay(which, ACTOR, reason, limit=limit, dry_run=dry_run)
        return _dealt(dealt, "would be replayed" if dry_run else "replayed")

    async def discard_dead(self, which: Which, limit: int, reason: str = "", *, dry_run: bool) -> list[Row]:
        """Dead letters dealt with, or that would be."""
        dealt = await self._dead.discard(which, ACTOR, reason, limit=limit, dry_run=dry_run)
        return _dealt(dealt, "would be discarded" if dry_run else "discarded")

    @property
    def _dead(self) -> DeadLetters:
        return DeadLetters(self.store, self.queries, self.steering)

    async def queues(self) -> list[Row]:
        """All queues, with the runs of all tenants."""
        return [_queue(queue) for queue in await self.queries.queues()]

    async def pause(self, queue: str, reason: str) -> list[Row]:
        """A queue of which nothing more begins."""
        await self.store.commit(self.steering.pause(queue, ACTOR, reason))
        return await self.queues()

    async def resume(self, queue: str, reason: str = "") -> list[Row]:
        """A queue that goes on."""
        await self.store.commit(self.steering.resume(queue, ACTOR, reason))
        return await self.queues()

    def _run(self, run: Run) -> Row:
        return {
            "run_id": run.id, "workflow": run.workflow, "status": run.status, "failures": run.failures, "intent_id": run.intent,
            "created": brief(run.created), "ended": brief(run.ended),
            "attributes": ", ".join(f"{name}={value}" for name, value in run.attributes.items()),
        }  # fmt: skip

    def _entry(self, entry: Entry) -> Row:
        return {
            "at": brief(entry.at), "kind": entry.kind, "step": entry.index, "name": entry.name, "seconds": entry.seconds,
            "status": entry.status, "actor": entry.actor, "due": brief(entry.due), "problem": self._problem(entry.error),
        }  # fmt: skip

    def _problem(self, error: Mapping[str, Any] | None) -> str:
        return "" if error is None else self.voice.say(Text.from_json(error["text"]))


def helm_of(store: Store, outbox: Outbox, voice: Voice) -> Helm:
    """The helm over a store. It executes nothing, and knows of the modules' workflows what their runs' going on makes true again."""
    reopens: dict[str, Reopens] = {INTENT: reopening_intents(store, tickets_of(store), outbox), TICKET: reopening_tickets(store, outbox)}
    steering = Steering(Journal(Hooks()), Elsewhere(reopens, bound=TIED), outbox)
    return Helm(store, RunQueries(store), steering, voice)


def _dealt(dealt: Dealt, what: str) -> list[Row]:
    return [{"run_id": run, "done": what} for run in dealt.runs]


def _queue(queue: Queue) -> Row:
    return {
        "queue": queue.name, "paused": brief(queue.paused), "actor": queue.actor, "held": queue.held, "pending": queue.pending,
        "running": queue.running, "waiting": queue.waiting, "needs_attention": queue.needs_attention, "oldest": brief(queue.oldest),
        "reason": queue.reason,
    }  # fmt: skip
