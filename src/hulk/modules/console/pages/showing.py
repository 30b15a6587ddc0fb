"""What all pages are made with: the templates, the API behind them, what is told while one looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from fastapi import Request
from jinja2 import Environment
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hulk.kernel.errors import (
    Conflict,
    Exhausted,
    Forbidden,
    HulkError,
    Invalid,
    NotFound,
    Refused,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from hulk.kernel.text import Text
from hulk.modules.console.domain import within
from hulk.modules.console.pages.framing import Frame, Frames
from hulk.modules.console.pages.view import View, view_of
from hulk.modules.console.usecases import Live, Shared
from hulk.runtime.http import Inside, Reply

SECURITY: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "cache-control": "no-store",
    "vary": "Cookie, Accept-Language, HX-Request",
    "referrer-policy": "same-origin",
}
"""No script or style but our own files, none of them inline; nothing is kept by who passes it on."""
_MOST_FORM, _MOST_FIELDS = 1_000_000, 500
_ERRORS: Mapping[int, type[HulkError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: Refused,
    429: Exhausted,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """`zone` is where the settings say that people are. `inside` is there once the application is."""

    templates: Environment
    frames: Frames
    live: Live
    shared: Shared
    zone: ZoneInfo
    inside: list[Inside]
    provider: bool = False
    """Whether people can log in at a provider of OpenID Connect."""

    def view(self, request: Request) -> View:
        """How they look at it."""
        return view_of(request.scope, self.zone)

    def page(self, request: Request, name: str, *, status: int = 200, **values: object) -> Response:
        """The template with these values, around it the menu unless only what is in the page is wanted."""
        view = self.view(request)
        return shown(self.written(view, name, **values), status)

    def written(self, view: View, name: str, **values: object) -> str:
        """The same, as text."""
        frame, around = ("partial.html", Frame()) if view.partial else ("frame.html", self.frames(view))
        return self.templates.get_template(name).render(
            {"view": view, "frame": frame, "around": around, "provider": self.provider, **values}
        )

    async def ask(self, request: Request, path: str, **query: object) -> Any:
        """What `GET path` of the API gives whoever looks; what is None in `query` is left out. Raises what the API refuses with."""
        found = [(name, str(one)) for name, value in query.items() if value is not None for one in _several(value)]
        return _given(await self._asked(request, "GET", path, found))

    async def seen(self, request: Request, path: str, **query: object) -> Any:
        """The same, None where they may not look or there is nothing."""
        try:
            return await self.ask(request, path, **query)
        except (Forbidden, NotFound):
            return None

    async def told(self, request: Request, path: str, body: object) -> Any:
        """What `POST path` of the API tells where it changes nothing: for pages that are only looked at. Raises as `ask`."""
        return _given(await self._asked(request, "POST", path, (), body))

    async def parts(self, request: Request) -> Mapping[str, Any]:
        """How the parts of Hulk are (`/ready`), by name: also when one is not well, which the API answers with 503."""
        reply = await self._asked(request, "GET", "/ready", ())
        found: Mapping[str, Any] = reply.data["checks"] if reply.status in (200, 503) else _given(reply)["checks"]
        return found

    async def act(
        self,
        request: Request,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        **headers: str | None,
    ) -> Any:
        """Have the API do something in the name of whoever asks. Raises what it refuses with; `Forbidden` when no page of ours asked."""
        require_own(request)
        named = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        return _given(await self._asked(request, method, path, tuple((query or {}).items()), body, named))

    async def send(self, request: Request, path: str, content: bytes) -> Any:
        """The same with bytes, as `POST path` takes them."""
        require_own(request)
        return _given(await self._asked(request, "POST", path, (), content))

    async def reply(self, request: Request, method: str, path: str, *, body: object = None, headers: Mapping[str, str]) -> Reply:
        """What the API answers, with the cookies that the browser is to keep. Raises what it refuses with."""
        reply = await self._asked(request, method, path, (), body, headers)
        _given(reply)
        return reply

    async def _asked(
        self, request: Request, method: str, path: str, query: Sequence[tuple[str, str]], body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:  # fmt: skip
        language = self.view(request).voice.language
        return await self.inside[0](request.scope, method, path, language=language, query=query, body=body, headers=headers)

    def done(self, request: Request, address: str, said: str = "") -> Response:
        """Lead them to a page of ours, which says what was done (a key of `said.html`)."""
        place = within(address)
        place += f"{'&' if '?' in place else '?'}said={said}" if said else ""
        if self.view(request).partial:
            return Response(status_code=200, headers={**SECURITY, "hx-redirect": place})
        return RedirectResponse(place, 303, SECURITY)


def shown(page: str, status: int = 200) -> Response:
    """A page that is written, as it is sent."""
    return HTMLResponse(page, status, SECURITY)


def require_own(request: Request) -> None:
    """Raises `Forbidden` unless a page of this site asks. What a page changes is never asked from elsewhere, whoever is logged in
    (https://owasp.org/www-community/attacks/csrf): browsers say where a request comes from, and neither header can be set by a script."""
    headers = Headers(scope=request.scope)
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    here = {f"{scheme}://{headers.get('host', '')}" for scheme in ("http", "https")}
    if site != "same-origin" and (site is not None or origin not in here):
        raise Forbidden("Only pages of the console may do this; it was asked from elsewhere. Programs use the API.")


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form, as browsers send them (application/x-www-form-urlencoded); of several of one name the last. Raises as
    `require_own`: no form of another site is read."""
    require_own(request)
    body = await request.body()
    if len(body) > _MOST_FORM:
        raise Refused("The form is too large.")
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise Refused("The form is too large.") from error


async def reason_of(request: Request) -> str:
    """Why it is done, as the dialog asks (`fields-reason` of the frame). Raises as `form_of`."""
    return (await form_of(request)).get("reason", "")


def _several(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else [value]


def _given(reply: Reply) -> Any:
    if reply.status < 400:
        return reply.data if reply.media_type.endswith("json") else reply.body
    problem = reply.data if reply.media_type.endswith("json") else {}
    if wrong := problem.get("errors"):
        fields = [(str(one["field"]).removeprefix("body."), Text("{reason}", reason=str(one["detail"]))) for one in wrong]
        raise Invalid(fields, Text("{reason}", reason=str(problem["detail"])))
    raise _ERRORS.get(reply.status, Unavailable)("{reason}", reason=str(problem.get("detail", reply.status)))
