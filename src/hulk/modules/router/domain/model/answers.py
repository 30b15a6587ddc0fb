"""What a model gives back: whole, or piece by piece."""

from array import array
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from hulk.kernel.money import Money
from hulk.modules.router.domain.model.prompts import ToolCall

Finish: TypeAlias = Literal["stop", "length", "tool_calls", "refusal", "content_filter"]
"""Why an answer ended: it was done, at the token limit, to have tools called, the model would not, or a filter did not let it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the provider said is left of its rate limits, and in how many seconds they are whole again; None where it said nothing."""

    requests: int | None = None
    tokens: int | None = None
    requests_reset: float | None = None
    tokens_reset: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's words and calls, and the tokens that the provider says it took.

    `input_tokens` holds those read from the provider's cache and those written to it, `output_tokens` those of reasoning. `estimated`: it
    did not say, or not credibly, and they are the most that there can have been. `cut`: it ended at the token limit. `id` and `version` are
    the vendor's, of the response and of the model."""

    text: str = field(repr=False)
    input_tokens: int
    output_tokens: int
    calls: tuple[ToolCall, ...] = ()
    finish: Finish = "stop"
    cut: bool = False
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False
    id: str = ""
    version: str = ""
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A vector of each text, in the texts' order, all of one size and of finite numbers (float32), with the tokens that the provider says
    it took. `estimated`: it did not say, and they are the most that there can have been."""

    vectors: tuple["array[float]", ...] = field(repr=False)
    input_tokens: int
    estimated: bool = False
    limits: Limits = Limits()

    @property
    def size(self) -> int:
        """Numbers in each vector."""
        return len(self.vectors[0])


@dataclass(frozen=True, slots=True)
class Said:
    """Some more words."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CallPart:
    """A part of the call at `index`: the first one of each has its id and name, the arguments come in pieces."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Counted:
    """Tokens so far, as the provider says."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The last: the same that `Provider.complete` would have given."""

    completion: Completion


Delta: TypeAlias = Said | CallPart | Counted | Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer with what it took: tokens of the attempt that succeeded, money of all attempts."""

    text: str
    model: str
    input_tokens: int
    output_tokens: int
    cost: Money
    cut: bool = False
