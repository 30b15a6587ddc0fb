"""Every kind of channel's door with what its vendor sends, told apart by nothing but what stands here."""

import hmac
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from aiohttp.test_utils import TestServer

from hulk.modules.channels.adapters.alexa import AlexaDoor, certificates
from hulk.modules.channels.adapters.alexa.door import LEEWAY
from hulk.modules.channels.adapters.mattermost import MattermostDoor, Server
from hulk.modules.channels.adapters.telegram import TelegramDoor
from hulk.modules.channels.adapters.telegram.api import bot as telegram_bot
from hulk.modules.channels.adapters.telegram.door import HEADER
from hulk.modules.channels.adapters.vendor import vendor
from hulk.modules.channels.adapters.webhook import LEEWAY_SECONDS, WebhookDoor
from hulk.modules.channels.adapters.whatsapp import WhatsAppDoor
from hulk.modules.channels.ports import Door, Request
from hulk.runtime.language import voice
from support.alexa_cases import amazon
from support.forgeries import Target
from support.lines import Twins
from support.mattermost import COMMAND_TOKEN
from support.ports import free_port
from support.twins import alexa as amazons
from support.twins.systems.mattermost import ANA, TOWN, made_id
from support.twins.systems.receiver import SECRET, signed
from support.twins.telegram import TOKEN, updates
from support.twins.whatsapp import APP_SECRET, NUMBER, VERIFY_TOKEN
from support.twins.whatsapp.payloads import message, value, webhook

