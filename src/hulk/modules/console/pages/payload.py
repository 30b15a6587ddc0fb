"""Data of any size, as much of it as a page may show."""

import json
from dataclasses import dataclass
from typing import Any

LONGEST = 20_000
"""Characters that are shown."""


@dataclass(frozen=True, slots=True)
class Payload:
    """`text` is its beginning, written to be read; `size` how many characters all of it has, written plainly."""

    text: str
    size: int
    cut: bool


def payload(data: Any) -> Payload | None:
    """The beginning of `data`; None for none. It is written only as far as it is shown: 10 MB take no longer than 20 kB."""
    if data is None:
        return None
    text, parts = "", json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(data)
    for part in parts:
        text += part[: LONGEST + 1]
        if len(text) > LONGEST:
            return Payload(text[:LONGEST], len(json.dumps(data, ensure_ascii=False)), cut=True)
    return Payload(text, len(text), cut=False)
