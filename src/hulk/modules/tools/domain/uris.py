"""Addresses under which reads may be read: URIs with `{variables}`, as RFC 6570 has them (levels 1 and 2).

matched("hulk://tickets/{ticket}", "hulk://tickets/tkt_1")          # {"ticket": "tkt_1"}
matched("hulk://code/{repository}/{+path}", "hulk://code/a/src/b.py")  # {"repository": "a", "path": "src/b.py"}
"""

import functools
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

_VARIABLE = re.compile(r"\{(\+?)([A-Za-z_][A-Za-z0-9_]*)\}")
LONGEST = 2_048
"""Characters of an address that is looked at."""


def variables(address: str) -> Sequence[str]:
    """What it leaves open, in order."""
    return [name for _, name in _VARIABLE.findall(address)]


def matched(address: str, uri: str) -> Mapping[str, str] | None:
    """What the variables stand for in that URI; None when it is none of these. A plain variable stops at the next `/`, `?` or `#`."""
    found = _pattern(address).fullmatch(uri) if len(uri) <= LONGEST else None
    return None if found is None else {name: unquote(value, errors="replace") for name, value in found.groupdict().items()}


@functools.lru_cache(maxsize=1024)
def _pattern(address: str) -> re.Pattern[str]:
    parts, end = [], 0
    for found in _VARIABLE.finditer(address):
        what = "[^?#]+" if found[1] else "[^/?#]+"
        parts += [re.escape(address[end : found.start()]), f"(?P<{found[2]}>{what})"]
        end = found.end()
    return re.compile("".join([*parts, re.escape(address[end:])]))
