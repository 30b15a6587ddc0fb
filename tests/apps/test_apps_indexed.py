"""Whatever is asked of a full store goes by an index: no list reads all that there is, and no index is written that nothing reads.

SQLite has no statistics of ours, so its plans are the same for ten rows and for a million, and an empty store shows them all."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from hulk.kernel import ids
from hulk.kernel.flow import Concurrency, Flow
from hulk.runtime.workflows.hooks import Hooks
from hulk.runtime.workflows.journal import Journal
from support.callers import World, a_world, pages_of, routes_of
from support.runs import a_run
from support.subjects import address

FILTERS: Mapping[str, tuple[str, ...]] = {
    "/v1/runs": (
        *(f"status={one}" for one in ("held", "pending", "running", "waiting", "needs_attention", "completed", "failed", "cancelled")),
        "queue=slow", "queue=default", "workflow=ticket", "code=unavailable", "attribute=kind%3Dreport", "status=failed&dead=false",
        "status=failed&code=unavailable", "workflow=ticket&status=failed", "queue=slow&status=failed", "dead=true",
        "created_from=2026-01-01T00:00:00Z", "intent=int_01m7y5yr6fe5hvadg4t960z6tv", "parent=run_01m7y5yr6fe5hvadg4t960z6tv",
    ),
    "/v1/dead-letters": ("workflow=ticket", "code=unavailable", "workflow=ticket&code=unavailable"),
    "/v1/tickets": (
        "status=open", "status=completed", "owner=person", "owner=run", "owner=worker&status=failed", "owner=person&status=open",
        "overdue=true", "overdue=true&owner=person", "kind=report", "kind=report&status=open", "priority=high", "label=env%3Dprod",
        "text=sales", "assignee=person%3Aana", "intent_id=int_01m7y5yr6fe5hvadg4t960z6tv",
    ),
    "/v1/intents": ("status=failed", "status=running", "status=completed", "namespace=default"),
    "/v1/conversations": ("mode=person", "mode=hulk", "channel=chat&sender=ana"),
    "/v1/audit": ("actor=x", "subject=x"),
}  # fmt: skip
"""What lists are asked for besides all of it."""
FEW = frozenset({
    "account", "api_key", "alembic_version", "audit_head", "audit_mark", "budget", "channel_code", "event_head", "experiment", "namespace",
    "outbox", "queue", "rate", "schedule", "signing_key", "tenant", "agent_memory",
})  # fmt: skip
"""Tables that are gone through: they grow with how many people, tenants and settings there are, not with the work that is done; of
`agent_memory` some at a time, when another model counts what they mean."""
_FEW_ROWS = ("ix_run_held", "ix_run_dead", "ix_run_apart", "ix_run_going", "ix_run_active", "channel_message_unsent")
"""Indexes that a measurement goes through: of what waits, failed or is under way."""
OF_FEW = re.compile(r"json_each|run\.(intent|parent) = |'pending', 'running'|ORDER BY run\.touched")
"""What fits few: those looked up before, of one intent or run, under way when they are no crowd."""
NOT_ASKED = frozenset({"GET /console/live", "GET /v1/events", "GET /v1/intents/{intent_id}/events"})


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running Hulk."""
    async with a_world(tmp_path) as made:
        yield made


