"""What every backend promises (`Backend`): tools that can be told apart, understood and checked, and no act under another's name."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import NotFound
from hulk.kernel.time import utc_now
from hulk.modules.tools.adapters.backends.acts import Acts
from hulk.modules.tools.adapters.backends.schedules import ScheduleTools
from hulk.modules.tools.adapters.backends.tickets import TicketTools
from hulk.modules.tools.domain import NAME
from hulk.modules.tools.ports import Backend, Calling
from hulk.runtime.language import voice
from hulk.runtime.schemas import RustSchemas
from hulk.runtime.store import Store
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


@pytest.fixture(params=[shop, tickets, schedules], ids=lambda make: make.__name__)
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
