"""Signed webhooks in and out, by the Standard Webhooks specification (https://www.standardwebhooks.com, version 1.0.0).

    POST /v1/hooks/NAME
    webhook-id: msg_2Lh9KRb0pzN4LePd3XiA4v9Axj
    webhook-timestamp: 1795300000
    webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=

    {"text": "Quantos pedidos houve ontem?", "conversation": "shop-17", "sender": {"id": "ana", "name": "Ana"}}

The signature is HMAC-SHA256 over `id.timestamp.body`; several may stand there, with a space between. A request that is more than five
minutes off is refused, one whose `webhook-id` was seen is answered as the first. Answers go out signed in the same way, their
`webhook-id` being the message's own: so the other side can tell a repetition, and one is sent again when nobody knows whether it arrived.

A signed `{"type": "ping"}` asks nothing, and is answered with a signature over its id and `pong`: so each side can try the other.
"""

import base64
import binascii
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.text import Language, Text, writable
from hulk.modules.channels.adapters.vendor import Answer, Vendor, vendor
from hulk.modules.channels.domain import Arrival, Attached, Limits, Outgoing, Pace, Sender
from hulk.modules.channels.ports import Accepted, Checked, Refusal, Request, Sent

LEEWAY_SECONDS = 300
_REFUSED = frozenset({400, 401, 403, 422})
"""What those answer who do not believe a signature."""
_ID = re.compile(r"[\x21-\x7e]{1,255}")


def _in_utc(at: datetime | None) -> datetime | None:
    """The first and the last day of the calendar are another year's in some zones, which nothing can keep."""
    try:
        return None if at is None else at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no time of the years 1 to 9999") from error


class SenderBody(BaseModel):
    """For whom it speaks."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str = Field(min_length=1, max_length=200)
    name: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=200)
    language: Language | None = None


class AskedBody(BaseModel):
    """What is asked. `at` is when it was said; without it, now."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    text: str = ""
    conversation: str = Field(default="", max_length=200)
    sender: SenderBody
    at: Annotated[datetime | None, AfterValidator(_in_utc)] = None


@dataclass(frozen=True, slots=True)
class WebhookDoor:
    """Takes signed requests."""

    secret: Callable[[], str]
    trust_people: bool = False

    async def accept(self, request: Request) -> Accepted:
        """See `Door`."""
        id_ = self._verified(request)
        if _is_ping(request.body):
            return Accepted(body=json.dumps({"pong": _pong(self.secret(), id_)}).encode(), media_type="application/json")
        try:
            body = AskedBody.model_validate_json(request.body)
        except ValidationError as error:
            where = ", ".join(".".join(map(str, one["loc"])) or "body" for one in error.errors()[:5])
            return Accepted(status=422, body=json.dumps({"error": f"not as documented: {where}"}).encode(), media_type="application/json")
        arrival = Arrival(
            key=id_, kind="message", address=writable(body.conversation or body.sender.id), id=id_, text=writable(body.text),
            at=body.at or request.at,
            sender=Sender(
                id=writable(body.sender.id), name=writable(body.sender.name),
                email=writable(body.sender.email) if self.trust_people else "",
                language=body.sender.language,
            ),
        )  # fmt: skip
        return Accepted((arrival,), status=202, body=b"{}", media_type="application/json")

    def replied(self, arrival: Arrival, message: Outgoing | None) -> Accepted:  # noqa: ARG002  # the port's
        """Answers are sent, never given at once."""
        return Accepted(status=202, body=b"{}", media_type="application/json")

    def _verified(self, request: Request) -> str:
        if request.method != "POST":
            raise Refusal(405, "only POST")
        id_, at, signatures = (request.header(f"webhook-{name}") for name in ("id", "timestamp", "signature"))
        if id_ is None or at is None or signatures is None:
            raise Refusal(401, "a header is missing, or there more than once")
        if not at.isdigit() or len(at) > 12 or abs(int(at) - request.at.timestamp()) > LEEWAY_SECONDS:
            raise Refusal(401, "the timestamp is not of now")
        expected = signature(key_of(self.secret()), id_, at, request.body)
        if not any(hmac.compare_digest(one, expected) for one in signatures.split(b" ")[:10]):
            raise Refusal(401, "the signature is not right")
        found = id_.decode("latin-1")
        if _ID.fullmatch(found) is None:
            raise Refusal(400, "the id is none")
        return found


