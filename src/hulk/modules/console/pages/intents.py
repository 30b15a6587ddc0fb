"""`/console/intents`: what was asked, and what became of it while it happens: who answers and why, the plan, the answer, opinions."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hulk.kernel import ids
from hulk.modules.console.domain import Piece, drawn
from hulk.modules.console.pages.filters import linked
from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller

PAGE = 50
STATUSES = ("accepted", "running", "completed", "failed")
ENDED = frozenset({"completed", "failed", "skipped", "cancelled", "done", "rejected"})
_PICTURES = frozenset({"image/png"})
"""What the API gives out to be shown; all else it gives out to be kept."""


def intent_routes(showing: Showing) -> APIRouter:
    """The list, one of them, what is thought of its answer."""
    router = APIRouter(prefix="/console/intents", include_in_schema=False)
    _looking(router, showing)
    _judging(router, showing)
    return router


def _looking(router: APIRouter, showing: Showing) -> None:
    @router.get("")
    async def listed(
        request: Request, caller: Caller,  # noqa: ARG001  # only for who has been let in
        status: str = "", namespace: str = "", before: Annotated[str, Query(max_length=64)] = "",
    ) -> Response:  # fmt: skip
        wanted = {"status": status, "namespace": namespace}
        asked = {name: value or None for name, value in {**wanted, "before": before}.items()}
        found = (await showing.ask(request, "/v1/intents", limit=PAGE, **asked))["intents"]
        namespaces = (await showing.seen(request, "/v1/namespaces") or {"namespaces": ()})["namespaces"]
        older = linked("/console/intents", **wanted, before=found[-1]["intent_id"]) if len(found) == PAGE else ""
        return showing.page(
            request, "intents.html", intents=found, older=older, wanted=wanted, statuses=STATUSES, first=not before,
            namespaces=[one["namespace"] for one in namespaces],
        )  # fmt: skip

    @router.get("/{intent_id}")
    async def one(request: Request, intent_id: str, caller: Caller) -> Response:  # noqa: ARG001
        intent = await showing.ask(request, f"/v1/intents/{ids.parse(intent_id, 'int')}")
        task = await _task(showing, request, intent)
        pieces = steps_of(task) if task else _tickets(intent["tickets"])
        pictures = [made for made in intent["artefacts"] if made["media_type"] in _PICTURES]
        return showing.page(
            request, "intent.html", intent=intent, task=task, pieces=pieces, plan=drawn(pieces), pictures=pictures,
            done=sum(piece.status in ENDED for piece in pieces), live=intent["status"] not in ENDED,
        )  # fmt: skip


def _judging(router: APIRouter, showing: Showing) -> None:
    @router.post("/{intent_id}/feedback")
    async def judge(request: Request, intent_id: str, caller: Caller) -> Response:  # noqa: ARG001
        form = await form_of(request)
        intent = await showing.ask(request, f"/v1/intents/{ids.parse(intent_id, 'int')}")
        said = {name: form[name] for name in ("thumb", "comment") if form.get(name)}
        decision = intent["decision"]["decision_id"] if intent["decision"] else None
        await showing.act(request, "POST", "/v1/feedback", {"decision_id": decision, **said})
        return showing.done(request, f"/console/intents/{intent['intent_id']}", "judged")


async def _task(showing: Showing, request: Request, intent: Mapping[str, Any]) -> Any:
    """What the agent that answers was asked, as far as whoever looks may see it."""
    if not intent["decision"] or intent["decision"]["kind"] != "agent":
        return None
    found = await showing.seen(request, "/v1/agent-tasks", intent=intent["intent_id"], limit=1)
    return await showing.seen(request, f"/v1/agent-tasks/{found['tasks'][0]['id']}") if found and found["tasks"] else None


def _tickets(tickets: Sequence[Mapping[str, Any]]) -> Sequence[Piece]:
    keys = {ticket["ticket_id"]: ticket["key"] for ticket in tickets}
    return [
        Piece(
            key=ticket["key"], name=ticket["title"], status=ticket["status"], href=f"/console/tickets/{ticket['ticket_id']}",
            after=[keys.get(one, one) for one in ticket["after"]],
        )
        for ticket in tickets
    ]  # fmt: skip


def steps_of(task: Mapping[str, Any]) -> Sequence[Piece]:
    """The steps of an agent's plan."""
    return [
        Piece(
            key=step["key"], name=step["title"], status=step["status"], href=f"/console/runs/{step['run']}" if step["run"] else "",
            after=step["after"],
        )
        for step in task["steps"]
    ]  # fmt: skip
