"""What a Mattermost server calls us for: a slash command, and a button that somebody pressed."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hulk.kernel.errors import HulkError
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Language, Text, Voice
from hulk.modules.channels.adapters.mattermost.posts import Address, Id, Words, as_command
from hulk.modules.channels.adapters.mattermost.server import Server
from hulk.modules.channels.adapters.mattermost.signing import seal, triggered
from hulk.modules.channels.domain import Arrival, Outgoing, Sender
from hulk.modules.channels.ports import Accepted, Refusal, Request

_Body = TypeVar("_Body", bound=BaseModel)
_LARGEST = 1_000_000
_RESPONSE = re.compile(r".*(/hooks/commands/[a-z0-9]{26})")
RESPONDS = timedelta(minutes=25)
"""How long the address is used that a command is answered at: the server takes answers for 30 minutes."""


class ContextBody(BaseModel):
    """What a button of ours carries (`buttons.context`)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    data: str = Field(max_length=200)
    address: str = Field(max_length=60)
    message: str = Field(max_length=100)
    mac: str = Field(max_length=100)


class PressBody(BaseModel):
    """A button that was pressed (`PostActionIntegrationRequest`)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    user_id: Id
    user_name: Words = Field(default="", max_length=100)
    post_id: Words = Field(default="", max_length=60)
    channel_id: Id
    trigger_id: str = Field(default="", max_length=1000)
    context: ContextBody


class CommandBody(BaseModel):
    """A slash command (`CommandArgs`)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    user_id: Id
    user_name: Words = Field(default="", max_length=100)
    channel_id: Id
    channel_name: str = ""
    text: Words = ""
    trigger_id: str = Field(default="", max_length=1000)
    response_url: str = Field(default="", max_length=1000)


@dataclass(frozen=True, slots=True)
class MattermostDoor:
    """Takes both. `command_token` proves commands; without one, none is taken."""

    server: Server
    command_token: Callable[[], str]
    voices: Callable[[Language], Voice]
    fallback: Language = "en"

    async def accept(self, request: Request) -> Accepted:
        """See `Door`."""
        if request.method != "POST":
            raise Refusal(405, "only POST")
        if len(request.body) > _LARGEST:
            raise Refusal(413, "larger than the server sends")
        if (request.header("content-type") or b"").partition(b";")[0].strip().lower() == b"application/json":
            return await self._pressed(request)
        return await self._commanded(request)

    def replied(self, arrival: Arrival, message: Outgoing | None) -> Accepted:  # noqa: ARG002  # the port's
        """Answers are sent, never given at once."""
        return _json({})

    async def _pressed(self, request: Request) -> Accepted:
        press = _parsed(PressBody, request.body)
        told = press.context
        expected = seal(self.server.token(), press.channel_id, told.address, told.message, told.data)
        if not hmac.compare_digest(expected.encode(), told.mac.encode("utf-8", "replace")):
            raise Refusal(401, "the button is not ours")
        key = await self._asked(self._key())
        did = triggered(press.trigger_id, press.user_id, key, request.at) if key else press.trigger_id
        if key and not did:
            raise Refusal(401, "the server did not say that this person pressed it now")
        sender = await self._asked(self.server.sender(press.user_id, press.user_name))
        return _json({}, self._press(press, sender, did, request.at))

    def _press(self, press: PressBody, sender: Sender, did: str, at: datetime) -> Arrival:
        once = hashlib.sha256("\0".join((did, press.user_id, press.context.mac)).encode()).hexdigest()
        address = Address.parsed(press.context.address)
        return Arrival(
            key=f"press:{once}", kind="press", address=press.context.address, sender=sender, at=at, id=press.post_id, about=press.post_id,
            pressed=press.context.data, group=bool(address.root),
        )  # fmt: skip

    async def _key(self) -> str:
        return (await self.server.client()).key

    async def _asked(self, answer: Any) -> Any:
        try:
            return await answer
        except HulkError as error:
            raise Refusal(503, str(error)) from error

    async def _commanded(self, request: Request) -> Accepted:
        form = self._verified(request)
        command = _parsed(CommandBody, form)
        me = await self._asked(self.server.me())
        sender = await self._asked(self.server.sender(command.user_id, command.user_name))
        direct = me.id in command.channel_name.split("__")
        address = Address(command.channel_id) if direct else Address(command.channel_id, user=command.user_id)
        said = Arrival(
            key=f"command:{hashlib.sha256((command.trigger_id or repr(request.body)).encode()).hexdigest()}", kind="message",
            address=str(address), sender=sender, at=request.at, text=as_command(command.text.strip()), reply=_reply(command, request.at),
        )  # fmt: skip
        text = self.voices(sender.language or self.fallback).say(Text("I am on it."))
        return _json({"response_type": "ephemeral", "text": text}, said)

    def _verified(self, request: Request) -> Mapping[str, str]:
        """The fields of a form that carries the token of the command, in its header and itself."""
        expected = self.command_token().encode()
        if not expected:
            raise Refusal(401, "no slash command is taken: command_token is not set")
        if not hmac.compare_digest(b"Token " + expected, request.header("authorization") or b""):
            raise Refusal(401, "the token of the command is not right")
        try:
            fields = parse_qs(request.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=100)
        except ValueError as error:
            raise Refusal(400, "no form") from error
        form = {name: values[0] for name, values in fields.items() if len(values) == 1}
        if not hmac.compare_digest(expected, form.get("token", "").encode()):
            raise Refusal(401, "the token in the form is not right")
        return form


def _parsed(kind: type[_Body], given: bytes | Mapping[str, str]) -> _Body:
    try:
        return kind.model_validate_json(given) if isinstance(given, bytes) else kind.model_validate(given)
    except ValidationError as error:
        raise Refusal(400, "not as the server sends it") from error


def _reply(command: CommandBody, at: datetime) -> JsonObject:
    """Where it is answered. Only the path is kept: whoever knows the token must not choose which server we ask."""
    found = _RESPONSE.fullmatch(urlsplit(command.response_url).path)
    return {} if found is None else {"response": found[1], "until": int((at + RESPONDS).timestamp())}


def _json(told: JsonObject, *arrivals: Arrival) -> Accepted:
    return Accepted(arrivals, body=json.dumps(told, ensure_ascii=False).encode(), media_type="application/json")
