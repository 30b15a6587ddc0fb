"""A task: what an agent was asked, from then to its answer. Pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from hulk.kernel import ids
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, Grant, Principal
from hulk.kernel.text import Language, Text
from hulk.modules.agents.domain.plan import Plan, Status
from hulk.modules.tools import Autonomy, File

State: TypeAlias = Literal["running", "completed", "failed", "cancelled"]
FILES = "files"
"""The parameter of a task without a playbook: what was sent along, as tools take it."""
SAID = "said"
"""The parameter of a task without a playbook: what was said before it, as `who: words`, oldest first."""
ENDED: frozenset[State] = frozenset(("completed", "failed", "cancelled"))
SAID_STATES: Mapping[State, Text] = {
    "running": Text("running"),
    "completed": Text("completed"),
    "failed": Text("failed"),
    "cancelled": Text("cancelled"),
}
"""As they are told in sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task. `actor` asked for it and it is done in their name, with the `grants` that they had then; `parameters` are those of the
    playbook, read from the text. `priced` is the most tokens that its plan may take; `limited` says that a model of small means, or none,
    had part in the answer. `case` is the one of the agent's evaluation set that it is (a rehearsal, in which nothing is changed), empty
    when somebody wants something; `found` is what its words were taken for then. `model` is asked in the place of the agent's."""

    id: str
    tenant: str
    agent: str
    actor: str
    grants: tuple[Grant, ...]
    text: str
    language: Language
    run: str
    at: datetime
    namespace: str = DEFAULT_NAMESPACE
    intent: str | None = None
    playbook: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    state: State = "running"
    plan: Plan | None = None
    answer: str | None = None
    error: JsonObject | None = None
    p0: bool = False
    limited: bool = False
    ended: datetime | None = None
    case: str = ""
    found: str = ""
    model: str = ""

    @property
    def most(self) -> Autonomy:
        """How far its tools go at the most."""
        return "suggest" if self.case else "act"

    @property
    def principal(self) -> Principal:
        """In whose name it acts."""
        return Principal(tenant=self.tenant, actor=self.actor, grants=self.grants)


def id_of(run: str) -> str:
    """The id of the task that is done in that run."""
    return ids.derived("tsk", run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A tool that was asked for, and how that ended (`tools.Call.status`); `asked` as long as nobody knows."""

    tool: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """Tools that the run of a step has asked for, the first of them at that place among all of its: told while it is under way, since what
    fails tells nothing any more. `model`, `calls` and `p0` as of what it comes to."""

    task: str
    key: str
    run: str
    first: int
    tried: tuple[Tried, ...]
    calls: tuple[str, ...] = ()
    model: str = ""
    p0: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a step of a task has come to. `output` is what it hands on, `sources` where that is from (`tcl_…`, addresses), `calls` the
    calls of tools in it, `tried` the tools that were asked, in vain too, `files` what they made and kept; `p0`: it must stay in the
    company; `limited` as of the task; `error` is as `kernel.errors.told` has it. `autonomy` is how far it went where it changed something,
    `approver` the ticket in which a person decided; `left_out` counts the items of its list that it was not done for."""

    task: str
    key: str
    status: Status
    version: int = 1
    run: str = ""
    output: Json = None
    sources: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    model: str = ""
    p0: bool = False
    limited: bool = False
    autonomy: Autonomy | None = None
    approver: str = ""
    left_out: int = 0
    error: JsonObject | None = None
    at: datetime | None = None
    tried: tuple[Tried, ...] = ()
    files: tuple[File, ...] = ()


def with_tries(made: Made, tries: Tries) -> Made:
    """With what is known of these tools now; as it was when that is another run's, or over."""
    if made.run != tries.run or made.status != "running":
        return made
    end = tries.first + len(tries.tried)
    return replace(
        made, tried=(*made.tried[: tries.first], *tries.tried, *made.tried[end:]), model=tries.model or made.model,
        calls=tuple(dict.fromkeys((*made.calls, *tries.calls))), p0=made.p0 or tries.p0,
    )  # fmt: skip


def following(before: Made | None, made: Made) -> Made:
    """What a step has come to, with what it was known to have tried: whoever does it in the end, or fails with it, need not know that."""
    if before is None or before.run != made.run or made.tried:
        return made
    model = made.model or (before.model if made.status == "failed" else "")
    return replace(made, tried=before.tried, calls=made.calls or before.calls, model=model, p0=made.p0 or before.p0)


def scope_of(task: Task, made: Mapping[str, Made], values: JsonObject | None = None) -> dict[str, Json]:
    """What the steps of a task may refer to: its parameters, itself, what an operator has set for the agent, and what steps gave."""
    about: dict[str, Json] = {"text": task.text, "language": task.language, "actor": task.actor, "id": task.id, "intent": task.intent}
    given: dict[str, Json] = {"parameters": dict(task.parameters), "task": about, "values": values or {}}
    return {**given, **{key: one.output for key, one in made.items() if one.status == "done"}}
