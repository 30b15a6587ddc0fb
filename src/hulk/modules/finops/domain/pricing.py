"""What a model's work costs: prices per million tokens, per request and per hour, and the exact cost of a use of them. Pure rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import ROUND_UP, Decimal
from typing import Any

from hulk.kernel.errors import Refused

_MILLION = Decimal(1_000_000)
_HOUR = Decimal(3600)
_TRILLIONTH = Decimal("1e-12")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a call took. `input_tokens` and `output_tokens` are all that went in and came out; the others are parts of them: read from
    the provider's cache, written to it, and thought before answering. `seconds` of a machine of one's own, shared with the calls beside
    it; it matters only where an hour has a price.

    The same convention as OpenAI's and OpenTelemetry's `gen_ai.usage`; of Anthropic's figures, which count cached tokens apart, the
    three are added up to `input_tokens`."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_read_tokens: int = 0
    cached_write_tokens: int = 0
    reasoning_tokens: int = 0
    seconds: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """What a million tokens cost of a call with more than `above` input tokens: all of its tokens."""

    above: int
    input: Decimal
    output: Decimal
    cached_read: Decimal | None = None
    cached_write: Decimal | None = None
    reasoning: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What a million tokens, a request and an hour cost. Cached and reasoning tokens without a price of their own cost what others do.

    `version` names the list it was taken from, and is kept with every charge."""

    input: Decimal
    output: Decimal
    currency: str
    version: str
    cached_read: Decimal | None = None
    cached_write: Decimal | None = None
    reasoning: Decimal | None = None
    request: Decimal = Decimal(0)
    hour: Decimal = Decimal(0)
    tiers: tuple[Tier, ...] = ()

    def of(self, input_tokens: int) -> "Tariff | Tier":
        """The prices of a call with so many input tokens: those of the highest tier it has passed."""
        passed = [tier for tier in self.tiers if input_tokens > tier.above]
        return max(passed, key=lambda tier: tier.above) if passed else self


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPrice:
    """What the operator says a model costs, in the currency of `finops.currency`; it holds from the day `since` to the day `until`, both
    included."""

    input: Decimal
    output: Decimal
    cached_read: Decimal | None = None
    cached_write: Decimal | None = None
    reasoning: Decimal | None = None
    request: Decimal = Decimal(0)
    hour: Decimal = Decimal(0)
    since: date | None = None
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it is the price on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A model to be paid for: `provider` as the operator named it, `model` as the provider calls it."""

    provider: str
    model: str
    url: str
    local: bool = False
    own: OwnPrice | None = None

    @property
    def name(self) -> str:
        """As people read it: `acme/big`."""
        return f"{self.provider}/{self.model}"


def price(tariff: Tariff, usage: Usage) -> Decimal:
    """The exact cost of `usage`, never rounded; but of an hour's price a second is a 3600th, rounded up to a trillionth."""
    of = tariff.of(usage.input_tokens)
    cached = usage.cached_read_tokens + usage.cached_write_tokens
    tokens = (
        max(0, usage.input_tokens - cached) * of.input
        + usage.cached_read_tokens * _or(of.cached_read, of.input)
        + usage.cached_write_tokens * _or(of.cached_write, of.input)
        + max(0, usage.output_tokens - usage.reasoning_tokens) * of.output
        + usage.reasoning_tokens * _or(of.reasoning, of.output)
    )
    return tokens / _MILLION + tariff.request + _of_hours(tariff, usage)


def most(tariff: Tariff, usage: Usage) -> Decimal:
    """The most that a call of up to so many tokens and seconds can cost: each at the dearest it may turn out to be."""
    reached: list[Tariff | Tier] = [tariff, *(tier for tier in tariff.tiers if usage.input_tokens > tier.above)]
    dearest_in = max(max(_or(of.cached_read, of.input), _or(of.cached_write, of.input), of.input) for of in reached)
    dearest_out = max(max(_or(of.reasoning, of.output), of.output) for of in reached)
    tokens = usage.input_tokens * dearest_in + usage.output_tokens * dearest_out
    return tokens / _MILLION + tariff.request + _of_hours(tariff, usage)


def _of_hours(tariff: Tariff, usage: Usage) -> Decimal:
    return (tariff.hour * usage.seconds / _HOUR).quantize(_TRILLIONTH, ROUND_UP) if tariff.hour else Decimal(0)


def _or(price: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if price is None else price


def free(currency: str, version: str) -> Tariff:
    """A tariff of nothing."""
    return Tariff(input=Decimal(0), output=Decimal(0), currency=currency, version=version)


def own_tariff(prices: Sequence[OwnPrice], priced: Priced, currency: str, today: date) -> Tariff:
    """The tariff that the operator has set for today; raises `Refused` when there is only one of other days."""
    holding = [one for one in prices if one.holds(today)]
    if not holding:
        raise expired(priced, today)
    known: Mapping[str, Any] = {one.name: getattr(holding[-1], one.name) for one in fields(OwnPrice) if one.name not in ("since", "until")}
    return Tariff(currency=currency, version="settings", **known)


def unpriced(priced: Priced) -> Refused:
    """The error for a model whose price nobody knows."""
    return Refused(
        "Nobody knows what {provider}/{model} costs, so it is not called: set its price per million tokens"
        " (models.providers, key price, or finops.prices), or mark it local: true if it costs nothing.",
        provider=priced.provider,
        model=priced.model,
    )


def expired(priced: Priced, today: date) -> Refused:
    """The error for a model whose own prices are all of other days."""
    return Refused(
        "No price of {provider}/{model} in finops.prices holds on {day}, so it is not called: say what it costs now, and until when.",
        provider=priced.provider,
        model=priced.model,
        day=today.isoformat(),
    )
