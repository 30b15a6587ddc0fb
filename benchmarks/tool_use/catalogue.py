"""Hulk's own tools as models see them, as desks: those that a team would be given. Nothing is connected, since none is called."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.tool_use import asking
from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.adapters.backends.airflow import Airflow
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.github import GitHub
from hulk.modules.tools.adapters.backends.metabase import Metabase
from hulk.modules.tools.adapters.backends.mongodb import MongoDb
from hulk.modules.tools.adapters.backends.notion import Notion
from hulk.modules.tools.adapters.backends.objects import S3, Area, Areas, Most, Objects
from hulk.modules.tools.adapters.backends.repositories import GitTools
from hulk.modules.tools.adapters.backends.schedules import ScheduleTools
from hulk.modules.tools.adapters.backends.spark import Job, Spark
from hulk.modules.tools.adapters.backends.sql import Files, Sql
from hulk.modules.tools.adapters.backends.suitecrm import SuiteCrm
from hulk.modules.tools.adapters.backends.tickets import TicketTools
from hulk.modules.tools.domain import Tool
from hulk.modules.tools.ports import Backend
from hulk.runtime.language import voice

_HERE = "http://127.0.0.1:1"
_ABOUT = About(owner="Operations")

DESKS: Mapping[str, Sequence[str]] = {
    "support": ("tickets.list", "tickets.show", "tickets.create", "tickets.comment", "schedules.list", "schedules.ask", "schedules.pause"),
    "code": (
        "github.list_issues", "github.search_issues", "github.get_issue", "github.sprint_status", "github.list_workflow_runs",
        "github.create_issue", "github.comment", "github.update_issue",
    ),
    "data": (
        "sales.list_tables", "sales.describe_table", "sales.query", "metabase.list_questions", "metabase.run_question", "shop.find",
        "shop.count", "files.list_objects", "files.read_object",
    ),
    "crm": ("crm.list_records", "crm.search", "crm.get_record", "crm.create_record", "crm.update_record", "crm.relate", "tickets.create"),
    "pipelines": ("airflow.list_dags", "airflow.list_runs", "airflow.get_run", "airflow.get_log", "airflow.trigger_run", "tickets.create"),
}  # fmt: skip
"""The tools of each desk; the desk `all` has every tool that there is."""


def _backends() -> Sequence[Backend]:
    nobody: Any = None  # what is behind Hulk's own tools is asked only when one is called
    area = Areas((Area.of("reports"),))
    jobs = [Job(name="etl", resource="file:/etl.py")]
    return (
        TicketTools(nobody, voice),
        ScheduleTools(nobody, lambda text: {"text": text}, "America/Sao_Paulo"),
        GitTools({}, _ABOUT),
        Sql("sales", Files(places=()), about=_ABOUT, most=Bounds()),
        MongoDb("shop", "mongodb://127.0.0.1:1/shop", str, collections=("*",), about=_ABOUT, most=Bounds()),
        Objects("files", S3(endpoint="", region="x", key_id="", secret=str), read=area, write=area, about=_ABOUT, most=Most()),
        GitHub("github", _ABOUT, url=_HERE, token=str, repositories=("acme/*",), projects=("acme/1",)),
        Notion("notion", _ABOUT, url=_HERE, token=str),
        Metabase("metabase", _ABOUT, url=_HERE, key=str),
        SuiteCrm("crm", _ABOUT, url=_HERE, client_id="x", client_secret=str, modules=("Accounts",)),
        Airflow("airflow", _ABOUT, url=_HERE, dags=("*",)),
        Spark("spark", _ABOUT, history=_HERE, master=_HERE, jobs=jobs),
    )


async def catalogue() -> dict[str, Tool]:
    """All tools, by their names."""
    return {tool.name: tool for backend in _backends() for tool in await backend.tools()}


def desk(tools: Mapping[str, Tool], name: str) -> list[Tool]:
    """Those of a desk. Raises `KeyError` for one that is not there."""
    return list(tools.values()) if name == "all" else [tools[one] for one in DESKS[name]]


def sent(name: str) -> str:
    """A tool's name as models are told it: OpenAI takes no dots."""
    return name.replace(".", "_")


def offered(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """In OpenAI's form."""
    return [asking.tool(sent(one.name), one.description, one.input) for one in tools]
