"""A ring of keys: the newest signs, older ones go on verifying until what they have signed is of no use any more. Pure.

    ring = KeyRing.of({"20261101": b"…", "20261121": b"…"}, settle=timedelta(minutes=2), overlap=timedelta(hours=1))
    ring.current(now).id            "20261121", two minutes after its day began
    ring.find("20261101", now)      verifies for an hour more, then raises NotFound

A key's id is the moment (UTC) from which it is there, a day or a second: `20261121`, `20261121T093000Z`. So all processes agree on the
order, however they came by the keys, and a file's own time does not matter, which Kubernetes changes for all at once.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, Self, TypeVar

from hulk.kernel.errors import NotFound, Refused

T = TypeVar("T")
U = TypeVar("U")
_ID = re.compile(r"(\d{8})(?:T(\d{6})Z)?")


@dataclass(frozen=True, slots=True)
class RingKey(Generic[T]):
    """A key that is there `since` that moment."""

    id: str
    since: datetime
    value: T = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyRing(Generic[T]):
    """Keys in the order of their moments, never none.

    `settle`: how long after its moment a key is only known and does not sign, so that all processes have read it before they meet what it
    signed. `overlap`: how long a key verifies after its successor has begun to sign: as long as what it has signed lives."""

    keys: tuple[RingKey[T], ...]
    settle: timedelta
    overlap: timedelta

    @classmethod
    def of(cls, values: Mapping[str, T], *, settle: timedelta, overlap: timedelta) -> Self:
        """A ring of these, by id; raises `Refused` for none, and for an id that is no moment."""
        if not values:
            raise Refused("There is no key at all. Add one whose name is the moment from which it is there, such as 20261121.")
        keys = sorted((RingKey(name, _moment(name), value) for name, value in values.items()), key=lambda key: (key.since, key.id))
        return cls(tuple(keys), settle, overlap)

    def add(self, id: str, value: T) -> Self:  # noqa: A002 - the field's word
        """With one more; raises `Refused` for an id that is no moment or is taken."""
        if any(key.id == id for key in self.keys):
            raise Refused("There is a key {id} already. Give the new one another moment.", id=id)
        values = {**{key.id: key.value for key in self.keys}, id: value}
        return type(self).of(values, settle=self.settle, overlap=self.overlap)

    def current(self, now: datetime) -> RingKey[T]:
        """The one that signs: the newest that has settled, else the oldest."""
        return next((key for key in reversed(self.keys) if self._signs_from(key) <= now), self.keys[0])

    def find(self, id: str, now: datetime) -> RingKey[T]:  # noqa: A002 - the field's word
        """The one of that id, to verify with; raises `NotFound` when there is none or its time is over."""
        for key in self.valid(now):
            if key.id == id:
                return key
        raise NotFound("There is no key {id}, or not any more.", id=id)

    def valid(self, now: datetime) -> tuple[RingKey[T], ...]:
        """Those that verify: all whose successor has not signed for so long."""
        ends = [*(self._signs_from(successor) + self.overlap for successor in self.keys[1:]), None]
        return tuple(key for key, end in zip(self.keys, ends, strict=True) if end is None or now < end)

    def dropped(self, now: datetime) -> Self:
        """Without those whose time is over."""
        return replace(self, keys=self.valid(now))

    def _signs_from(self, key: RingKey[T]) -> datetime:
        return key.since + self.settle


def _moment(name: str) -> datetime:
    match = _ID.fullmatch(name)
    try:
        if match:
            return datetime.strptime(f"{match[1]}{match[2] or '000000'}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise Refused(
        "A key's name is the moment (UTC) from which it is there, such as 20261121 or 20261121T093000Z; {name} is none.", name=name
    )


def keys_in(source: str | Path, read: Callable[[str], T]) -> Mapping[str, T]:
    """The keys in a folder (a file each, its name before the dot is the id; hidden ones are none), or in the text of a secret: a JSON
    object of ids and texts. `read` makes a key of its text. Raises `Refused` for what is neither."""
    return {name: read(text) for name, text in (_files(source) if isinstance(source, Path) else _written(source))}


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    try:
        for file in sorted(folder.iterdir()):
            if not file.name.startswith(".") and file.is_file():
                yield file.name.partition(".")[0], file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise Refused("The keys in {folder} cannot be read: a folder of text files is expected.", folder=str(folder)) from None


def _written(text: str) -> Iterator[tuple[str, str]]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Refused("A set of keys is a JSON object of names and texts, such as {example}.", example='{"20261121": "…"}')
    yield from found.items()
