"""Where something sensitive may stand in a prompt, and in which forms it would be seen had it got out.

for number, message in enumerate(sensitive(seed, count)):
    prompt = placed(chance, message, place)
    …
    assert not found(message, whatever_came_out)
"""

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias

from hulk.modules.router.domain.model import Message as Turn
from hulk.modules.router.domain.model import Prompt, Schema, TextPart, Tool, ToolCall
from support.messages import Message
from support.personal import Chance

Place: TypeAlias = Callable[[Chance, Message], Prompt]
SYSTEM = Turn.of("system", "Responda em português.")
ASK = Turn.of("user", "Pode resumir isto em uma frase?")
CALL = ToolCall(id="call_1", name="lookup", arguments='{"q": "x"}')


def _prompt(*turns: Turn, **more: object) -> Prompt:
    return Prompt(messages=turns, **more)  # type: ignore[arg-type]  # fields of it


def _cut(chance: Chance, message: Message) -> tuple[str, str]:
    """The text in two, cut within what must stay."""
    begin = message.text.index(message.shown)
    at = begin + chance.randrange(1, len(message.shown))
    return message.text[:at], message.text[at:]


def _two_parts(chance: Chance, message: Message) -> Prompt:
    return _prompt(SYSTEM, Turn(role="user", parts=tuple(TextPart(text=half) for half in _cut(chance, message))))


def _two_turns(chance: Chance, message: Message) -> Prompt:
    first, second = _cut(chance, message)
    return _prompt(SYSTEM, Turn.of("user", first), Turn.of("assistant", "Continue, por favor."), Turn.of("user", second))


def _called(call: ToolCall, result: str = "ok", answers: str = "call_1") -> tuple[Turn, ...]:
    answer = Turn(role="tool", parts=(TextPart(text=result),), call_id=answers)
    return SYSTEM, ASK, Turn(role="assistant", calls=(call,)), answer


def _offered(description: str = "", **properties: object) -> Prompt:
    parameters = {"type": "object", "properties": properties}
    return _prompt(SYSTEM, ASK, tools=(Tool(name="lookup", description=description, parameters=parameters),))


PLACES: Mapping[str, Place] = {
    "user": lambda _, one: _prompt(SYSTEM, Turn.of("user", one.text)),
    "system": lambda _, one: _prompt(Turn.of("system", one.text), ASK),
    "earlier turn": lambda _, one: _prompt(SYSTEM, Turn.of("user", one.text), Turn.of("assistant", "Certo."), ASK),
    "earlier answer": lambda _, one: _prompt(SYSTEM, ASK, Turn.of("assistant", one.text), Turn.of("user", "E depois?")),
    "call's arguments": lambda _, one: _prompt(*_called(ToolCall(id="call_1", name="lookup", arguments=json.dumps({"q": one.text})))),
    "call's id": lambda _, one: _prompt(*_called(ToolCall(id=one.text, name="lookup"))),
    "tool's result": lambda _, one: _prompt(*_called(CALL, one.text)),
    "tool's result, as JSON": lambda _, one: _prompt(*_called(CALL, json.dumps({"rows": [{"note": one.text}]}))),
    "tool's description": lambda _, one: _offered(one.text),
    "tool's parameters": lambda _, one: _offered(q={"type": "string", "description": one.text}),
    "schema": lambda _, one: _prompt(SYSTEM, ASK, schema=Schema(schema={"type": "object", "description": one.text})),
    "schema's values": lambda _, one: _prompt(SYSTEM, ASK, schema=Schema(schema={"enum": [one.text, "none"]})),
    "stop": lambda _, one: _prompt(SYSTEM, ASK, stop=(one.text,)),
    "result's id": lambda _, one: _prompt(*_called(CALL, answers=one.text)),
    "two parts": _two_parts,
    "two turns": _two_turns,
}  # fmt: skip
"""Every place of a prompt that words can stand in. `two parts` and `two turns` cut in the middle of the thing, which can be read again when
both are put together."""
