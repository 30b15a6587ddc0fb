"""Checking JSON against JSON Schema 2020-12, by jsonschema-rs; compiled once for each schema."""

import functools
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jsonschema_rs

from hulk.kernel.errors import Refused
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.text import Text, writable
from hulk.runtime.validation import dotted

LARGEST = 64 * 1024
"""Bytes of a schema."""
MOST_TOLD = 20
"""Errors told of one value."""
_LONGEST = 300


class RustSchemas:
    """Says what is wrong with a schema or a value. Nothing is fetched: a reference leads to somewhere in the same schema. Patterns take
    time that grows with the text only (no backtracking)."""

    def require_schema(self, schema: JsonObject) -> None:
        """Raises `Refused` when it is no schema, or refers to what lies elsewhere."""
        text = json.dumps(schema, sort_keys=True)
        if len(text) > LARGEST:
            raise Refused("The schema is {size} bytes of JSON; at most {most} are taken.", size=len(text), most=LARGEST)
        try:
            _compiled(text)
        except (ValueError, RecursionError) as error:  # jsonschema-rs raises kinds of ValueError for all that is wrong with a schema
            raise Refused("This is not a JSON Schema (2020-12) that can be used: {reason}", reason=_short(str(error))) from error

    def wrong(self, schema: JsonObject, value: Json) -> Sequence[tuple[str, Text]]:
        """Where the value is not as the schema has it (`amount`, `lines[2].sku`, empty: as a whole), and why."""
        if not schema:
            return ()
        errors = _compiled(json.dumps(schema, sort_keys=True)).iter_errors(value)
        return list(itertools.islice((told for error in errors for told in _told(error)), MOST_TOLD))


@functools.lru_cache(maxsize=1024)
def _compiled(text: str) -> jsonschema_rs.Validator:
    options = jsonschema_rs.RegexOptions(size_limit=1 << 20)
    return jsonschema_rs.Draft202012Validator(
        json.loads(text), validate_formats=True, retriever=_Nowhere(), pattern_options=options, mask="it"
    )


class _Nowhere:
    """Fetches nothing."""

    def __call__(self, uri: str) -> JsonObject:
        raise ValueError(f"it refers to {uri}, and only what is inside the schema is followed")


def _told(error: jsonschema_rs.ValidationError) -> Iterator[tuple[str, Text]]:
    """Where, and what is expected there. What was sent is not repeated: it may be private."""
    kinds, kind, place = jsonschema_rs.ValidationErrorKind, error.kind, error.instance_path
    match kind:
        case kinds.Required():
            yield dotted([*place, kind.property]), Text("it is required and missing")
        case kinds.AdditionalProperties() | kinds.UnevaluatedProperties():
            yield from ((dotted([*place, writable(name)[:64]]), Text("there is no such field; remove it")) for name in kind.unexpected)
        case _:
            yield dotted(place), _expected(kind, error.message)


def _expected(kind: Any, message: str) -> Text:
    saying = _SAYINGS.get(kind.name)
    return saying(kind) if saying else Text("{reason}", reason=_short(message))


_SAYINGS: Mapping[str, Callable[[Any], Text]] = {
    "type": lambda kind: Text("allowed types: {types}", types=", ".join(kind.types)),
    "enum": lambda kind: Text("allowed: {choices}", choices=_short(", ".join(str(one) for one in kind.options))),
    "minimum": lambda kind: Text("it must be at least {limit}", limit=kind.limit),
    "maximum": lambda kind: Text("it must be at most {limit}", limit=kind.limit),
    "exclusiveMinimum": lambda kind: Text("it must be more than {limit}", limit=kind.limit),
    "exclusiveMaximum": lambda kind: Text("it must be less than {limit}", limit=kind.limit),
    "minLength": lambda kind: Text("the length must be at least {count}", count=kind.limit),
    "maxLength": lambda kind: Text("the length must be at most {count}", count=kind.limit),
    "minItems": lambda kind: Text("the number of entries must be at least {count}", count=kind.limit),
    "maxItems": lambda kind: Text("the number of entries must be at most {count}", count=kind.limit),
    "pattern": lambda kind: Text("it must match the pattern {pattern}", pattern=_short(kind.pattern)),
    "falseSchema": lambda _: Text("nothing is allowed here"),
    "format": lambda kind: Text("it must be of the format {format}", format=kind.format),
}
"""What is expected, by the keyword that was not kept; the library says of others in English."""


def _short(reason: str) -> str:
    line = writable(reason.split("\n", 1)[0])
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
