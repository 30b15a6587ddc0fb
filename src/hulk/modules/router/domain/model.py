"""A model that may answer, what it is asked, and what it gives back."""

from dataclasses import dataclass, field
from decimal import Decimal

from hulk.kernel.errors import Unavailable
from hulk.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model behind an OpenAI-compatible address. `name` is the operator's for it; `local`: nothing that is sent leaves the company.

    Prices are per million tokens in the budget's currency, when the operator gives them."""

    name: str
    url: str
    model: str
    api_key: str = field(default="", repr=False)
    local: bool = False
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    most_output_tokens: int = 1024
    connect_seconds: float = 5.0
    total_seconds: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What is sent: how to answer, and the question. Never logged."""

    instructions: str = field(repr=False)
    text: str = field(repr=False)

    @property
    def most_input_tokens(self) -> int:
        """A bound that no tokenizer passes: no token is shorter than a byte, and a few frame the messages."""
        return len(self.instructions.encode("utf-8", "replace")) + len(self.text.encode("utf-8", "replace")) + 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's words, and the tokens that the provider says it took. `cut`: it ended at the token limit."""

    text: str
    input_tokens: int
    output_tokens: int
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer with what it took: tokens of the attempt that succeeded, money of all attempts."""

    text: str
    model: str
    input_tokens: int
    output_tokens: int
    cost: Money
    cut: bool = False


class Uncertain(Unavailable):
    """The question was sent and no whole answer came: it may have cost money. It can be asked again."""


class Unsent(Unavailable):
    """The provider said that it did not do the work, or was never reached: it cost nothing. It can be asked again."""
