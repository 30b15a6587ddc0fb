"""Every key of a settings tree with its kind, default and meaning, read off the settings classes."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from hulk.runtime.config.units import size, written_duration, written_size

Tree = Mapping[str, type[BaseModel]]
"""Settings classes by the name of their section."""

_NAMES: Mapping[Any, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    Decimal: "amount",
    Path: "path",
    str: "text",
    SecretStr: "secret text",
    timedelta: "duration",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting. `name` is dotted (`server.port`); `entry` tells that it belongs to the entries of a list (`models.provider[].url`)."""

    name: str
    kind: str
    default: object
    required: bool
    about: str
    secret: bool
    listing: bool
    mapping: bool
    entry: bool = False
    written: Callable[[Any], str] = str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "HULK_" + self.name.upper().replace(".", "__")


def keys(tree: Tree) -> Iterator[Key]:
    """All keys of `tree`, in the order of their declaration."""
    for name, section in tree.items():
        yield from _fields(name, section, entry=False)


def inner(field: FieldInfo) -> type[BaseModel] | None:
    """The class of a field that is itself a section."""
    kind = _bare(field.annotation)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def element(field: FieldInfo) -> Any:
    """What the entries of a list field are, None when the field is no list."""
    kind = _bare(field.annotation)
    return get_args(kind)[0] if get_origin(kind) in (tuple, list) else None


def _fields(prefix: str, section: type[BaseModel], *, entry: bool) -> Iterator[Key]:
    for attribute, field in section.model_fields.items():
        name = f"{prefix}.{field.alias or attribute}"
        if deeper := inner(field):
            yield from _fields(name, deeper, entry=entry)
            continue
        yield _key(name, field, entry=entry)
        entries = element(field)
        if isinstance(entries, type) and issubclass(entries, BaseModel):
            yield from _fields(f"{name}[]", entries, entry=True)


def _key(name: str, field: FieldInfo, *, entry: bool) -> Key:
    return Key(
        name=name,
        kind=_kind(field),
        default=None if field.is_required() else field.get_default(call_default_factory=True),
        required=field.is_required(),
        about=field.description or "",
        secret=_bare(field.annotation) is SecretStr,
        listing=element(field) is not None,
        mapping=_is_mapping(field),
        entry=entry,
        written=_writer(field),
    )


def _kind(field: FieldInfo) -> str:
    if _is_size(field):
        return "size"
    if _is_mapping(field):
        values = _plainly(get_args(_bare(field.annotation))[1])
        return {Any: "values by name", str: "texts by name"}.get(values, "numbers by name")
    entries = element(field)
    if entries is not None:
        return f"list of {_NAMES.get(_plainly(entries), 'entry')}s".replace("entrys", "entries")
    kind = _plainly(_bare(field.annotation))
    return " or ".join(f"`{choice}`" for choice in get_args(kind)) if get_origin(kind) is Literal else _NAMES.get(kind, _union(kind))


def _union(kind: Any) -> str:
    """`int | Literal["auto"]` as words."""
    parts = [f"`{get_args(part)[0]}`" if get_origin(part) is Literal else _NAMES.get(part, str(part)) for part in get_args(kind)]
    return " or ".join(reversed(parts)) or getattr(kind, "__name__", str(kind))


def _bare(kind: Any) -> Any:
    """`X` of `X | None`."""
    parts = [part for part in get_args(kind) if part is not NoneType] if get_origin(kind) in (Union, UnionType) else []
    return parts[0] if len(parts) == 1 else kind


def _plainly(kind: Any) -> Any:
    """`X` of `Annotated[X, …]`."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _is_mapping(field: FieldInfo) -> bool:
    return get_origin(_bare(field.annotation)) is Mapping


def _is_size(field: FieldInfo) -> bool:
    """Also one that may be left out: the marks of a part of a union stand with that part."""
    marks = (*field.metadata, *getattr(_bare(field.annotation), "__metadata__", ()))
    return any(getattr(mark, "func", None) is size for mark in marks)


def _writer(field: FieldInfo) -> Callable[[Any], str]:
    if _is_size(field):
        return lambda value: "" if value is None else written_size(value)
    if _plainly(_bare(field.annotation)) is timedelta:
        return lambda value: "" if value is None else written_duration(value)
    return _plain


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else str(value)
