"""What `thor` asks of the store, row by row."""

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, get_args

from pydantic import BaseModel

from hulk.apps.audit_key import audit_key
from hulk.apps.members import Members, admin
from hulk.apps.schema import HEAD, revision
from hulk.apps.terminal import brief, speaker
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.text import Voice
from hulk.kernel.time import utc_now
from hulk.modules.audit.settings import AuditSettings
from hulk.modules.identity.wiring import identity as wired_identity
from hulk.runtime.config import Config
from hulk.runtime.outbox import Outbox
from hulk.runtime.secrets import resolved
from hulk.runtime.store import Login, Store, credentials, opened
from hulk.runtime.validation import parsed

if TYPE_CHECKING:  # each is loaded by the act that needs it: a command of `thor` needs one or two, and all take most of a second
    from hulk.apps.costs import MoneyRows
    from hulk.apps.helm import Helm
    from hulk.apps.limits import QuotaRows
    from hulk.apps.policies import PolicyRows
    from hulk.apps.routing import RoutingRows
    from hulk.apps.story import Teller
    from hulk.runtime.scheduler import Schedule, Schedules, What

Row: TypeAlias = Mapping[str, Any]
Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The acts of the modules over one store."""

    config: Config
    store: Store
    outbox: Outbox
    voice: Voice

    @cached_property
    def members(self) -> Members:
        """Tenants, namespaces, accounts and keys."""
        return Members(wired_identity(self.store, self.outbox, local=True))

    @cached_property
    def helm(self) -> "Helm":
        """Runs, dead letters and queues."""
        from hulk.apps.helm import helm_of

        return helm_of(self.store, self.outbox, self.voice)

    @cached_property
    def limits(self) -> "QuotaRows":
        """Quotas."""
        from hulk.apps.limits import QuotaRows, limits_of

        return QuotaRows(limits_of(self.config, self.store, self.outbox, self.members.identity))

    @cached_property
    def routing(self) -> "RoutingRows":
        """What the router has learnt, and experiments."""
        from hulk.apps.routing import RoutingRows
        from hulk.modules.router.settings import LearningSettings, ModelsSettings, RouterSettings
        from hulk.modules.router.wiring import learning_of, variants_of
        from hulk.runtime.models import LocalEmbedder, Remembered

        settings = self.config.section(LearningSettings)
        values = variants_of(self.config.section(ModelsSettings), self.config.section(RouterSettings))
        acts = learning_of(self.store, settings, Remembered(LocalEmbedder()), self.outbox, values=values)
        return RoutingRows(acts, settings, self.voice)

    @cached_property
    def policies(self) -> "PolicyRows":
        """Which models may answer what."""
        from hulk.apps.policies import PolicyRows
        from hulk.modules.router.settings import ModelsSettings, RouterSettings
        from hulk.modules.router.wiring import policy_acts_of

        models, settings = self.config.section(ModelsSettings), self.config.section(RouterSettings)
        return PolicyRows(policy_acts_of(self.store, models, settings, self.outbox), self.voice)

    @cached_property
    def money(self) -> "MoneyRows":
        """Costs, budgets and rates."""
        from hulk.apps.costs import money_rows

        return money_rows(self.config, self.store, self.outbox, self.voice)

    @cached_property
    def teller(self) -> "Teller":
        """Stories."""
        from hulk.apps.story import teller_of
        from hulk.modules.finops.settings import FinopsSettings

        return teller_of(self.store, self.outbox, self.config.section(FinopsSettings))

    @cached_property
    def schedule_store(self) -> "Schedules":
        """Schedules."""
        from hulk.runtime.scheduler import Schedules

        return Schedules(self.store, self.outbox)

    async def story(self, wanted: str) -> Row:
        """The whole story of what has that id, whose ever it is."""
        return await self.teller(wanted, None, self.voice)

    async def intents(self, tenant: str, status: str | None, limit: int) -> list[Row]:
        """The newest intents."""
        from hulk.modules.intents import Status
        from hulk.modules.intents.wiring import intents_of

        found = await intents_of(self.store).recent(tenant, status=_among(status, Status), limit=limit)
        return [
            {
                "intent_id": one.id,
                "status": one.status,
                "created": brief(one.created),
                "ended": brief(one.ended),
                "text": _short(one.text),
            }
            for one in found
        ]

    async def tickets(self, tenant: str, status: str | None, limit: int) -> list[Row]:
        """The newest tickets."""
        from hulk.modules.tickets import Filter, Status
        from hulk.modules.tickets.wiring import board_of

        wanted = Filter(tenant=tenant, statuses=(_among(status, Status),) if status else ())
        found = (await board_of(self.store).find(wanted, limit)).tickets
        return [
            {
                "ticket_id": one.id, "kind": one.kind, "status": one.status, "owner": one.owner, "intent_id": one.intent,
                "created": brief(one.created), "title": self.voice.say(one.title),
            }
            for one in found
        ]  # fmt: skip

    async def schedules(self, tenant: str) -> list[Row]:
        """All schedules."""
        return [self._schedule(one) for one in await self.schedule_store.of_tenant(tenant)]

    async def add_schedule(self, tenant: str, body: Mapping[str, Any], reason: str = "") -> list[Row]:
        """A new schedule, as `POST /v1/schedules` takes it; a running Hulk notices it within a second."""
        from hulk.apps.schedules import NewBody, Wishes, made

        wanted = parsed(NewBody, body)
        await self.members.identity.list_namespaces.require(tenant, wanted.namespace)
        schedule = made(wanted, Wishes(), admin(tenant), self.config.locale.timezone)
        await self.schedule_store.add(schedule, reason)
        return [self._schedule(schedule)]

    async def change_schedule(self, tenant: str, wanted: str, body: Mapping[str, Any], reason: str = "") -> list[Row]:
        """A schedule changed, as `PATCH /v1/schedules/{schedule}` does it; a running Hulk notices it within a second."""
        from hulk.apps.schedules import ChangeBody, Wishes, altered

        return await self._change_schedule(tenant, wanted, altered(parsed(ChangeBody, body), Wishes()), reason)

    async def pause_schedule(self, tenant: str, wanted: str, reason: str = "") -> list[Row]:
        """A schedule that rests now."""
        return await self._change_schedule(tenant, wanted, lambda one: one.paused_now(), reason)

    async def resume_schedule(self, tenant: str, wanted: str, reason: str = "") -> list[Row]:
        """A schedule that rests no more."""
        return await self._change_schedule(tenant, wanted, lambda one: one.resumed(utc_now()), reason)

    async def run_schedule(self, tenant: str, wanted: str, reason: str = "") -> list[Row]:
        """A schedule that a running Hulk, or the next to start, fires at once."""
        return await self._change_schedule(tenant, wanted, lambda one: one.asking(utc_now()), reason, what="asked")

    async def _change_schedule(
        self, tenant: str, wanted: str, act: Callable[["Schedule"], "Schedule"], reason: str, what: "What" = "changed"
    ) -> list[Row]:
        actor = admin(tenant).actor
        return [self._schedule(await self.schedule_store.change(tenant, wanted, act, actor, reason, what=what))]

    async def remove_schedule(self, tenant: str, wanted: str, reason: str = "") -> list[Row]:
        """A schedule, as it was before it was removed."""
        return [self._schedule(await self.schedule_store.remove(tenant, wanted, admin(tenant).actor, reason))]

    def _schedule(self, schedule: "Schedule") -> Row:
        from hulk.apps.schedules import shown

        view = shown(schedule, self.voice)
        problem = view["problem"] and view["problem"]["detail"]
        wish = schedule.wish
        status = "paused" if schedule.paused else "active" if schedule.next else "ended"
        return {
            "schedule_id": schedule.id, "name": schedule.name, "status": status,
            "when": f"{schedule.kind} {schedule.expression}", "timezone": schedule.zone, "policy": schedule.policy,
            "next": ", ".join(view["next"]),
            "last": brief(schedule.last), "fired": schedule.fired, "missed": schedule.missed, "begun": schedule.begun,
            "text": _short(str(wish.get("text") or wish.get("workflow"))), "problem": problem,
        }  # fmt: skip


@asynccontextmanager
async def desk_of(written: Config, data: Path) -> AsyncIterator[Desk]:
    """The desk over the store of those settings. Raises as `known_store`, and `Unavailable` when a secret that it needs cannot
    be read."""
    config = await resolved(written, os.environ, ("store", "audit"))
    async with known_store(config, data) as store:
        outbox = Outbox(store, audit_key(config.section(AuditSettings), data))
        yield Desk(config=config, store=store, outbox=outbox, voice=speaker())


@asynccontextmanager
async def known_store(config: Config, data: Path) -> AsyncIterator[Store]:
    """The store of those settings, whose secrets are `resolved`. Raises `NotFound` when there is none, `Refused` when its
    tables are of another version."""
    if not config.store.url and not (data / "hulk.db").exists():
        raise NotFound(
            "There is no Hulk in the data folder {folder} yet. Start one with `hulk up`, or name its folder with --data.", folder=str(data)
        )
    login = Login(credentials(config.store.url, config.store.password.get_secret_value()))
    async with opened(config.store.url, data, login=login) as store:
        await _known(store)
        yield store


async def _known(store: Store) -> None:
    found = await store.read(revision)
    if found != HEAD:
        raise Refused(
            "The store's tables are of version {found}; this thor knows {head}. Start `hulk up` once to migrate it.", found=found, head=HEAD
        )


def skill_rows(config: Config) -> list[Row]:
    """The skills, with an example of each."""
    from hulk.modules.skills.settings import SkillsSettings
    from hulk.modules.skills.wiring import book

    voice = speaker()
    found, _ = book(config.section(SkillsSettings).folders)
    titles = dict(zip((skill.name for skill in found), found.titles(voice), strict=True))
    return [
        {
            "name": skill.name, "title": voice.say(skill.title), "parameters": ", ".join(one.name for one in skill.parameters),
            "origin": "own" if "own" in skill.tags else "built-in", "example": titles[skill.name][1],
        }
        for skill in found
    ]  # fmt: skip


def _among(status: str | None, allowed: Any) -> Any:
    names: Sequence[str] = get_args(allowed)
    if status is not None and status not in names:
        raise Refused("There is no status “{status}”; allowed: {allowed}.", status=status, allowed=", ".join(names))
    return status


def _short(sentence: str) -> str:
    line = " ".join(sentence.split())
    return line if len(line) <= 60 else line[:59] + "…"
