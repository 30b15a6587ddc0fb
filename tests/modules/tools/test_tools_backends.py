"""What every backend promises (`Backend`): tools that can be told apart, understood and checked, and no act under another's name."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import HulkError, NotFound, Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal, everywhere
from hulk.kernel.time import utc_now
from hulk.modules.agents.adapters.backend import MemoryTools
from hulk.modules.agents.wiring.mind import mind
from hulk.modules.tickets.domain import Kind
from hulk.modules.tickets.wiring import board_of
from hulk.modules.tools.adapters.backends.acts import About, Acts
from hulk.modules.tools.adapters.backends.airflow import Airflow
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.github import GitHub
from hulk.modules.tools.adapters.backends.http import Endpoint, Http
from hulk.modules.tools.adapters.backends.knowledge import KnowledgeTools
from hulk.modules.tools.adapters.backends.metabase import Metabase
from hulk.modules.tools.adapters.backends.mongodb import MongoDb
from hulk.modules.tools.adapters.backends.mounted import MountedServer
from hulk.modules.tools.adapters.backends.notion import Notion
from hulk.modules.tools.adapters.backends.objects import S3, Area, Areas, Objects
from hulk.modules.tools.adapters.backends.objects import Most as MostObjects
from hulk.modules.tools.adapters.backends.repositories import GitTools
from hulk.modules.tools.adapters.backends.schedules import ScheduleTools
from hulk.modules.tools.adapters.backends.shell import Programs, Room, Shell
from hulk.modules.tools.adapters.backends.skills import SkillTools
from hulk.modules.tools.adapters.backends.spark import Job, Spark
from hulk.modules.tools.adapters.backends.sql import Files, Sql
from hulk.modules.tools.adapters.backends.suitecrm import SuiteCrm
from hulk.modules.tools.adapters.backends.tickets import TicketTools
from hulk.modules.tools.adapters.backends.watched import ToolFigures, WatchedBackend
from hulk.modules.tools.adapters.knowledge import FolderKnowledge
from hulk.modules.tools.domain import NAME, Output, Tool, variables
from hulk.modules.tools.ports import Backend, Calling, Present
from hulk.runtime.breaker import Breakers
from hulk.runtime.config import BreakerSettings
from hulk.runtime.language import voice
from hulk.runtime.outbox import Outbox
from hulk.runtime.schemas import RustSchemas
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics
from support.foreign.mounting import good, serve
from support.minds import WordEmbedder
from support.postgres import Postgres
from support.schedules import a_scheduler
from support.skilled import Skilled
from support.stores import a_store
from support.tickets import service_over
from support.tools import Shop

Make = Callable[[Store], Any]
ABOUT = About(owner="Plataforma")
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
    return GitTools({}, ABOUT)


async def files(_: Store) -> Sql:
    return Sql("sales", Files(places=()), about=ABOUT, most=Bounds())


async def mongodb(_: Store) -> MongoDb:
    return MongoDb("shop", "mongodb://127.0.0.1:1/shop", str, collections=("*",), about=ABOUT, most=Bounds())


async def objects(_: Store) -> Objects:
    area = Areas((Area.of("reports"),))
    return Objects("files", S3(endpoint="", region="x", key_id="", secret=str), read=area, write=area, about=ABOUT, most=MostObjects())


async def github(_: Store) -> GitHub:
    return GitHub("github", ABOUT, url="https://api.github.com", token=str, repositories=("a/*",), projects=("a/1",))


async def notion(_: Store) -> Notion:
    return Notion("notion", ABOUT, url="https://api.notion.com", token=str, parents=())


async def metabase(_: Store) -> Metabase:
    return Metabase("metabase", ABOUT, url="http://127.0.0.1:1", key=str)


async def suitecrm(_: Store) -> SuiteCrm:
    return SuiteCrm("crm", ABOUT, url="http://127.0.0.1:1/Api", client_id="x", client_secret=str, modules=("Accounts",))


async def airflow(_: Store) -> Airflow:
    return Airflow("airflow", ABOUT, url="http://127.0.0.1:1", dags=("*",))


async def spark(_: Store) -> Spark:
    jobs = [Job(name="etl", resource="file:/etl.py")]
    return Spark("spark", ABOUT, history="http://127.0.0.1:1", master="http://127.0.0.1:2", jobs=jobs)


async def http(_: Store) -> Http:
    return Http("erp", ABOUT, endpoints=[Endpoint(prefix="http://127.0.0.1:1", methods=("GET", "POST", "DELETE"))])


async def skills(_: Store) -> SkillTools:
    found = Skilled(Path("/nonexistent/root")).backend
    assert isinstance(found, SkillTools)
    return found


async def shell(_: Store) -> Shell:
    nothing: Any = None  # no file was sent
    return Shell("box", ABOUT, Room(programs=Programs.found(["ls"])), nothing)


async def memory(store: Store) -> MemoryTools:
    return MemoryTools(mind(store, Outbox(store, b"k" * 32), WordEmbedder(), board_of(store)))


async def knowledge(_: Store) -> KnowledgeTools:
    return KnowledgeTools(FolderKnowledge([]))


OWN = (
    memory,
    knowledge,
    shop,
    shell,
    tickets,
    schedules,
    watched,
    repositories,
    files,
    mongodb,
    objects,
    github,
    notion,
    metabase,
    suitecrm,
    airflow,
    spark,
    http,
    skills,
)


@pytest.fixture(params=OWN, ids=lambda make: make.__name__)
async def backend(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Backend]:
    """Each in turn; of those that others have written (`MountedServer`) see test_tools_mounted.py."""
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
        looks = re.search(r"\.(list|show|get|search|read|describe|query|find|aggregate|count|head|link|status)(_|$)", tool.name)
        assert tool.effect == "read" if looks else tool.effect in ("read", "write", "destroy")


async def test_what_has_an_address_is_read_with_all_that_it_needs(backend: Backend) -> None:
    found = [tool for tool in await backend.tools() if tool.address]
    assert len({tool.address for tool in found}) == len(found)
    for tool in found:
        assert tool.address.startswith(f"hulk://{backend.name}")
        assert tool.effect == "read"
        assert set(tool.input.get("required", ())) <= set(variables(tool.address)) <= set(tool.input["properties"])


async def test_who_names_a_kind_of_ticket_that_there_is_not_is_asked_which_they_mean(
    tmp_path: Path, postgres: Callable[[], Postgres]
) -> None:
    async with a_store("sqlite", tmp_path, postgres) as store:
        acts = await service_over(store)
        await acts.register(
            Principal(tenant="acme", actor="root", grants=everywhere("admin")), Kind(name="desk.task", tenant="acme", created=utc_now())
        )
        tools = TicketTools(acts, voice)
        create = next(one for one in await tools.tools() if one.act == "create")
        wanted: JsonObject = {"kind": "desktask", "title": "A lamp"}
        [asked] = (await tools.call(create, wanted, CALLING)).asks
        assert asked.schema["properties"]["kind"]["enum"] == ["desk.task"]
        told = replace(CALLING, present=Present(answers={asked.key: {"kind": "desk.task"}}))
        made = await tools.call(create, wanted, told)
        assert (made.data or {})["kind"] == "desk.task"


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


async def test_a_server_that_others_have_written_is_held_to_it_too(tmp_path: Path) -> None:
    server: MountedServer
    async with serve(good(tmp_path)) as server:
        await test_tools_are_named_after_their_backend_and_each_once(server)
        await test_a_tool_that_is_not_there_is_not_called(server)
