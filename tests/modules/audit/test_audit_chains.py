"""What every place where the trail can be read promises (`ports.Chains`), on both databases."""

from collections.abc import Callable

import pytest

from hulk.kernel.events import Event, canonical, link, seal
from hulk.modules.audit.adapters.sql import BATCH, SqlChains
from hulk.modules.audit.domain import Head, Link
from hulk.modules.audit.ports import Chains
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store

KEY = b"key"
CONFORMING: dict[str, Callable[[Store], Chains]] = {"sql": SqlChains}


@pytest.fixture(params=list(CONFORMING))
def chains(request: pytest.FixtureRequest, store: Store) -> Chains:
    """Each in turn, over each database."""
    return CONFORMING[request.param](store)


def happened(number: int, tenant: str = "acme") -> Event:
    return Event(type="hulk.ticket.completed.v1", subject=f"tkt_{number}", tenant=tenant, actor="ana", data={"n": number, "é": "\0"})


async def told(store: Store, *events: Event) -> list[Event]:
    await store.commit(Outbox(store, KEY).append(*events))
    return list(events)


async def read(chains: Chains, tenant: str, after: int = 0, until: int | None = None) -> list[Link]:
    return [one async for links in chains.links(tenant, after, until) for one in links]


async def test_without_a_trail_there_is_nothing(chains: Chains) -> None:
    assert (list(await chains.tenants()), await chains.head("acme"), await read(chains, "acme")) == ([], None, [])


async def test_tenants_are_listed_by_name_as_computers_sort(store: Store, chains: Chains) -> None:
    names = ["b", "a-c", "ab", "a", "a0"]
    await told(store, *(happened(1, name) for name in names))
    assert list(await chains.tenants()) == sorted(names)


async def test_links_follow_from_one_another_and_end_at_the_head(store: Store, chains: Chains) -> None:
    events = await told(store, *(happened(number) for number in range(3)))
    await told(store, happened(9, "other"))
    links = await read(chains, "acme")
    assert [(one.tenant, one.position, one.text) for one in links] == [
        ("acme", at, canonical(one).decode()) for at, one in enumerate(events, 1)
    ]
    first = link("0" * 64, 1, events[0])
    assert [one.hash for one in links[:2]] == [first, link(first, 2, events[1])]
    assert await chains.head("acme") == Head(tenant="acme", position=3, hash=links[-1].hash, seal=seal(KEY, "acme", 3, links[-1].hash))


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
async def test_links_of_a_part(store: Store, chains: Chains, after: int, until: int | None, found: list[int]) -> None:
    await told(store, *(happened(number) for number in range(5)))
    assert [one.position for one in await read(chains, "acme", after, until)] == found


async def test_a_long_chain_comes_in_parts_without_a_gap(store: Store, chains: Chains) -> None:
    await told(store, *(happened(number) for number in range(BATCH + 5)))
    parts = [len(links) async for links in chains.links("acme", 0)]
    assert len(parts) == 2
    assert [one.position for one in await read(chains, "acme")] == list(range(1, BATCH + 6))
