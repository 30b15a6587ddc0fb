"""Looking at agents and their tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hulk.kernel import ids
from hulk.kernel.errors import Forbidden, NotFound
from hulk.kernel.tenancy import Principal
from hulk.modules.agents.domain.account import Account
from hulk.modules.agents.domain.agent import Agent, AgentBook
from hulk.modules.agents.domain.task import Made, Task
from hulk.modules.agents.ports import Accounts, Tasks, WantedTasks


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """A task, what its steps have come to, and what it has taken."""

    task: Task
    made: Mapping[str, Made]
    account: Account | None


@dataclass(frozen=True, slots=True)
class ShowTasks:
    """Tasks: one's own, and all of the tenant's for its admins."""

    tasks: Tasks
    accounts: Accounts

    async def __call__(self, by: Principal, id_: str) -> TaskView:
        """Raises `Forbidden`, and `NotFound` also for one that they may not see."""
        require(by)
        task = await self.tasks.get(ids.parse(id_, "tsk"))
        if task.tenant != by.tenant or not (task.actor == by.actor or by.may("manage", "agents", task.namespace)):
            raise NotFound("There is no task {id}.", id=id_[:80])
        return TaskView(task=task, made=await self.tasks.steps(task.id), account=await self.accounts.of(task.id))

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
