"""Setting what one of a currency costs in another."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.modules.console.domain import read_amount
from hulk.modules.console.pages.costs.wished import ADDRESS
from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller

_FIELDS = ("base", "quote", "day", "reason")


def add_rates(router: APIRouter, showing: Showing) -> None:
    """`/console/costs/rates`."""

    @router.post("/rates")
    async def put(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        form = await form_of(request)
        body = {name: form[name].strip() for name in _FIELDS if form.get(name, "").strip()}
        body["value"] = read_amount(form.get("value", ""), showing.view(request).voice.language)
        await showing.act(request, "PUT", "/v1/rates", body)
        return showing.done(request, ADDRESS, "saved")
