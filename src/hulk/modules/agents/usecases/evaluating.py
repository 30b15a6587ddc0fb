"""Having an agent do a case of its evaluation set: a rehearsal, in which nothing is changed and nobody is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import Exhausted, NotFound
from hulk.kernel.events import Trail, changed, reasoned
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, Principal
from hulk.kernel.time import Clock
from hulk.modules.agents.domain.agent import Agent, Case
from hulk.modules.agents.domain.task import Task, id_of
from hulk.modules.agents.ports import Encloses, Hands, Hears, Places, Room, Utterance
from hulk.modules.agents.usecases.begin import BeginTask, Wanted
from hulk.modules.agents.usecases.facts import About, fact
from hulk.modules.agents.usecases.rights import require
from hulk.modules.skills import Source
from hulk.modules.tools import any_of


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateCase:
    """Begin it; what came of it is told with the task."""

    begin: BeginTask
    hands: Hands
    hears: Hears
    places: Places
    encloses: Encloses
    room: Room
    trail: Trail
    commit: Commit
    clock: Clock
    zone: ZoneInfo

    async def __call__(self, by: Principal, agent: str, name: str, model: str = "", reason: str = "") -> Task:
        """The task, begun; `model` is asked in the place of the agent's. Raises `Forbidden`, `NotFound` (also for a tool that the case
        needs and that is not there), `Refused`, `Exhausted`, `Unavailable`."""
        require(by, "write", DEFAULT_NAMESPACE)
        found = self.begin.agent(by, agent)
        if (case := found.case(name)) is None:
            known = ", ".join(one.name for one in found.cases) or "—"
            raise NotFound("The agent “{agent}” has no case “{case}”; there are: {known}.", agent=agent, case=name[:80], known=known)
        await self._require_tools(by, found, case)
        sources = [await self.encloses(by, self.places(found, one)) for one in case.files]
        return await self._begun(by, found, case, sources, model, reasoned(reason))

    async def _require_tools(self, by: Principal, agent: Agent, case: Case) -> None:
        """Of whoever in the team has it: a step of a split plan is that agent's."""
        team = [agent, *(one for name in agent.team if (one := self.begin.book.get(name)) is not None)]
        for tool in case.calls:
            whose = next((one for one in team if any(any_of(tool, grant.tools) for grant in one.grants)), agent)
            if "*" not in tool:
                await self.hands.require(by, whose.name, tool)

    async def _begun(self, by: Principal, agent: Agent, case: Case, sources: Sequence[Source], model: str, reason: str) -> Task:
        run = ids.new("run")
        said = Utterance(
            by=by, text=case.ask, language=case.language, task=id_of(run), kinds=tuple(dict.fromkeys(one.kind for one in sources)),
            addressed="" if case.playbook else agent.name,
        )  # fmt: skip
        found, heard = await self.hears(said)
        wanted = Wanted(
            by=by, agent=agent.name, playbook=case.playbook, text=case.ask, language=case.language, zone=self.zone, at=self.clock(),
            run=run, sources=tuple(sources), case=case.name, found=found, model=model,
        )  # fmt: skip
        task, changes = self.begin(wanted)
        told = changed(reason, None, {"case": case.name, "found": found, "model": model or None})
        all_of_it = (*heard, *changes, self.trail.append(fact("rehearsed", About.of(task), told, by.actor)))
        [refusal] = await self.commit(_if_room(self.room(by.tenant), all_of_it))
        if refusal is not None:
            raise refusal
        return task


def _if_room(room: Change[Exhausted | None], changes: Sequence[Change[Any]]) -> Change[Exhausted | None]:
    """All of them, or why there is no room and none."""

    def change(tx: Any) -> Exhausted | None:
        if over := room(tx):
            return over
        for one in changes:
            one(tx)
        return None

    return change
