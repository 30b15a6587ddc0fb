"""Key-value on JetStream: typed JSON values with a time to live, create-if-absent, compare-and-set, watching.

A bucket is a stream `KV_<name>` whose last message on `$KV.<name>.<key>` is the key's value, and its number the revision, as
all NATS clients have it. Source: NATS ADR-8 and ADR-48,
https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-8.md
Reads go to any replica and may be a moment old; writes with a revision decide at the stream's leader.
"""

import asyncio
import itertools
import json
import re
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Generic, TypeVar

from nats.aio.msg import Msg
from nats.js.api import Header

from hulk.kernel.errors import Conflict, Refused, Unavailable
from hulk.kernel.records import from_json, to_json
from hulk.runtime.bus import Bus
from hulk.runtime.bus.answers import NoSuch, Rejected, checked
from hulk.runtime.bus.pull import WORDS_WITHOUT_DOMAIN

T = TypeVar("T")

OTHERWISE: Final = 10058
"""Server error code for: there is a stream of that name, configured in another way."""
WRONG_REVISION: Final = 10071
"""nats-server's "wrong last sequence" (server/errors.json)."""
MARKED = timedelta(hours=1)
"""How long it is remembered that a key was deleted or expired, for those who watch."""
BEAT = 2.0
"""Seconds between two signs of life of a watch's consumer."""
WITHIN = 5.0
AGAIN = 0.5
"""Seconds until a watch that lost the bus tries again."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY = re.compile(r"[-/_=a-zA-Z0-9]+(?:\.[-/_=a-zA-Z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """A key as it was at `revision`; `value` is None for one that was deleted or has expired."""

    key: str
    value: T | None
    revision: int


@dataclass(slots=True)
class Bucket(Generic[T]):
    """Values of one kind by key: of a dataclass, or plain JSON (`object`), but none that is null."""

    bus: Bus
    name: str
    kind: type[T]
    replicas: int | None = None
    """Servers that keep it; None: as many as keep the bus's streams."""
    _there: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.name) is None:
            raise Refused("A bucket cannot be called “{name}”: use 1 to 64 letters, digits, _ or -.", name=self.name[:80])

    async def get(self, key: str) -> Entry[T] | None:
        """The entry, None when there is none. Raises `Unavailable` when the bus is away."""
        found = await self._last(key)
        return found if found is not None and found.value is not None else None

    async def create(self, key: str, value: T, ttl: timedelta | None = None) -> Entry[T]:
        """Keep the value of a key that has none; raises `Conflict` when it has one, `Unavailable`."""
        found = await self._last(key)
        if found is not None and found.value is not None:
            raise _taken(self.name, key)
        return await self.put(key, value, ttl, revision=0 if found is None else found.revision)

    async def put(self, key: str, value: T, ttl: timedelta | None = None, *, revision: int | None = None) -> Entry[T]:
        """Keep the value, for `ttl` (rounded up to seconds) or for ever; with a `revision` (0: none) only when that is the key's last.

        Raises `Conflict` when it is not, `Unavailable`; after the latter the value may be kept or not. Raises `Refused` for no value: that
        reads as none."""
        if value is None:
            raise Refused("The key {key} in {bucket} cannot be given no value: delete it.", key=key[:80], bucket=self.name)
        headers = {} if ttl is None else {"Nats-TTL": f"{max(1, -(-ttl // timedelta(seconds=1)))}s"}
        return Entry(key, value, await self._write(key, json.dumps(to_json(value)).encode(), headers, revision))

    async def delete(self, key: str, *, revision: int | None = None) -> None:
        """Forget the key; with a `revision` only when that is its last. Raises `Conflict`, `Unavailable`."""
        headers = {"KV-Operation": "DEL", "Nats-TTL": f"{MARKED // timedelta(seconds=1)}s"}
        await self._write(key, b"", headers, revision)

    async def watch(self, keys: str = ">") -> AsyncGenerator[Entry[T], None]:
        """What the keys are now, then each change as it comes, also deletions and expiries, without end.

        `keys`: a NATS pattern, `jobs.*`. While the bus is away it waits; afterwards all keys are told again as they are then."""
        while True:
            try:
                await self._ensure()
                async with aclosing(self._changes(keys)) as changes:
                    async for message in changes:
                        yield self._entry(message.subject, message.headers or {}, message.data, _words(message)[1])
            except Unavailable:
                await asyncio.sleep(AGAIN)

    async def _changes(self, keys: str) -> AsyncGenerator[Msg, None]:
        """Messages of one ordered consumer, until it ends: the bus was lost, it fell silent, or one was dropped on the way."""
        inbox, arrived = f"_INBOX.{secrets.token_hex(12)}", asyncio.Queue[Msg | None]()
        config = {
            "deliver_policy": "last_per_subject", "deliver_subject": inbox, "filter_subject": self._subject(keys), "ack_policy": "none",
            "replay_policy": "instant", "idle_heartbeat": int(BEAT * 1e9), "inactive_threshold": int(30e9), "mem_storage": True,
            "num_replicas": 1,
        }  # fmt: skip
        async with self.bus.line.listening(inbox, arrived.put, lost=lambda: arrived.put_nowait(None)):
            try:
                await self.bus.ask(f"CONSUMER.CREATE.{self._stream}", {"stream_name": self._stream, "config": config})
            except NoSuch:
                self._there = False
                return
            for number in itertools.count(1):
                message = await _arriving(arrived)
                if message is None or _words(message)[2] != number:
                    self._there = False
                    return
                yield message

    async def _last(self, key: str) -> Entry[T] | None:
        """The key's last entry, also one that says that it is gone."""
        await self._ensure()
        answer = await self.bus.line.request(f"$JS.API.DIRECT.GET.{self._stream}.{self._subject(_checked(key))}", b"", within=WITHIN)
        headers = answer.headers or {}
        if headers.get(Header.STATUS.value) == "404":
            return None
        if Header.STATUS.value in headers:
            self._there = False
            checked(self._subject(key), answer)
        return self._entry(self._subject(key), headers, answer.data, int(headers["Nats-Sequence"]))

    def _entry(self, subject: str, headers: Mapping[str, str], data: bytes, revision: int) -> Entry[T]:
        gone = "KV-Operation" in headers or "Nats-Marker-Reason" in headers
        value = None if gone else from_json(self.kind, json.loads(data))
        return Entry(subject.removeprefix(self._subject("")), value, revision)

    async def _write(self, key: str, data: bytes, headers: Mapping[str, str], revision: int | None) -> int:
        await self._ensure()
        expected = {} if revision is None else {Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: str(revision)}
        subject = self._subject(_checked(key))
        try:
            return int(checked(subject, await self.bus.line.request(subject, data, {**headers, **expected} or None, within=WITHIN))["seq"])
        except Rejected as error:
            if error.number == WRONG_REVISION:
                raise _taken(self.name, key) from error
            raise

    async def _ensure(self) -> None:
        """Have the stream; making it again with the same configuration changes nothing, with more replicas it is copied to them."""
        if self._there:
            return
        config = {
            "name": self._stream, "subjects": [self._subject(">")], "max_msgs_per_subject": 1, "discard": "new", "retention": "limits",
            "allow_rollup_hdrs": True, "deny_delete": True, "allow_direct": True, "allow_msg_ttl": True, "storage": "file",
            "num_replicas": self.replicas or self.bus.replicas, "subject_delete_marker_ttl": int(MARKED.total_seconds() * 1e9),
            "max_msgs": -1, "max_bytes": -1, "max_age": 0,
        }  # fmt: skip
        try:
            await self.bus.ask(f"STREAM.CREATE.{self._stream}", config)
        except Rejected as error:
            if error.number != OTHERWISE:
                raise
            await self.bus.ask(f"STREAM.UPDATE.{self._stream}", config)
        self._there = True

    @property
    def _stream(self) -> str:
        return f"KV_{self.name}"

    def _subject(self, key: str) -> str:
        return f"$KV.{self.name}.{key}"


def _checked(key: str) -> str:
    if len(key) > 200 or _KEY.fullmatch(key) is None:
        raise Refused("“{key}” cannot be a key: use letters, digits and - / _ =, in parts separated by single dots.", key=key[:80])
    return key


def _taken(bucket: str, key: str) -> Conflict:
    return Conflict("The key {key} in {bucket} was changed by another: read it again, then decide.", key=key, bucket=bucket)


async def _arriving(arrived: "asyncio.Queue[Msg | None]") -> Msg | None:
    """The next message; None when the bus was lost, or nothing came for three heartbeats."""
    try:
        async with asyncio.timeout(3 * BEAT):
            while (message := await arrived.get()) is not None and not message.reply:
                pass
            return message
    except TimeoutError:
        return None


def _words(message: Msg) -> tuple[int, int, int]:
    """How often it was delivered, its number in the stream, its number among what the consumer delivered (see `Pull`)."""
    words = message.reply.split(".")
    start = 4 if len(words) == WORDS_WITHOUT_DOMAIN else 6
    return int(words[start]), int(words[start + 1]), int(words[start + 2])
