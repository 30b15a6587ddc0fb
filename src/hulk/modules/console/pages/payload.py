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
    """The beginning of `data`; None for none."""
    if data is None:
        return None
    text, cut = beginning(data)
    return Payload(text, len(json.dumps(data, ensure_ascii=False)) if cut else len(text), cut=cut)


def beginning(data: Any) -> tuple[str, bool]:
    """What is shown of `data`, and whether that is not all of it. It is written only so far: 10 MB take no longer than 20 kB."""
    text = ""
    for part in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(data):
        text += part[: LONGEST + 1]
        if len(text) > LONGEST:
            return text[:LONGEST], True
    return text, False
