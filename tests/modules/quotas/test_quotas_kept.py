"""What every place for quotas promises, and the acts over each of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.durable import Commit
from hulk.kernel.errors import Exhausted, Forbidden, NotFound, OverQuota, Refused
from hulk.kernel.tenancy import Grant, Principal, everywhere
from hulk.modules.quotas.adapters.memory import MemoryQuotas
from hulk.modules.quotas.adapters.sql import SqlQuotas
from hulk.modules.quotas.domain import Limits, Standing
from hulk.modules.quotas.ports import Quotas
from hulk.modules.quotas.usecases import QuotaActs, acts
from hulk.runtime.http.problems import of_error
from hulk.runtime.store import Store
from support.memory import Told, at_once
from support.postgres import Postgres
from support.stores import KINDS, Another, a_store

START = datetime(2026, 11, 21, tzinfo=UTC)
PLATFORM = Principal(tenant="default", actor="local", grants=everywhere("admin"))


@dataclass
class Place:
    """A place where quotas are kept, with what others tell it."""

    quotas: Quotas
    commit: Commit
    now: datetime = START
    running: int = 0
    told: Told = field(default_factory=Told)

    @property
    def acts(self) -> QuotaActs:
        """The acts."""
        return acts(self.quotas, self.spent, self.known, self.told, self.commit, lambda: self.now)

    async def spent(self, _: str) -> tuple[Decimal, Decimal | None]:
        """Two and a half of ten."""
        return Decimal("2.5"), Decimal(10)

    async def known(self, tenant: str) -> bool:
        """Two tenants."""
        return tenant in ("default", "acme")

    async def own(self, **limits: Any) -> None:
        """Give acme these limits."""
        await self.acts.change(PLATFORM, "acme", limits)  # type: ignore[arg-type]  # names of quotas

    async def admitted(self) -> OverQuota | None:
        """Ask for one more intent of acme."""
        [over] = await self.commit(self.quotas.admit("acme"))
        assert over is None or isinstance(over, OverQuota)
        return over


@pytest.fixture(params=["memory", *KINDS])
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place]:
    """Each place in turn; the settings allow three open tickets."""
    made: list[Place] = []
    limits = Limits(open_tickets=3)

    def running(_: Any, tenant: str) -> int:
        return made[0].running if tenant == "acme" else 0

    def now() -> datetime:
        return made[0].now

    if request.param == "memory":
        made.append(Place(MemoryQuotas(limits, running, now), at_once))
        yield made[0]
        return
    async with a_store(request.param, tmp_path, postgres) as store:
        made.append(Place(SqlQuotas(store, limits, running, now), store.commit))
        yield made[0]


async def test_there_is_room_until_the_limit_and_again_after_giving_back(place: Place) -> None:
    take, give = place.quotas.take, place.quotas.give_back
    await place.commit(take("acme", "open_tickets", 2))
    with pytest.raises(OverQuota) as over:
        await place.commit(take("acme", "open_tickets", 2))
    assert (over.value.quota, over.value.limit, over.value.left, over.value.retry_after) == ("open_tickets", 3, 1, 5.0)
    await place.commit(take("other", "open_tickets", 3))
    await place.commit(take("acme", "open_tickets", 1))
    await place.commit(give("acme", "open_tickets", 2))
    await place.commit(take("acme", "open_tickets", 2))
    assert (await place.quotas.standing("acme")).open_tickets == 3
    await place.commit(give("acme", "open_tickets", 99))
    assert (await place.quotas.standing("acme")).open_tickets == 0


async def test_what_is_refused_is_told_with_its_limit_and_what_is_left(place: Place) -> None:
    with pytest.raises(Exhausted) as over:
        await place.commit(place.quotas.take("acme", "open_tickets", 4))
    problem = of_error(over.value)
    assert (problem.status, problem.code, problem.retry_after) == (429, "exhausted", 5.0)
    assert problem.members == {"quota": "open_tickets", "limit": 3, "left": 3}
    assert "raise its quota open_tickets" in str(over.value)


async def test_a_tenant_may_have_other_limits_or_none(place: Place) -> None:
    await place.own(open_tickets=1, storage=10)
    with pytest.raises(OverQuota):
        await place.commit(place.quotas.take("acme", "open_tickets", 2))
    await place.own(open_tickets=None, monthly_spend=Decimal("0.10"))
    await place.commit(place.quotas.take("acme", "open_tickets", 1000), place.quotas.take("acme", "storage", 1000))
    assert await place.acts.monthly_spend("acme") == (True, Decimal("0.10"))
    assert await place.acts.monthly_spend("other") == (False, None)
    assert place.quotas.defaults == Limits(open_tickets=3)


async def test_the_bucket_of_intents_holds_a_minutes_worth_and_refills_steadily(place: Place) -> None:
    await place.own(intents_per_minute=4)
    assert [await place.admitted() for _ in range(4)] == [None] * 4
    over = await place.admitted()
    assert over is not None
    assert (over.quota, over.limit, over.left, over.retry_after) == ("intents_per_minute", 4, 0, 15.0)
    place.now += timedelta(seconds=15)
    assert [(await place.admitted()) is None for _ in range(2)] == [True, False]
    place.now += timedelta(minutes=5)
    assert [(await place.admitted()) is None for _ in range(5)] == [True] * 4 + [False]
    await place.own(intents_per_minute=0)
    place.now += timedelta(minutes=5)
    assert await place.admitted() is not None


async def test_intents_are_refused_while_too_many_runs_are_under_way(place: Place) -> None:
    await place.own(concurrent_runs=2)
    place.running = 1
    assert await place.admitted() is None
    place.running = 2
    over = await place.admitted()
    assert over is not None
    assert (over.quota, over.limit, over.left) == ("concurrent_runs", 2, 0)
    assert (await place.quotas.standing("acme")).running == 2


async def test_a_file_is_counted_once_for_each_tenant(place: Place) -> None:
    await place.own(storage=10)
    keep = place.quotas.keep_file
    assert [(await place.commit(keep("acme", "a" * 64, 6)))[0] for _ in range(2)] == [True, False]
    assert (await place.quotas.keeps_file("acme", "a" * 64), await place.quotas.keeps_file("other", "a" * 64)) == (True, False)
    await place.commit(keep("other", "a" * 64, 6))
    with pytest.raises(OverQuota) as over:
        await place.commit(keep("acme", "b" * 64, 5))
    assert over.value.left == 4
    assert await place.acts.room("acme") == (4, 10)
    await place.commit(keep("acme", "c" * 64, 4))
    with pytest.raises(OverQuota):
        await place.acts.room("acme")
    assert (await place.acts.room("other"))[0] is None


async def test_the_standing_shows_limit_used_and_left(place: Place) -> None:
    place.running = 7
    await place.own(intents_per_minute=10, storage=100)
    await place.admitted()
    await place.commit(place.quotas.take("acme", "storage", 30))
    assert await place.acts.show(PLATFORM, "acme") == {
        "intents_per_minute": {"limit": 10, "used": 1, "left": 9, "own": True},
        "open_tickets": {"limit": 3, "used": 0, "left": 3, "own": False},
        "concurrent_runs": {"limit": None, "used": 7, "left": None, "own": False},
        "monthly_spend": {"limit": "10", "used": "2.5", "left": "7.5", "own": False},
        "storage": {"limit": 100, "used": 30, "left": 70, "own": True},
    }


@pytest.mark.parametrize(
    ("by", "reads", "reads_any", "changes"),
    [
        pytest.param(PLATFORM, True, True, True, id="an admin of default"),
        pytest.param(replace(PLATFORM, grants=everywhere("operator")), True, False, False, id="an operator of default"),
        pytest.param(replace(PLATFORM, tenant="acme"), True, False, False, id="an admin of another tenant"),
        pytest.param(replace(PLATFORM, tenant="acme", grants=everywhere("viewer")), True, False, False, id="a viewer"),
        pytest.param(replace(PLATFORM, grants=(Grant("admin", "prod"),)), False, False, False, id="an admin of a namespace"),
    ],
)
async def test_who_reads_and_who_changes(by: Principal, reads: bool, reads_any: bool, changes: bool, place: Place) -> None:
    async def may(act: Any) -> bool:
        try:
            await act
        except Forbidden:
            return False
        return True

    elsewhere = "acme" if by.tenant == "default" else "default"
    assert await may(place.acts.show(by)) == reads
    assert await may(place.acts.show(by, elsewhere)) == reads_any
    assert await may(place.acts.change(by, by.tenant, {"open_tickets": 1})) == changes


async def test_changes_are_told_and_checked(place: Place) -> None:
    await place.acts.change(PLATFORM, "acme", {"monthly_spend": Decimal("1.50")}, "a trial")
    await place.acts.change(PLATFORM, "acme", {"open_tickets": 5}, "paid")
    first, second = place.told.events
    assert (first.type, first.tenant, first.actor) == ("hulk.quota.changed.v1", "acme", "local")
    assert first.data == {"reason": "a trial", "before": {}, "after": {"monthly_spend": "1.50"}}
    assert second.data == {"reason": "paid", "before": {"monthly_spend": "1.50"}, "after": {"open_tickets": 5}}
    for tenant, own, error in (("nobody", {"storage": 1}, NotFound), ("acme", {"storage": -1}, Refused)):
        with pytest.raises(error):
            await place.acts.change(PLATFORM, tenant, own)  # type: ignore[arg-type]  # names of quotas
    with pytest.raises(NotFound):
        await place.acts.show(PLATFORM, "nobody")


async def test_of_many_who_ask_at_once_in_two_processes_exactly_as_many_get_room_as_there_is(store: Store, another: Another) -> None:
    limits = Limits(open_tickets=17, intents_per_minute=23)
    async with another() as other:
        places = [SqlQuotas(one, limits, lambda *_: 0, lambda: START) for one in (store, other)]
        commits = (store.commit, other.commit)
        took: list[str] = []

        async def take(position: int) -> None:
            quotas, commit = places[position % 2], commits[position % 2]
            try:
                await commit(quotas.take("acme", "open_tickets", 1))
                took.append("ticket")
            except OverQuota:
                took.append("no ticket")
            [over] = await commit(quotas.admit("acme"))
            took.append("no intent" if over else "intent")

        async with asyncio.TaskGroup() as group:
            for position in range(60):
                group.create_task(take(position))
        assert (took.count("ticket"), took.count("intent")) == (17, 23)
        assert (await places[0].standing("acme")).open_tickets == 17


async def test_changes_that_commit_together_write_the_row_once(store: Store) -> None:
    quotas = SqlQuotas(store, Limits(), lambda *_: 0)
    seen: list[str] = []
    from sqlalchemy import event

    def noted(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    await store.commit(quotas.take("acme", "storage", 1))
    event.listen(store.engine, "before_cursor_execute", noted)
    await store.commit(*(quotas.take("acme", "storage", 1) for _ in range(50)))
    event.remove(store.engine, "before_cursor_execute", noted)
    assert len([one for one in seen if "quota" in one]) == 2
    assert (await quotas.standing("acme")).storage == 51


@given(st.integers(1, 50), st.lists(st.floats(0, 30, allow_nan=False), max_size=150))
def test_never_more_than_the_rate_and_one_bucket_is_let_in(most: int, waits: list[float]) -> None:
    standing, now, let_in = Standing("acme"), START, []
    for wait in waits:
        now += timedelta(seconds=wait)
        if standing.admit(Limits(intents_per_minute=most), lambda: 0, now) is None:
            let_in.append(now)
        left = standing.intents_left(most, now)
        assert left is not None
        assert 0 <= left <= most
    for first, moment in enumerate(let_in):
        for last in range(first, len(let_in)):
            allowed = most + most * (let_in[last] - moment).total_seconds() / 60
            assert last - first + 1 <= allowed + 1e-3 + 1
