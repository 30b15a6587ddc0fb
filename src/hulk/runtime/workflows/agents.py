"""Agents of pydantic-ai as durable runs: each model request and each tool call is a recorded step.

    agent = Agent("openai:…", name="support", tools=[refund], capabilities=[HulkDurability()])

    async def support(context: Context, data: JsonObject) -> JsonObject:
        with durable(context):
            result = await agent.run(data["question"])
        return {"answer": result.output}

    workflows.register("support", workflow(support))

After a crash the agent is run again from its start; what was recorded is given back, so no model is asked twice for what it has
answered, and no tool called twice that has returned. A step that was under way is done again: give `idempotency_key()` to what a
tool changes in the world. Steps are known by the agent's run, the operation and the id of the tool call, and not by their order,
so tools may be called at once. Outside `durable`, and inside a tool, an agent runs as it would without.

The only file of Hulk's runtime that imports pydantic-ai, at its top, since it fills in its classes; so nobody imports this one
who has no agents.
"""

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict, cast
from weakref import WeakKeyDictionary

from pydantic_ai import RunContext as AgentContext
from pydantic_ai.agent import AgentRunResult, EventStreamHandler
from pydantic_ai.capabilities import WrapRunHandler
from pydantic_ai.durable_exec import (
    JSON_CODEC,
    BaseDurabilityCapability,
    DurabilityEngineSpec,
    DurableOperationBackend,
    DurableOperationId,
    JournalCallableOperationBackend,
    OperationConfigRole,
    ToolsetKind,
    conversation_id_from_run_id,
    record_durable_unit,
    replay_scope,
)
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelHTTPError,
    ModelRequestRejectedError,
    UnexpectedModelBehavior,
    UsageLimitExceeded,
    UserError,
)
from pydantic_ai.models import Model
from pydantic_ai.tools import AgentDepsT

from hulk.kernel.durable import ONCE, Context, Outcome, Retry
from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.time import from_iso, iso, utc_now
from hulk.runtime.workflows.context import RunContext

BLAMED = 4
PASSING = frozenset({408, 409, 425, 429})
"""Of the statuses that blame the request, those that may pass."""
LONGEST_NAME = 120
FOR_GOOD = (UserError, UsageLimitExceeded, ModelRequestRejectedError, UnexpectedModelBehavior)
"""What asking again does not change."""


class StepOptions(TypedDict, total=False):
    """How a kind of step is done; of one tool, as `metadata={"hulk": StepOptions(…)}` (False: not as a step)."""

    retry: Retry
    timeout: timedelta


MODEL = StepOptions(retry=Retry(attempts=3), timeout=timedelta(minutes=5))
TOOL = StepOptions(retry=ONCE, timeout=timedelta(minutes=1))


@dataclass(eq=False, slots=True)
class _Running:
    """The agents of a workflow's run that is being executed: the place of each of their runs, and how often it has done what."""

    context: RunContext
    agents: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def begin(self) -> str:
        """The id of the next agent's run."""
        run_id = f"{self.context.run_id}:{len(self.agents) + 1}"
        self.place(run_id)
        return run_id

    def place(self, run_id: str) -> int:
        """Which of the agents' runs it is, from 1."""
        return self.agents.setdefault(run_id, len(self.agents) + 1)

    def name(self, agent: int, operation: str, call: str | None) -> str:
        """The name of the agent's next step of that kind, the same when it is executed again."""
        base = f"{agent}.{operation}" + (f":{call}" if call else "")
        self.counts[base] += 1
        name = base if call and self.counts[base] == 1 else f"{base}#{self.counts[base]}"
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 17]}~{digest}"


_KNOWN: WeakKeyDictionary[RunContext, _Running] = WeakKeyDictionary()
_RUNNING: ContextVar[_Running | None] = ContextVar("running", default=None)
_AGENT: ContextVar[int] = ContextVar("agent", default=0)
_UNIT: ContextVar[RunContext | None] = ContextVar("unit", default=None)


@contextmanager
def durable(context: Context) -> Iterator[None]:
    """Make the agents that run in this block, in the body of a workflow, part of its run.

    Raises `Refused` outside of one, and when an agent cannot go on; `Unavailable` when a model does not answer."""
    if not isinstance(context, RunContext):
        raise Refused("Agents are durable in the body of an async workflow only: give its context to durable().")
    running = _KNOWN.setdefault(context, _Running(context))
    token = _RUNNING.set(running)
    try:
        yield
    except (*FOR_GOOD, ModelAPIError) as error:
        if _for_good(error):
            raise Refused("An agent cannot go on: {reason}", reason=str(error)) from error
        raise Unavailable("The model of an agent does not answer: {reason}", reason=str(error)) from error
    finally:
        _RUNNING.reset(token)


def idempotency_key() -> str | None:
    """In a tool or a model request: the key of its step, the same each time it is tried. None where the agent is not durable."""
    context = _UNIT.get()
    return context.key if context else None


