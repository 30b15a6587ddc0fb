"""Where what tools gave is from. Pure rules."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from hulk.kernel.records import Json

_NAMES = frozenset(("url", "html_url", "web_url", "uri", "link"))
MOST = 30
"""Addresses that are taken out of one answer."""


def addresses_in(data: Json) -> Sequence[str]:
    """The web addresses that stand in fields named so, in their order, each once."""
    return list(islice(dict.fromkeys(_addresses(data)), MOST))


def _addresses(data: Json) -> Iterator[str]:
    if isinstance(data, Mapping):
        for name, value in data.items():
            if name in _NAMES and isinstance(value, str) and value.startswith(("https://", "http://")):
                yield value
            yield from _addresses(value)
    elif isinstance(data, Sequence) and not isinstance(data, str):
        yield from (address for one in data for address in _addresses(one))
