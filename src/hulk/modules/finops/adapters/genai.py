"""Prices from the package genai-prices: the list it was released with, read offline and never fetched.

A price that was looked up is kept, also on disk: the package costs 12 MB and 0.2 s, and most processes ask for two models.
"""

import asyncio
import json
from collections.abc import Mapping
from decimal import Decimal
from importlib import metadata
from typing import Any, cast

from hulk.kernel.errors import Refused
from hulk.modules.finops.domain import Priced, Tariff, Tier
from hulk.runtime.cache import Cache, Policy

KEPT = Policy(ttl=3600, negative=300, shared=False)
"""How long a price is kept: the list has some that change by the hour of the day. Not shared, since versions may differ."""


class GenaiPrices:
    """`Prices` by the address of the provider's API, else by the provider's name. All in USD."""

    def __init__(self, kept: Cache[Tariff | None]) -> None:
        self._kept = kept

    async def tariff(self, priced: Priced) -> Tariff | None:
        """See `Prices`; raises `Refused` when the package is not installed."""
        key = json.dumps([_version(priced), priced.provider, priced.model, priced.url])
        return await self._kept.get_or_make(key, lambda _: asyncio.to_thread(_tariff, priced), policy=KEPT)


def _version(priced: Priced) -> str:
    """Of the package, which need not be loaded for that. Another version may have another price."""
    try:
        return metadata.version("genai-prices")
    except metadata.PackageNotFoundError as error:
        raise _not_installed(priced) from error


def _not_installed(priced: Priced) -> Refused:
    return Refused(
        "The price of {provider}/{model} cannot be looked up, because genai-prices is not installed:"
        " pip install 'hulk-ops[models]', or set the model's price (models.providers, key price).",
        provider=priced.provider,
        model=priced.model,
    )


def _tariff(priced: Priced) -> Tariff | None:
    try:
        import genai_prices  # 12 MB of data and 0.2 s: only who pays for a model needs it
    except ImportError as error:
        raise _not_installed(priced) from error
    usage = genai_prices.Usage(input_tokens=1000, output_tokens=1000)
    try:
        found = genai_prices.calc_price(usage, priced.model, provider_api_url=priced.url)
    except LookupError:
        try:
            found = genai_prices.calc_price(usage, priced.model, provider_id=priced.provider)
        except LookupError:
            return None
    return _of(found.model_price, f"genai-prices {genai_prices.__version__}")


_PRICES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached_read": "cache_read_mtok",
    "cached_write": "cache_write_mtok",
    "reasoning": "output_reasoning_mtok",
}
"""Our prices of a million tokens, and what the list calls them."""


def _of(prices: Any, version: str) -> Tariff | None:
    """What the list says now of a model. One whose tokens have no price, but its pages or hours, is none that we can pay for."""
    if prices.input_mtok is None:
        return None
    base = {ours: _base(getattr(prices, theirs)) for ours, theirs in _PRICES.items()}
    starts = {tier.start for theirs in _PRICES.values() for tier in getattr(getattr(prices, theirs), "tiers", ())}
    tiers = tuple(
        Tier(above=start, **_prices({ours: _at(getattr(prices, theirs), start) for ours, theirs in _PRICES.items()}))
        for start in sorted(starts)
    )
    request = (prices.requests_kcount or Decimal(0)) / 1000
    return Tariff(currency="USD", version=version, request=request, tiers=tiers, **_prices(base))


def _prices(found: Mapping[str, Decimal | None]) -> Any:
    """Embeddings have no price for what comes out: nothing does."""
    return {**found, "output": found["output"] or Decimal(0)}


def _base(price: Any) -> Decimal | None:
    return cast("Decimal | None", getattr(price, "base", price))


def _at(price: Any, start: int) -> Decimal | None:
    """The price behind so many input tokens."""
    passed = [tier for tier in getattr(price, "tiers", ()) if tier.start <= start]
    return cast("Decimal", max(passed, key=lambda tier: tier.start).price) if passed else _base(price)
