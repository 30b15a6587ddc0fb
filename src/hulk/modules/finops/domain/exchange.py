"""Rates between currencies, each of a day: what is dear in one is converted by the newest that is not too old, never by a guess."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from hulk.kernel.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What one of `base` cost in `quote` on a day (1 USD = 5.3521 BRL), and who says so: `settings`, `ptax`, or who set it."""

    base: str
    quote: str
    value: Decimal
    day: date
    source: str


def usable(rate: Rate | None, base: str, quote: str, today: date, most_days: int) -> Rate:
    """That rate, if there is one and it is not older than so many days; raises `Refused`, which says what to do."""
    if rate is None:
        raise Refused(
            "Prices are in {base} and budgets in {quote}, and no rate between them is known, so nothing is called: set one (finops.rates,"
            " or thor rates set {base} {quote} VALUE), or let Hulk fetch it (finops.ptax).",
            base=base, quote=quote,
        )  # fmt: skip
    if today - rate.day > timedelta(days=most_days):
        raise Refused(
            "The newest rate from {base} to {quote} is of {day}, more than finops.rate_days ({days}) ago, so nothing is called: set a newer"
            " one (finops.rates, or thor rates set {base} {quote} VALUE), or let Hulk fetch it (finops.ptax).",
            base=base, quote=quote, day=rate.day.isoformat(), days=most_days,
        )  # fmt: skip
    return rate


def checked(rate: Rate, today: date) -> Rate:
    """The rate; raises `Refused` for one that cannot be."""
    if not (rate.value.is_finite() and rate.value > 0):
        raise Refused("A rate is a number above 0, such as 5.3521; {value} is none.", value=str(rate.value))
    if rate.base == rate.quote:
        raise Refused("A rate is between two currencies; both are {currency}.", currency=rate.base)
    if rate.day > today:
        raise Refused("The rate is of {day}, which has not come yet.", day=rate.day.isoformat())
    return rate
