"""`/console/queues`: what stands in them and who paused them; beside them the workers, and the breakers before what they need."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel.errors import NotFound
from hulk.modules.console.pages.showing import Showing, form_of, require_own
from hulk.runtime.http import Caller

_QUEUE: Mapping[str, str] = {"pause": "paused", "resume": "resumed"}
_BREAKER = ("isolate", "disable", "reset")


def queues_routes(showing: Showing) -> APIRouter:
    """`/console/queues` and `/console/breakers`."""
    router = APIRouter(prefix="/console", include_in_schema=False)

    @router.get("/queues")
    async def listed(request: Request, caller: Caller) -> Response:
        found = await showing.ask(request, "/v1/queues")
        parts = await showing.parts(request)
        breakers = await showing.seen(request, "/v1/breakers")
        return showing.page(
            request, "queues.html", queues=found["queues"], workers=parts["workers"],
            breakers=None if breakers is None else breakers["breakers"], may=caller.may("manage", "platform"),
        )  # fmt: skip

    @router.post("/queues/{queue}/{deed}")
    async def act(request: Request, queue: str, deed: str, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        require_own(request)
        if deed not in _QUEUE:
            raise NotFound("There is nothing called {deed} to do with a queue.", deed=deed[:40])
        form = await form_of(request)
        await showing.act(request, "POST", f"/v1/queues/{queue}/{deed}", {"reason": form.get("reason", "")})
        return showing.done(request, "/console/queues", _QUEUE[deed])

    @router.post("/breakers/{breaker}/{act}")
    async def switch(request: Request, breaker: str, act: str, caller: Caller) -> Response:  # noqa: ARG001  # as above
        require_own(request)
        if act not in _BREAKER:
            raise NotFound("There is nothing called {deed} to do with a breaker.", deed=act[:40])
        form = await form_of(request)
        await showing.act(request, "POST", f"/v1/breakers/{breaker}/{act}", {"reason": form.get("reason", "")})
        return showing.done(request, "/console/queues", "saved")

    return router
