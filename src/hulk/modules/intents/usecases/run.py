"""Running an intent: decide, plan, have the tickets done, answer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeAlias, assert_never
from zoneinfo import ZoneInfo

from hulk.kernel import ids
from hulk.kernel.durable import Change, Context, Outcome, Started, followed
from hulk.kernel.errors import HulkError, Refused, retold, told
from hulk.kernel.events import Event, Trail
from hulk.kernel.records import JsonObject, from_json, to_json
from hulk.kernel.text import Text, writable
from hulk.kernel.time import Clock, utc_now
from hulk.modules.intents.domain import Intent, Plan, agent_run, plan_of
from hulk.modules.intents.ports import Agents, Answers, Decides, Delegated, Intents, SkillBook, Told, Voices, nobody
from hulk.modules.intents.usecases.explain import explained
from hulk.modules.intents.usecases.facts import fact
from hulk.modules.router import Decision, Question
from hulk.modules.skills import Answer, Report, Request, Skill, read
from hulk.modules.tickets import BeginTicket, Draft, FollowUp, Status, Ticket, Tickets, doomed, ready
from hulk.modules.tickets import fact as of_ticket
from hulk.modules.tickets import opened as ticket_opened

Changes: TypeAlias = Sequence[Change[Any]]
LONGEST_MODEL_CALL = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ReopenIntent:
    """Makes the changes by which a failed intent goes on, together with its run."""

    intents: Intents
    tickets: Tickets
    trail: Trail

    def __call__(self, run: Started) -> Sequence[Change[Any]]:
        """The intent is running again; what could never begin may, after all."""
        intent = run.data["intent"]
        event = Event(
            type="hulk.intent.reopened.v1", subject=intent, tenant=run.tenant, actor="hulk", intent=run.intent, trace=run.trace,
            data={"run": run.id},
        )  # fmt: skip
        return [self.intents.reopen(intent), self.tickets.unskip(intent), self.trail.append(event)]


@dataclass(frozen=True, slots=True)
class RunIntent:
    """The body of an intent's run: decide, plan, have the tickets done, answer (`kernel.durable.Workflow`)."""

    intents: Intents
    tickets: Tickets
    begin: BeginTicket
    decides: Decides
    asks: Answers
    skills: SkillBook
    trail: Trail
    voices: Voices
    agents: Agents
    told: Told = nobody
    clock: Clock = utc_now

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        """Run the intent to its end."""
        intent = await self.intents.get(data["intent"])
        decided = await context.step("decide", lambda: self._decide(intent, context.key))
        decision = from_json(Decision, decided)
        match decision.kind:
            case "skill":
                return await self._by_skill(context, intent, self.skills.get(str(decision.name)))
            case "agent":
                return await self._by_agent(context, intent, decision)
            case "model":
                return await context.end("ask", lambda: self._ask(intent, decision, context.key), timeout=LONGEST_MODEL_CALL)
            case "none":
                return await context.end("answer", lambda: self._explain(intent, decision))
        assert_never(decision.kind)

    def failed(self, run: Started, error: HulkError) -> Sequence[Change[Any]]:
        """The intent fails with its run; its answer says what was wrong and what to do."""
        voice = self.voices(run.data["language"])
        intent, answer = run.data["intent"], writable(voice.say(error.text))
        ended = self.intents.end(intent, "failed", answer=answer, problem=told(error))
        ending = followed(ended, lambda new: [self.told(intent, answer, run.data["language"], good=False)] if new else [])
        event = Event(
            type="hulk.intent.failed.v1", subject=run.data["intent"], tenant=run.tenant, actor="hulk", intent=run.intent, trace=run.trace,
            data={"run": run.id, "code": error.code},
        )  # fmt: skip
        return [ending, self.trail.append(event)]

    def revived(self, run: Started) -> Sequence[Change[Any]]:
        """The intent goes on with its run."""
        return ReopenIntent(self.intents, self.tickets, self.trail)(run)

    async def _decide(self, intent: Intent, key: str) -> Outcome[JsonObject]:
        decision, changes = await self.decides(_question(intent, key))
        facts = {
            "run": intent.run,
            "decision": decision.id,
            "kind": decision.kind,
            "name": decision.name,
            "sensitivity": decision.sensitivity,
        }
        event = fact("hulk.decision.made.v1", intent, facts)
        return Outcome(to_json(decision), [*changes, self.intents.decided(intent.id, decision.id), self.trail.append(event)])

    async def _ask(self, intent: Intent, decision: Decision, key: str) -> Outcome[JsonObject]:
        reply = await self.asks(_question(intent, key), str(decision.name))
        cut = self.voices(intent.language).say(Text("*The answer was cut at the most tokens that this model may give.*"))
        return self._ended(intent, f"{reply.text}\n\n{cut}" if reply.cut else reply.text)

    async def _explain(self, intent: Intent, decision: Decision) -> Outcome[JsonObject]:
        voice = self.voices(intent.language)
        return self._ended(intent, explained(decision, self.skills.titles(voice), voice), good=False)

    def _ended(
        self, intent: Intent, answer: str, plan: str | None = None, follow_ups: int = 0, *, good: bool = True, whole: str | None = None,
        before: Changes = (),
    ) -> Outcome[JsonObject]:  # fmt: skip
        """What the run gives, with the intent's end, `before` which other changes are made. `whole` is what is told where it was asked
        from, if that is more than who sees the intent may see."""
        event = fact("hulk.intent.completed.v1", intent, {"run": intent.run, "plan": plan, "follow_ups": follow_ups})
        said = writable(answer if whole is None else whole)
        ended = self.intents.end(intent.id, "completed", answer=writable(answer))
        ending = followed(ended, lambda new: [self.told(intent.id, said, intent.language, good=good)] if new else [])
        return Outcome({"intent": intent.id}, [*before, ending, self.trail.append(event)])

    async def _by_agent(self, context: Context, intent: Intent, decision: Decision) -> JsonObject:
        """The agent works in a run of its own; what it opens for people, and what it costs, belongs to the intent."""
        run, p0 = agent_run(intent), decision.sensitivity == "p0"
        delegated = Delegated(intent=intent, name=str(decision.name), run=run, waiter=context.run_id, p0=p0)
        await context.step("delegate", lambda: self._delegate(delegated))
        await context.wait("child")
        return await context.end("answer", lambda: self._said_by_agent(intent, run))

    async def _delegate(self, delegated: Delegated) -> Outcome[None]:
        return Outcome(None, self.agents.begin(delegated))

    async def _said_by_agent(self, intent: Intent, run: str) -> Outcome[JsonObject]:
        """Where it was asked from it is told whole, when that stays in the company like all that is said there."""
        answer = await self.agents.answer(run)
        whole = await self.agents.whole(run) if intent.private else answer
        return self._ended(intent, answer, whole=whole)

    async def _by_skill(self, context: Context, intent: Intent, skill: Skill) -> JsonObject:
        planned = await context.step("plan", lambda: self._plan(context, intent, skill))
        plan = from_json(Plan, planned)
        await _Progress(context, self, intent, plan, skill).ended()
        return await context.end("answer", lambda: self._answer(intent, plan, skill))

    async def _plan(self, context: Context, intent: Intent, skill: Skill) -> Outcome[JsonObject]:
        arguments = read(skill.parameters, _request(intent))
        drafts = skill.plan(arguments)
        plan = Plan(
            id=plan_of(intent.id), skill=skill.name, arguments=arguments,
            tickets={draft.key: ids.derived("tkt", intent.id, draft.key) for draft in drafts},
        )  # fmt: skip
        tickets = {draft.key: _drafted(draft, plan, intent, self.clock) for draft in drafts}
        event = fact(
            "hulk.plan.made.v1", intent, {"run": intent.run, "plan": plan.id, "skill": skill.name, "tickets": list(plan.tickets.values())}
        )
        begun = [change for ticket in ready(tickets) for change in self._begun(ticket, context, intent)]
        opened = [self.tickets.open(list(tickets.values())), self.trail.append(*_opened(intent, tickets.values()))]
        return Outcome(to_json(plan), [self.intents.planned(intent.id, plan), self.trail.append(event), *opened, *begun])

    def _begun(self, ticket: Ticket, context: Context, intent: Intent) -> list[Change[Any]]:
        return self.begin(ticket, parent=context.run_id, language=intent.language, trace=intent.trace)

    async def _answer(self, intent: Intent, plan: Plan, skill: Skill) -> Outcome[JsonObject]:
        tickets = await self.tickets.of_plan(plan.id)
        if broken := next((one for one in tickets if one.required and one.status != "completed"), None):
            raise _broken(broken)
        answer = await self._joined(intent, plan, skill, tickets)
        follow_ups = [_followed(follow_up, place, plan, intent, self.clock) for place, follow_up in enumerate(answer.follow_ups)]
        opened = [self.tickets.open(follow_ups), self.trail.append(*_opened(intent, follow_ups))]
        return self._ended(intent, answer.markdown, plan.id, len(follow_ups), before=opened)

    async def _joined(self, intent: Intent, plan: Plan, skill: Skill, tickets: Sequence[Ticket]) -> Answer:
        report = Report(
            arguments=plan.arguments,
            results={one.key: one.result for one in tickets if one.result is not None},
            artefacts=tuple(made.name for made in await self.tickets.artefacts(intent.id)),
            voice=self.voices(intent.language),
        )
        return skill.answer(report)


