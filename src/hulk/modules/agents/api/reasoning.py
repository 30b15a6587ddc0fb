"""How agents came to what they decided, and what people say of it."""

from typing import Annotated, Literal, TypeAlias

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from hulk.kernel.records import JsonObject
from hulk.kernel.time import iso
from hulk.modules.agents.domain.reasoning import Opinion, Resolution, Review, markdown, tree
from hulk.modules.agents.usecases.reasoning import ReviewReasoning, Show
from hulk.runtime.http import Caller, Reasoned, Spoken

_Task: TypeAlias = Annotated[str, Path(max_length=64, description="The task's id (`tsk_…`).")]
_Object: TypeAlias = Annotated[str, Path(max_length=64, description="The id of an inference or a decision.")]


class ReviewBody(Reasoned):
    """What somebody thinks of it."""

    verdict: Opinion = Field(description="`contested` needs a reason.")


class ResolutionBody(Reasoned):
    """What becomes of what is contested."""

    resolution: Resolution


def routes(show: Show, review: ReviewReasoning) -> APIRouter:
    """All of them."""
    router = APIRouter(prefix="/v1", tags=["agents"])

    @router.get("/agent-tasks/{task}/reasoning", summary="How a task was reasoned about", response_model=None)
    async def reasoning(
        task: _Task,
        caller: Caller,
        voice: Spoken,
        format_: Annotated[Literal["json", "markdown"], Query(alias="format", description="As a tree, or to be read.")] = "json",
    ) -> Response:
        """Decisions with what they rest on, hypotheses with the evidence for and against them. What must not leave the company is withheld
        from who may not see it."""
        found = await show(caller, task)
        if format_ == "markdown":
            return Response(markdown(found, voice), media_type="text/markdown; charset=utf-8")
        return JSONResponse(tree(found))

    @router.post("/reasoning/{id}/reviews", summary="Confirm or contest an inference or a decision", status_code=201)
    async def reviewing(id: _Object, body: ReviewBody, caller: Caller) -> JsonObject:  # noqa: A002  # the path's word
        """What rests on what is contested is in doubt until a person, who is asked by a ticket, has settled it."""
        return _view(await review(caller, id, body.verdict, body.reason))

    @router.post("/reasoning/{id}/resolution", summary="Settle what is contested")
    async def resolving(id: _Object, body: ResolutionBody, caller: Caller) -> JsonObject:  # noqa: A002  # the path's word
        """What is withdrawn takes with it what rests on it; that is for good."""
        return _view(await review.resolve(caller, id, body.resolution, body.reason))

    return router


def _view(review: Review) -> JsonObject:
    return {
        "id": review.id, "object": review.object, "task": review.task, "verdict": review.verdict, "by": review.by, "at": iso(review.at),
        "reason": review.reason, "ticket": review.ticket,
    }  # fmt: skip
