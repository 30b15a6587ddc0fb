"""Schedules over HTTP, and what they may begin: an intent, or a run of a workflow that allows it."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from hulk.kernel import ids
from hulk.kernel.durable import Change, Runs, Started
from hulk.kernel.errors import Invalid, NotFound, Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, Principal, everywhere
from hulk.kernel.text import Text, Voice
from hulk.kernel.time import iso, utc_now
from hulk.modules.intents import AcceptIntent, Asked
from hulk.modules.intents.api import IntentBody
from hulk.runtime.http import Caller, Reason, Reasoned, Spoken, Why, allow, allow_somewhere
from hulk.runtime.scheduler import Begins, Firing, Kind, Policy, Schedule, Scheduler, named, zone_named
from hulk.runtime.telemetry import current_traceparent

FIRED = "schedule"
"""Why an intent was asked that a schedule has begun: its actor is the schedule."""
SHOWN = 3
"""How many coming moments are shown of a schedule."""

Wish: TypeAlias = tuple[str, JsonObject]
"""The kind of thing that a schedule begins, and what that needs to know."""


class RunBody(BaseModel):
    """A run of a workflow to begin."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workflow: str = Field(description="One that allows to be scheduled.", max_length=64)
    input: JsonObject = Field(default_factory=dict, description="What the run is given.")


class TimesBody(BaseModel):
    """When: exactly one of `cron`, `every`, `at`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cron: str | None = Field(default=None, description="“30 8 * * mon-fri”; six fields begin with seconds.", max_length=1000)
    every: str | None = Field(default=None, description="“15m”, counted from when the schedule was made.", max_length=100)
    at: str | None = Field(default=None, description="“2026-12-24T18:00”, once.", max_length=100)
    timezone: str | None = Field(default=None, description="IANA time zone; locale.timezone when not given.", max_length=64)

    def chosen(self) -> tuple[Kind, str] | None:
        """The one that is given, None when there is none; raises `Refused` when there are several."""
        given: list[tuple[Kind, str | None]] = [("cron", self.cron), ("every", self.every), ("at", self.at)]
        found = [(kind, value) for kind, value in given if value is not None]
        if len(found) > 1:
            raise Refused("A schedule has one of cron, every and at; {given} were given.", given=", ".join(kind for kind, _ in found))
        return found[0] if found else None

    def required(self) -> tuple[Kind, str]:
        """The same; raises `Refused` when there is none, too."""
        found = self.chosen()
        if found is None:
            raise Refused("Say when: give one of cron (“30 8 * * mon-fri”), every (“15m”) or at (“2026-12-24T18:00”).")
        return found


class NewBody(TimesBody, Reasoned):
    """A new schedule."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"name": "disk", "cron": "0 8 * * mon-fri", "intent": {"text": "Is the disk full?"}}]},
    )

    name: str = Field(description="Unique in the tenant.", max_length=1000)
    namespace: str = Field(default=DEFAULT_NAMESPACE, max_length=63, description="Where it, and what it begins, belongs.")
    missed: Policy = Field(default="run", description="What happens to firings that were missed: run once, now; or skip.")
    paused: bool = False
    intent: IntentBody | None = Field(default=None, description="Ask this.")
    run: RunBody | None = Field(default=None, description="Or begin this.")


