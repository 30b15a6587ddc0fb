"""Dataclasses to plain JSON data and back, for what is kept in the journal and sent over the wire.

Dates travel as RFC 3339 text, durations as seconds, decimals as text, tuples as lists. Unknown keys are refused, so a record written by a
newer program is never read as half of itself.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from cattrs.preconf.json import make_converter

from hulk.kernel.text import Text
from hulk.kernel.time import from_iso, iso

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
JsonObject: TypeAlias = dict[str, Any]
"""A JSON object as it leaves a parser. Parsed into a dataclass before anything looks inside."""

T = TypeVar("T")

_converter = make_converter(forbid_extra_keys=True)
_converter.register_unstructure_hook(datetime, iso)
_converter.register_structure_hook(datetime, lambda text, _: from_iso(text))
_converter.register_unstructure_hook(date, date.isoformat)
_converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
_converter.register_unstructure_hook(time, time.isoformat)
_converter.register_structure_hook(time, lambda text, _: time.fromisoformat(text))
_converter.register_unstructure_hook(Decimal, str)
_converter.register_structure_hook(Decimal, lambda text, _: Decimal(text))
_converter.register_unstructure_hook(timedelta, timedelta.total_seconds)
_converter.register_structure_hook(timedelta, lambda seconds, _: timedelta(seconds=seconds))
_converter.register_unstructure_hook(Text, Text.to_json)
_converter.register_structure_hook_func(lambda kind: kind is object, lambda data, _: data)  # plain JSON, as it is
_converter.register_structure_hook(Text, lambda data, _: Text.from_json(data))


def fields_of(kind: type["DataclassInstance"], one: object) -> dict[str, Any]:
    """What `one`, which is of that kind or a row of one, has in its fields, as it is; `asdict` would copy it to the last leaf."""
    return {name: getattr(one, name) for name in kind.__dataclass_fields__}


def to_json(value: object) -> Any:
    """`value` (a dataclass, or a collection of them) as data that `json.dumps` takes."""
    return _converter.unstructure(value)


def from_json(kind: type[T], data: object) -> T:
    """The reverse of `to_json`; raises an `ExceptionGroup` when the data is not a `kind`."""
    return _converter.structure(data, kind)
