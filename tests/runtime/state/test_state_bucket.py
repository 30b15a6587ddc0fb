"""Key-value on JetStream behaves as a small dictionary with revisions does, on a real server."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hulk.kernel.errors import Conflict, Refused, Unavailable
from hulk.runtime.bus import Bus, connect, embedded
from hulk.runtime.state import Bucket, Entry
from support.nats import a_bus


@dataclass(frozen=True)
class Flag:
    """A value with a shape."""

    on: bool
    note: str = ""


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    async with a_bus(tmp_path) as made:
        yield made


@pytest.fixture
def flags(bus: Bus) -> Bucket[Flag]:
    return Bucket(bus, "flags", Flag)


async def test_values_come_back_as_what_they_were(flags: Bucket[Flag]) -> None:
    kept = await flags.put("a.b/c", Flag(True, "é\n“”"))
    assert await flags.get("a.b/c") == kept == Entry("a.b/c", Flag(True, "é\n“”"), kept.revision)
    assert await flags.get("a.b") is None


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"a": [1, 2.5, "é", None, {"b": False}]}, id="an object"), pytest.param([], id="an empty list"),
        pytest.param("text", id="text"), pytest.param(0, id="nought"), pytest.param(False, id="no"),
    ],
)  # fmt: skip
async def test_plain_json_comes_back_as_it_is(bus: Bus, value: object) -> None:
    kept = await Bucket(bus, "anything", object).put("one", value)
    assert await Bucket(bus, "anything", object).get("one") == kept == Entry("one", value, kept.revision)


async def test_no_value_is_refused_as_it_would_read_as_none(bus: Bus) -> None:
    anything = Bucket(bus, "anything", object)
    with pytest.raises(Refused, match="one in anything"):
        await anything.create("one", None)
    assert await anything.get("one") is None


async def test_only_one_of_many_creates(bus: Bus) -> None:
    buckets = [Bucket(bus, "flags", int) for _ in range(20)]
    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(created(bucket, number)) for number, bucket in enumerate(buckets)]
    assert sum(one.result() for one in tries) == 1


async def created(bucket: Bucket[int], value: int) -> bool:
    try:
        await bucket.create("one", value)
    except Conflict:
        return False
    return True


async def test_a_value_expires_and_its_key_can_be_created_again(flags: Bucket[Flag]) -> None:
    first = await flags.create("a", Flag(True), timedelta(seconds=1))
    with pytest.raises(Conflict, match="a in flags"):
        await flags.create("a", Flag(False))
    deadline = time.monotonic() + 5
    while await flags.get("a") is not None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    assert (await flags.create("a", Flag(False))).revision > first.revision


async def test_a_bucket_that_was_deleted_is_made_again(bus: Bus, flags: Bucket[Flag]) -> None:
    await flags.put("a", Flag(True))
    await bus.ask("STREAM.DELETE.KV_flags")
    with pytest.raises(Unavailable):
        await flags.get("a")
    assert await flags.get("a") is None
    await flags.create("a", Flag(True))


@pytest.mark.parametrize("key", ["", ".a", "a.", "a..b", "a b", "a*", "a.>", "ä", "x" * 201, "a\r\nb"])
async def test_keys_that_would_be_other_subjects_are_refused(flags: Bucket[Flag], key: str) -> None:
    with pytest.raises(Refused, match="key"):
        await flags.put(key, Flag(True))


async def test_a_bucket_has_a_simple_name(bus: Bus) -> None:
    with pytest.raises(Refused, match=r"a\.b"):
        Bucket(bus, "a.b", int)


async def test_without_the_bus_it_is_unavailable(tmp_path: Path) -> None:
    async with embedded(tmp_path / "nats") as server:
        connection = connect(server.address)
        bus = await connection.__aenter__()
    try:
        with pytest.raises(Unavailable):
            await Bucket(bus, "flags", int).get("a")
    finally:
        await connection.__aexit__(None, None, None)


async def test_watching_tells_what_is_there_and_what_changes(flags: Bucket[Flag]) -> None:
    await flags.put("a", Flag(True))
    await flags.put("other", Flag(True))
    seen: list[tuple[str, Flag | None]] = []
    async with aclosing(flags.watch("a")) as changes, asyncio.timeout(10):
        async for entry in changes:
            seen.append((entry.key, entry.value))
            if len(seen) == 1:
                await flags.put("a", Flag(False), timedelta(seconds=1))
            if len(seen) == 3:
                await flags.put("a", Flag(True))
            if len(seen) == 4:
                await flags.delete("a")
            if len(seen) == 5:
                break
    assert seen == [("a", Flag(True)), ("a", Flag(False)), ("a", None), ("a", Flag(True)), ("a", None)]


async def test_a_watch_goes_on_when_its_bucket_is_made_anew(bus: Bus, flags: Bucket[Flag]) -> None:
    await flags.put("a", Flag(True))
    async with aclosing(flags.watch()) as changes, asyncio.timeout(20):
        assert (await anext(changes)).value == Flag(True)
        await bus.ask("STREAM.DELETE.KV_flags")
        await Bucket(bus, "flags", Flag).put("a", Flag(False))
        assert (await anext(changes)).value == Flag(False)


# Against a model ---------------------------------------------------------------------------------------------------------------

Act = tuple[str, str, int, int]
kinds = st.sampled_from(["get", "put", "create", "update", "delete", "delete at"])
acts = st.lists(st.tuples(kinds, st.sampled_from("ab"), st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=30)


@settings(max_examples=60)
@given(acts)
async def test_it_does_what_the_model_does(bus: Bus, acts: list[Act]) -> None:
    bucket, model = Bucket(bus, f"m{time.monotonic_ns()}", int), Model()
    for act in acts:
        assert await done(bucket, act, model.revision(act)) == model.do(act)
    await bus.ask(f"STREAM.DELETE.KV_{bucket.name}")


@dataclass
class Model:
    """A dictionary whose every write has a number."""

    def __post_init__(self) -> None:
        self.values: dict[str, tuple[int, int]] = {}
        self.last: dict[str, int] = {}
        self.written = 0

    def revision(self, act: Act) -> int:
        """The key's last revision, or one off."""
        return max(0, self.last.get(act[1], 0) - (act[3] == 0))

    def do(self, act: Act) -> object:
        """What the act gives."""
        what, key, value, _ = act
        if what == "get":
            return self.values.get(key)
        if what == "create" and key in self.values:
            return "conflict"
        if what in ("update", "delete at") and self.revision(act) != self.last.get(key, 0):
            return "conflict"
        self.written += 1
        self.last[key] = self.written
        if what.startswith("delete"):
            self.values.pop(key, None)
            return None
        self.values[key] = (value, self.written)
        return self.values[key]


async def done(bucket: Bucket[int], act: Act, revision: int) -> object:
    what, key, value, _ = act
    try:
        if what == "get":
            entry = await bucket.get(key)
            return entry and (entry.value, entry.revision)
        if what.startswith("delete"):
            await bucket.delete(key, revision=revision if what == "delete at" else None)
            return None
        if what == "create":
            kept = await bucket.create(key, value)
        else:
            kept = await bucket.put(key, value, revision=revision if what == "update" else None)
    except Conflict:
        return "conflict"
    return (kept.value, kept.revision)
