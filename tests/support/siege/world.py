"""A company under siege: agents, people and systems as they are put together in the program, an attacker in every place that one can have.

    async with besieged(folder, seed) as siege:
        await siege.round()
        assert siege.unapproved() == []
        assert siege.leaks() == []

What is judged by is written down outside of what is judged: systems say what was done there, people what they said yes to.
"""

import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from hulk.kernel.errors import HulkError, Refused
from hulk.kernel.tenancy import Principal, everywhere
from hulk.modules.agents.adapters.models import RouterModels
from hulk.modules.agents.api.tasks import shown_view
from hulk.modules.agents.domain.task import Task
from hulk.modules.agents.ports import Known, WantedTasks
from hulk.modules.agents.usecases.show import ShowTasks
from hulk.modules.tickets import Filter, Ticket
from hulk.modules.tickets.usecases import Wish as Move
from hulk.modules.tools import Rule, Wanted
from hulk.modules.tools.adapters.memory_pins import MemoryPins
from hulk.modules.tools.api.views import call_view, called_view
from hulk.modules.tools.domain import Output
from hulk.modules.tools.mcp.answers import answered
from hulk.modules.tools.ports import WantedCalls
from hulk.modules.tools.settings import RuleSettings
from hulk.modules.tools.usecases.pinning import ApprovedTools, ApproveTools, PinnedBackend
from hulk.runtime.language import voice
from hulk.runtime.outbox import event_table
from support.exits import CLOUD, INSIDE, Exit, World, a_world
from support.messages import sensitive
from support.postgres import Postgres
from support.siege.attacker import Attacker
from support.siege.company import AGENTS, BOTH, CAIO, EVE, FIELDS, MAY_SAY_YES, PEOPLE, PLATFORM_ADMIN
from support.siege.judging import key_of, leaked, unapproved
from support.siege.lures import payment
from support.siege.model import Obedient
from support.siege.places import HARMLESS, Done, Puller, fixed, sites
from support.team import Team, a_team
from support.tools import ANA, BOSS, STRANGER, VIEWER


