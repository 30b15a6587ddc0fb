"""Whether a case of an agent's evaluation set came out as its file says. Pure rules: no model judges."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hulk.kernel.text import Text
from hulk.modules.agents.domain.agent import Agent, Case
from hulk.modules.agents.domain.failures import Nobody
from hulk.modules.agents.domain.task import SAID_STATES, Made, Task, Tried
from hulk.modules.tools import any_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came of it: the tools that were asked, those of them that would have changed something (`proposed`), and what is `wrong`.
    `left_out`: it takes a model, and none may be asked here, which says nothing of the agent."""

    tried: tuple[Tried, ...]
    wrong: tuple[Text, ...]
    left_out: bool = False

    @property
    def proposed(self) -> tuple[str, ...]:
        """Tools that would have changed something, once for each call."""
        return tuple(one.tool for one in self.tried if one.status == "suggested")


def meant(agent: Agent, case: Case) -> str:
    """What its words must be taken for."""
    return ".".join(("agents", agent.name, *([case.playbook] if case.playbook else [])))


def judged(agent: Agent, case: Case, task: Task, made: Mapping[str, Made]) -> Judged:
    """Of a task that has ended."""
    tried = tuple(_tried(task, made))
    left_out = task.error is not None and task.error["code"] == Nobody.code and case.ends == "completed"
    return Judged(tried=tried, wrong=tuple(_wrong(agent, case, task, tried)), left_out=left_out)


def _tried(task: Task, made: Mapping[str, Made]) -> Iterator[Tried]:
    """In the order of the plan. A tool's step that failed before it called it has asked for it in vain."""
    for node in () if task.plan is None else task.plan.nodes:
        one = made.get(node.key)
        if one is not None and one.status == "failed" and node.does == "tool" and not one.tried:
            yield Tried(tool=node.tool, status="failed")
        yield from () if one is None else one.tried


def _wrong(agent: Agent, case: Case, task: Task, tried: Sequence[Tried]) -> Iterator[Text]:
    if task.found != meant(agent, case):
        yield Text("It was taken for {found}, and means {meant}.", found=task.found, meant=meant(agent, case))
    if task.state != case.ends:
        yield Text("It ended as {state}, and should as {ends}.", state=SAID_STATES[task.state], ends=SAID_STATES[case.ends])
    yield from _wrong_calls(case, tried)
    for words in case.says:
        if words.casefold() not in (task.answer or "").casefold():
            yield Text("The answer does not say “{words}”.", words=words)


def _wrong_calls(case: Case, tried: Sequence[Tried]) -> Iterator[Text]:
    worked = [one.tool for one in tried if one.status in ("done", "suggested")]
    for tool in case.calls:
        if not any(any_of(one, (tool,)) for one in worked):
            yield Text("{tool} was not called.", tool=tool)
    for tool in dict.fromkeys(one.tool for one in tried):
        if any_of(tool, case.never):
            yield Text("{tool} was asked, and must not be.", tool=tool)