class ChangeBody(TimesBody, Reasoned):
    """What changes; what is not given stays."""

    missed: Policy | None = None
    paused: bool | None = None
    intent: IntentBody | None = None
    run: RunBody | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What schedules may begin. `workflows` are those that allow it."""

    workflows: Collection[str] = ()

    def chosen(self, intent: IntentBody | None, run: RunBody | None) -> Wish | None:
        """What is wished for, None when nothing is. Raises `Refused` or `TooLarge` for what could never be begun."""
        if intent is not None and run is not None:
            raise Refused("A schedule begins either an intent or a run, not both.")
        if intent is not None:
            asked(intent).checked()
            return "intent", intent.model_dump(mode="json")
        if run is None:
            return None
        if run.workflow not in self.workflows:
            raise Refused(
                "The workflow “{name}” cannot be scheduled; allowed: {allowed}.",
                name=run.workflow,
                allowed=", ".join(sorted(self.workflows)) or Text("none in this Hulk; use an intent"),
            )
        return "run", run.model_dump(mode="json")


def asked(
    body: IntentBody, *, key: str | None = None, zone: str | None = None, namespace: str = DEFAULT_NAMESPACE, reason: str = ""
) -> Asked:
    """The request as the domain has it."""
    return replace(body.asked(key), zone=body.timezone or zone, namespace=namespace, reason=reason)


def begins_intent(accept: AcceptIntent) -> Begins:
    """Schedules that ask for something, as the schedule itself; its owner stands in the event of the firing."""

    async def begin(firing: Firing) -> tuple[str, Change[Any]]:
        schedule = firing.schedule
        principal = Principal(tenant=schedule.tenant, actor=f"schedule:{schedule.id}", grants=everywhere("operator"))
        wish = asked(
            IntentBody.model_validate(schedule.wish), key=firing.id, zone=schedule.zone, namespace=schedule.namespace, reason=FIRED
        )
        intent, change = await accept.prepared(wish, principal, current_traceparent())
        return intent.id, change

    return begin


def begins_run(runs: Runs) -> Begins:
    """Schedules that begin a run; the same moment has the same run."""

    async def begin(firing: Firing) -> tuple[str, Change[Any]]:
        wish, run = firing.schedule.wish, f"run_{firing.id.partition('_')[2]}"
        started = Started(
            workflow=str(wish["workflow"]),
            data=wish["input"],
            tenant=firing.schedule.tenant,
            id=run,
            trace=current_traceparent(),
            namespace=firing.schedule.namespace,
        )
        return run, runs.begin(started)

    return begin


def made(body: NewBody, wishes: Wishes, by: Principal, zone: str) -> Schedule:
    """The schedule that is asked for; raises `Refused` naming what is wrong with it."""
    wish, times = wishes.chosen(body.intent, body.run), body.required()
    if body.intent is not None and body.intent.namespace not in (DEFAULT_NAMESPACE, body.namespace):
        raise Refused("What a schedule begins is in the schedule's namespace: give it there, and none to the intent.")
    if wish is None:
        raise Refused("Say what the schedule begins: give an intent with a text.")
    schedule = Schedule(
        id=ids.new("sch"), tenant=by.tenant, namespace=body.namespace,
        name=_named(body.name), owner=by.actor, kind="every", expression="", zone=zone,
        begins=wish[0], wish=wish[1], policy=body.missed, paused=body.paused, created=utc_now(),
    )  # fmt: skip
    return _timed(schedule, *times, body.timezone or zone)


def tried(body: TimesBody, by: Principal, zone: str) -> Schedule:
    """A schedule at these times that begins nothing and is kept nowhere; raises `Refused` as `made`."""
    schedule = Schedule(
        id=ids.new("sch"), tenant=by.tenant, name="", owner=by.actor, kind="every", expression="", zone=zone, begins="intent", wish={},
        policy="run", created=utc_now(),
    )  # fmt: skip
    return _timed(schedule, *body.required(), body.timezone or zone)


def _named(name: str) -> str:
    try:
        return named(name)
    except Refused as error:
        raise Invalid.at("name", error) from error


def _timed(schedule: Schedule, kind: Kind, expression: str, zone: str) -> Schedule:
    """The same at these times; what is wrong is told of the field that it stands in."""
    try:
        zone_named(zone)
    except Refused as error:
        raise Invalid.at("timezone", error) from error
    try:
        return schedule.timed(utc_now(), kind, expression, zone)
    except Refused as error:
        raise Invalid.at(kind, error) from error


def altered(body: ChangeBody, wishes: Wishes) -> Callable[[Schedule], Schedule]:
    """What becomes of a schedule; raises `Refused` naming what is wrong."""
    wish, times = wishes.chosen(body.intent, body.run), body.chosen()

    def act(schedule: Schedule) -> Schedule:
        kind, expression = times or (schedule.kind, schedule.expression)
        moved = schedule if not (times or body.timezone) else _timed(schedule, kind, expression, body.timezone or schedule.zone)
        chosen = moved.wishing(*wish) if wish else moved
        kept = chosen.keeping(body.missed) if body.missed else chosen
        return kept if body.paused is None else kept.paused_now() if body.paused else kept.resumed(utc_now())

    return act


def shown(schedule: Schedule, voice: Voice) -> JsonObject:
    """A schedule as the API shows it, with its next moments."""
    problem = schedule.problem and {"code": schedule.problem["code"], "detail": voice.say(Text.from_json(schedule.problem["text"]))}
    return {
        "schedule_id": schedule.id, "namespace": schedule.namespace,
        "name": schedule.name, "owner": schedule.owner, schedule.kind: schedule.expression,
        "timezone": schedule.zone, schedule.begins: schedule.wish, "missed": schedule.policy, "paused": schedule.paused,
        "next": [iso(moment) for moment in schedule.upcoming(utc_now(), SHOWN)],
        "last": None if schedule.last is None else iso(schedule.last), "begun": schedule.begun, "problem": problem,
        "counts": {"fired": schedule.fired, "missed": schedule.missed}, "created": iso(schedule.created),
    }  # fmt: skip


async def seen(scheduler: Scheduler, caller: Principal, wanted: str) -> Schedule:
    """The schedule of that id or name, if the caller may see it; raises `NotFound`."""
    found = await scheduler.schedules.find(caller.tenant, wanted)
    if not caller.may("read", "schedules", found.namespace):
        raise NotFound("There is no schedule “{wanted}”.", wanted=wanted[:100])
    return found


async def changeable(scheduler: Scheduler, caller: Principal, wanted: str) -> Schedule:
    """The same, if the caller may change it too; raises `Forbidden`."""
    found = await seen(scheduler, caller, wanted)
    allow(caller, "write", "schedules", found.namespace)
    return found


RequireNamespace: TypeAlias = Callable[[str, str], Awaitable[None]]
"""Raises `Refused` unless the tenant has a namespace of that name."""


def routes(scheduler: Scheduler, wishes: Wishes, zone: str, require_namespace: RequireNamespace) -> list[APIRouter]:
    """`/v1/schedules`."""
    return [_looking(scheduler), _trying(zone), _keeping(scheduler, wishes, zone, require_namespace), _acting(scheduler)]


def _looking(scheduler: Scheduler) -> APIRouter:
    router = APIRouter(prefix="/v1/schedules", tags=["schedules"])

    @router.get("", summary="All schedules, by name")
    async def listed(caller: Caller, voice: Spoken) -> dict[str, list[JsonObject]]:
        """Each with its next moments, what it began last, and what kept it from beginning."""
        within = allow_somewhere(caller, "read", "schedules")
        found = await scheduler.schedules.of_tenant(caller.tenant)
        return {"schedules": [shown(one, voice) for one in found if within is None or one.namespace in within]}

    @router.get("/{schedule}", summary="A schedule, by id or name")
    async def show(schedule: str, caller: Caller, voice: Spoken) -> JsonObject:
        """With its next moments, what it began last, and what kept it from beginning."""
        return shown(await seen(scheduler, caller, schedule), voice)

    return router


class TriedBody(TimesBody):
    """Times to try."""

    count: int = Field(default=5, ge=1, le=50, description="How many moments are told.")


def _trying(zone: str) -> APIRouter:
    router = APIRouter(prefix="/v1/schedules", tags=["schedules"])

    @router.post("/check", summary="When a schedule would fire")
    async def check(body: TriedBody, caller: Caller) -> JsonObject:
        """Its next moments, or which field is wrong and what is allowed there. Nothing is kept."""
        allow_somewhere(caller, "read", "schedules")
        found = tried(body, caller, zone)
        return {
            found.kind: found.expression, "timezone": found.zone,
            "next": [iso(moment) for moment in found.upcoming(utc_now(), body.count)],
        }  # fmt: skip

    return router


def _keeping(scheduler: Scheduler, wishes: Wishes, zone: str, require_namespace: RequireNamespace) -> APIRouter:
    router = APIRouter(prefix="/v1/schedules", tags=["schedules"])

    @router.post("", status_code=201, summary="Begin something at certain times")
    async def add(body: NewBody, caller: Caller, voice: Spoken) -> JsonObject:
        """An intent is asked, or a run begun, at the moments that one of `cron`, `every` and `at` gives."""
        allow(caller, "write", "schedules", body.namespace)
        await require_namespace(caller.tenant, body.namespace)
        schedule = made(body, wishes, caller, zone)
        await scheduler.add(schedule, body.reason)
        return shown(schedule, voice)

    @router.patch("/{schedule}", summary="Change a schedule")
    async def change(schedule: str, body: ChangeBody, caller: Caller, voice: Spoken) -> JsonObject:
        """What is not given stays as it is."""
        found = await changeable(scheduler, caller, schedule)
        return shown(await scheduler.change(caller.tenant, found.id, altered(body, wishes), caller.actor, body.reason), voice)

    @router.delete("/{schedule}", status_code=204, summary="Remove a schedule")
    async def remove(schedule: str, caller: Caller, reason: Reason = "") -> None:
        """What it has begun goes on."""
        found = await changeable(scheduler, caller, schedule)
        await scheduler.remove(caller.tenant, found.id, caller.actor, reason)

    return router


def _acting(scheduler: Scheduler) -> APIRouter:
    router = APIRouter(prefix="/v1/schedules", tags=["schedules"])

    @router.post("/{schedule}/pause", summary="Let a schedule rest")
    async def pause(schedule: str, caller: Caller, voice: Spoken, why: Why) -> JsonObject:
        """It fires at none of its times until it is resumed; asked to, it fires all the same."""
        found = await changeable(scheduler, caller, schedule)
        return shown(await scheduler.change(caller.tenant, found.id, Schedule.paused_now, caller.actor, why), voice)

    @router.post("/{schedule}/resume", summary="Wake a schedule that rests")
    async def resume(schedule: str, caller: Caller, voice: Spoken, why: Why) -> JsonObject:
        """What would have fired meanwhile was not missed."""
        found = await changeable(scheduler, caller, schedule)
        return shown(await scheduler.change(caller.tenant, found.id, lambda one: one.resumed(utc_now()), caller.actor, why), voice)

    @router.post("/{schedule}/run", status_code=202, summary="Fire a schedule now, besides its times")
    async def run(schedule: str, caller: Caller, voice: Spoken, why: Why) -> JsonObject:
        """Its times stay as they are."""
        found = await changeable(scheduler, caller, schedule)
        return shown(await scheduler.ask(caller.tenant, found.id, caller.actor, why), voice)

    return router