@dataclass(slots=True)
class _Progress:
    """The tickets of a plan being done: hears of each end, begins what becomes ready. Follows only what is recorded, so
    that the same signals always lead to the same steps."""

    context: Context
    run: RunIntent
    intent: Intent
    plan: Plan
    skill: Skill

    async def ended(self) -> None:
        """Return when every ticket of the plan is completed, failed or skipped."""
        drafts = self.skill.plan(self.plan.arguments)
        tickets = {draft.key: _drafted(draft, self.plan, self.intent, self.run.clock) for draft in drafts}
        tickets |= {ticket.key: replace(ticket, status="ready") for ticket in ready(tickets)}
        while any(ticket.status == "ready" for ticket in tickets.values()):
            tickets |= self._heard(tickets, await self.context.wait("child"))
            tickets |= await self._moved_on(tickets)

    def _heard(self, tickets: Mapping[str, Ticket], signal: Any) -> dict[str, Ticket]:
        """The ticket whose run has ended, as it is now."""
        name = f"tkt_{signal['run'].removeprefix('run_')}"
        status: Status = "completed" if signal["status"] == "completed" else "failed"
        return {ticket.key: replace(ticket, status=status) for ticket in tickets.values() if ticket.id == name}

    async def _moved_on(self, tickets: Mapping[str, Ticket]) -> dict[str, Ticket]:
        """What can begin now, begun; what never can, skipped."""
        beginning, skipping = ready(tickets), _all_doomed(tickets)
        if beginning or skipping:
            await self.context.step("go on", lambda: self._go_on(beginning, skipping))
        began = {ticket.key: replace(ticket, status="ready") for ticket in beginning}
        return began | {ticket.key: replace(ticket, status="skipped") for ticket in skipping}

    async def _go_on(self, beginning: Sequence[Ticket], skipping: Sequence[Ticket]) -> Outcome[None]:
        begun = [change for ticket in beginning for change in self.run._begun(ticket, self.context, self.intent)]  # noqa: SLF001  # one act, two classes
        skipped = [self.run.tickets.end(ticket.id, "skipped") for ticket in skipping]
        events = [of_ticket("skipped", ticket, "hulk", self.intent.trace, {"because": None}) for ticket in skipping]
        return Outcome(None, [*begun, *skipped, self.run.trail.append(*events)])


