"""`/v1/login/key`, `/v1/logout`, `/v1/sessions`: how browsers come in with an API key, and how they go."""

from fastapi import APIRouter, Request
from pydantic import Field, SecretStr
from starlette.responses import JSONResponse, Response

from hulk.kernel.errors import Unauthenticated
from hulk.kernel.records import JsonObject
from hulk.kernel.time import iso
from hulk.modules.identity.api.bodies import Body
from hulk.modules.identity.api.cookies import Cookies
from hulk.modules.identity.api.views import session_view
from hulk.modules.identity.domain import hashed
from hulk.modules.identity.usecases import Identity
from hulk.runtime.http import Caller, Reason, require_same_origin


class KeyLoginBody(Body):
    """What somebody logs in with."""

    key: SecretStr = Field(max_length=200, description="An API key, `hulk_…`.")


def key_login_routes(identity: Identity, cookies: Cookies) -> APIRouter:
    """With an API key, where people have no account at a provider."""
    router = APIRouter(prefix="/v1", tags=["identity"])

    @router.post("/login/key", summary="Log a browser in with an API key")
    async def log_in(request: Request, body: KeyLoginBody) -> Response:
        """For pages of Hulk's own: begins a session that may what the key may, and ends with it. Programs send their key each time."""
        require_same_origin(request.headers, cookies.origin)
        here = cookies.at(request.url.scheme)
        old, agent = request.cookies.get(here.session), request.headers.get("user-agent", "")
        new = await identity.log_in_by_key(body.key.get_secret_value(), agent, old)
        answer = JSONResponse({"session_id": new.session.id, "expires": iso(new.session.expires)}, headers={"cache-control": "no-store"})
        here.put(answer, here.session, new.secret, new.session.seconds)
        return answer

    return router


def session_routes(identity: Identity, cookies: Cookies) -> APIRouter:
    """The end of this browser's session, and the caller's own sessions."""
    router = APIRouter(prefix="/v1", tags=["identity"])
    _ending(router, identity, cookies)

    @router.get("/sessions", summary="The caller's own sessions")
    async def listed(request: Request, caller: Caller) -> dict[str, list[JsonObject]]:
        """Newest first, also those that are over."""
        mine = hashed(cookies.sent(request.url.scheme, request.cookies) or "")
        return {"sessions": [session_view(one, mine) for one in await identity.end_session.of(caller)]}

    @router.delete("/sessions/{session}", status_code=204, summary="End one of the caller's own sessions")
    async def end(session: str, caller: Caller, reason: Reason = "") -> None:
        """Such as that of a browser that was left behind."""
        await identity.end_session(caller, session, reason)

    return router


def _ending(router: APIRouter, identity: Identity, cookies: Cookies) -> None:
    @router.post("/logout", status_code=204, summary="End this browser's session")
    async def logout(request: Request) -> Response:
        """Here at once, in other processes within 5 s. Nobody needs to be let in for it: also a session that is over is forgotten by the
        browser."""
        here, answer = cookies.at(request.url.scheme), Response(status_code=204)
        if secret := request.cookies.get(here.session):
            require_same_origin(request.headers, cookies.origin)
            await _ended(identity, secret)
            here.drop(answer, here.session)
        return answer


async def _ended(identity: Identity, secret: str) -> None:
    try:
        await identity.end_session.by_secret(await identity.resume(secret), secret)
    except Unauthenticated:
        return  # it was over
