"""The pages on money, on who answers and on models, as they are served."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget, Usage
from hulk.modules.finops.adapters.memory import PriceTable
from hulk.modules.finops.adapters.sql import SqlLedger
from hulk.modules.finops.usecases import acts
from support.callers import World, a_world
from support.money import TARIFF, planned

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running Hulk."""
    async with a_world(tmp_path) as made:
        yield made


async def look(world: World, who: str, path: str, language: str = "en") -> tuple[int, str]:
    status, body = await world.call(who, "GET", path, headers={"accept-language": language})
    return status, body.decode() if isinstance(body, bytes) else str(body)


async def spend(world: World, tokens: int, **named: str) -> None:
    """A call of acme's, which took so many tokens of USD 0.00001 each."""
    store = world.desk.store
    finops = acts(SqlLedger(store), PriceTable({("acme", "big"): TARIFF}), Budget(), store.commit, utc_now)
    charge = await finops.reserve(planned(f"key-{named}", **{"tenant": "acme", **named}))
    await store.commit(finops.settle(charge, Usage(output_tokens=tokens)))


@pytest.mark.parametrize(("language", "shown"), [("pt-BR", "US$ 1.234,50"), ("en", "US$1,234.50")])
async def test_money_is_written_as_the_reader_writes_it(world: World, language: str, shown: str) -> None:
    await spend(world, 123_450_000, agent="ana")
    _, body = await look(world, "viewer", "/console/costs?by=agent", language)
    assert body.count(shown) >= 3  # the sum, the day, the agent
    assert 'data-value="1234.5' in body


async def test_names_full_of_markup_are_shown_as_text(world: World) -> None:
    for name in ("agent", "channel", "person"):
        await spend(world, 100, **{name: MARKUP})
    assert (await world.call("admin", "PUT", "/v1/budgets/odd", json={"agent": MARKUP, "daily": "1"}))[0] == 200
    for page in (
        "/console/costs?by=agent",
        "/console/costs?by=channel",
        "/console/costs?by=person",
        f"/console/costs?agent={MARKUP}",
        "/console/costs/budget?name=odd",
    ):
        status, body = await look(world, "admin", page)
        assert (status, "<img" in body) == (200, False)
        assert "&lt;img src=x" in body
