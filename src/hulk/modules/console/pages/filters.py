"""Addresses of lists with what is wanted of them."""

from collections.abc import Iterable
from urllib.parse import urlencode


def linked(address: str, **wanted: str | Iterable[str]) -> str:
    """The address with what is wanted; what is empty is left out, so that the same list has one address."""
    pairs = [(name, one) for name, value in wanted.items() for one in ([value] if isinstance(value, str) else value) if one]
    return f"{address}?{urlencode(pairs)}" if pairs else address
