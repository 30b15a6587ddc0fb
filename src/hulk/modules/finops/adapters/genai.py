"""Prices from the package genai-prices: the list it was released with, read offline and never fetched.

A price that was looked up is kept, also on disk: the package costs 12 MB and 0.2 s, and most processes ask for two models.
"""

import asyncio
import json
from decimal import Decimal
from importlib import metadata

from hulk.kernel.errors import Refused
from hulk.modules.finops.domain import Priced, Tariff
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
    version = f"genai-prices {genai_prices.__version__}"
    usage = genai_prices.Usage(input_tokens=1000, output_tokens=1000)
    try:
        found = genai_prices.calc_price(usage, priced.model, provider_api_url=priced.url)
    except LookupError:
        try:
            found = genai_prices.calc_price(usage, priced.model, provider_id=priced.provider)
        except LookupError:
            return None
    # Asked per thousand tokens, because some lists charge more above a length of prompt that Hulk does not send.
    return Tariff(input=Decimal(found.input_price) * 1000, output=Decimal(found.output_price) * 1000, currency="USD", version=version)
