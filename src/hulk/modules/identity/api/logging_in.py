"""`/v1/login`, `/v1/logout`, `/v1/sessions`: how browsers come in, and go."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from hulk.kernel.errors import NotFound, Unauthenticated
from hulk.kernel.records import JsonObject
from hulk.modules.identity.api.cookies import Cookies
from hulk.modules.identity.api.views import session_view
from hulk.modules.identity.domain import CALLBACK, LOGIN, hashed
from hulk.modules.identity.usecases import Identity, Logins, Returned
from hulk.runtime.http import Caller, Reason

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
        cookies.put(answer, cookies.session, new.secret, int(acts.rules.lifetime.total_seconds()))
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


def session_routes(identity: Identity, cookies: Cookies) -> APIRouter:
    """The caller's own sessions, and the end of this browser's."""
    router = APIRouter(prefix="/v1", tags=["identity"])

    @router.post("/logout", status_code=204, summary="End this browser's session")
    async def logout(request: Request, caller: Caller) -> Response:
        """Here at once, in other processes within 5 s."""
        if secret := request.cookies.get(cookies.session):
            await identity.end_session.by_secret(caller, secret)
        answer = Response(status_code=204)
        cookies.drop(answer, cookies.session)
        return answer

    @router.get("/sessions", summary="The caller's own sessions")
    async def listed(request: Request, caller: Caller) -> dict[str, list[JsonObject]]:
        """Newest first, also those that are over."""
        mine = hashed(request.cookies.get(cookies.session, ""))
        return {"sessions": [session_view(one, mine) for one in await identity.end_session.of(caller)]}

    @router.delete("/sessions/{session}", status_code=204, summary="End one of the caller's own sessions")
    async def end(session: str, caller: Caller, reason: Reason = "") -> None:
        """Such as that of a browser that was left behind."""
        await identity.end_session(caller, session, reason)

    return router
