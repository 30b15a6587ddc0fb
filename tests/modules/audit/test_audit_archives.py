"""What every archive of the trail promises (`ports.Archive`): SQLite, PostgreSQL, and a server speaking MongoDB's wire protocol."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hulk.kernel.events import GENESIS, Event, canonical, link
from hulk.kernel.time import from_iso, utc_now
from hulk.modules.audit.adapters.mongodb import MongoArchive
from hulk.modules.audit.adapters.sql_archive import BATCH, SqlArchive
from hulk.modules.audit.domain import Gap, Link, Wanted, beside
from hulk.modules.audit.ports import Archive
from support.archives import Opened

CONFORMING: tuple[type[Archive], ...] = (SqlArchive, MongoArchive)

DEEP: Any = 1
for _ in range(300):
    DEEP = [DEEP]
AWKWARD: dict[str, Any] = {
    "a.b": 1, "$set": {"$inc": 1}, "": 0, "é\0": "a\0b", "1e16": 1e16, "-0": -0.0, "big": 2**80, "tiny": 5e-324, "deep": DEEP,
    "quote": "'\"\\", "line": "\u2028", "emoji": "👩‍👩‍👧", "null": None,
}  # fmt: skip


def chained(count: int, tenant: str = "acme", after: Link | None = None, **data: Any) -> list[Link]:
    """A chain of events, from its beginning or behind a link."""
    links: list[Link] = []
    begun = utc_now()
    previous, position = (after.hash, after.position) if after else (GENESIS, 0)
    for number in range(position + 1, position + count + 1):
        event = Event(
            type="hulk.ticket.completed.v1", subject=f"tkt_{number}", tenant=tenant, actor="ana", intent="int_1" if number % 2 else None,
            data={"n": number, **data}, time=begun + timedelta(seconds=number),
        )  # fmt: skip
        previous = link(previous, number, event)
        links.append(Link(tenant=tenant, position=number, hash=previous, text=canonical(event).decode()))
    return links


async def read(archive: Archive, tenant: str = "acme", after: int = 0, until: int | None = None) -> list[Link]:
    return [one async for links in archive.links(tenant, after, until) for one in links]


def plain(links: Sequence[Link]) -> list[tuple[str, int, str, str | None]]:
    return [(one.tenant, one.position, one.hash, one.text) for one in links]


def test_all_adapters_are_here() -> None:
    assert {one.__name__ for one in CONFORMING} == {"SqlArchive", "MongoArchive"}


async def test_a_new_archive_has_nothing(opened: Opened) -> None:
    assert (list(await opened.archive.tenants()), await opened.archive.end("acme"), await read(opened.archive)) == ([], None, [])


async def test_what_was_appended_comes_back_in_order_to_the_letter(opened: Opened) -> None:
    links = chained(5, **AWKWARD)
    assert list(await opened.archive.append(random.Random(1).sample(links, 5))) == []
    found = await read(opened.archive)
    assert plain(found) == plain(links)
    assert [one.beside for one in found] == [beside(one) for one in links]
    assert all(one.follows(before) for one, before in zip(found, [GENESIS, *(one.hash for one in found)], strict=False))


async def test_the_same_again_changes_nothing(opened: Opened) -> None:
    links = chained(6)
    await opened.archive.append(links[:4])
    assert list(await opened.archive.append(links)) == []
    assert list(await opened.archive.append(links[2:3])) == []
    assert plain(await read(opened.archive)) == plain(links)


async def test_another_at_a_taken_place_is_told_and_stays_out(opened: Opened) -> None:
    links, others = chained(4), chained(6, forged=True)
    await opened.archive.append(links)
    assert plain(await opened.archive.append(others)) == plain(others[:4])
    assert plain(await read(opened.archive)) == plain([*links, *others[4:]])


async def test_chains_of_several_tenants_stand_apart(opened: Opened) -> None:
    names = ["b", "a-c", "ab", "a0"]
    await opened.archive.append([one for name in names for one in chained(3, name)])
    assert list(await opened.archive.tenants()) == sorted(names)
    assert plain(await read(opened.archive, "ab")) == plain([one for one in await read(opened.archive, "ab") if one.tenant == "ab"])
    assert [one.position for one in await read(opened.archive, "a-c")] == [1, 2, 3]


async def test_the_end_is_the_last_link(opened: Opened) -> None:
    links = chained(12)
    await opened.archive.append(links)
    end = await opened.archive.end("acme")
    assert end is not None
    assert plain([end]) == plain(links[-1:])


@pytest.mark.parametrize(
    ("after", "until", "found"),
    [
        pytest.param(0, None, [1, 2, 3, 4, 5], id="all"),
        pytest.param(-(1 << 63), None, [1, 2, 3, 4, 5], id="from before all"),
        pytest.param(2, None, [3, 4, 5], id="past one"),
        pytest.param(1, 3, [2, 3], id="between"),
        pytest.param(5, None, [], id="past the last"),
        pytest.param(3, 3, [], id="nothing"),
    ],
)
async def test_links_of_a_part(opened: Opened, after: int, until: int | None, found: list[int]) -> None:
    await opened.archive.append(chained(5))
    assert [one.position for one in await read(opened.archive, after=after, until=until)] == found


async def test_a_long_chain_comes_in_parts_without_a_gap(opened: Opened) -> None:
    links = chained(BATCH + 5)
    await opened.archive.append(links)
    assert [len(some) async for some in opened.archive.links("acme", 0)] == [BATCH, 5]
    assert plain(await read(opened.archive)) == plain(links)


async def test_two_processes_appending_the_same_keep_each_link_once(opened: Opened) -> None:
    links = chained(400)
    async with opened.again() as other, asyncio.TaskGroup() as group:
        for archive in (opened.archive, other):
            for start in range(0, 400, 50):
                group.create_task(archive.append(links[max(0, start - 25) : start + 50]))
    assert plain(await read(opened.archive)) == plain(links)


async def test_an_entry_that_is_no_text_any_more_cannot_be_read_and_does_no_harm(opened: Opened) -> None:
    await opened.archive.append(chained(3))
    await opened.intruder.change(2, {"text": "{broken"})
    found = await read(opened.archive)
    assert [one.position for one in found] == [1, 2, 3]
    assert not found[1].follows(found[0].hash)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param({}, [6, 5, 4, 3, 2, 1], id="all, the last first"),
        pytest.param({"subject": "tkt_3"}, [3], id="a subject"),
        pytest.param({"intent": "int_1"}, [5, 3, 1], id="an intent"),
        pytest.param({"actor": "ana", "type": "hulk.ticket.completed.v1"}, [6, 5, 4, 3, 2, 1], id="actor and type"),
        pytest.param({"actor": "eve"}, [], id="nobody"),
        pytest.param({"since": 2, "before": 5}, [4, 3, 2], id="between two moments"),
        pytest.param({"intent": "int_1", "since": 2}, [5, 3], id="an intent from then on"),
    ],
)
async def test_links_are_found_by_what_they_are_about(opened: Opened, wanted: dict[str, Any], found: list[int]) -> None:
    links = chained(6)
    await opened.archive.append([*links, *chained(6, "other")])
    moments = {name: from_iso(str(links[at - 1].time)) for name, at in wanted.items() if isinstance(at, int)}
    fitting = Wanted(tenant="acme", **{**wanted, **moments})
    assert [one.position for one in await opened.archive.search(fitting, None, 100)] == found
    assert plain(await opened.archive.search(fitting, None, 2)) == plain([links[at - 1] for at in found[:2]])
    assert [one.position for one in await opened.archive.search(fitting, 4, 100)] == [at for at in found if at < 4]


async def test_what_is_removed_leaves_a_gap_however_often_it_is_said(opened: Opened) -> None:
    links = chained(9)
    await opened.archive.append([*links, *chained(3, "other")])
    first = Gap(tenant="acme", first=1, last=3, before=GENESIS, hash=links[2].hash, removed="2026-11-21T00:00:00.000000Z", seal="s")
    second = Gap(tenant="acme", first=6, last=6, before=links[4].hash, hash=links[5].hash, removed="2026-11-21T00:00:00.000000Z", seal="t")
    for gap in (second, first, first, replace(first, seal="another")):
        await opened.archive.remove(gap)
    assert list(await opened.archive.gaps("acme")) == [first, second]
    assert list(await opened.archive.gaps("other")) == []
    assert plain(await read(opened.archive)) == plain([links[at] for at in (3, 4, 6, 7, 8)])
    assert len(await read(opened.archive, "other")) == 3


@pytest.mark.parametrize("archive_kind", ["mongodb"], indirect=True)
async def test_operations_are_counted_by_how_they_went(opened: Opened) -> None:
    links = chained(2)
    for _ in range(2):
        await opened.archive.append(links)
    written = opened.metrics.render().decode()
    assert 'mongodb_operations_total{operation="insert",outcome="ok"} 1.0' in written
    assert 'mongodb_operations_total{operation="insert",outcome="taken"} 1.0' in written