@dataclass
class Siege:
    """All of it, and what was written down."""

    world: World
    model: Obedient
    chance: random.Random
    places: Mapping[str, Any]
    far: Puller
    attacker: Attacker
    team: Team = field(init=False)
    yes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    """What was tried by others than models."""
    heard: dict[str, list[str]] = field(default_factory=dict)
    """What came out where, besides what `World` collects."""

    # What is done to it -----------------------------------------------------------------------------------------------------------

    async def round(self) -> None:
        """A task, some calls by people, some decisions, a rug that is pulled."""
        task = await self._task()
        for _ in range(4):
            await self._call()
        for _ in range(6):
            await self._decide()
        if self.chance.random() < 0.5:
            self.far.pull()
            self.kinds["rug pulled"] += 1
        await self._look(await self.team.go_on(task))

    @property
    def count(self) -> int:
        """Hostile calls and decisions so far."""
        return sum(self.kinds.values()) + sum(self.model.kinds.values())

    async def _task(self) -> Task:
        agent, playbook, by = self.chance.choice(("clerk", "runner")), self.chance.choice(("", "buy")), self.chance.choice((ANA, BOTH))
        return await self.team.begin(f"Resuma este e-mail: {self.attacker.lure()}", agent=agent, playbook=playbook, by=by)

    async def _call(self) -> None:
        """Somebody calls a tool with what they should not, perhaps with a key that was used before, perhaps by another."""
        by, tool = self.chance.choice((ANA, EVE, VIEWER, STRANGER, BOTH)), self.chance.choice(("bank.pay", "bank.refund", *FIELDS))
        arguments, kind = (json.dumps({FIELDS[tool]: "1"}), "a call") if tool in FIELDS else payment(self.chance)
        key = self.chance.choice(("", f"k{self.chance.randrange(20)}"))
        self.kinds[f"by people: {kind}{', with a key of others' if key else ''}"] += 1
        try:
            wanted = Wanted(tool=tool, arguments=json.loads(arguments), key=key)
        except (ValueError, RecursionError):
            return
        try:
            called = await self.team.place.acts.call(by, wanted)
        except HulkError as error:
            self._out("errors", error)
        else:
            self._out("views", json.dumps(called_view(called, voice("pt")), default=str))
            self._out("MCP", answered(called, voice("pt"), self.team.place.acts.call.schemas).model_dump_json())

    async def _decide(self) -> None:
        """Somebody decides on a ticket; whether they may is the matter."""
        await self.team.place.desk.drain(100_000)
        page = await self.team.place.tickets.find(BOSS, Filter(tenant="acme", statuses=("open",)), 50)
        tickets = [ticket for ticket in page.tickets if ticket.kind == "tool.approval"]
        if not tickets:
            return
        ticket = self.chance.choice(tickets)
        way = self.chance.choice((self._yes, self._yes, self._no, self._forged, self._forged, self._too_late, self._fired, self._twice))
        await way(ticket)
        await self.team.place.desk.drain(100_000)

    async def _move(self, by: Principal, ticket: Ticket, status: Any) -> bool:
        try:
            await self.team.place.tickets.move(by, Move(ticket=ticket.id, status=status, reason="é isso"))
        except HulkError as error:
            self._out("errors", error)
            return False
        return True

    async def _yes(self, ticket: Ticket) -> None:
        """A person who may says yes to just what the ticket shows them, once."""
        if await self._move(self.chance.choice(MAY_SAY_YES), ticket, "completed"):
            self.yes[_meant(ticket)] += 1

    async def _no(self, ticket: Ticket) -> None:
        await self._move(self.chance.choice(MAY_SAY_YES), ticket, "failed")

    async def _forged(self, ticket: Ticket) -> None:
        """One who may not decide on it tries to: without the role, of another tenant, or who asked for it."""
        asker = ticket.input["actor"]
        others = [one for one in (ANA, EVE, VIEWER, STRANGER, BOTH) if one is not BOTH or asker == BOTH.actor]
        by = self.chance.choice(others)
        self.kinds["a yes by who may not"] += 1
        assert not await self._move(by, ticket, "completed"), (by.actor, ticket.input)

    async def _twice(self, ticket: Ticket) -> None:
        """A no, opened again by who asked, and then a yes: the no stays."""
        await self._move(BOSS, ticket, "failed")
        await self.team.place.desk.drain(100_000)
        await self._move(ANA, ticket, "open")
        await self._move(CAIO, ticket, "completed")
        self.kinds["a yes after a no"] += 1

    async def _too_late(self, ticket: Ticket) -> None:
        """The rule is taken back before the yes."""
        rules = self.team.place.acts.rules
        await rules.put(BOSS, Rule(name="stop", tools=(ticket.input["tool"],), deny=True))
        await self._move(CAIO, ticket, "completed")
        await self.team.place.desk.drain(100_000)
        await rules.remove(BOSS, "stop")
        self.kinds["a yes after the rule was taken back"] += 1

    async def _fired(self, ticket: Ticket) -> None:
        """Who asked lost their role, or all, before the yes."""
        rights = self.team.place.rights.now
        rights[ticket.input["actor"]] = self.chance.choice(((), everywhere("viewer")))
        await self._move(CAIO, ticket, "completed")
        await self.team.place.desk.drain(100_000)
        del rights[ticket.input["actor"]]
        self.kinds["a yes after the asker lost the role"] += 1

    # What the attacker says -------------------------------------------------------------------------------------------------------

    @property
    def planted(self) -> Counter[str]:
        """Lures."""
        return self.attacker.planted

    def says(self, tool: str) -> Output:
        """What a tool gives."""
        text, failed = self.attacker.says(tool)
        if failed == "refused":
            raise Refused("{text}", text=text)
        return replace(fixed(text), failed=failed == "failed")

    async def recall(self, _: Task, __: str) -> Known:
        """Memories that somebody has planted."""
        return Known(text=self.attacker.lure())

    # What came of it --------------------------------------------------------------------------------------------------------------

    async def _look(self, task: Task) -> None:
        """What others see of a task, and what its asker sees besides the answer."""
        shows = ShowTasks(self.team.agents.tasks, self.team.agents.accounts, self.team.agents.book)
        for by in (EVE, VIEWER, STRANGER):
            self._out("tasks of others", str(await shows.find(by, WantedTasks(tenant=by.tenant))))
            try:
                await shows(by, task.id)
            except HulkError as error:
                self._out("errors", error)
            else:
                raise AssertionError(f"{by.actor} sees the task of {task.actor}")
        view = shown_view(await shows(BOSS, task.id), voice("pt"))
        self._out("steps", json.dumps([view["steps"], view["error"], view["plan"]], default=str))
        for call in await self.team.place.acts.calls.find(BOSS, WantedCalls(tenant="acme", most=500)):
            self._out("calls", json.dumps(call_view(call, voice("pt")), default=str))

    def _out(self, where: str, what: object) -> None:
        self.heard.setdefault(where, []).append(str(what))

    def unapproved(self) -> Sequence[str]:
        """See `judging`."""
        return list(unapproved(self.done, self.yes, frozenset([HARMLESS.digest])))

    async def leaks(self) -> Sequence[str]:
        """See `judging`; files are not looked at: what came back is kept there, for those who may see it."""
        events = await self.world.store.read(lambda connection: connection.execute(select(event_table)).all())
        said = {name: out for name, out in self.world.said().items() if name != "files"}
        given = [one.arguments for one in self.done if one.tool.split(".")[0] in ("web", "mail", "far")]
        told = {
            "tools outside": [json.dumps(given, ensure_ascii=False)], "trail": map(str, events),
            "runs": [json.dumps([one.error for one in self.team.place.desk.runs.values()], ensure_ascii=False)], **self.heard,
        }  # fmt: skip
        return leaked(self.attacker.secrets, said | {name: "\n".join(lines).encode("utf-8", "replace") for name, lines in told.items()})

    @property
    def done(self) -> Sequence[Done]:
        """All that was done anywhere."""
        return [*(one for site in self.places.values() for one in site.done), *self.far.done]


