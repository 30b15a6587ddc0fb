"""The front page: what fails and why, what waits for a person, what is under way, what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel import ids
from hulk.kernel.text import Text, Voice
from hulk.kernel.time import iso, utc_now
from hulk.modules.console.pages.first import Step, first_steps, wants_steps
from hulk.modules.console.pages.showing import Showing, shown
from hulk.modules.console.pages.templating import money
from hulk.modules.console.pages.view import View
from hulk.runtime.http import Caller

_SOME = 8
_FAILED = {"workflow": "intent", "status": "failed", "dead": "false"}
_LATELY = timedelta(days=1)


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
    async def now(request: Request, caller: Caller) -> Response:
        view = showing.view(request)
        key = ("now", caller.tenant, caller.grants, view.voice.language, wants_steps(request), showing.live.seen(caller.tenant))
        facts = await showing.shared(key, lambda: _facts(showing, request))
        if not view.partial or facts.first:  # what may be asked once only is nobody else's
            return shown(await _written(showing, view, facts))
        return shown(await showing.shared((*key, view.zone), lambda: _written(showing, view, facts)))

    return router


async def _written(showing: Showing, view: View, facts: "Facts") -> str:
    tiles = _tiles(view.voice, facts)
    return showing.written(view, "now.html", tiles=tiles, facts=facts, first=facts.first, first_key=ids.new("ask"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What stands on the page, the same for all who may see the same."""

    dead: Sequence[Any]
    failed: Sequence[Any]
    """Runs of intents that failed lately and are nobody's dead letter."""
    stuck: Sequence[Any]
    waiting: Sequence[Any]
    queues: Sequence[Any]
    channels: Sequence[Any]
    spent: Sequence[Any] | None
    """None where what is spent is not for them to see."""
    sick: Sequence[Mapping[str, str]]
    first: Sequence[Step]


async def _facts(showing: Showing, request: Request) -> Facts:
    async def listed(path: str, name: str, **query: object) -> Sequence[Any]:
        found = await showing.seen(request, path, **query)
        return tuple(found[name]) if found else ()

    return Facts(
        dead=_dead(await showing.seen(request, "/v1/dead-letters", limit=_SOME)),
        failed=await listed("/v1/runs", "runs", **_FAILED, created_from=iso(utc_now() - _LATELY), limit=_SOME),
        stuck=await listed("/v1/runs", "runs", status="needs_attention", limit=_SOME),
        waiting=await listed("/v1/tickets", "tickets", status="open", owner="person", limit=_SOME),
        queues=await listed("/v1/queues", "queues"),
        channels=await listed("/v1/channels", "channels"),
        spent=(await showing.seen(request, "/v1/costs", by="day", since=utc_now().date().isoformat()) or {"costs": None})["costs"],
        sick=_sick(await showing.parts(request)),
        first=await first_steps(showing, request),
    )


def _dead(found: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    """The dead letters by what ended them; of the newest, in the words of the newest of each."""
    if found is None:
        return ()
    whys: dict[tuple[str, str], str] = {}
    for run in found["runs"]:
        if run["problem"]:
            whys.setdefault((run["workflow"], run["problem"]["code"]), run["problem"]["detail"])
    return [{**group, "why": whys.get((group["workflow"], group["code"]), "")} for group in found["groups"]]


def _tiles(voice: Voice, facts: Facts) -> Sequence[Tile]:
    queues, channels = facts.queues, facts.channels
    failed, failing = sum(group["count"] for group in facts.dead), sum(one["status"] == "failing" for one in channels)
    return (
        Tile(Text("Dead letters"), voice.number(failed), "/console/dead-letters", bad=failed > 0),
        Tile(Text("Running"), voice.number(sum(one["running"] for one in queues)), "/console/runs?status=running"),
        Tile(Text("Waiting for a worker"), voice.number(sum(one["pending"] for one in queues)), "/console/runs?status=pending"),
        Tile(Text("Channels that fail"), voice.number(failing), "/console/channels", bad=failing > 0),
        *([] if facts.spent is None else [Tile(Text("Spent today"), _spent(facts.spent, voice), "/console/costs")]),
    )


def _spent(rows: Sequence[Mapping[str, Any]], voice: Voice) -> str:
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
