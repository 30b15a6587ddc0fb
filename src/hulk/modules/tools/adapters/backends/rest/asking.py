"""What is asked of a REST server, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeAlias, TypeVar, cast
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, TypeAdapter

from hulk.kernel.errors import Refused
from hulk.kernel.records import Json

Query: TypeAlias = Mapping[str, str | int | None]
T = TypeVar("T")


class Shape(BaseModel):
    """What we read of an answer; what else is in it is left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request. `writes`: something may be different afterwards. `again`: it may be sent twice, since the other side acts once.

    `path` follows the address of the server and is written as it goes over the wire (see `path`). `form` goes in place of `body`, as HTML
    forms do. `parse`: the answer must be JSON."""

    method: str
    path: str
    query: Query = field(default_factory=dict)
    body: Json = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    writes: bool
    again: bool
    parse: bool = True

    def shown(self, headers: Mapping[str, str]) -> "Asking":
        """The same with these headers besides."""
        return replace(self, headers={**self.headers, **headers})

    @property
    def target(self) -> str:
        """Path and query; what is `None` is left out."""
        given = {name: value for name, value in self.query.items() if value is not None}
        return f"{self.path}?{urlencode(given)}" if given else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back to `asking`. `headers` are found whatever their case; `data` is the body if it was read as JSON."""

    asking: Asking = field(repr=False)
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    data: Any = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """Its media type, without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def adapter(kind: type[T]) -> TypeAdapter[T]:
    """What reads JSON data as that kind."""
    made: TypeAdapter[T] = _made(cast("Any", kind))
    return made


@cache
def _made(kind: Any) -> Any:
    """Making one takes a while."""
    return TypeAdapter(kind)


def path(*parts: str | int) -> str:
    """Segments as a path; each stays one segment, whatever it holds. Raises `Refused` for those that servers take for a way up."""
    written = [str(part) for part in parts]
    if wrong := [part for part in written if part in ("", ".", "..")]:
        raise Refused("“{part}” cannot be a part of an address: write the name or the number itself.", part=wrong[0])
    return "".join(f"/{quote(part, safe='', errors='replace')}" for part in written)
