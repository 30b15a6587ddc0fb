"""Looking at agents and their tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hulk.kernel import ids
from hulk.kernel.errors import Forbidden, NotFound
from hulk.kernel.tenancy import Principal
from hulk.modules.agents.domain.account import Account
from hulk.modules.agents.domain.agent import Agent, AgentBook
from hulk.modules.agents.domain.evaluating import Judged, judged
from hulk.modules.agents.domain.made import files_made
from hulk.modules.agents.domain.task import ENDED, Made, Task
from hulk.modules.agents.ports import Accounts, Tasks, WantedTasks
from hulk.modules.tools import File


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """A task, what its steps have come to, and what it has taken."""

    task: Task
    made: Mapping[str, Made]
    account: Account | None
    judged: Judged | None = None

    @property
    def files(self) -> Sequence[File]:
        """What its steps made, also what must stay in the company: whoever sees the task sees its answer."""
        return files_made(self.task, self.made, sensitive=True)


@dataclass(frozen=True, slots=True)
class ShowTasks:
    """Tasks: one's own, and all of the tenant's for its admins."""

    tasks: Tasks
    accounts: Accounts
    book: AgentBook

    async def __call__(self, by: Principal, id_: str) -> TaskView:
        """Raises `Forbidden`, and `NotFound` also for one that they may not see."""
        require(by)
        task = await self.tasks.get(ids.parse(id_, "tsk"))
        if task.tenant != by.tenant or not (task.actor == by.actor or by.may("manage", "agents", task.namespace)):
            raise NotFound("There is no task {id}.", id=id_[:80])
        made = await self.tasks.steps(task.id)
        return TaskView(task=task, made=made, account=await self.accounts.of(task.id), judged=self._judged(task, made))

    async def file(self, by: Principal, id_: str, name: str) -> File:
        """One of its files; raises as calling does."""
        view = await self(by, id_)
        if (found := next((one for one in view.files if one.name == name), None)) is None:
            raise NotFound("Task {id} has made no file “{name}”.", id=view.task.id, name=name)
        return found

    def _judged(self, task: Task, made: Mapping[str, Made]) -> Judged | None:
        """Of a case of an evaluation set that has ended, and is in its agent's file still."""
        agent = self.book.get(task.agent)
        case = None if agent is None else agent.case(task.case)
        return None if agent is None or case is None or task.state not in ENDED else judged(agent, case, task, made)

    async def find(self, by: Principal, wanted: WantedTasks) -> Sequence[Task]:
        """Newest first. Raises `Forbidden`."""
        require(by)
        actor = wanted.actor if by.may("manage", "agents") else by.actor
        return await self.tasks.find(replace(wanted, tenant=by.tenant, actor=actor, within=by.namespaces("read", "agents")))


@dataclass(frozen=True, slots=True)
class ShowAgents:
    """The agents that somebody may use."""

    book: AgentBook

    def __call__(self, by: Principal) -> Sequence[Agent]:
        """By name. Raises `Forbidden`."""
        require(by)
        return self.book.open_to(by)

    def one(self, by: Principal, name: str) -> Agent:
        """The one of that name. Raises `NotFound`, `Forbidden`."""
        found = next((agent for agent in self(by) if agent.name == name), None)
        if found is None:
            known = ", ".join(agent.name for agent in self(by)) or "—"
            raise NotFound("There is no agent “{agent}”; there are: {known}.", agent=name[:80], known=known)
        return found


def require(by: Principal) -> None:
    """Raises `Forbidden` unless they may look at agents' work."""
    if by.namespaces("read", "agents") == frozenset():
        raise Forbidden("Looking at agents needs a role; you have {roles}.", roles=by.roles or "—")
