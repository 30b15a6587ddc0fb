"""`/console/models`: the models that there are, and how to add one. Keys are never asked for, only where they are."""

from time import perf_counter

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel import ids
from hulk.kernel.errors import Conflict, Forbidden, NotFound, Refused, Unavailable
from hulk.modules.console.pages.router.entries import KINDS, filled, wanted
from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller, allow

_QUESTION = "Say in one short sentence that you are ready."
"""What a model is asked that is tried: public, and answered in few tokens."""


def models_routes(showing: Showing) -> APIRouter:
    """The list, and the page that helps to add one."""
    router = APIRouter(prefix="/console/models", include_in_schema=False)

    @router.get("")
    async def models(request: Request, caller: Caller) -> Response:
        found = await showing.ask(request, "/v1/router/models")
        breakers = await showing.seen(request, "/v1/breakers") or {"breakers": ()}
        states = {one["name"].removeprefix("model:"): one for one in breakers["breakers"] if one["name"].startswith("model:")}
        may, may_ask = caller.may("manage", "platform"), caller.may("write", "intents")
        return showing.page(request, "models.html", models=found["models"], breakers=states, may=may, may_ask=may_ask)

    @router.get("/add")
    async def add(request: Request, caller: Caller) -> Response:
        allow(caller, "read", "router")
        return showing.page(request, "model_add.html", kinds=KINDS, form=filled({}), made=None)

    @router.post("/add")
    async def written(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        """Nothing is kept; it is posted so that no address and no log holds what was filled in."""
        form = await form_of(request)
        made = await showing.told(request, "/v1/router/models/check", wanted(form))
        name = "model_write.html" if showing.view(request).partial else "model_add.html"
        return showing.page(request, name, kinds=KINDS, form=filled(form), made=made)

    @router.post("/try")
    async def tried(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # as above
        """One short question to one model, with leave, receipt and charge as every question has."""
        name = (await form_of(request)).get("name", "")
        known = (await showing.ask(request, "/v1/router/models"))["models"]
        if not any(one["name"] == name and one["purpose"] == "chat" for one in known):
            raise NotFound("There is no model “{name}” here that answers.", name=name[:80])
        began = perf_counter()
        body = {"model": name, "messages": [{"role": "user", "content": _QUESTION}], "max_tokens": 64}
        try:
            answer, why = await showing.act(request, "POST", "/v1/chat/completions", body, idempotency_key=ids.new("try")), None
        except Forbidden:
            raise
        except (Refused, NotFound, Unavailable, Conflict) as error:
            answer, why = None, error.text
        return showing.page(request, "model_tried.html", called=name, answer=answer, why=why, seconds=perf_counter() - began)

    return router
