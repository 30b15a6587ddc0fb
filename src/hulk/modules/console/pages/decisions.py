"""`/console/router/decisions/{decision}`: who was chosen to answer, why, and why not others."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel import ids
from hulk.modules.console.pages.showing import Showing
from hulk.runtime.http import Caller


def decision_routes(showing: Showing) -> APIRouter:
    """One decision."""
    router = APIRouter(prefix="/console/router/decisions", include_in_schema=False)

    @router.get("/{decision}")
    async def one(request: Request, decision: str, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        found = await showing.ask(request, f"/v1/decisions/{ids.parse(decision, 'dec')}")
        return showing.page(request, "decision.html", decision=found)

    return router
