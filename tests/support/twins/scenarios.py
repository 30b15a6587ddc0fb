"""What a twin does, by the name of the model (or the header `x-twin`), in no vendor's words.

| name | what happens |
|---|---|
| `echo`, or any name that is not here but for `nobody` | says back the last message: “You said: …” |
| `words-200`, `lump-200` | that many words, whatever limit was set; a piece per word, or all in one |
| `tools` | calls the first tool that is offered, in pieces; after a tool's result it says what that was |
| `calls` | calls two tools at once |
| `json` | the JSON that a schema asks for: a value of each property's kind; in `fenced` within a Markdown fence |
| `refusal`, `filter`, `cut` | the model will not; the vendor's filter; ends at the token limit |
| `cached`, `thinking`, `quiet`, `lying` | tokens from the cache; of reasoning; none told; nonsense told |
| `empty` | an answer without any choice |
| `status-503`, `status-429-7`, `limited` | that status, with `retry-after: 7`; `limited` is 429 with 7; `down` is 500 |
| `exhausted` | 429 whose rate-limit headers say when to ask again |
| `moved` | redirects to another host |
| `slow`, `late`, `stall` | nothing for an hour; a stream's head, then nothing; some words, then nothing |
| `truncated`, `broken`, `garbage`, `html`, `mute` | breaks off in the middle; an error within the stream; no JSON; a login page; hangs up |
| `mislabelled`, `whole` | the right answer as text/plain; an answer in one piece to who wanted a stream |
| `flaky` | down every first time |
| `nobody` | there is no such model |

Of vectors, also `vectors-missing`, `-more`, `-none`, `-nan`, `-endless`, `-ragged`, `-empty` and `-words`, which are none, and
`stubborn`, which heeds no `dimensions`.

The key `wrong` is refused, `poor` has no credit, `weak` may not.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Finish = str
HOUR = 3600.0


@dataclass(frozen=True)
class Call:
    """A tool to be called."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """A request in no vendor's words."""

    model: str
    last: str
    said: str
    """All that counts as input, in words."""
    streaming: bool = False
    tools: Sequence[str] = ()
    schema: Mapping[str, Any] | None = None
    result: str | None = None
    """The last message, when it is a tool's result."""


@dataclass(frozen=True)
class Answer:
    """An answer in no vendor's words."""

    words: Sequence[str] = ()
    calls: Sequence[Call] = ()
    finish: Finish = "stop"
    input_tokens: int = 0
    output_tokens: int = 0
    cached: int = 0
    written: int = 0
    reasoning: int = 0
    usage: str = "told"
    """`told`, `quiet` or `lying`."""
    empty: bool = False
    after: float | None = None
    """Seconds to wait in the middle."""
    breaks: str = ""
    """How it ends before its end: `cut` (the connection), `error` (the vendor says so)."""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All words."""
        return "".join(self.words)


@dataclass(frozen=True)
class Trouble:
    """No answer but a status, with `retry-after` in seconds when there is one."""

    status: int
    retry_after: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Odd:
    """Something else altogether: `slow`, `late`, `garbage`, `html`, `mute`, `moved`."""

    what: str


Done = Answer | Trouble | Odd
_LIMITS = {"left": "41", "tokens": "39000", "reset": "12", "tokens_reset": "0.5"}


def scenario(asked: Asked, turn: int) -> tuple[Done, Mapping[str, str]]:
    """What is done in the `turn`th request for this model (from 1), and what else the vendor's headers say of limits."""
    name, *rest = asked.model.split("-")
    if name == "status":
        return Trouble(int(rest[0]), rest[1] if len(rest) > 1 else None), {}
    if name in ("limited", "exhausted"):
        return Trouble(429, "7" if name == "limited" else None), {**_LIMITS, "left": "0"}
    if name == "nobody":
        return Trouble(404), {}
    if name == "down" or (name == "flaky" and turn % 2):
        return Trouble(500), {}
    if name in ("slow", "late", "garbage", "html", "mute", "moved"):
        return Odd(name), {}
    return _answer(asked, name, rest), _LIMITS


def _answer(asked: Asked, name: str, rest: Sequence[str]) -> Answer:
    if name in ("words", "lump"):
        count = int(rest[0])
        many = [f"word{place} " for place in range(count)]
        return _counted(asked, Answer(words=many if name == "words" else ["".join(many)], output_tokens=count))
    if name in ("tools", "calls") and asked.result is None and asked.tools:
        return _counted(asked, _calling(asked, 2 if name == "calls" else 1))
    if name in ("json", "fenced"):
        return _counted(asked, Answer(words=_pieces(_fenced(asked) if name == "fenced" else _value_text(asked))))
    said = f"The tool said: {asked.result}" if name == "tools" and asked.result is not None else f"You said: {asked.last}"
    plain = _counted(asked, Answer(words=_pieces(said)))
    return replace(plain, **_VARIANTS.get(name, {}))


_VARIANTS: Mapping[str, dict[str, Any]] = {
    "refusal": {"words": ["I ", "cannot ", "help."], "finish": "refusal", "output_tokens": 3},
    "filter": {"words": [], "finish": "content_filter", "output_tokens": 0},
    "cut": {"finish": "length"},
    "cached": {"cached": 3, "written": 1, "input_tokens": 9},
    "thinking": {"reasoning": 11, "output_tokens": 15},
    "quiet": {"usage": "quiet"},
    "lying": {"usage": "lying"},
    "empty": {"empty": True, "words": [], "output_tokens": 0},
    "stall": {"after": HOUR},
    "truncated": {"breaks": "cut"},
    "broken": {"breaks": "error"},
}


def _counted(asked: Asked, answer: Answer) -> Answer:
    """With a token per word."""
    calls = sum(2 + len(json.dumps(call.arguments).split()) for call in answer.calls)
    return replace(answer, input_tokens=len(asked.said.split()), output_tokens=answer.output_tokens or len(answer.text.split()) + calls)


def _calling(asked: Asked, many: int) -> Answer:
    arguments = {"city": "São Paulo", "days": 3}
    calls = [Call(f"call_{place}", asked.tools[place % len(asked.tools)], arguments) for place in range(many)]
    return Answer(calls=calls, finish="tool_calls")


def _pieces(text: str) -> list[str]:
    return re.findall(r"\S+\s*|\s+", text)


def _value_text(asked: Asked) -> str:
    return json.dumps(_value(asked.schema or {"type": "object"}), ensure_ascii=False)


def _fenced(asked: Asked) -> str:
    return f"```json\n{_value_text(asked)}\n```"


def _value(schema: Mapping[str, Any]) -> Any:
    """The simplest value that follows a schema."""
    if "anyOf" in schema:
        return _value(schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: _value(inner) for name, inner in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [_value(schema["items"])] if schema.get("minItems") else []
    return {"string": "text", "integer": 1, "number": 1.5, "boolean": True}.get(str(schema.get("type")))