class HulkDurability(BaseDurabilityCapability[AgentDepsT]):
    """The capability that makes an agent durable. The agent needs a name, and its toolsets ids of their own."""

    engine_spec = DurabilityEngineSpec(
        engine_name="Hulk",
        durable_unit_noun="step",
        durable_container_noun="workflow",
        codec=JSON_CODEC,
        serialization_failure=lambda error: Refused("An agent's step cannot be kept in the journal: {reason}.", reason=str(error)),
        toolset_lifecycles={"function": "enter-always", "mcp": "enter-in-durable-unit", "dynamic": "enter-never"},
        unsupported_runtime_toolset_kinds=frozenset({"function", "mcp", "dynamic"}),
        tool_config_key="hulk",
    )

    def __init__(
        self,
        *,
        name: str | None = None,
        models: Mapping[str, Model] | None = None,
        event_stream_handler: EventStreamHandler[AgentDepsT] | None = None,
        model: StepOptions = MODEL,
        tool: StepOptions = TOOL,
    ) -> None:
        super().__init__(models=models, event_stream_handler=event_stream_handler, name=name)
        self._model_options: StepOptions = {**MODEL, **model}
        self._tool_options: StepOptions = {**TOOL, **tool}

    @property
    def in_durable_context(self) -> bool:
        """Whether a workflow's body is being executed, and no step of an agent's."""
        return _RUNNING.get() is not None

    def get_default_run_id(self) -> str | None:
        """The run's id with the place of the agent's run among those of it."""
        running = _RUNNING.get()
        return running.begin() if running else None

    def get_default_conversation_id(self, run_id: str) -> str | None:
        """The same when the agent is run again."""
        return conversation_id_from_run_id(run_id) if self.in_durable_context else None

    async def get_run_start_time(self, run_id: str) -> datetime | None:
        """When the agent was first run."""
        running = _RUNNING.get()
        if running is None:
            return None

        async def now() -> Outcome[str]:
            return Outcome(iso(utc_now()))

        return from_iso(await running.context.named(running.name(running.place(run_id), f"{self.name}__started", None), now))

    def get_durable_operation_backend(self) -> DurableOperationBackend[StepOptions]:
        """What does operations as steps."""
        return _Steps(agent_name=self.name, config=_Options(self))

    def _toolset_base_config(self, kind: ToolsetKind) -> StepOptions:  # noqa: ARG002  # pydantic-ai's
        return self._tool_options

    def options(self, role: OperationConfigRole) -> StepOptions:
        """How operations of that role are done."""
        return self._model_options if role == "model" else self._tool_options

    async def wrap_run(self, ctx: AgentContext[AgentDepsT], *, handler: WrapRunHandler) -> AgentRunResult[Any]:
        """Run the agent as one of those of this run."""
        running = _RUNNING.get()
        if running is None or self.agent is None:
            return await super().wrap_run(ctx, handler=handler)
        token = _AGENT.set(running.place(str(ctx.run_id)))
        try:
            # Events of tools that are called at once come in the order of the calls, so that they are told in the same again.
            with replay_scope(), self.agent.parallel_tool_call_execution_mode("parallel_ordered_events"):
                return await super().wrap_run(ctx, handler=handler)
        finally:
            _AGENT.reset(token)


@dataclass(frozen=True, slots=True)
class _Options:
    """The options of operations, of tools also what their metadata says."""

    capability: HulkDurability[Any]

    def base(self, role: OperationConfigRole, *, operation_id: DurableOperationId) -> StepOptions:  # noqa: ARG002  # pydantic-ai's
        return self.capability.options(role)

    def for_tool(
        self,
        role: OperationConfigRole,
        *,
        operation_id: DurableOperationId,  # noqa: ARG002  # pydantic-ai's
        tool: object | None,
        tool_name: str,
    ) -> StepOptions | Literal[False]:
        resolve = self.capability._build_resolve_tool_config(self.capability.options(role))  # noqa: SLF001  # as its engines do
        return cast("StepOptions | Literal[False]", resolve(cast("Any", tool), tool_name))


def _for_good(error: Exception) -> bool:
    if isinstance(error, ModelHTTPError) and error.status_code // 100 == BLAMED:
        return error.status_code not in PASSING
    return isinstance(error, FOR_GOOD)


class _Stop(Refused):
    """Carries what asking again does not change past the tries of the step."""


class _Steps(JournalCallableOperationBackend[StepOptions]):
    """Does operations as steps of the run that is being executed; outside of one, just so."""

    async def execute(
        self,
        *,
        operation_id: DurableOperationId,  # noqa: ARG002  # the name says it
        name: str,
        body: Callable[[], Awaitable[object]],
        cache_key: tuple[object, ...],
        config: StepOptions,
    ) -> object:
        """What `body` gives, recorded or done now."""
        running = _RUNNING.get()
        if running is None:
            return await body()
        within = next((one for one in cache_key if isinstance(one, AgentContext)), None)
        step = running.name(_AGENT.get(), name, within.tool_call_id if within else None)
        record_durable_unit(executed=not running.context.recorded(step))
        try:
            return await running.context.named(step, lambda: _done(running.context, body), **config)
        except _Stop as stop:
            raise cast("Exception", stop.__cause__) from None


async def _done(context: RunContext, body: Callable[[], Awaitable[object]]) -> Outcome[object]:
    running, unit = _RUNNING.set(None), _UNIT.set(context)
    try:
        return Outcome(await body())
    except (*FOR_GOOD, ModelHTTPError) as error:
        if _for_good(error):
            raise _Stop("{reason}", reason=str(error)) from error
        raise
    finally:
        _RUNNING.reset(running)
        _UNIT.reset(unit)
