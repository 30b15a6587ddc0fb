"""Money through the running program: what `thor` shows and writes, what is asked over HTTP."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import update

from hulk.apps.members import admin
from hulk.kernel.errors import Forbidden
from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget, Usage
from hulk.modules.finops.adapters.memory import PriceTable
from hulk.modules.finops.adapters.sql import SqlLedger
from hulk.modules.finops.adapters.sql.tables import cost_table
from hulk.modules.finops.usecases import acts
from support.callers import World, a_world
from support.money import TARIFF, planned


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running Hulk."""
    async with a_world(tmp_path) as made:
        yield made


async def spend(world: World) -> None:
    """A call of acme's, which took 500 tokens of USD 0.00001 each."""
    store = world.desk.store
    finops = acts(SqlLedger(store), PriceTable({("acme", "big"): TARIFF}), Budget(), store.commit, utc_now)
    charge = await finops.reserve(planned(tenant="acme", agent="a"))
    await store.commit(finops.settle(charge, Usage(output_tokens=500)))


async def test_what_was_spent_is_told_over_http_and_by_thor_alike(world: World, tmp_path: Path) -> None:
    await spend(world)
    _, body = await world.call("viewer", "GET", "/v1/costs?by=agent&by=model")
    assert body["next"] is None
    [row] = body["costs"]
    assert (row["agent"], row["model"], row["settled"], row["tokens"]["output"]) == ("a", "acme/big", "0.005", 500)
    [shown] = await world.desk.money.costs("acme", ["agent"], None, None, {})
    assert (shown["settled"], shown["tokens_output"]) == ("0.005", 500)
    month = f"{utc_now():%Y-%m}"
    files = [Path(row["file"]) for row in await world.desk.money.report("acme", month, tmp_path / "out")]
    assert [one.suffix for one in files] == [".md", ".csv", ".png"]
    assert files[2].read_bytes().startswith(b"\x89PNG")
    for kind, wanted in (("markdown", files[0]), ("csv", files[1])):
        status, told = await world.call("viewer", "GET", f"/v1/costs/reports/{month}?format={kind}")
        assert status == 200
        ours, theirs = (text.replace(b",", b".").splitlines()[-1] for text in (wanted.read_bytes(), told))
        assert ours == theirs  # but for the language
    assert (await world.call("viewer", "GET", f"/v1/costs/reports/{month}?format=png"))[1].startswith(b"\x89PNG")


async def test_sums_that_are_wrong_are_told_and_mended(world: World) -> None:
    await spend(world)
    money = world.desk.money
    assert await money.verify(None, None) == []
    await world.desk.store.commit(lambda tx: tx.execute(update(cost_table).values(calls=7)).rowcount)
    wrong = [{"day": f"{utc_now():%Y-%m-%d}", "sums": 2, "tenants": "acme"}]
    assert await money.verify(None, None) == wrong
    assert await money.verify(None, date(2020, 1, 1)) == []
    assert await money.mend(None, None) == wrong
    assert await money.verify(None, None) == []
    with pytest.raises(Forbidden):
        await money.acts.verify.mend(admin("acme"))


async def test_a_report_of_nothing_says_so(world: World, tmp_path: Path) -> None:
    files = await world.desk.money.report("acme", "2020-02", tmp_path / "out")
    assert len(files) == 2
    assert (await world.call("viewer", "GET", "/v1/costs/reports/2020-02?format=png"))[0] == 422


async def test_a_budget_made_over_http_is_shown_with_what_is_used_of_it(world: World) -> None:
    assert (await world.call("admin", "PUT", "/v1/budgets/few", json={"agent": "a", "daily": "0.02"}))[0] == 200
    await spend(world)
    _, body = await world.call("viewer", "GET", "/v1/budgets")
    [budget], [used] = body["budgets"], body["used"]
    assert (budget["name"], budget["tenant"], budget["version"]) == ("few", "acme", 1)
    assert (used["spent"], used["left"], used["scope"]) == ("0.005", "0.0150", {"tenant": "acme", "agent": "a"})
    assert (await world.desk.money.budgets("acme"))[0]["left"] == "0.0150"
    for wrong in ({}, {"daily": "-1"}, {"daily": "1", "agent": ""}, {"daily": "x"}):
        assert (await world.call("admin", "PUT", "/v1/budgets/wrong", json=wrong))[0] == 422
