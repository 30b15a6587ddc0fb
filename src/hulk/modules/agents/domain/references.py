"""Values that refer to others: `${anomalies.follow_ups[0].title}` is what stands there once the step “anomalies” has ended. Pure rules.

A text that is nothing but a reference becomes what it refers to, of whatever type; among other words it becomes part of the text.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hulk.kernel.errors import Refused
from hulk.kernel.records import Json

_REFERENCE = re.compile(r"\$\{([A-Za-z_][\w-]*)((?:\.[\w-]+|\[\d{1,6}\])*)(\?)?\}")
_STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]")


def names_in(*values: Any) -> set[str]:
    """The first names of all references in them."""
    return {match.group(1) for value in values for text in _texts(value) for match in _REFERENCE.finditer(text)}


def filled(value: Json, scope: Mapping[str, Json]) -> Any:
    """`value` with everything in the place of what refers to it. Raises `Refused` for what is not there, unless the reference ends in `?`:
    then it is null, an entry of an object with only that is left out, and in a text it is empty."""
    if isinstance(value, str):
        return _text(value, scope)
    if isinstance(value, Mapping):
        found = ((name, one, filled(one, scope)) for name, one in value.items())
        return {name: now for name, before, now in found if now is not None or not _optional(before)}
    if isinstance(value, Sequence):
        return [filled(one, scope) for one in value]
    return value


def _optional(value: Json) -> bool:
    """Whether it is nothing but a reference to what need not be there."""
    whole = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return whole is not None and bool(whole.group(3))


def _text(text: str, scope: Mapping[str, Json]) -> Json:
    if (whole := _REFERENCE.fullmatch(text)) is not None:
        return _found(whole, scope)
    return _REFERENCE.sub(lambda match: _written(_found(match, scope)), text)


def _found(match: re.Match[str], scope: Mapping[str, Json]) -> Json:
    value: Any = scope
    for key in _keys(match):
        there = key in value if isinstance(value, Mapping) else isinstance(value, list) and isinstance(key, int) and key < len(value)
        if not there:
            if match.group(3):
                return None
            raise Refused("There is nothing at {reference}: “{key}” is missing.", reference=match.group(0), key=key)
        value = value[key]
    found: Json = value
    return found


def _keys(match: re.Match[str]) -> Iterator[str | int]:
    yield match.group(1)
    for name, place in _STEP.findall(match.group(2)):
        yield name or int(place)


def _written(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for one in value.values() for text in _texts(one))
    elif isinstance(value, Sequence):
        yield from (text for one in value for text in _texts(one))
