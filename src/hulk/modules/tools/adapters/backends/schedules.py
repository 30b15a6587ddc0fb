"""Hulk's own schedules as tools: looked at, made for questions, put to rest and woken."""

from collections.abc import Callable
from datetime import datetime

from pydantic import Field

from hulk.kernel import ids
from hulk.kernel.records import JsonObject
from hulk.kernel.time import iso, utc_now
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments, said
from hulk.modules.tools.domain import Output
from hulk.modules.tools.ports import Calling
from hulk.runtime.scheduler import Schedule, Scheduler, named

_SHOWN = 3


class ListSchedules(Arguments):
    """Schedules (agendamentos), by name, each with its next moments and what kept it from beginning."""


class AskRegularly(Arguments):
    """Have a question asked at certain times (agendar uma pergunta), as if somebody asked it then."""

    name: str = Field(min_length=1, max_length=100, description="Unique in the tenant.")
    text: str = Field(min_length=1, max_length=4000, description="What is asked.")
    cron: str = Field(max_length=200, description="“30 8 * * mon-fri”: minute, hour, day of the month, month, day of the week.")
    timezone: str = Field(default="", max_length=64, description="IANA time zone, as America/Sao_Paulo; empty for the installation's.")


class OfSchedule(Arguments):
    """By id or name."""

    schedule: str = Field(max_length=100, description="Its id or name.")


class PauseSchedule(OfSchedule):
    """Put a schedule to rest: it fires no more until it is woken."""


class ResumeSchedule(OfSchedule):
    """Wake a schedule that rests; what would have fired meanwhile was not missed."""


class ScheduleTools(Acts):
    """`Backend` of schedules. `wish` makes of a text what a schedule that asks it keeps; raises `Refused` for one that cannot be asked."""

    def __init__(self, scheduler: Scheduler, wish: Callable[[str], JsonObject], zone: str, name: str = "schedules") -> None:
        super().__init__(
            name, About(outside=False, owner="Hulk", tags=("schedules",)),
            Act("list", "List schedules", ListSchedules, self._list, at=""),
            Act("ask", "Ask regularly", AskRegularly, self._ask, effect="write", idempotent=True),
            Act("pause", "Pause a schedule", PauseSchedule, self._pause, effect="write", idempotent=True),
            Act("resume", "Resume a schedule", ResumeSchedule, self._resume, effect="write", idempotent=True),
        )  # fmt: skip
        self._scheduler, self._wish, self._zone = scheduler, wish, zone

    async def _list(self, _: ListSchedules, calling: Calling) -> Output:
        found, now = await self._scheduler.schedules.of_tenant(calling.tenant), utc_now()
        return said({"schedules": [_shown(one, now) for one in found]})

    async def _ask(self, wanted: AskRegularly, calling: Calling) -> Output:
        zone, now = wanted.timezone or self._zone, utc_now()
        schedule = Schedule(
            id=ids.derived("sch", calling.tenant, calling.key), tenant=calling.tenant, name=named(wanted.name), owner=calling.actor,
            kind="every", expression="", zone=zone, begins="intent", wish=self._wish(wanted.text), policy="run", created=now,
        ).timed(now, "cron", wanted.cron, zone)  # fmt: skip
        if (known := await self._scheduler.schedules.get(schedule.id)) is not None:
            return said(_shown(known, now))
        await self._scheduler.add(schedule)
        return said(_shown(schedule, now))

    async def _pause(self, wanted: PauseSchedule, calling: Calling) -> Output:
        return await self._changed(wanted, calling, Schedule.paused_now)

    async def _resume(self, wanted: ResumeSchedule, calling: Calling) -> Output:
        now = utc_now()
        return await self._changed(wanted, calling, lambda schedule: schedule.resumed(now))

    async def _changed(self, wanted: OfSchedule, calling: Calling, act: Callable[[Schedule], Schedule]) -> Output:
        changed = await self._scheduler.change(calling.tenant, wanted.schedule, act, calling.actor)
        return said(_shown(changed, utc_now()))


def _shown(schedule: Schedule, now: datetime) -> JsonObject:
    return {
        "schedule_id": schedule.id, "name": schedule.name, "owner": schedule.owner, schedule.kind: schedule.expression,
        "timezone": schedule.zone, "asks": schedule.wish.get("text"), "paused": schedule.paused,
        "next": [iso(moment) for moment in schedule.upcoming(now, _SHOWN)], "begun": schedule.begun,
        "problem": None if schedule.problem is None else schedule.problem["code"],
    }  # fmt: skip
