"""What agents remember, and having them forget it."""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path, Query
from pydantic import Field

from hulk.kernel import ids
from hulk.kernel.records import JsonObject
from hulk.kernel.time import iso
from hulk.modules.agents.domain.memory import Kind
from hulk.modules.agents.ports.memories import Which
from hulk.modules.agents.usecases.forgetting import Forget
from hulk.modules.agents.usecases.memory import LONGEST_QUERY, Asked, LookAtMemories, Shown
from hulk.runtime.http import Caller, Reason, Reasoned

_Agent: TypeAlias = Annotated[str, Path(max_length=128, description="The agent's name.")]
_Memory: TypeAlias = Annotated[str, Path(max_length=64, description="The memory's id.")]
_Name: TypeAlias = Annotated[str, Field(max_length=256, pattern=r"^[ -~]*$")]


class ForgetBody(Reasoned):
    """What is to be forgotten: what fits all that is given."""

    agent: Annotated[str, Field(max_length=128, description="All of an agent.")] = ""
    task: Annotated[str, Field(max_length=64, description="All from a task.")] = ""
    source: Annotated[str, Field(max_length=1000, description="All from an address.")] = ""
    actor: _Name = Field(default="", description="All that somebody said.")
    about: _Name = Field(default="", description="All about somebody.")


def routes(look: LookAtMemories, forget: Forget) -> APIRouter:
    """All of them."""
    router = APIRouter(prefix="/v1", tags=["agents"])

    @router.get("/agents/{agent}/memories", summary="What an agent remembers")
    async def memories(
        agent: _Agent,
        caller: Caller,
        query: Annotated[str, Query(max_length=LONGEST_QUERY, description="What they are about; best first.")] = "",
        namespace: Annotated[str, Query(max_length=64, description="Only those of a namespace; of a search.")] = "",
        kind: Annotated[Kind | None, Query(description="Only those of a kind; of a search.")] = None,
        before: Annotated[str | None, Query(max_length=64, description="Only those older than that memory; not of a search.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> dict[str, list[JsonObject]]:
        """The newest first, with superseded ones. The text of what must not leave the company is `null` for who may not see it."""
        if not query.strip():
            return {"memories": [_view(one) for one in await look(caller, agent, limit, before)]}
        asked = Asked(agent=agent, query=query, namespace=namespace, kinds=(kind,) if kind else (), most=limit)
        return {"memories": [_view(one) for one in await look.search(caller, asked)]}

    @router.delete("/memories/{memory}", summary="Have a memory forgotten", status_code=204)
    async def forget_one(memory: _Memory, caller: Caller, reason: Reason = "") -> None:
        """It is deleted. Who manages agents may, and who said it or whom it is about."""
        await forget.one(caller, ids.parse(memory, "mem"), reason)

    @router.post("/memories/forget", summary="Have memories forgotten")
    async def forget_all(body: ForgetBody, caller: Caller) -> dict[str, int]:
        """All that fit what is named, of which there must be something. Everybody may name themselves as `actor` or `about`."""
        which = Which(
            tenant=caller.tenant, agent=body.agent, task=body.task, source=body.source, actor=body.actor, about=body.about
        )  # fmt: skip
        return {"forgotten": await forget(caller, which, body.reason)}

    return router


def _view(one: Shown) -> JsonObject:
    memory, provenance = one.memory, one.memory.provenance
    return {
        "id": memory.id, "agent": memory.agent, "namespace": memory.namespace, "kind": memory.kind,
        "text": None if one.withheld else memory.text, "withheld": list(memory.labels) if one.withheld else None,
        "trusted": memory.trusted, "labels": list(memory.labels), "actor": provenance.actor, "at": iso(provenance.at),
        "task": provenance.task or None, "intent": provenance.intent, "call": provenance.call or None,
        "source": None if one.withheld else provenance.source or None, "about": None if one.withheld else provenance.about or None,
        "strength_days": round(memory.strength, 2), "uses": memory.uses, "created": iso(memory.created),
        "last_used": iso(memory.last_used), "ends": iso(memory.ends), "superseded_by": memory.superseded_by,
        "score": None if one.score is None else round(one.score, 4),
    }  # fmt: skip