_SIGNATURE = "webhook-signature"
_META = "x-hub-signature-256"
_CHAIN = "signaturecertchainurl"
_TELEGRAM = "kQ3_-" * 8
_FORM = b"application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A vendor that calls a door.

    `proved` is how it sends any body; `says` the body in which somebody says `text` in what it calls `id_`. `proofs` are the headers by
    which it proves itself; `stale` after how long that does not hold. `bodies`: whether the body is proved too, and not only who sends it.
    `other` is what it would send to another of its kind; `gone` is the door where what it must ask is away, if there is such a thing."""

    door: Door
    proved: Callable[[bytes], Request]
    says: Callable[[str, str], bytes]
    proofs: Sequence[str]
    other: Request
    bodies: bool = True
    stale: timedelta | None = None
    gone: Door | None = None
    same: Callable[[Request, Request], bool] = lambda _, __: False  # a field
    """Whether a request is only another way to write the valid one."""

    def said(self, text: str = "Quantos pedidos houve ontem?", id_: str = "7") -> Request:
        """Somebody says it."""
        return self.proved(self.says(text, id_))

    def target(self) -> Target:
        """It, as somebody who forges sees it."""
        valid = self.said()

        def same(request: Request) -> bool:
            """Whoever may send, and proves only that, may send any body."""
            return self.same(valid, request) or (not self.bodies and request.headers == valid.headers)

        return Target(type(self.door).__name__, self.door, lambda: valid, self.proofs, self.stale, [self.other], same=same)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _nowhere() -> str:
    return f"http://127.0.0.1:{free_port()}"


def _posted(headers: dict[str, bytes], body: bytes) -> Request:
    return Request("POST", {name: (value,) for name, value in headers.items()}, {}, body, _now())


@asynccontextmanager
async def _webhook(_: Twins) -> AsyncIterator[Caller]:
    def proved(body: bytes, secret: str = SECRET) -> Request:
        try:
            id_ = f"msg_{json.loads(body)['id']}"
        except (ValueError, TypeError, KeyError, RecursionError):
            id_ = "msg_1"
        at = str(int(_now().timestamp()))
        headers = {"webhook-id": id_, "webhook-timestamp": at, "webhook-signature": signed(secret, id_, at, body)}
        return _posted({name: value.encode() for name, value in headers.items()}, body)

    def says(text: str, id_: str) -> bytes:
        return json.dumps({"id": id_, "text": text, "sender": {"id": "ana", "name": text[:200]}}).encode()

    def more(valid: Request, request: Request) -> bool:
        """Several signatures may stand there, of which one must be right."""
        given, right = request.headers.get(_SIGNATURE, ()), valid.headers[_SIGNATURE]
        as_before = replace(request, headers={**request.headers, _SIGNATURE: right}) == valid
        return as_before and len(given) == 1 and right[0] in given[0].split(b" ")

    yield Caller(
        door=WebhookDoor(lambda: SECRET), proved=proved, says=says, proofs=("webhook-id", "webhook-timestamp", "webhook-signature"),
        other=proved(says("Oi", "8"), "whsec_" + "A" * 32), stale=timedelta(seconds=LEEWAY_SECONDS),
        same=more,
    )  # fmt: skip


@asynccontextmanager
async def _telegram(_: Twins) -> AsyncIterator[Caller]:
    def proved(body: bytes, secret: str = _TELEGRAM) -> Request:
        return _posted({HEADER: secret.encode(), "content-type": b"application/json"}, body)

    def says(text: str, id_: str) -> bytes:
        said = updates.message(text, by={**updates.ANA, "first_name": text[:64] or "A"})
        return json.dumps({"update_id": int(id_), **said}).encode()

    async with telegram_bot(_nowhere(), "telegram", lambda: TOKEN) as asks:
        yield Caller(
            door=TelegramDoor(asks, lambda: _TELEGRAM), proved=proved, says=says, proofs=(HEADER,), bodies=False,
            other=proved(says("Oi", "8"), "t" * 32),
        )  # fmt: skip


@asynccontextmanager
async def _whatsapp(_: Twins) -> AsyncIterator[Caller]:
    def proved(body: bytes, secret: str = APP_SECRET) -> Request:
        return _posted({_META: b"sha256=" + hmac.digest(secret.encode(), body, "sha256").hex().encode()}, body)

    def says(text: str, id_: str) -> bytes:
        return json.dumps(webhook(value(messages=[message("text", id=f"wamid.{id_}", text={"body": text})]))).encode()

    yield Caller(
        door=WhatsAppDoor(NUMBER, lambda: APP_SECRET, lambda: VERIFY_TOKEN), proved=proved, says=says, proofs=(_META,),
        other=proved(says("Oi", "8"), "another app's"),
    )  # fmt: skip


@asynccontextmanager
async def _mattermost(twins: Twins) -> AsyncIterator[Caller]:
    def proved(body: bytes, token: str = COMMAND_TOKEN) -> Request:
        return _posted({"authorization": b"Token " + token.encode(), "content-type": _FORM}, body)

    def says(text: str, id_: str, token: str = COMMAND_TOKEN) -> bytes:
        told = {
            "channel_id": TOWN, "channel_name": "town-square", "command": "/hulk", "team_domain": "loja", "text": text, "token": token,
            "response_url": f"https://chat.example.com/hooks/commands/{made_id('hook')}", "trigger_id": id_, "user_id": ANA,
            "user_name": text[:100],
        }  # fmt: skip
        return urlencode(told, errors="replace").encode()

    async with vendor(twins["mattermost"].url, "chat") as asking, vendor(_nowhere(), "chat") as nobody:
        doors = [MattermostDoor(Server(one, lambda: "right"), lambda: COMMAND_TOKEN, voice) for one in (asking, nobody)]
        yield Caller(
            door=doors[0], gone=doors[1], proved=proved, says=says, proofs=("authorization",), bodies=False,
            other=proved(says("Oi", "8", "d" * 26), "d" * 26),
        )  # fmt: skip


@asynccontextmanager
async def _alexa(_: Twins) -> AsyncIterator[Caller]:
    def proved(body: bytes) -> Request:
        return _posted(amazon().headers(body), body)

    def says(text: str, id_: str, skill: str = amazons.SKILL) -> bytes:
        return json.dumps(amazons.said(text, id_, at=_now(), skill=skill)).encode()

    def capitals(valid: Request, request: Request) -> bool:
        """Scheme and host of an address may be written in any letters (RFC 3986, 3.1 and 3.2.2)."""
        given, right = request.headers.get(_CHAIN, ()), valid.headers[_CHAIN]
        as_before = replace(request, headers={**request.headers, _CHAIN: right}) == valid
        host = amazons.ADDRESS.index("/echo.api")
        return as_before and len(given) == 1 and given[0][:host].lower() + given[0][host:] == right[0]

    async with TestServer(amazons.Host(amazon()).application()) as host:
        roots = [amazon().root.certificate]
        async with certificates(f"http://127.0.0.1:{host.port}", roots) as known, certificates(_nowhere(), roots) as gone:
            yield Caller(
                door=AlexaDoor(amazons.SKILL, known, voice), gone=AlexaDoor(amazons.SKILL, gone, voice), proved=proved, says=says,
                proofs=(_CHAIN, "signature-256"), stale=LEEWAY, same=capitals,
                other=proved(says("Oi", "8", amazons.SKILL + "0")),
            )  # fmt: skip


CALLERS: dict[str, Callable[[Twins], AbstractAsyncContextManager[Caller]]] = {
    "alexa": _alexa, "mattermost": _mattermost, "telegram": _telegram, "webhook": _webhook, "whatsapp": _whatsapp,
}  # fmt: skip


def without_proof(request: Request, proofs: Sequence[str]) -> Request:
    """As anybody could send it."""
    return replace(request, headers={name: values for name, values in request.headers.items() if name not in proofs})
