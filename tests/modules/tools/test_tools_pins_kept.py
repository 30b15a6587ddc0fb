"""What every place for what was approved of third parties' tools promises."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from hulk.kernel.errors import Unavailable
from hulk.modules.tools.adapters.memory_pins import MemoryPins
from hulk.modules.tools.adapters.sql_pins import SqlPins, tool_pin_table
from hulk.modules.tools.domain import Approval, Pin, Said
from hulk.modules.tools.ports import Pins
from support.postgres import Postgres
from support.stores import KINDS, Place, a_place, a_store

AT = datetime(2026, 11, 22, 12, 0, 0, 5, tzinfo=UTC)
SAID = Said(
    name="get-it", title="Gets\u200b it", description="π\x00", input={"type": "object", "b": 1, "a": [1.5, None, True, 10**30]}, output={},
    annotations={"readOnlyHint": True},
)  # fmt: skip
SEEN = Pin(server="far", tool="get-it", seen=SAID)
APPROVED = replace(SEEN, approval=Approval(said=SAID, digest=SAID.digest, at=AT, by="key:ab", reason="looked at"))


@pytest.fixture(params=["memory", *KINDS])
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place[Pins]]:
    memory: Pins = MemoryPins()
    async with a_place(request.param, tmp_path, postgres, memory, SqlPins) as made:
        yield made


async def test_nothing_is_known_of_a_server_that_was_never_seen(place: Place[Pins]) -> None:
    assert (await place.adapter.of("far"), await place.adapter.approved("far")) == ({}, None)


@pytest.mark.parametrize("pin", [SEEN, APPROVED], ids=["seen", "approved"])
async def test_a_pin_is_given_back_as_it_was_put(pin: Pin, place: Place[Pins]) -> None:
    await place.commit(place.adapter.put(pin))
    kept = await place.adapter.of("far")
    assert kept == {"get-it": pin}
    assert kept["get-it"].seen.digest == SAID.digest
    assert await place.adapter.approved("far") == ({"get-it": SAID.digest} if pin.approval else {})


async def test_a_pin_takes_the_place_of_the_one_before(place: Place[Pins]) -> None:
    await place.commit(place.adapter.put(APPROVED, replace(APPROVED, tool="other")))
    await place.commit(place.adapter.put(replace(APPROVED, approval=None)))
    assert await place.adapter.approved("far") == {"other": SAID.digest}
    assert list(await place.adapter.of("far")) == ["get-it", "other"]


async def test_servers_are_apart(place: Place[Pins]) -> None:
    await place.commit(place.adapter.put(APPROVED))
    assert await place.adapter.approved("near") is None
    assert await place.adapter.of("near") == {}


async def test_the_first_look_counts_once(place: Place[Pins]) -> None:
    assert await place.commit(place.adapter.first("far", [APPROVED])) == [True]
    assert await place.commit(place.adapter.first("far", [replace(APPROVED, tool="later")])) == [False]
    assert list(await place.adapter.of("far")) == ["get-it"]


async def test_another_process_sees_the_same(place: Place[Pins]) -> None:
    await place.commit(place.adapter.put(APPROVED))
    there, commit = place.elsewhere
    assert await there.of("far") == {"get-it": APPROVED}
    await commit(there.put(replace(APPROVED, approval=None)))
    assert await place.adapter.approved("far") == {}


async def test_what_a_newer_hulk_wrote_is_not_read_as_half_of_itself(tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    async with a_store("sqlite", tmp_path, postgres) as store:
        pins = SqlPins(store)
        await store.commit(pins.put(APPROVED))
        await store.commit(lambda tx: tx.execute(update(tool_pin_table).values(seen={"name": "x", "new": 1})))
        with pytest.raises(Unavailable, match="written by a newer Hulk"):
            await pins.of("far")
