"""Memory as tools: what an agent may keep of its work, and look up again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, Principal, everywhere
from hulk.modules.agents.domain.memory import New
from hulk.modules.agents.usecases.acts import MindActs
from hulk.modules.agents.usecases.memory import Asked
from hulk.modules.tools import Calling, Output, Tool, Words

_TEXT = {"type": "string", "minLength": 1, "maxLength": 2000}
REMEMBER = Tool(
    name="memory.remember", title="Remember", effect="write", idempotent=True, owner="Hulk", tags=("memory",),
    description="Keep a fact, a preference or a way of doing something for later tasks (lembrar). Never secrets or personal data.",
    input={
        "type": "object", "required": ["text"], "additionalProperties": False,
        "properties": {"text": _TEXT, "kind": {"enum": ["fact", "preference", "episode", "procedure"], "default": "fact"}},
    },
)  # fmt: skip
RECALL = Tool(
    name="memory.recall", title="Recall", effect="read", owner="Hulk", tags=("memory",),
    description="What was remembered that fits a question (recordar), the best first.",
    input={
        "type": "object", "required": ["query"], "additionalProperties": False,
        "properties": {"query": _TEXT, "most": {"type": "integer", "minimum": 1, "maximum": 20, "default": 5}},
    },
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MemoryTools:
    """`tools.Backend` of what agents remember: each its own. What a tool is told is not vouched for by anybody."""

    acts: MindActs

    @property
    def name(self) -> str:
        """See `Backend`."""
        return "memory"

    async def tools(self) -> Sequence[Tool]:
        """See `Backend`."""
        return (RECALL, REMEMBER)

    async def call(self, tool: Tool, arguments: JsonObject, calling: Calling) -> Output:
        """See `Backend`. Raises `Refused` for a caller that is no agent: people have the API for that."""
        if tool.name not in (REMEMBER.name, RECALL.name):
            raise NotFound("There is no tool {name}.", name=tool.name)
        if not calling.agent:
            raise Refused("Memories are an agent's: name it, or see them at /v1/agents/{agent}/memories.", agent="…")
        by = Principal(tenant=calling.tenant, actor=calling.actor, grants=everywhere("operator"))
        return await (self._remembered if tool.name == REMEMBER.name else self._recalled)(by, arguments, calling)

    async def _remembered(self, by: Principal, arguments: Mapping[str, Any], calling: Calling) -> Output:
        new = New(
            agent=calling.agent, text=arguments["text"], kind=arguments.get("kind", "fact"), key=calling.key, namespace=DEFAULT_NAMESPACE,
            actor=f"agent:{calling.agent}", call=calling.id,
            labels=("labelled",) if calling.p0 else (),
        )  # fmt: skip
        kept = await self.acts.remember(by, new)
        return _said({"memory": kept.memory.id, "new": kept.new})

    async def _recalled(self, by: Principal, arguments: Mapping[str, Any], calling: Calling) -> Output:
        """Without what must stay in the company: that is told to models inside only, before they begin."""
        found = await self.acts.recall(by, Asked(agent=calling.agent, query=arguments["query"], most=arguments.get("most", 5)))
        told = [{"memory": one.id, "text": one.text, "trusted": one.trusted, "kind": one.kind} for one in found.memories]
        return _said({"memories": told})


def _said(data: JsonObject) -> Output:
    texts = [one["text"] for one in data.get("memories", ())]
    return Output(data=data, pieces=tuple(Words(text) for text in texts))
