"""What Meta's twin keeps, and how it answers: the Graph API for WhatsApp."""

import hashlib
import itertools
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from aiohttp import web

from support.twins.systems.serving import Answer, Route
from support.twins.whatsapp.calling import Caller
from support.twins.whatsapp.payloads import APP, APP_SECRET, NUMBER, PHONE, TOKEN, person, status, value, webhook
from support.twins.whatsapp.rules import Pair, broken

_TITLES = {
    190: "Access token has expired", 368: "Temporarily blocked for policies violations", 130429: "Rate limit hit",
    131000: "Something went wrong", 131016: "Service unavailable", 131026: "Message undeliverable", 131047: "Re-engagement message",
    131056: "Business account, consumer account pair rate limit hit", 131005: "Access denied", 100: "Invalid parameter",
    2: "API Service", 131062: "Business-scoped user ids are not supported", 131009: "Parameter value is not valid",
}  # fmt: skip
_UNDELIVERABLE = {
    "code": 131026, "title": "Message undeliverable", "message": "Message undeliverable",
    "error_data": {"details": "Message Undeliverable."}, "href": "https://developers.facebook.com/docs/whatsapp",
}  # fmt: skip
_STATUSES = {190: 401, 368: 403, 131005: 403, 131016: 503, 2: 503, 131000: 500, 4: 400, 130429: 400}


@dataclass
class File:
    """A file at Meta."""

    content: bytes
    media_type: str
    sha256: str = ""