@contextmanager
def heard() -> Iterator[dict[str, Any]]:
    """The statements of this process meanwhile, each with values that it had."""
    found: dict[str, Any] = {}

    def hear(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        found.setdefault(statement, values)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


async def look_at_all(world: World) -> None:
    """Ask for each page and each list, as an admin and as who sees one namespace; with each filter."""
    for route in sorted({*routes_of(world.app), *pages_of(world.app)} - NOT_ASKED):
        if route.startswith("GET "):
            path = await address(world, route)
            for who in ("admin", "prod"):
                await world.call(who, "GET", path)
    for path, filters in FILTERS.items():
        for one in filters:
            status, said = await world.call("admin", "GET", f"{path}?{one}")
            assert status == 200, (path, one, said)


async def work(world: World) -> None:
    """Do what is done besides: a ticket is leased and held, runs wait for room in a lane, a trace is looked for that nobody has."""
    assert (await world.call("admin", "GET", f"/v1/trace/{'ab' * 16}"))[0] == 404
    assert (await world.call("admin", "PUT", "/v1/ticket-kinds/report", json={}))[0] == 200
    made = await world.made("admin", "/v1/tickets", kind="report", title="x")
    lease = await world.made("admin", "/v1/leases", worker="w", kinds=["report"], most=4, lease_for=3600)
    held = {"tickets": [made["ticket_id"]], "lease_token": lease["token"]}
    assert (await world.call("admin", "POST", "/v1/leases/heartbeat", json=held))[0] == 200
    one_at_a_time, journal = Flow(concurrency=Concurrency(key="k", most=1)), Journal(Hooks())
    runs = [a_run(ids.new("run"), flow=one_at_a_time) for _ in range(2)]
    await world.desk.helm.store.commit(*(journal.begin(run) for run in runs))


def plans(connection: Connection, statements: Mapping[str, Any]) -> dict[str, str]:
    """How each that reads or changes rows is gone about."""
    known = set(connection.execute(text("select name from sqlite_master where type = 'table'")).scalars())
    wanted = {one: values for one, values in statements.items() if re.match(r"\s*(select|update|delete|with)\b", one, re.IGNORECASE)}
    ours = {
        one: values
        for one, values in wanted.items()
        if not set(re.findall(r"FROM (\w+)", one)) - known - {"json_each"} and "sqlite_master" not in one
    }
    raw: Any = connection.connection.driver_connection
    return {
        one: "; ".join(row[3] for row in raw.execute(f"explain query plan {one}", values[0] if isinstance(values, list) else values))
        for one, values in ours.items()
    }


def partial_indexes(connection: Connection) -> set[str]:
    """Those of a few rows."""
    found = connection.execute(text("select name, sql from sqlite_master where type = 'index' and sql like '% where %'"))
    return {row.name for row in found}


def gone_through(plan: str) -> set[str]:
    """The tables that it reads all of, and not by an index of a few."""
    found = re.finditer(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", plan)
    made = {"json_each", "CONSTANT", *re.findall(r"(?:CO-ROUTINE|MATERIALIZE) (\w+)", plan)}
    return {match[1] for match in found if match[1] not in made and not (match[2] or "").startswith(_FEW_ROWS)}


async def test_nothing_reads_all_there_is_and_every_index_of_a_few_is_read(tmp_path: Path) -> None:
    with heard() as statements:
        async with a_world(tmp_path) as world:
            await look_at_all(world)
            await work(world)
            found, few = await world.desk.helm.store.read(lambda connection: (plans(connection, statements), partial_indexes(connection)))
    used = {index for plan in found.values() for index in re.findall(r"INDEX (\w+)", plan)}
    assert few - used == set()
    assert {statement: plan for statement, plan in found.items() if gone_through(plan) - FEW} == {}


PAGES_SORTED = "USE TEMP B-TREE FOR ORDER BY"


async def test_a_page_of_a_list_is_read_in_its_order(world: World) -> None:
    """What is sorted is read whole, however short the page."""
    with heard() as statements:
        for path, filters in FILTERS.items():
            for one in filters:
                status, said = await world.call("admin", "GET", f"{path}?{one}")
                assert status == 200, (path, one, said)
        found = await world.desk.helm.store.read(lambda connection: plans(connection, statements))
    lists = {
        one: plan
        for one, plan in found.items()
        if re.search(r"FROM (run|ticket|intent|charge|decision|channel_conversation)\b", one) and "LIMIT" in one
    }
    assert len(lists) > 20
    assert {one: plan for one, plan in lists.items() if PAGES_SORTED in plan and not OF_FEW.search(one)} == {}
