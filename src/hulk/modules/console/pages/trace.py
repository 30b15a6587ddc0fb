"""`/console/trace/{id}`: the whole story of what has that id, as a tree: from the intent to what was made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel.errors import NotFound
from hulk.kernel.text import Text
from hulk.kernel.time import from_iso
from hulk.modules.console.pages.showing import Showing
from hulk.modules.console.pages.timeline import WIDTH
from hulk.runtime.http import Caller

MOST_NODES, MOST_EVENTS = 400, 200
"""Of how many parts, and how many events, a page tells."""
KINDS: Mapping[str, Text] = {
    "intent": Text("Intent"), "decision": Text("Decision"), "plan": Text("Plan"), "ticket": Text("Ticket"), "run": Text("Run"),
    "step": Text("Step"), "artefact": Text("File made"), "model call": Text("Call of a model"),
}  # fmt: skip
CHARGES: Mapping[str, Text] = {
    "reserved": Text("Reserved"), "settled": Text("Paid"), "assumed": Text("Assumed"), "released": Text("Not charged"),
}  # fmt: skip
"""What became of the money of a call of a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A part of a story with its depth, and where its bar begins and how long it is; None for what took no time."""

    node: Mapping[str, Any]
    depth: int
    kind: Text
    x: float | None
    width: float | None


def trace_routes(showing: Showing) -> APIRouter:
    """`/console/trace/{id}`."""
    router = APIRouter(prefix="/console/trace", include_in_schema=False)

    @router.get("/{id}")
    async def trace(request: Request, id: str, caller: Caller) -> Response:  # noqa: A002, ARG001  # its name; only for who has been let in
        if not ((id.isascii() and id.isidentifier()) or id.isalnum()):
            raise NotFound("There is nothing with the id {id}.", id=id[:80])
        story = await showing.ask(request, f"/v1/trace/{id}")
        leaves = list(islice(leaves_of(story["tree"]), MOST_NODES + 1))
        events = story["events"][-MOST_EVENTS:]
        return showing.page(
            request, "trace.html", story=story, leaves=leaves[:MOST_NODES], cut=len(leaves) > MOST_NODES, events=events, most=MOST_NODES,
            charges=CHARGES,
        )  # fmt: skip

    return router


def leaves_of(tree: Mapping[str, Any]) -> Iterator[Leaf]:
    """The parts in the order of the tree, to the scale of the whole."""
    begin = from_iso(tree["began"])
    yield from _below(tree, 0, begin, WIDTH / max(float(tree["seconds"] or 0), 0.001))


def _below(node: Mapping[str, Any], depth: int, begin: datetime, scale: float) -> Iterator[Leaf]:
    yield _leaf(node, depth, begin, scale)
    parts: Sequence[Mapping[str, Any]] = node["parts"]
    for part in parts:
        yield from _below(part, depth + 1, begin, scale)


def _leaf(node: Mapping[str, Any], depth: int, begin: datetime, scale: float) -> Leaf:
    kind = KINDS.get(node["kind"], Text("{word}", word=node["kind"]))
    if node["began"] is None:
        return Leaf(node=node, depth=min(depth, 8), kind=kind, x=None, width=None)
    width = min(WIDTH, max(4.0, float(node["seconds"] or 0) * scale))
    x = max(0.0, min((from_iso(node["began"]) - begin).total_seconds() * scale, WIDTH - width))
    return Leaf(node=node, depth=min(depth, 8), kind=kind, x=round(x, 1), width=round(width, 1))
