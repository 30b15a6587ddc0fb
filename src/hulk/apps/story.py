"""The whole story of anything that has an id: intent > decision > plan > ticket > run > step > artefact, with times and cost.

One story is told of one intent, whichever of its ids was asked for; of a run that no intent began, from the run that began it all.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from hulk.kernel import ids
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Voice
from hulk.kernel.time import Clock, iso, utc_now
from hulk.modules.finops import Charge, CostOfIntent
from hulk.modules.finops.settings import FinopsSettings
from hulk.modules.finops.wiring import cost_of
from hulk.modules.intents import Intent, Intents
from hulk.modules.intents.wiring import intents_of
from hulk.modules.router import Decision, Decisions
from hulk.modules.router.wiring import decisions_of
from hulk.modules.tickets import Artefact, Ticket, Tickets
from hulk.modules.tickets.wiring import tickets_of
from hulk.runtime.outbox import Kept, Outbox
from hulk.runtime.store import Store
from hulk.runtime.workflows import Run, RunQueries, Search, Step

MOST_RUNS = 500
"""Of how many runs a story tells, the newest first."""
MOST_STEPS = 100
"""Of how many steps of each run it tells, the first: its timeline has all."""
MAKES = "work"
"""The step of a ticket's run that makes its artefacts."""
_TRACE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of a story, with what came of it."""

    kind: str
    id: str
    name: str = ""
    status: str | None = None
    began: datetime | None = None
    ended: datetime | None = None
    cost: tuple[Decimal, str] | None = None
    parts: Sequence["Node"] = ()

    def view(self, now: datetime) -> JsonObject:
        """As JSON; what has not ended lasts until `now`."""
        seconds = None if self.began is None else round(max(0.0, ((self.ended or now) - self.began).total_seconds()), 6)
        return {
            "kind": self.kind, "id": self.id, "name": self.name, "status": self.status, "began": self.began and iso(self.began),
            "ended": self.ended and iso(self.ended), "seconds": seconds,
            "cost": self.cost and {"currency": self.cost[1], "amount": f"{self.cost[0]:f}"},
            "parts": [part.view(now) for part in self.parts],
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Finds what an id belongs to, and tells its story."""

    outbox: Outbox
    intents: Intents
    tickets: Tickets
    decisions: Decisions
    cost: CostOfIntent
    runs: RunQueries
    clock: Clock = utc_now

    async def __call__(self, wanted: str, tenant: str | None, voice: Voice, within: Collection[str] | None = None) -> JsonObject:
        """The story of what has that id; raises `NotFound` also for what is another tenant's, `Refused` for what is no such id.

        `tenant` is whose it must be, `within` the namespaces in one of which; None when it may be any."""
        found = await self._own(wanted, tenant, within)
        tree, events = await self._told(found, voice)
        return {
            "asked": wanted, "tenant": found.tenant, "trace_id": found.trace_id if isinstance(found, Intent) else None,
            "tree": tree.view(self.clock()), "events": [_event(one) for one in events],
        }  # fmt: skip

    async def _own(self, wanted: str, tenant: str | None, within: Collection[str] | None) -> Intent | Run | Ticket:
        """What there is not is told as what is another's."""
        try:
            found = await self._found(wanted, tenant)
        except NotFound:
            found = None
        if found is None or tenant not in (None, found.tenant) or (within is not None and found.namespace not in within):
            raise NotFound("There is nothing with the id {id}.", id=wanted)
        return found

    async def _told(self, found: Intent | Run | Ticket, voice: Voice) -> tuple[Node, Sequence[Kept]]:
        match found:
            case Intent():
                return await self._of_intent(found, voice)
            case Run():
                return await self._of_run(found)
            case Ticket():
                return _ticket(found, voice, ()), await self.outbox.of_subjects(found.tenant, [found.id])

    async def _found(self, wanted: str, tenant: str | None) -> Intent | Run | Ticket:
        """What the story is of: an intent, or a run or ticket that none began."""
        if _TRACE.fullmatch(wanted):
            return await self.intents.by_trace(wanted, tenant)
        prefix = wanted.partition("_")[0]
        if prefix not in self._ways:
            raise Refused(
                "There is no story of “{value}”; allowed: {allowed}, and a trace id. A request's id stands in the logs only.",
                value=wanted[:80], allowed=", ".join(f"{name}_…" for name in self._ways),
            )  # fmt: skip
        return await self._ways[prefix](ids.parse(wanted, prefix))

    @property
    def _ways(self) -> Mapping[str, Callable[[str], Awaitable[Intent | Run | Ticket]]]:
        return {
            "int": self.intents.get, "dec": self._by_decision, "pln": self._by_plan, "tkt": self._by_ticket, "run": self._by_run,
            "evt": self._by_event,
        }  # fmt: skip

    async def _by_decision(self, decision: str) -> Intent:
        return await self.intents.get((await self.decisions.get(decision)).intent)

    async def _by_plan(self, plan: str) -> Intent:
        tickets = await self.tickets.of_plan(plan)
        if not tickets or tickets[0].intent is None:
            raise NotFound("There is no plan {id}.", id=plan)
        return await self.intents.get(tickets[0].intent)

    async def _by_ticket(self, ticket: str) -> Intent | Ticket:
        """The ticket's intent; the ticket itself when it was made for none."""
        found = await self.tickets.get(ticket)
        return found if found.intent is None else await self.intents.get(found.intent)

    async def _by_run(self, run: str) -> Intent | Run:
        """The run's intent, else the run that began it, and so on."""
        found = await self.runs.alone(run)
        if found.intent is not None:
            return await self.intents.get(found.intent)
        return found if found.parent is None else await self._by_run(found.parent)

    async def _by_event(self, event: str) -> Intent | Run | Ticket:
        told = (await self.outbox.get(event)).event
        if told.intent is not None:
            return await self.intents.get(told.intent)
        if told.subject.startswith("run_"):
            return await self._by_run(told.subject)
        if told.subject.startswith("tkt_"):
            return await self._by_ticket(told.subject)
        raise NotFound("There is nothing with the id {id}.", id=event)

    async def _of_intent(self, intent: Intent, voice: Voice) -> tuple[Node, Sequence[Kept]]:
        total, charges = await self.cost(intent.tenant, intent.id)
        known = _Known(
            intent=intent, voice=voice, charges=charges, decisions=await self.decisions.of_intent(intent.tenant, intent.id),
            tickets=await self.tickets.of_intent(intent.id), artefacts=await self.tickets.artefacts(intent.id),
            runs=await self._with_steps(Search(tenant=intent.tenant, intent=intent.id)),
            events=await self.outbox.of_intent(intent.id),
        )  # fmt: skip
        return known.told((total.amount, total.currency)), known.events

    async def _of_run(self, run: Run) -> tuple[Node, Sequence[Kept]]:
        """A run that no intent began, with all those that it began."""
        every: list[tuple[Run, Sequence[Step]]] = [(run, (await self.runs.run(run.id, MOST_STEPS))[1])]
        waiting = [run]
        while waiting and len(every) < MOST_RUNS:
            children = await self._with_steps(Search(tenant=run.tenant, parent=waiting.pop().id))
            every += children
            waiting += [child for child, _ in children]
        told = await self.outbox.of_subjects(run.tenant, [one.id for one, _ in every])
        return _run(run, _by_parent(every), {one.id: steps for one, steps in every}), told

    async def _with_steps(self, search: Search) -> list[tuple[Run, Sequence[Step]]]:
        page = await self.runs.search(search, MOST_RUNS)
        return [(run, (await self.runs.run(run.id, MOST_STEPS))[1]) for run in reversed(page.runs)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """All that there is of an intent."""

    intent: Intent
    voice: Voice
    charges: Sequence[Charge]
    decisions: Sequence[Decision]
    tickets: Sequence[Ticket]
    artefacts: Sequence[Artefact]
    runs: Sequence[tuple[Run, Sequence[Step]]]
    events: Sequence[Kept]
    taken: set[str] = field(default_factory=set)
    """Runs that stand below their ticket."""

    def told(self, cost: tuple[Decimal, str]) -> Node:
        """The intent, with its own run beside what was decided."""
        intent = self.intent
        decided = [self._decision(one, last=one is self.decisions[-1]) for one in self.decisions]
        parents = _by_parent([one for one in self.runs if one[0].id not in self.taken])
        own = [_run(run, parents, self._steps) for run, _ in self.runs if run.id == intent.run or run.parent is None]
        return Node(
            kind="intent", id=intent.id, name=intent.text, status=intent.status, began=intent.created, ended=intent.ended, cost=cost,
            parts=[*own, *decided],
        )  # fmt: skip

    @property
    def _steps(self) -> Mapping[str, Sequence[Step]]:
        return {run.id: steps for run, steps in self.runs}

    def _decision(self, one: Decision, *, last: bool) -> Node:
        """What the last decision led to stands below it."""
        paid = [charge for charge in self.charges if charge.subject == one.id]
        calls = [_call(charge) for charge in paid if charge.kind == "model"]
        planned = [self._plan()] if last and self.intent.plan is not None else []
        return Node(
            kind="decision", id=one.id, name=f"{one.kind} {one.name or ''}".strip(), status=one.sensitivity, began=one.at,
            ended=one.at, cost=_sum(paid), parts=[*calls, *planned],
        )  # fmt: skip

    def _plan(self) -> Node:
        ended = [ticket.ended for ticket in self.tickets if ticket.owner == "run"]
        began = next((one.event.time for one in self.events if one.event.type == "hulk.plan.made.v1"), self.intent.created)
        name = next((one.event.data.get("skill", "") for one in self.events if one.event.type == "hulk.plan.made.v1"), "")
        last = max((at for at in ended if at is not None), default=None) if None not in ended else None
        parts = [self._ticket(ticket) for ticket in self.tickets]
        return Node(kind="plan", id=str(self.intent.plan), name=name, began=began, ended=last, parts=parts)

    def _ticket(self, ticket: Ticket) -> Node:
        made = [_artefact(one) for one in self.artefacts if one.ticket == ticket.id]
        run = next((run for run, _ in self.runs if run.id == ticket.run), None)
        parts: list[Node] = []
        if run is not None:
            self.taken.add(run.id)
            parts = [_run(run, _by_parent(self.runs), self._steps, made)]
        return _ticket(ticket, self.voice, parts or made)


def _ticket(ticket: Ticket, voice: Voice, parts: Sequence[Node]) -> Node:
    return Node(
        kind="ticket", id=ticket.id, name=f"{ticket.kind}: {voice.say(ticket.title)}", status=ticket.status, began=ticket.created,
        ended=ticket.ended, parts=parts,
    )  # fmt: skip


def _by_parent(runs: Iterable[tuple[Run, Sequence[Step]]]) -> dict[str | None, list[Run]]:
    found: dict[str | None, list[Run]] = {}
    for run, _ in runs:
        found.setdefault(run.parent, []).append(run)
    return found


def _run(run: Run, parents: Mapping[str | None, Sequence[Run]], steps: Mapping[str, Sequence[Step]], made: Sequence[Node] = ()) -> Node:
    """A run with its steps, then those that it began."""
    begun = [_run(child, parents, steps) for child in parents.get(run.id, ())]
    own = [_step(run, one, made if one.name == MAKES else ()) for one in steps.get(run.id, ())]
    loose = () if any(one.name == MAKES for one in steps.get(run.id, ())) else made
    return Node(
        kind="run", id=run.id, name=run.workflow, status=run.status, began=run.created, ended=run.ended, parts=[*own, *loose, *begun]
    )  # fmt: skip


def _step(run: Run, step: Step, made: Sequence[Node]) -> Node:
    began = step.began or step.recorded
    return Node(
        kind="step", id=f"{run.id}/{step.index}", name=step.name, status="recorded", began=began, ended=step.recorded, parts=made
    )  # fmt: skip


def _artefact(made: Artefact) -> Node:
    return Node(kind="artefact", id=made.blob, name=made.name, status=made.media_type)


def _call(charge: Charge) -> Node:
    name = f"{charge.provider} {charge.model}"
    paid = (charge.amount, charge.currency)
    return Node(kind="model call", id=charge.id, name=name, status=charge.status, began=charge.at, ended=charge.ended, cost=paid)


def _sum(charges: Sequence[Charge]) -> tuple[Decimal, str] | None:
    return (sum((charge.amount for charge in charges), Decimal(0)), charges[0].currency) if charges else None


def _event(one: Kept) -> JsonObject:
    event = one.event
    return {
        "event_id": event.id, "position": one.position, "time": iso(event.time), "type": event.type, "subject": event.subject,
        "actor": event.actor, "data": event.data,
    }  # fmt: skip


def teller_of(store: Store, outbox: Outbox, settings: FinopsSettings) -> Teller:
    """The teller over a store."""
    return Teller(
        outbox=outbox, intents=intents_of(store), tickets=tickets_of(store), decisions=decisions_of(store), cost=cost_of(store, settings),
        runs=RunQueries(store),
    )  # fmt: skip
