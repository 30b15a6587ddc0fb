"""What every backend promises (`Backend`): tools that can be told apart, understood and checked, and no act under another's name."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import HulkError, NotFound, Unavailable
from hulk.kernel.time import utc_now
from hulk.modules.tools.adapters.backends.acts import About, Acts
from hulk.modules.tools.adapters.backends.repositories import GitTools
from hulk.modules.tools.adapters.backends.schedules import ScheduleTools
from hulk.modules.tools.adapters.backends.tickets import TicketTools
from hulk.modules.tools.adapters.backends.watched import ToolFigures, WatchedBackend
from hulk.modules.tools.domain import NAME, Output, Tool
from hulk.modules.tools.ports import Backend, Calling
from hulk.runtime.breaker import Breakers
from hulk.runtime.config import BreakerSettings
from hulk.runtime.language import voice
from hulk.runtime.schemas import RustSchemas
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics
from support.postgres import Postgres
from support.schedules import a_scheduler
from support.stores import a_store
from support.tickets import service_over
from support.tools import Shop

Make = Callable[[Store], Any]
CALLING = Calling(id="tcl_1", key="k1", tenant="acme", actor="person:ana", deadline=utc_now() + timedelta(minutes=5))


async def shop(_: Store) -> Acts:
    return Shop().backend()


async def tickets(store: Store) -> TicketTools:
    return TicketTools(await service_over(store), voice)


async def schedules(store: Store) -> ScheduleTools:
    nowhere: Any = None  # what is asked here goes to no bus
    return ScheduleTools(a_scheduler(store, nowhere), lambda text: {"text": text}, "America/Sao_Paulo")


async def watched(store: Store) -> WatchedBackend:
    return WatchedBackend(await shop(store), ToolFigures.of(Metrics()), Breakers(BreakerSettings(), Metrics()))


async def repositories(_: Store) -> GitTools:
    return GitTools({}, About(outside=False, owner="Plataforma"))


@pytest.fixture(params=[shop, tickets, schedules, watched, repositories], ids=lambda make: make.__name__)
async def backend(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Backend]:
    """Each in turn."""
    async with a_store("sqlite", tmp_path, postgres) as store:
        yield await request.param(store)


async def test_tools_are_named_after_their_backend_and_each_once(backend: Backend) -> None:
    names = [tool.name for tool in await backend.tools()]
    assert names
    assert len(names) == len(set(names))
    assert all(NAME.fullmatch(name) and name.startswith(f"{backend.name}.") for name in names)


async def test_tools_say_what_they_do_and_take_objects_without_other_fields(backend: Backend) -> None:
    for tool in await backend.tools():
        RustSchemas().require_schema(tool.input)
        assert (tool.input["type"], tool.input["additionalProperties"]) == ("object", False)
        assert tool.title
        assert len(tool.description) >= 10
        assert tool.owner
        assert tool.seconds > 0
        assert not tool.amount or tool.amount in tool.input["properties"]


async def test_tools_of_which_the_name_says_that_they_look_do_not_write(backend: Backend) -> None:
    for tool in await backend.tools():
        looks = re.search(r"\.(list|show|get|search|read|describe|query|find)(_|$)", tool.name)
        assert tool.effect == "read" if looks else tool.effect in ("read", "write", "destroy")


async def test_a_tool_that_is_not_there_is_not_called(backend: Backend) -> None:
    [tool, *_] = await backend.tools()
    with pytest.raises(NotFound):
        await backend.call(replace(tool, name=f"{backend.name}.nothing"), {}, CALLING)


async def test_a_backend_that_is_not_well_is_left_alone_and_every_call_is_counted() -> None:
    metrics, world = Metrics(), Shop()
    tools = WatchedBackend(world.backend(), ToolFigures.of(metrics), Breakers(BreakerSettings(), metrics))
    tool = next(one for one in await tools.tools() if one.name == "shop.list_orders")

    async def away(*_: object) -> Output | None:
        raise Unavailable("The shop of {cpf} is away.", cpf="529.982.247-25")

    world.answer = away
    codes = [await _code(tools, tool) for _ in range(60)]
    assert set(codes) == {"unavailable"}
    asked = world.asked
    assert 0 < asked < 60, "from some failure on nobody is asked"
    counted = metrics.render().decode()
    assert 'hulk_tool_call_duration_seconds_count{error_type="unavailable",tool="shop.list_orders"} 60.0' in counted


async def _code(tools: WatchedBackend, tool: Tool) -> str:
    try:
        await tools.call(tool, {}, CALLING)
    except HulkError as error:
        return error.code
    return ""
