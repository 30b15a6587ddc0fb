"""Prices from the package genai-prices: the list it was released with, read offline and never fetched."""

import asyncio
from decimal import Decimal

from hulk.kernel.errors import Refused
from hulk.modules.finops.domain import Priced, Tariff


class GenaiPrices:
    """`Prices` by the address of the provider's API, else by the provider's name. All in USD."""

    async def tariff(self, priced: Priced) -> Tariff | None:
        """See `Prices`; raises `Refused` when the package is not installed."""
        return await asyncio.to_thread(_tariff, priced)


def _tariff(priced: Priced) -> Tariff | None:
    try:
        import genai_prices  # 12 MB of data and 0.2 s: only who pays for a model needs it
    except ImportError as error:
        raise Refused(
            "The price of {provider}/{model} cannot be looked up, because genai-prices is not installed:"
            " pip install 'hulk-ops[models]', or set the model's price (models.providers, key price).",
            provider=priced.provider,
            model=priced.model,
        ) from error
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
