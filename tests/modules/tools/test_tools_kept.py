"""Calls, rules and virtual servers as they are kept: in memory and on both databases."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hulk.kernel.durable import Commit
from hulk.kernel.errors import NotFound
from hulk.modules.tools.adapters.memory import MemoryCalls, MemoryNamed
from hulk.modules.tools.adapters.sql import SqlCalls, SqlNamed
from hulk.modules.tools.domain import Call, Ending, Output, Rule, Server
from hulk.modules.tools.domain.call import Status, id_of
from hulk.modules.tools.domain.tool import Bytes, Link, Words
from hulk.modules.tools.ports import Calls, Named, WantedCalls
from support.memory import at_once
from support.postgres import Postgres
from support.stores import KINDS, a_store

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OUTPUT = Output(
    data={"id": 7, "deep": {"list": [1.5, None, True, "ü"]}},
    pieces=(Words("done"), Bytes(b"\x00\xff", "image/png", "chart"), Link("hulk://files/1", "all of it", "text/csv")),
    cut="9 rows left out",
)  # fmt: skip


@dataclass
class Place:
    """Where they are kept."""

    calls: Calls
    rules: Named[Rule]
    servers: Named[Server]
    commit: Commit


@pytest.fixture(params=["memory", *KINDS])
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place]:
    """Each place in turn."""
    if request.param == "memory":
        yield Place(MemoryCalls(), MemoryNamed(Rule), MemoryNamed(Server), at_once)
        return
    async with a_store(request.param, tmp_path, postgres) as store:
        yield Place(SqlCalls(store), SqlNamed(store, Rule), SqlNamed(store, Server), store.commit)


def a_call(key: str = "k1", tenant: str = "acme", status: Status = "running", minutes: int = 0, **others: object) -> Call:
    at = NOON + timedelta(minutes=minutes)
    return Call(
        id=id_of(tenant, key), tenant=tenant, key=key, tool="crm.create_order", arguments={"value": 10, "to": "Ana"}, actor="key:1", at=at,
        deadline=at + timedelta(seconds=30), status=status, rules=("sales",), **others,  # type: ignore[arg-type]  # fields of Call
    )  # fmt: skip


async def test_a_call_is_kept_once_and_comes_back_as_it_was(place: Place) -> None:
    call = a_call(intent="int_1", person="ana@example.com", agent="retail")
    assert await place.commit(place.calls.begin(call)) == [(call, True)]
    assert await place.commit(place.calls.begin(replace(call, arguments={}))) == [(call, False)]
    assert await place.calls.get("acme", call.id) == call
    for tenant, id_ in (("other", call.id), ("acme", "tcl_none")):
        with pytest.raises(NotFound):
            await place.calls.get(tenant, id_)


async def test_the_end_is_kept_with_what_came_back_and_only_the_first(place: Place) -> None:
    call = a_call()
    await place.commit(place.calls.begin(call))
    done = Ending(status="done", at=NOON, output=OUTPUT, labels=("cpf",))
    [(after, new)] = await place.commit(place.calls.end("acme", call.id, done))
    assert new
    assert after == replace(call, status="done", ended=NOON, output=OUTPUT, labels=("cpf",)) == await place.calls.get("acme", call.id)
    failed = Ending(status="failed", at=NOON, error={"code": "refused", "text": {"msgid": "no"}})
    assert await place.commit(place.calls.end("acme", call.id, failed)) == [(after, False)]


async def test_what_was_uncertain_may_turn_out(place: Place) -> None:
    call = a_call()
    await place.commit(place.calls.begin(call), place.calls.end("acme", call.id, Ending(status="uncertain", at=NOON)))
    [(after, new)] = await place.commit(place.calls.end("acme", call.id, Ending(status="done", at=NOON, output=OUTPUT)))
    assert (after.status, new) == ("done", True)


@pytest.mark.parametrize(
    ("status", "idempotent", "taken"),
    [
        pytest.param("waiting", False, True, id="it waited"),
        pytest.param("running", False, False, id="begun, and not ended"),
        pytest.param("running", True, True, id="begun, and doing it twice does nothing twice"),
        pytest.param("done", True, False, id="done"),
        pytest.param("rejected", True, False, id="rejected"),
    ],
)
async def test_a_call_is_taken_by_one_who_may_do_it(place: Place, status: Status, idempotent: bool, taken: bool) -> None:
    call = a_call(status=status)
    await place.commit(place.calls.begin(call))
    later = NOON + timedelta(hours=1)
    [found] = await place.commit(place.calls.take("acme", call.id, later, idempotent=idempotent))
    assert found == (replace(call, status="running", deadline=later) if taken else None)
    if taken:
        assert await place.commit(place.calls.take("acme", call.id, later, idempotent=False)) == [None]


async def test_the_ticket_is_kept_with_the_call(place: Place) -> None:
    call = a_call(status="waiting")
    await place.commit(place.calls.begin(call), place.calls.ask("acme", call.id, "tkt_1"))
    assert await place.calls.get("acme", call.id) == replace(call, ticket="tkt_1")
    with pytest.raises(NotFound):
        await place.commit(place.calls.ask("acme", "tcl_none", "tkt_1"))


async def test_calls_are_found_newest_first_page_by_page(place: Place) -> None:
    calls = [a_call(f"k{minute}", minutes=minute // 2) for minute in range(6)]
    await place.commit(*(place.calls.begin(one) for one in (*calls, a_call("theirs", "other"))))
    first = await place.calls.find(WantedCalls(tenant="acme", most=4))
    rest = await place.calls.find(WantedCalls(tenant="acme", most=4, before=first[-1].id))
    assert [one.at for one in (*first, *rest)] == sorted((one.at for one in calls), reverse=True)
    assert {one.id for one in (*first, *rest)} == {one.id for one in calls}
    assert await place.calls.find(WantedCalls(tenant="acme", before="tcl_none")) == []
    for wanted in ({"actor": "key:2"}, {"tool": "crm.x"}, {"status": "done"}):
        assert await place.calls.find(WantedCalls(tenant="acme", **wanted)) == []  # type: ignore[arg-type]  # one of its fields


async def test_running_calls_whose_time_is_over_are_found(place: Place) -> None:
    late, later = a_call("a", minutes=-60), a_call("b", "other", minutes=-30)
    await place.commit(*(place.calls.begin(one) for one in (later, late, a_call("c", status="waiting", minutes=-60), a_call("d"))))
    assert await place.calls.overdue(NOON, 10) == [late, later]
    assert await place.calls.overdue(NOON, 1) == [late]


async def test_rules_and_servers_hold_by_name_until_they_are_removed(place: Place) -> None:
    rule = Rule(name="sales", tools=("crm.*",), roles=("operator",), agents=("retail",), autonomy="act", up_to=Decimal("10.50"))
    server = Server(name="sales", title="Vendas", tools=("crm.*",), people=("person:ana@*",))
    assert await place.commit(place.rules.put("acme", rule), place.servers.put("acme", server)) == [None, None]
    changed = replace(rule, deny=True)
    assert await place.commit(place.rules.put("acme", changed)) == [rule]
    assert (await place.rules.of("acme"), await place.servers.of("acme"), await place.rules.of("other")) == ([changed], [server], [])
    assert await place.commit(place.rules.remove("acme", "sales")) == [changed]
    assert (await place.rules.of("acme"), await place.servers.of("acme")) == ([], [server])
    with pytest.raises(NotFound):
        await place.commit(place.rules.remove("acme", "sales"))
