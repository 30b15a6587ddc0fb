"""What is kept, for how long, and how it is written down. Pure rules, no level."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, cast

from hulk.kernel.records import from_json, to_json

T = TypeVar("T")

STAMP = 16
"""Digits of a stamp at the head of what is written, so that text order is time order until the year 2286."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long values of a cache live. All times in seconds, shares of the ttl between 0 and 1."""

    ttl: float = 300.0
    """How long a value is fresh."""
    jitter: float = 0.1
    """At most this share of the ttl is taken off at random, so that what was made together does not expire together."""
    eager: float | None = None
    """After this share of its life a value is made anew in the background while it is still served."""
    fail_safe: float = 0.0
    """How long after that a stale value may stand in when the factory fails or is slow; 0 never."""
    throttle: float = 5.0
    """How long a stale value stands in before a failed factory is tried again."""
    soft_timeout: float | None = None
    """After this wait a stale value stands in, where there is one; the factory goes on in the background."""
    hard_timeout: float | None = 30.0
    """After this wait the factory is cancelled."""
    negative: float | None = None
    """How long None is kept; it is not kept when this is None."""
    shared: bool = True
    """Whether values go to the shared level (L2)."""
    disk: bool = True
    """Whether values go to the disk (L3). What must not lie on a disk in clear says False to both."""

    def life(self, value: object, ttl: float | None, chance: float) -> float:
        """Seconds that `value` is fresh; 0 means not kept. `ttl` is the factory's own word, `chance` lies in [0, 1)."""
        wanted = (self.negative or 0.0) if value is None else self.ttl if ttl is None else ttl
        return wanted * (1 - self.jitter * chance)


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """What a factory gives when it has more to say than the value."""

    value: T
    ttl: float | None = None
    """Seconds, instead of the policy's; 0 keeps nothing."""
    etag: str | None = None
    """The source's version of the value, given to the next factory."""
    tags: tuple[str, ...] = ()
    """More tags than the caller's."""


@dataclass(frozen=True, slots=True)
class Stale(Generic[T]):
    """The value that is being replaced, for a factory that can ask its source whether it still holds."""

    value: T
    etag: str | None


Factory: TypeAlias = Callable[[Stale[T] | None], Awaitable[T | Made[T]]]
"""Makes a value. Is given the one before, when there is one that may still be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Generic[T]):
    """A value with its times. `made` is the stamp taken before the factory began, so that whatever was invalidated meanwhile is
    newer; the others are seconds since 1970."""

    value: T
    made: int
    fresh_until: float
    stale_until: float
    etag: str | None = None
    tags: tuple[str, ...] = ()


class Codec(Protocol[T]):
    """Writes values for the levels outside this process, and reads them."""

    def encode(self, value: T) -> bytes:
        """The value as bytes."""

    def decode(self, data: bytes) -> T:
        """The reverse; raises `ValueError`, `TypeError`, `KeyError` or an `ExceptionGroup` for what is no such value."""


@dataclass(frozen=True, slots=True)
class Records(Generic[T]):
    """JSON of a dataclass, or of anything else that `hulk.kernel.records` takes. Never pickle, which executes what it reads."""

    kind: type[T]

    def encode(self, value: T) -> bytes:
        """See `Codec`."""
        return json.dumps(to_json(value), ensure_ascii=False, separators=(",", ":")).encode()

    def decode(self, data: bytes) -> T:
        """See `Codec`."""
        return from_json(self.kind, json.loads(data))


class Plain:
    """JSON data as it is. What was a tuple comes back from another level as a list."""

    def encode(self, value: Any) -> bytes:
        """See `Codec`."""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def decode(self, data: bytes) -> Any:
        """See `Codec`."""
        return json.loads(data)


def stamped(made: int) -> bytes:
    """A stamp as it is written; alone, it says that something was removed then."""
    return b"%0*d" % (STAMP, made)


def packed(entry: Entry[T], codec: Codec[T]) -> bytes:
    """The entry as the levels keep it: stamp, times as a line of JSON, value."""
    head = {"fresh": entry.fresh_until, "stale": entry.stale_until, "etag": entry.etag, "tags": entry.tags, "none": entry.value is None}
    return stamped(entry.made) + json.dumps(head).encode() + b"\n" + (b"" if entry.value is None else codec.encode(entry.value))


def unpacked(data: bytes, codec: Codec[T]) -> Entry[T] | None:
    """The reverse of `packed`; None for what says that something was removed. Raises what `Codec.decode` may raise."""
    head, found, body = data[STAMP:].partition(b"\n")
    if not found:
        return None
    told = json.loads(head)
    return Entry(
        value=cast("T", None) if told["none"] else codec.decode(body), made=int(data[:STAMP]), fresh_until=float(told["fresh"]),
        stale_until=float(told["stale"]), etag=told["etag"], tags=tuple(told["tags"]),
    )  # fmt: skip


def expired(data: bytes) -> bytes:
    """The same entry, no longer fresh."""
    head, found, body = data[STAMP:].partition(b"\n")
    if not found:
        return data
    told = json.loads(head)
    return data[:STAMP] + json.dumps({**told, "fresh": 0.0}).encode() + b"\n" + body


def stale_until(data: bytes) -> float:
    """When a written entry has no use any more, in seconds since 1970."""
    head, found, _ = data[STAMP:].partition(b"\n")
    return float(json.loads(head)["stale"]) if found else 0.0
