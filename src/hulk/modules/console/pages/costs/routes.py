"""`/console/costs`: what was spent, and what may be."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel.tenancy import Principal
from hulk.kernel.time import utc_now
from hulk.kernel.together import together
from hulk.modules.console.pages.costs.budgets import add_budgets, over_all
from hulk.modules.console.pages.costs.rates import add_rates
from hulk.modules.console.pages.costs.reckoned import share, totals
from hulk.modules.console.pages.costs.wished import BYS, NAMES, Wished, wished
from hulk.modules.console.pages.showing import Showing
from hulk.runtime.http import Caller

_MOST_DAYS = 1000
_MOST_ROWS = 50
_SPARED = 50
"""Sums over many months and intents take a while: for so many times as long they are told to all who may see the same."""


def costs_routes(showing: Showing) -> APIRouter:
    """All pages on money."""
    router = APIRouter(prefix="/console/costs", include_in_schema=False)
    add_budgets(router, showing)
    add_rates(router, showing)

    @router.get("")
    async def costs(request: Request, caller: Caller) -> Response:
        today = utc_now().date()
        wish = wished(dict(request.query_params), today)
        found = await _asked(showing, request, caller, wish, today)
        return showing.page(request, "costs.html", wish=wish, today=today, bys=BYS, names=NAMES, platform=over_all(caller), **found)

    return router


async def _asked(showing: Showing, request: Request, caller: Principal, wish: Wished, today: date) -> dict[str, Any]:
    async def summed(**wanted: object) -> Any:
        query = wanted | wish.query
        key = ("costs", caller.tenant, caller.grants, *query.items())
        return await showing.shared(key, lambda: showing.ask(request, "/v1/costs", **query), times=_SPARED)

    days, rows = await together([summed(by="day", limit=_MOST_DAYS), summed(by=wish.by, order="cost", limit=_MOST_ROWS)])
    held = await showing.ask(request, "/v1/budgets", tenant=wish.tenant or None)
    quotas = await showing.seen(request, "/v1/quotas") or {"quotas": {}}
    rates = await showing.seen(request, "/v1/rates", limit=10) or {"rates": []}
    return {
        "totals": totals(days["costs"], wish, today), "rows": rows["costs"], "more": len(rows["costs"]) == _MOST_ROWS, "most": _MOST_ROWS,
        "budgets": held["budgets"], "used": [{**one, "share": share(one)} for one in held["used"][:200]],
        "quotas": quotas["quotas"], "rates": rates["rates"],
    }  # fmt: skip
