"""The front page: what fails and why, what waits for a person, what is under way, what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel.text import Text
from hulk.kernel.time import utc_now
from hulk.modules.console.pages.first import first_steps
from hulk.modules.console.pages.showing import Showing
from hulk.modules.console.pages.templating import money
from hulk.runtime.http import Caller

_SOME = 8


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that leads to what it counts."""

    name: Text
    figure: str
    href: str
    bad: bool = False


def now_routes(showing: Showing) -> APIRouter:
    """`/console/`."""
    router = APIRouter(prefix="/console", include_in_schema=False)

    @router.get("/")
    async def now(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        dead = await showing.seen(request, "/v1/dead-letters", limit=1) or {"groups": ()}
        stuck = await showing.seen(request, "/v1/runs", status="needs_attention", limit=_SOME) or {"runs": ()}
        waiting = await showing.seen(request, "/v1/tickets", status="open", owner="person", limit=_SOME) or {"tickets": ()}
        queues = await showing.seen(request, "/v1/queues") or {"queues": ()}
        channels = await showing.seen(request, "/v1/channels") or {"channels": ()}
        spent = await showing.seen(request, "/v1/costs", by="day", since=utc_now().date().isoformat()) or {"costs": ()}
        parts = await showing.parts(request)
        tiles = _tiles(showing, request, dead["groups"], queues["queues"], channels["channels"], spent["costs"])
        return showing.page(
            request, "now.html", tiles=tiles, dead=dead["groups"], stuck=stuck["runs"], waiting=waiting["tickets"],
            queues=queues["queues"], channels=channels["channels"], sick=_sick(parts), **await first_steps(showing, request),
        )  # fmt: skip

    return router


def _tiles(
    showing: Showing, request: Request, dead: Sequence[Any], queues: Sequence[Any], channels: Sequence[Any], spent: Sequence[Any]
) -> Sequence[Tile]:
    voice = showing.view(request).voice
    failed, failing = sum(group["count"] for group in dead), sum(one["status"] == "failing" for one in channels)
    return (
        Tile(Text("Dead letters"), voice.number(failed), "/console/dead-letters", bad=failed > 0),
        Tile(Text("Running"), voice.number(sum(one["running"] for one in queues)), "/console/runs?status=running"),
        Tile(Text("Waiting for a worker"), voice.number(sum(one["pending"] for one in queues)), "/console/runs?status=pending"),
        Tile(Text("Channels that fail"), voice.number(failing), "/console/channels", bad=failing > 0),
        Tile(Text("Spent today"), _spent(spent, voice), "/console/costs"),
    )


def _spent(rows: Sequence[Mapping[str, Any]], voice: Any) -> str:
    totals: dict[str, Decimal] = {}
    for row in rows:
        totals[row["currency"]] = totals.get(row["currency"], Decimal(0)) + Decimal(row["settled"])
    return " + ".join(money(voice, amount, currency) for currency, amount in sorted(totals.items())) or voice.number(0)


def _sick(parts: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """Parts that say they are not well."""
    return [
        {"name": name, "why": str(part.get("problem") or part.get("detail") or "")}
        for name, part in parts.items()
        if part["status"] != "ok"
    ]