def _all_doomed(tickets: Mapping[str, Ticket]) -> list[Ticket]:
    """Those that can never begin, and those that wait for them in turn."""
    known, found = dict(tickets), list[Ticket]()
    while more := doomed(known):
        found += more
        known |= {ticket.key: replace(ticket, status="skipped") for ticket in more}
    return found


def _question(intent: Intent, key: str) -> Question:
    kinds = tuple(dict.fromkeys(source.kind for source in intent.sources))
    return Question(
        text=intent.text,
        language=intent.language,
        tenant=intent.tenant,
        intent=intent.id,
        key=key,
        attachments=kinds,
        person=intent.actor,
        addressed=intent.agent or "",
        channel=intent.channel,
        turns=intent.turns,
        private=intent.private,
    )


def _request(intent: Intent) -> Request:
    """Relative dates refer to the moment the intent was accepted, however late it is planned."""
    return Request(text=intent.text, language=intent.language, now=intent.created, zone=ZoneInfo(intent.zone), sources=intent.sources)


def _drafted(draft: Draft, plan: Plan, intent: Intent, clock: Clock) -> Ticket:
    return Ticket(
        id=plan.tickets[draft.key], plan=plan.id, intent=intent.id, tenant=intent.tenant, key=draft.key, kind=draft.kind, title=draft.title,
        status="open", input=draft.input, after=draft.after, required=draft.required, created=clock(), namespace=intent.namespace,
    )  # fmt: skip


def _followed(follow_up: FollowUp, place: int, plan: Plan, intent: Intent, clock: Clock) -> Ticket:
    return Ticket(
        id=ids.derived("tkt", intent.id, "follow-up", str(place)), plan=plan.id, intent=intent.id, tenant=intent.tenant,
        key=f"follow-up-{place + 1}", kind=follow_up.kind, title=follow_up.title, status="open", input=follow_up.data, owner="person",
        priority=follow_up.priority, created=clock(), namespace=intent.namespace,
    )  # fmt: skip


def _opened(intent: Intent, tickets: Collection[Ticket]) -> list[Event]:
    return [ticket_opened(one, "hulk", intent.trace) for one in tickets]


def _broken(ticket: Ticket) -> HulkError:
    """Why the plan cannot be answered, in the words of the ticket that failed. Refused: the ticket had its tries already."""
    text = retold(ticket.problem).text if ticket.problem else Text("“{title}” could not be done.", title=ticket.title)
    return Refused(text)