@dataclass(slots=True)
class WebhookLine:
    """Sends signed answers to `path` of a server."""

    vendor: Vendor
    path: str
    secret: Callable[[], str]
    clock: Callable[[], datetime]
    hook: str = ""
    """Where others call us; empty when they cannot."""

    @property
    def limits(self) -> Limits:
        """See `Line`."""
        return Limits(text=100_000, parts=1)

    @property
    def paces(self) -> tuple[Pace, Pace]:
        """See `Line`."""
        return Pace(rate=100, burst=100), Pace(rate=20, burst=20)

    async def send(self, message: Outgoing, files: Sequence[tuple[str, Path]]) -> Sent:  # noqa: ARG002  # none fit its limits
        """See `Line`."""
        if not self.vendor.url:
            return Sent(message.id)
        answer = await self._posted(message.id, {"type": "message", **_told(message)})
        if not 200 <= answer.status < 300:
            raise self._at_another_time(answer) or self.vendor.refusal(answer, sends=True)
        return Sent(message.id)

    def _at_another_time(self, answer: Answer) -> Unavailable | None:
        """While our clock is wrong, what we sign is refused as old, or of the future. Where the other side's clock says so (`Date`: RFC
        9110, 6.6.1), that is why, and it is taken once ours is right."""
        try:
            theirs = parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            return None
        off = abs(self.clock() - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()
        if answer.status not in _REFUSED or off <= LEEWAY_SECONDS:
            return None
        return Unavailable(
            "{vendor} does not take what is signed now (HTTP {status}): its clock and ours differ by {minutes} minutes. Set it right.",
            vendor=self.vendor.called, status=answer.status, minutes=round(off / 60),
        )  # fmt: skip

    async def find(self, message: Outgoing) -> Sent | None:  # noqa: ARG002  # the port's
        """None: it is sent again under the same id, which the other side can tell."""
        return None

    async def fetch(self, file: Attached, into: Path, most: int) -> None:  # noqa: ARG002  # the port's
        """There are none."""
        raise Refused("A webhook brings no files.")

    async def working(self, address: str, about: str = "") -> None:
        """Nobody looks."""

    async def check(self) -> Checked:
        """A signed `ping` comes in at our own door, by our address where there is one, and the other side takes one."""
        steps, began = [await self._comes_in()], time.monotonic()
        if self.vendor.url:
            answer = await self._posted(_new_ping(), {"type": "ping"})
            if not 200 <= answer.status < 300:
                raise self.vendor.refusal(answer)
            steps.append((Text("It takes what we sign"), time.monotonic() - began))
        return Checked(tuple(steps))

    async def _comes_in(self) -> tuple[Text, float]:
        id_, began = _new_ping(), time.monotonic()
        headers, body = self._signed(id_, {"type": "ping"})
        if not self.hook:
            raw = {name: (value.encode(),) for name, value in headers.items()}
            taken = await WebhookDoor(self.secret).accept(Request("POST", raw, {}, body, self.clock()))
            proved, said, status = Text("What is signed with the secret comes in"), taken.body, taken.status
        else:
            async with vendor(self.hook, self.hook) as ourselves:
                answer = await ourselves.ask("POST", "", headers=headers, body=body)
            proved, said, status = Text("{url} leads here", url=self.hook), answer.body, answer.status
        if status != 200 or _pong(self.secret(), id_).encode() not in said:
            raise Refused("{url} does not lead here (HTTP {status}): look at DNS, proxy and certificate.", url=self.hook, status=status)
        return proved, time.monotonic() - began

    async def _posted(self, id_: str, data: dict[str, Any]) -> Answer:
        headers, body = self._signed(id_, data)
        return await self.vendor.ask("POST", self.path, headers=headers, body=body, sends=True)

    def _signed(self, id_: str, data: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        body, at = json.dumps(data, ensure_ascii=False).encode(), str(int(self.clock().timestamp())).encode()
        signed = signature(key_of(self.secret()), id_.encode(), at, body).decode()
        headers = {
            "content-type": "application/json", "webhook-id": id_, "webhook-timestamp": at.decode(), "webhook-signature": signed,
        }  # fmt: skip
        return headers, body


def _is_ping(body: bytes) -> bool:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("type") == "ping"


def _new_ping() -> str:
    return f"ping_{secrets.token_hex(12)}"


def _pong(secret: str, id_: str) -> str:
    """What only who has the secret can say to a ping."""
    return signature(key_of(secret), id_.encode(), b"0", b"pong").decode()


def key_of(secret: str) -> bytes:
    """The bytes that are signed with: what stands in base 64 behind `whsec_`, else the secret itself. Raises `Refused` for too little."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True) if secret.startswith("whsec_") else secret.encode()
    except binascii.Error as error:
        raise Refused("What follows whsec_ in the secret of a webhook is not base 64.") from error
    if len(key) < 24:
        raise Refused("The secret of a webhook has {length} bytes: it needs 24 at least.", length=len(key))
    return key


def signature(key: bytes, id_: bytes, at: bytes, body: bytes) -> bytes:
    """`v1,` and the base 64 of HMAC-SHA256 over `id.timestamp.body`."""
    return b"v1," + base64.b64encode(hmac.digest(key, b".".join((id_, at, body)), "sha256"))


def _told(message: Outgoing) -> dict[str, Any]:
    return {
        "id": message.id, "conversation": message.address, "in_reply_to": message.about, "text": message.text, "language": message.language,
        "intent": message.intent, "buttons": [{"text": one.text, "data": one.data} for one in message.buttons],
    }  # fmt: skip