@dataclass
class Twin:
    """A number, an app, files, and what people were sent."""

    token: str = TOKEN
    caller: Caller = field(default_factory=Caller)
    sent: list[Any] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)
    closed: bool = False
    statuses: tuple[str, ...] = ()
    codes: list[int] = field(default_factory=list)
    after: int = 0
    later: int = 0
    subscription: dict[str, Any] = field(default_factory=dict)
    told: Any = None
    elsewhere: str = ""
    pair: Pair = field(default_factory=Pair)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def be(self, how: dict[str, Any]) -> None:
        """`say`: calls to make; `code`: of the error that the next message gets; `later`: of that which comes after `after`
        more; all else is a field."""
        for payload in how.pop("say", ()):
            self.caller.call(payload)
        self.codes += [how.pop("code")] if "code" in how else []
        for name, content in how.pop("put", {}).items():
            self.files[name] = File(content.encode(), "text/plain")
        for name in ("hook", "factor", "twice", "longest"):
            if name in how:
                setattr(self.caller, name, how.pop(name))
        self.caller.rung.set()
        self.told = self._of(how.pop("tell", ""))
        for name, one in how.items():
            setattr(self, name, one)

    def _of(self, what: str) -> Any:
        caller = self.caller
        calls = {
            "waiting": len(caller.waiting) + caller.under_way,
            "done": caller.done,
            "dropped": caller.dropped,
            "attempts": caller.attempts,
        }
        return {"sent": self.sent, "calls": calls}.get(what)

    def error(self, status: int) -> web.Response:
        """As the Graph API tells of it; 5xx without a reason are of a gateway."""
        if status >= 500:
            return web.Response(text="<html>Sorry, something went wrong.</html>", status=status, content_type="text/html")
        code = {401: 190, 403: 10, 429: 130429}.get(status, 100)
        return self._fault(code, status)

    def _fault(self, code: int, status: int | None = None, details: str = "") -> web.Response:
        title = _TITLES.get(code, "Error")
        error: dict[str, Any] = {"message": f"(#{code}) {title}", "type": "OAuthException", "code": code, "fbtrace_id": "Az8or2yhqkZ"}
        error |= {"error_data": {"messaging_product": "whatsapp", "details": details or title}}
        return web.json_response({"error": error}, status=status or _STATUSES.get(code, 400))

    def _gone(self, id_: str) -> web.Response:
        text = f"Unsupported get request. Object with ID '{id_}' does not exist, cannot be loaded due to missing permissions"
        return web.json_response({"error": {"message": text, "type": "GraphMethodException", "code": 100, "error_subcode": 33}}, status=400)

    def routes(self) -> list[Route]:
        """What may be asked, in any version."""
        return [
            Route("GET", "/{version}/app", self._app),
            Route("GET", "/{version}/{app}/subscriptions", self._subscriptions),
            Route("POST", "/{version}/{number}/messages", self._message),
            Route("POST", "/{version}/{number}/media", self._upload),
            Route("GET", "/files/{id}", self._file),
            Route("GET", "/{version}/{id}", self._object),
        ]

    def _known(self, request: web.Request, token: str = "") -> None:
        if request.headers.get("Authorization") != f"Bearer {token or self.token}":
            raise Answer(self._fault(190))

    async def _app(self, request: web.Request, **_: str) -> web.Response:
        self._known(request)
        return web.json_response({"id": APP, "name": "Hulk"})

    async def _subscriptions(self, request: web.Request, **_: str) -> web.Response:
        self._known(request, f"{APP}|{APP_SECRET}")
        return web.json_response({"data": [self.subscription] if self.subscription else []})

    async def _object(self, request: web.Request, **at: str) -> web.Response:
        self._known(request)
        if at["id"] == NUMBER:
            return web.json_response(
                {"id": NUMBER, "display_phone_number": "+1 555-078-3881", "verified_name": "Loja da Ana", "quality_rating": "GREEN"}
            )
        file = self.files.get(at["id"])
        if file is None:
            return self._gone(at["id"])
        digest = file.sha256 or hashlib.sha256(file.content).hexdigest()
        return web.json_response({
            "url": f"{self.elsewhere or request.url.origin()}/files/{at['id']}", "mime_type": file.media_type, "sha256": digest,
            "file_size": len(file.content), "id": at["id"], "messaging_product": "whatsapp",
        })  # fmt: skip

    async def _file(self, request: web.Request, **at: str) -> web.Response:
        self._known(request)
        return web.Response(body=self.files[at["id"]].content)

    async def _upload(self, request: web.Request, **_: str) -> web.Response:
        self._known(request)
        form = _form(request.headers["Content-Type"], await request.read())
        if form.get("messaging_product", (b"", ""))[0] != b"whatsapp" or "file" not in form:
            return self._fault(100, details="The parameter messaging_product is required.")
        id_ = f"9{next(self._ids):014d}"
        self.files[id_] = File(*form["file"])
        return web.json_response({"id": id_})

    async def _message(self, request: web.Request, **_: str) -> web.Response:
        self._known(request)
        said = await request.json()
        if said.get("status") == "read":
            return web.json_response({"success": True})
        if (code := self._due()) is not None:
            return self._fault(code)
        if (wrong := broken(said, self.files)) is not None:
            return self._fault(131009, details=wrong)
        if self.closed and said["type"] != "template":
            return self._fault(131047)
        if not self.pair.takes(said.get("to") or said["recipient"]):
            return self._fault(131056)
        return self._taken(said)

    def _due(self) -> int | None:
        """The error that this message gets, if it gets one."""
        if self.codes:
            return self.codes.pop(0)
        self.after -= 1
        if self.after < 0 and self.later:
            code, self.later = self.later, 0
            return code
        return None

    def _taken(self, said: dict[str, Any]) -> web.Response:
        id_ = f"wamid.OUT{next(self._ids)}"
        self.sent.append(said | {"wamid": id_})
        for what in self.statuses:
            errors = [_UNDELIVERABLE] if what == "failed" else None
            told = status(id_, what, said.get("biz_opaque_callback_data"), errors=errors)
            self.caller.call(webhook(value(statuses=[told], contacts=[person(name=None)])))
        to = {"input": said.get("to", ""), "wa_id": said.get("to", PHONE)}
        return web.json_response({"messaging_product": "whatsapp", "contacts": [to], "messages": [{"id": id_}]})


def _form(content_type: str, body: bytes) -> dict[str, tuple[bytes, str]]:
    """The fields of a form by name, each with its media type (RFC 7578)."""
    parts = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body).walk()
    found: dict[str, tuple[bytes, str]] = {}
    for part in parts:
        name = part.get_param("name", header="Content-Disposition")
        if isinstance(name, str):
            found[name] = (bytes(part.get_payload(decode=True)), part.get_content_type())
    return found