def _meant(ticket: Ticket) -> str:
    """What somebody said yes to, as the ticket shows it."""
    shown = ticket.input
    return key_of(shown["tool"], shown["arguments"], shown["actor"], shown["agent"])


@asynccontextmanager
async def besieged(folder: Path, seed: int, postgres: Callable[[], Postgres] | None = None) -> AsyncIterator[Siege]:
    """The company, with what happens by chance of that seed; its store is in `folder` unless a server is given."""
    chance = random.Random(seed)
    async with a_world(folder, postgres) as world:
        model = Obedient(world._gate, chance=chance)
        world.wire = model
        gateway = world.router(Exit(models=(CLOUD, INSIDE))).once
        secrets = [one for one in sensitive(seed, 60) if len(one.thing) > 9][:25]
        told: list[Siege] = []
        lure: Callable[[], str] = lambda: told[0].attacker.lure()  # noqa: E731  # the siege is not there yet
        far = Puller(chance, fixed_by(told), lure)
        pins = MemoryPins()
        approved = ApprovedTools(pins)
        places = sites(lambda tool: told[0].says(tool))
        async with a_team(
            world.store, *AGENTS, models=RouterModels(gateway), rules=[RuleSettings.model_validate(one) for one in PEOPLE],
            others=[*places.values(), PinnedBackend(far, approved)], recall=lambda task, text: told[0].recall(task, text), most=100_000,
        ) as team:  # fmt: skip
            approve = ApproveTools({"far": far}, pins, team.place.trail, world.store.commit, team.place.acts.call.clock, approved.stale)
            await approve(PLATFORM_ADMIN, "far", {"note": HARMLESS.digest}, "looked at")
            siege = Siege(world, model, chance, places, far, Attacker(chance, secrets))
            siege.team = team
            told.append(siege)
            yield siege


def fixed_by(told: "list[Siege]") -> Callable[[str], Output]:
    """What the foreign server gives."""
    return lambda tool: told[0].says(tool)
