"""`/v1/login`: how people come in through the provider of OpenID Connect."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from hulk.kernel.errors import NotFound, Unauthenticated
from hulk.modules.identity.api.cookies import Cookies
from hulk.modules.identity.domain import CALLBACK, LOGIN
from hulk.modules.identity.usecases import Identity, Logins, Returned

_STATE_SECONDS = int(LOGIN.total_seconds())


def login_routes(identity: Identity, cookies: Cookies) -> APIRouter:
    """Through the provider, where one is set up."""
    router = APIRouter(prefix="/v1", tags=["identity"])
    _beginning(router, identity, cookies)
    _finishing(router, identity, cookies)
    return router


def _beginning(router: APIRouter, identity: Identity, cookies: Cookies) -> None:
    @router.get("/login", summary="Log in at the OpenID Connect provider", status_code=303, response_class=Response)
    async def begin(next: Annotated[str, Query(max_length=500, description="Where to go then, a path of ours.")] = "/v1/me") -> Response:  # noqa: A002  # as everybody calls it
        """For browsers: leads to the provider, and from there to the callback."""
        address, state = await _logins(identity).begin(next)
        answer = _led_to(address)
        cookies.put(answer, cookies.login, state, _STATE_SECONDS)
        return answer


def _finishing(router: APIRouter, identity: Identity, cookies: Cookies) -> None:
    @router.get(
        CALLBACK.removeprefix("/v1"), summary="Where the provider sends the browser back to", status_code=303, response_class=Response
    )
    async def finish(
        request: Request,
        state: Annotated[str, Query(max_length=200)] = "",
        code: Annotated[str, Query(max_length=4000)] = "",
        error: Annotated[str, Query(max_length=200, description="What the provider says instead of a code.")] = "",
    ) -> Response:
        """Begins a session, and leads to where the browser wanted to go."""
        acts = _logins(identity)
        if error or not code:
            raise Unauthenticated("The provider did not log you in ({error}). Try again, or ask its admin.", error=error or "—")
        new, place = await acts.finish(_returned(request, cookies, state, code))
        answer = _led_to(place)
        cookies.drop(answer, cookies.login)
        cookies.put(answer, cookies.session, new.secret, new.session.seconds)
        return answer


def _logins(identity: Identity) -> Logins:
    if identity.logins is None:
        raise NotFound("Nobody can log in here: no provider is set up (identity.issuer). Use an API key.")
    return identity.logins


def _returned(request: Request, cookies: Cookies, state: str, code: str) -> Returned:
    """What the browser brings back."""
    sent = request.cookies
    return Returned(
        state=state, carried=sent.get(cookies.login, ""), code=code, agent=request.headers.get("user-agent", ""),
        session=sent.get(cookies.session),
    )  # fmt: skip


def _led_to(place: str) -> Response:
    return RedirectResponse(place, 303, {"cache-control": "no-store", "referrer-policy": "no-referrer"})
