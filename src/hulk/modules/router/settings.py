"""Which models there are: section `models`."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from hulk.kernel.text import Text
from hulk.runtime.config import Section
from hulk.runtime.validation import Explained


class PriceSettings(Section):
    """What a million tokens cost, in `finops.currency`."""

    input: Decimal = Field(ge=0, description="Price of a million tokens sent.")
    output: Decimal = Field(ge=0, description="Price of a million tokens received.")


class ProviderSettings(Section):
    """One OpenAI-compatible server."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=64, description="A name of your own for it.")
    url: str = Field(pattern=r"^https?://", description="Its address up to and with `/v1`.")
    model: str = Field(min_length=1, max_length=256, pattern=r"^[^\x00]*$", description="The model, as the server calls it.")
    api_key: SecretStr = Field(default=SecretStr(""), description="Its key, if it wants one.")
    local: bool = Field(default=False, description="Whether it runs where sensitive data may go, and costs nothing.")
    price: PriceSettings | None = Field(default=None, description="Its price, where the built-in list has none or a wrong one.")


def _named_once(providers: Sequence[ProviderSettings]) -> Sequence[ProviderSettings]:
    names = [provider.name for provider in providers]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Explained(Text("each provider needs a name of its own; {name} is used twice", name=twice))
    return providers


class ModelsSettings(Section):
    """Models that may answer what no skill can."""

    providers: Annotated[tuple[ProviderSettings, ...], AfterValidator(_named_once)] = Field(
        default=(), description="OpenAI-compatible servers, in the order in which they are tried."
    )


class LearningSettings(Section):
    """How the router learns which model answers what best."""

    cost: float = Field(
        default=1.0, ge=0, le=1e9, allow_inf_nan=False, description="Quality (0 to 1) that one unit of `finops.currency` is worth."
    )
    seconds: float = Field(default=0.005, ge=0, le=1e6, allow_inf_nan=False, description="Quality that one second of waiting is worth.")
    bonus: float = Field(default=0.15, ge=0, le=10, allow_inf_nan=False, description="Quality added to a model for not being known at all.")
    greed: float = Field(
        default=20.0, ge=0, le=1e6, allow_inf_nan=False, description="How fast models that look worse are tried less, as more is known."
    )
    floor: float = Field(default=0.01, ge=0, le=0.5, allow_inf_nan=False, description="The least share of each model that policy allows.")
    rows: int = Field(default=5000, ge=100, le=100_000, description="Graded answers that are learnt from, of each tenant: the newest.")
    nearest: int = Field(default=60, ge=1, le=1000, description="Graded answers that speak for each model: those to questions most alike.")
