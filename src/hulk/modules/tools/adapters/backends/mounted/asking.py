"""What a server asks of the person for whom it is called, before it goes on (MCP 2026-07-28, “Multi Round-Trip Requests”).

It is passed on where whoever calls can be asked, as what that server asks, within bounds. Only forms are, and none that asks for what is
secret. A server is told that somebody can be asked with each call for which that is so. Servers of earlier revisions ask amid a call and do
not say in which: many use the same session, so that might be shown to somebody else, and they are not told that they could.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import mcp_types as types
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCRequest

from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.modules.tools.adapters.backends.mounted.hiding import Hiding
from hulk.modules.tools.domain import Output, Question, Words
from hulk.modules.tools.domain.form import plain_field, secret_in
from hulk.modules.tools.ports import Present

if TYPE_CHECKING:
    from mcp.client._transport import WriteStream

ROUNDS = 8
"""How often somebody is asked in one call."""
_QUESTIONS, _FIELDS = 4, 20
_FORM, _STATE, _ANSWERS = 8_000, 16_000, 8_000
"""Bytes of a form, of what the server has us keep meanwhile, of what is answered."""
_CAN = "hulk/can-ask"
"""In a request's `_meta`, until it leaves: somebody can be asked."""


class Outgoing:
    """`WriteStream` over a transport's: tells the server with a call whether somebody can be asked."""

    def __init__(self, inner: "WriteStream[SessionMessage]") -> None:
        self._inner = inner

    async def send(self, item: SessionMessage) -> None:
        """Send it on."""
        message = item.message
        if isinstance(message, JSONRPCRequest) and message.method == "tools/call" and message.params is not None:
            _declare(message.params.get("_meta"))
        await self._inner.send(item)

    async def aclose(self) -> None:
        """For the SDK."""
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool | None:
        return await self._inner.__aexit__(kind, error, trace)


def _declare(meta: Any) -> None:
    """Servers of earlier revisions have no capabilities in a request, and are told nothing."""
    if isinstance(meta, dict) and meta.pop(_CAN, False) and types.CLIENT_CAPABILITIES_META_KEY in meta:
        meta[types.CLIENT_CAPABILITIES_META_KEY] = {**meta[types.CLIENT_CAPABILITIES_META_KEY], "elicitation": {"form": {}}}


@dataclass(frozen=True, slots=True)
class Round:
    """How often it has asked, what it asked for last, what it wants to have back with the answers."""

    number: int = 0
    keys: tuple[str, ...] = ()
    state: str | None = None

    @classmethod
    def of(cls, present: Present) -> "Round":
        """The one that is answered; the first when none is."""
        if not present.state:
            return cls()
        number, keys, state = json.loads(present.state)
        return cls(number, tuple(keys), state)

    def written(self) -> str:
        """As it is kept between two rounds."""
        return json.dumps([self.number, self.keys, self.state])


def request(tool: str, arguments: JsonObject, present: Present) -> types.CallToolRequest:
    """The call, with what was answered. Raises `Refused` when that is too much."""
    before = Round.of(present)
    answers: Any = {key: _answer(present.answers[key]) for key in before.keys if key in present.answers}
    meta: Any = {_CAN: True} if present.asks else None
    if len(json.dumps([present.answers.get(key) for key in before.keys])) > _ANSWERS:
        raise Refused("what was answered is more than {most} bytes", most=_ANSWERS)
    return types.CallToolRequest(
        params=types.CallToolRequestParams(
            name=tool, arguments=arguments, input_responses=answers or None, request_state=before.state,
            _meta=meta,
        )
    )  # fmt: skip


def _answer(said: JsonObject | None) -> types.ElicitResult:
    return types.ElicitResult(action="decline") if said is None else types.ElicitResult(action="accept", content=said)


def asked(server: str, result: types.InputRequiredResult, present: Present, hide: Hiding) -> Output:
    """What it asks, for whoever calls. Raises `Refused` for what is not passed on: it gets no answer, and has done nothing."""
    before, requests = Round.of(present), result.input_requests or {}
    forms = {key: one.params for key, one in requests.items() if isinstance(one, types.ElicitRequest) and _is_form(one)}
    if not forms or len(forms) < len(requests):
        others = ", ".join(sorted({_kind(one) for key, one in requests.items() if key not in forms})) or "more"
        raise Refused("it asks for {asked} before it goes on, which it is not given", asked=others)
    if not present.asks:
        said = hide.excerpt(" / ".join(one.message for one in forms.values()))
        raise Refused("it asks something of a person before it goes on, and nobody who can be asked has called: “{said}”", said=said)
    if before.number >= ROUNDS:
        raise Refused("it has asked {count} times and still wants to know more", count=ROUNDS)
    if len(forms) > _QUESTIONS or len(result.request_state or "") > _STATE:
        raise Refused(
            "it asks more at once than is passed on: at most {most} forms, and {size} bytes to keep", most=_QUESTIONS, size=_STATE
        )
    asks = tuple(_question(server, key, params, hide) for key, params in forms.items())
    now = Round(before.number + 1, tuple(forms), result.request_state)
    words = Words("\n".join(f"{server}: {one.message}" for one in asks))
    return Output(pieces=(words,), failed=True, asks=asks, state=now.written())


def _is_form(one: types.ElicitRequest) -> bool:
    return isinstance(one.params, types.ElicitRequestFormParams)


def _kind(one: Any) -> str:
    return f"{one.method} (url)" if isinstance(one, types.ElicitRequest) else str(one.method)


def _question(server: str, key: str, params: Any, hide: Hiding) -> Question:
    schema = _form(params.requested_schema)
    texts = [text for text in _texts(schema) if isinstance(text, str)]
    if (word := secret_in([params.message, *texts])) is not None:
        raise Refused("it asks for what no form may ask for (“{word}”)", word=word)
    if not all(map(hide.plain, texts)):
        raise Refused("its form holds what is not shown to anybody")
    return Question(key=key, message=hide.excerpt(params.message, 1_000), schema=schema, server=server)


def _form(schema: Mapping[str, Any]) -> JsonObject:
    """The form without what no form says. Raises `Refused` when it asks for what is no plain value, or for too much."""
    properties = schema.get("properties")
    fields = {name: plain_field(one) for name, one in properties.items()} if isinstance(properties, Mapping) else {}
    required = [name for name in schema.get("required") or () if name in fields]
    form = {"type": "object", "properties": fields, "required": required}
    if not 0 < len(fields) <= _FIELDS or any(one is None for one in fields.values()) or len(json.dumps(form)) > _FORM:
        raise Refused("its form is none that can be shown: 1 to {most} plain values, in {size} bytes", most=_FIELDS, size=_FORM)
    return form


def _texts(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield name
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    else:
        yield value
