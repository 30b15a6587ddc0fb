"""What the APIs of vendors have in common: a request out of a prompt, and what is heard in reply."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from hulk.modules.router.domain.model import Completion, Counted, Delta, Finish, Limits, Model, Prompt, ToolCall, most_input_tokens

Count = Annotated[int, Field(ge=0, le=10**9, strict=True)]
"""Tokens, as a vendor tells them. What is negative, no number or beyond belief is not believed."""
T = TypeVar("T")


class Sent(BaseModel):
    """A part of what a vendor sends. What we do not know is no matter."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


def _credible(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    try:
        return handler(value)
    except ValidationError:
        return None


Credible = Annotated[T | None, WrapValidator(_credible)]
"""A part without which the rest can be used: None when it is malformed."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A request: the address after the model's, and the body."""

    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What an answer took; see `Completion`."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0

    @property
    def counted(self) -> Counted:
        """As a delta."""
        return Counted(self.input, self.output)


@dataclass(slots=True)
class Heard:
    """What was heard so far. `over`: nothing more is to come."""

    text: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    tokens: Tokens | None = None
    finish: Finish | None = None
    id: str = ""
    version: str = ""
    over: bool = False

    def completion(self, model: Model, prompt: Prompt, limits: Limits, *, cut: bool = False) -> Completion:
        """All of it. What it took is estimated when the vendor did not say, or says less than nothing can have taken."""
        told = self.tokens if self.tokens is not None and not cut and (self.tokens.input or self.tokens.output or model.local) else None
        tokens = told or self._most(model, prompt)
        return Completion(
            text="".join(self.text),
            calls=tuple(self.calls),
            input_tokens=tokens.input,
            output_tokens=tokens.output,
            cache_read_tokens=tokens.cache_read,
            cache_write_tokens=tokens.cache_write,
            reasoning_tokens=tokens.reasoning,
            estimated=told is None,
            finish="length" if cut else self.finish or "stop",
            cut=cut or self.finish == "length",
            id=self.id,
            version=self.version,
            limits=limits,
        )

    def _most(self, model: Model, prompt: Prompt) -> Tokens:
        """The most that there can have been: what is known of the input, else its bound; as much output as was allowed, or more if told."""
        heard = self.tokens or Tokens()
        output = max(heard.output, most_output(model, prompt))
        return Tokens(
            input=heard.input or most_input_tokens(model, prompt),
            output=output,
            cache_read=heard.cache_read,
            cache_write=heard.cache_write,
        )


class Unreached(Exception):
    """No connection came about: nothing was sent."""


class Broken(Exception):
    """The connection broke when something may have been sent."""


class Interrupted(Exception):
    """The vendor says within an answer that it broke off."""


@dataclass(frozen=True, slots=True)
class Thought:
    """Some more of the model's thinking, which is counted and shown to nobody."""

    text: str = field(repr=False)


Heeded: TypeAlias = Delta | Thought


class Dialect(Protocol):
    """How one family of vendors is asked, and what its answers mean.

    `whole` and `piece` put what they read into `heard`; they raise `ValueError` (pydantic's `ValidationError` is one) for what is no such
    answer, and `Interrupted`."""

    def asking(self, model: Model, prompt: Prompt, *, streaming: bool) -> Asking:
        """The request. `prompt` is one that fits the model (`fitted`)."""

    def authorised(self, key: str) -> Mapping[str, str]:
        """The headers that show the key."""

    def whole(self, heard: Heard, body: bytes) -> None:
        """Read an answer in one piece."""

    def piece(self, heard: Heard, data: bytes) -> Sequence[Heeded]:
        """Read one event of a stream; what is new in it."""

    def limits(self, headers: Mapping[str, str]) -> Limits:
        """What the headers say of rate limits."""

    def retry_after(self, body: bytes, /) -> float | None:
        """Seconds after which to ask again, when the body of an error says it."""


def most_output(model: Model, prompt: Prompt) -> int:
    """Tokens that an answer may have."""
    return model.most_output_tokens if prompt.most_output_tokens is None else prompt.most_output_tokens


def given(**fields: Any) -> dict[str, Any]:
    """Those of the fields that are set."""
    return {name: value for name, value in fields.items() if value is not None and value != ()}


def arguments_of(call: ToolCall) -> Any:
    """A call's arguments as a value. What is no JSON object is handed on as text, so that the model sees what it wrote."""
    try:
        said = json.loads(call.arguments or "{}")
    except ValueError:
        said = call.arguments
    return said if isinstance(said, dict) else {"arguments": said}


def number(text: str | None) -> int | None:
    """A whole number in a header."""
    return int(text) if text is not None and len(text) <= _DIGITS and text.isascii() and text.isdigit() else None


_DIGITS = 18
