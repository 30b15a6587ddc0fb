"""Executing a ticket: a durable run of two steps, the work and its completion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hulk.kernel.durable import Change, Context, Outcome, Runs, Started
from hulk.kernel.errors import HulkError, Refused, told
from hulk.kernel.events import Trail
from hulk.kernel.records import JsonObject, from_json, to_json
from hulk.kernel.text import Language, writable
from hulk.modules.tickets.domain import Artefact, Done, Handler, Ticket, Work
from hulk.modules.tickets.ports import Files, Tickets, Voices
from hulk.modules.tickets.usecases.facts import fact, fact_of_run, statuses

WORKFLOW = "ticket"
LONGEST = timedelta(minutes=30)
"""How long the work behind one ticket may take."""


@dataclass(frozen=True, slots=True)
class BeginTicket:
    """Makes the changes that hand a ticket to the workers; its run tells `parent` of its end."""

    tickets: Tickets
    runs: Runs

    def __call__(self, ticket: Ticket, *, parent: str, language: Language, trace: str | None) -> list[Change[Any]]:
        """The ticket becomes ready and its run begins, together."""
        run = f"run_{ticket.id.removeprefix('tkt_')}"
        data: JsonObject = {"ticket": ticket.id, "language": language, "plan": ticket.plan, "namespace": ticket.namespace}
        begun = Started(
            workflow=WORKFLOW, data=data, tenant=ticket.tenant, id=run, intent=ticket.intent, parent=parent, trace=trace,
            attributes={"kind": ticket.kind}, namespace=ticket.namespace,
        )  # fmt: skip
        return [self.tickets.begin(ticket.id, run), self.runs.begin(begun)]


@dataclass(frozen=True, slots=True)
class ReopenTicket:
    """Makes the changes by which a failed ticket is done once more, together with its run."""

    tickets: Tickets
    trail: Trail

    def __call__(self, run: Started) -> Sequence[Change[Any]]:
        """The ticket is ready again."""
        ticket = run.data["ticket"]
        event = fact_of_run("reopened", run, statuses("failed", "ready"))
        return [self.tickets.reopen(ticket), self.trail.append(event)]


@dataclass(frozen=True, slots=True)
class RunTicket:
    """The body of a ticket's run (`kernel.durable.Workflow`)."""

    tickets: Tickets
    files: Files
    trail: Trail
    voices: Voices
    handlers: Mapping[str, Handler]

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        """Do the ticket's work, keep what it made, complete it."""
        ticket = await self.tickets.get(data["ticket"])
        await context.step("start", lambda: self._start(ticket))
        done = await context.step("work", lambda: self._work(ticket, data["language"], context.key), timeout=LONGEST)
        return await context.end("complete", lambda: self._complete(ticket, done))

    def failed(self, run: Started, error: HulkError) -> Sequence[Change[Any]]:
        """The ticket fails with its run."""
        ticket, problem = run.data["ticket"], told(error)
        event = fact_of_run("failed", run, {"problem": problem, **statuses("running", "failed", problem)})
        return [self.tickets.end(ticket, "failed", problem=problem), self.trail.append(event)]

    def revived(self, run: Started) -> Sequence[Change[Any]]:
        """The ticket is ready again with its run."""
        return ReopenTicket(self.tickets, self.trail)(run)

    async def _start(self, ticket: Ticket) -> Outcome[None]:
        return Outcome(None, [self.tickets.start(ticket.id), self.trail.append(fact("started", ticket, "hulk"))])

    async def _work(self, ticket: Ticket, language: Language, key: str) -> Outcome[JsonObject]:
        handler = self.handlers.get(ticket.kind)
        if handler is None:
            raise Refused(
                "This Hulk does not know how to do “{kind}”; it knows {known}.", kind=ticket.kind, known=", ".join(sorted(self.handlers))
            )
        before = {one.key: one.result for one in await self.tickets.of_plan(ticket.plan or "") if one.key in ticket.after and one.result}
        async with self.files.scratch() as scratch:
            work = Work(
                ticket=ticket.id, kind=ticket.kind, tenant=ticket.tenant, input=ticket.input, before=before, scratch=scratch,
                voice=self.voices(language), key=key,
            )  # fmt: skip
            return await self._kept(ticket, await handler(work))

    async def _kept(self, ticket: Ticket, done: Done) -> Outcome[JsonObject]:
        named = [replace(made, name=writable(made.name)) for made in done.artefacts]
        artefacts = [replace(await self.files.keep(made), ticket=ticket.id) for made in named]
        return Outcome({"result": done.result, "artefacts": to_json(artefacts)})

    async def _complete(self, ticket: Ticket, done: JsonObject) -> Outcome[JsonObject]:
        artefacts = from_json(list[Artefact], done["artefacts"])
        made = {"artefacts": [one.name for one in artefacts]}
        event = fact("completed", ticket, "hulk", data={**made, **statuses("running", "completed")})
        ending = self.tickets.end(ticket.id, "completed", result=done["result"])
        return Outcome({"ticket": ticket.id}, [ending, self.tickets.attach(ticket.id, artefacts), self.trail.append(event)])
