"""`/v1/tool-systems`: what MCP servers that others have written say of their tools, and which of that somebody approved."""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path
from pydantic import Field

from hulk.kernel.records import JsonObject
from hulk.kernel.text import Voice
from hulk.kernel.time import iso
from hulk.modules.tools.domain import Pin
from hulk.modules.tools.usecases.pinning import ApproveTools, Reviewed, ReviewServer, RevokeTools
from hulk.runtime.http import Caller, Reasoned, Spoken

_System: TypeAlias = Annotated[str, Path(max_length=64, description="The server's name in `tools.systems.mcp`.")]
_Digest: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ApproveBody(Reasoned):
    """What was looked at."""

    digests: dict[Annotated[str, Field(max_length=256)], _Digest] = Field(
        min_length=1, max_length=2000, description="By the server's own names of its tools, what was shown: it must say just that still."
    )


class RevokeBody(Reasoned):
    """What is not to be used any more."""

    tools: list[Annotated[str, Field(max_length=256)]] = Field(min_length=1, max_length=2000, description="The server's own names.")


def routes(review: ReviewServer, approve: ApproveTools, revoke: RevokeTools) -> APIRouter:
    """All of them."""
    router = APIRouter(prefix="/v1/tool-systems/{system}", tags=["tools"])

    @router.get("/review", summary="What a third party's server says of its tools")
    async def show(system: _System, caller: Caller, voice: Spoken) -> dict[str, list[JsonObject]]:
        """Each with what is another than was approved, and what looks suspicious in it."""
        return {"tools": [_view(one, voice) for one in await review(caller, system)]}

    @router.post("/approve", summary="Let tools of a third party's server be used as they are said now")
    async def approving(system: _System, body: ApproveBody, caller: Caller) -> dict[str, list[JsonObject]]:
        """409 when it says something else by now than what was looked at."""
        return {"approved": [_pin(one) for one in await approve(caller, system, body.digests, body.reason)]}

    @router.post("/revoke", summary="Let tools of a third party's server be used no more")
    async def revoking(system: _System, body: RevokeBody, caller: Caller) -> dict[str, list[JsonObject]]:
        """Until somebody approves them again."""
        return {"revoked": [_pin(one) for one in await revoke(caller, system, body.tools, body.reason)]}

    return router


def _view(one: Reviewed, voice: Voice) -> JsonObject:
    listed = one.listed
    return {
        "tool": one.name, "state": one.state, "digest": listed.digest if listed else None, "name": listed.tool.name if listed else None,
        "effect": listed.tool.effect if listed else None, "description": listed.said.description if listed else None,
        "changes": [voice.say(text) for text in one.changes], "warnings": [voice.say(text) for text in one.warnings],
        "approved": _pin(one.pin) if one.pin is not None else None,
    }  # fmt: skip


def _pin(pin: Pin) -> JsonObject:
    approval = pin.approval
    return {
        "tool": pin.tool, "seen": pin.seen.digest, "digest": approval.said.digest if approval else None,
        "by": approval.by if approval else None, "at": iso(approval.at) if approval else None,
        "reason": approval.reason if approval else None,
    }  # fmt: skip
