"""`/console/agent-tasks/{task}`: what an agent was asked: its plan, what its steps came to, what it took, how it was reasoned."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel import ids
from hulk.kernel.errors import Refused
from hulk.modules.console.domain import drawn
from hulk.modules.console.pages.intents import ENDED, steps_of
from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller

MOST_REASONED = 300
"""Objects of a reasoning that a page shows; the rest is in the API's Markdown."""
_EMPTY: Mapping[str, Any] = dict.fromkeys(("told_above", "statement", "what", "source", "excerpt"), None) | {"standing": "stands"}
"""What not every kind of object has."""


def agent_task_routes(showing: Showing) -> APIRouter:
    """One task, and what people say of its reasoning."""
    router = APIRouter(prefix="/console/agent-tasks", include_in_schema=False)

    @router.get("/{task}")
    async def one(request: Request, task: str, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        found = await showing.ask(request, f"/v1/agent-tasks/{ids.parse(task, 'tsk')}")
        reasoning = await showing.seen(request, f"/v1/agent-tasks/{found['id']}/reasoning")
        pieces = steps_of(found)
        return showing.page(
            request, "agent_task.html", task=found, pieces=pieces, plan=drawn(pieces), done=sum(one.status in ENDED for one in pieces),
            reasoning=reasoning, objects=list(_flat(reasoning, MOST_REASONED)) if reasoning else [], live=found["state"] == "running",
        )  # fmt: skip

    @router.post("/{task}/reviews/{object}")
    async def review(request: Request, task: str, object: str, caller: Caller) -> Response:  # noqa: A002, ARG001
        form = await form_of(request)
        if not object.isascii() or not object.isidentifier():
            raise Refused("“{id}” is no id of a conclusion.", id=object[:80])
        sent = {"verdict": form.get("verdict", ""), "reason": form.get("reason", "")}
        await showing.act(request, "POST", f"/v1/reasoning/{object}/reviews", sent)
        return showing.done(request, f"/console/agent-tasks/{ids.parse(task, 'tsk')}", "reviewed")

    return router


def _flat(reasoning: Mapping[str, Any], most: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Each thing that was concluded, with how deep it stands below what rests on it; the first `most`."""
    waiting = [(0, one) for one in reversed([*reasoning["decisions"], *reasoning["inferences"], *reasoning["evidence"]])]
    while waiting and most > 0:
        depth, one = waiting.pop()
        yield depth, {**_EMPTY, **one}
        most -= 1
        waiting += [(depth + 1, below) for below in reversed(one.get("rests_on", ()))]
