"""The systems of the settings, with what each needs to be asked; nothing is connected before the first call, but MCP servers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from hulk.kernel.durable import Commit
from hulk.kernel.events import Trail
from hulk.kernel.time import Clock, utc_now
from hulk.modules.tools.adapters.backends.airflow import Airflow
from hulk.modules.tools.adapters.backends.github import GitHub
from hulk.modules.tools.adapters.backends.http import Endpoint, Http
from hulk.modules.tools.adapters.backends.metabase import Metabase
from hulk.modules.tools.adapters.backends.mongodb import MongoDb
from hulk.modules.tools.adapters.backends.mongodb import Most as MostDocuments
from hulk.modules.tools.adapters.backends.mounted import configured
from hulk.modules.tools.adapters.backends.notion import Notion
from hulk.modules.tools.adapters.backends.objects import S3, Area, Areas, Objects
from hulk.modules.tools.adapters.backends.objects import Most as MostObjects
from hulk.modules.tools.adapters.backends.repositories import GitTools
from hulk.modules.tools.adapters.backends.shell import Sent
from hulk.modules.tools.adapters.backends.spark import Job, Spark
from hulk.modules.tools.adapters.backends.spark_connect import SparkConnect
from hulk.modules.tools.adapters.backends.sql import Database, Files, MySql, Postgres, Sql
from hulk.modules.tools.adapters.backends.sql import Most as MostRows
from hulk.modules.tools.adapters.backends.suitecrm import SuiteCrm
from hulk.modules.tools.adapters.backends.trino import Trino
from hulk.modules.tools.adapters.backends.watched import ToolFigures, WatchedBackend
from hulk.modules.tools.adapters.sql_pins import SqlPins
from hulk.modules.tools.adapters.tables import Limits
from hulk.modules.tools.ports import Backend, Foreign
from hulk.modules.tools.settings import SystemsSettings
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.modules.tools.settings.requests import EndpointSettings
from hulk.modules.tools.settings.spark import SparkJobSettings
from hulk.modules.tools.settings.sql import SqlSettings
from hulk.modules.tools.usecases.catalogue import Mounted
from hulk.modules.tools.usecases.pinning import ApprovedTools, ApproveTools, FirstUse, PinnedBackend, ReviewServer, RevokeTools
from hulk.modules.tools.wiring.here import about, knowledge_of, sandbox
from hulk.runtime.breaker import Breakers
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics

Follow: TypeAlias = Callable[[str], Callable[[], str]]
"""Gives what gives a secret as it is now, by where it stands in `tools.systems`: `github[0].token`."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Those of the systems: followed, and known by the system that was told them, so that they can be taken out of what it says."""

    follow: Follow
    told: dict[str, list[Callable[[], str]]] = field(default_factory=dict)

    def of(self, name: str, place: str) -> Callable[[str], Callable[[], str]]:
        """What follows those of one system, by their names in its settings."""

        def one(setting: str) -> Callable[[], str]:
            secret = self.follow(f"{place}.{setting}")
            self.told.setdefault(name, []).append(secret)
            return secret

        return one

    def __call__(self, name: str) -> Iterable[str]:
        """As they are now."""
        return (secret() for secret in self.told.get(name, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinning:
    """The acts on what third parties say of their tools."""

    review: ReviewServer
    approve: ApproveTools
    revoke: RevokeTools


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The systems, who may use them, and what they were told."""

    mounted: Sequence[Mounted]
    watched: Callable[[Backend], Backend]
    """Counts the calls of one more."""
    secrets: Secrets
    pinning: Pinning


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What systems need of the program. `folder` is where programs of MCP servers live; `data` what no sandbox may see."""

    store: Store
    trail: Trail
    breakers: Breakers
    metrics: Metrics
    folder: Path
    data: Path
    stale: Callable[[], None]
    """Told when what a system can do was changed here."""
    sent: Sent
    clock: Clock = utc_now


@contextlib.asynccontextmanager
async def connected(settings: SystemsSettings, follow: Follow, around: Around) -> AsyncIterator[Connected]:
    """All systems of the settings; MCP servers are ended with the block."""
    secrets, figures, pins = Secrets(follow), ToolFigures.of(around.metrics), SqlPins(around.store)
    approved = ApprovedTools(pins)
    async with contextlib.AsyncExitStack() as stack:
        foreign: dict[str, Foreign] = {}
        for place, one in enumerate(settings.mcp):
            given = secrets.of(one.name, f"mcp[{place}]")
            foreign[one.name] = await stack.enter_async_context(configured(one, _folder(around.folder, one.name), given))
        first = FirstUse(pins, around.trail, around.store.commit, around.clock)
        systems: dict[str, Backend] = {
            one.name: PinnedBackend(foreign[one.name], approved, first if one.trust == "first_use" else None) for one in settings.mcp
        }
        systems |= {one.name: made for one, made in _own(settings, secrets)}
        systems |= {one.name: await sandbox(one, around.data, around.sent) for one in settings.shell}
        mounted = [
            Mounted(backend=WatchedBackend(systems[one.name], figures, around.breakers, one.tools), tenants=one.tenants)
            for _, one in settings.all()
        ]
        if settings.knowledge:
            knowledge = await knowledge_of(settings.knowledge, around.data, stack)
            tenants = {tenant for one in settings.knowledge for tenant in one.tenants}
            mounted.append(Mounted(backend=WatchedBackend(knowledge, figures, around.breakers), tenants=tuple(sorted(tenants))))

        def stale(server: str) -> None:
            approved.stale(server)
            around.stale()

        yield Connected(
            mounted=mounted,
            watched=lambda one: WatchedBackend(one, figures),
            secrets=secrets,
            pinning=_pinning(foreign, pins, around, stale),
        )


def _pinning(foreign: Mapping[str, Foreign], pins: SqlPins, around: Around, stale: Callable[[str], None]) -> Pinning:
    commit: Commit = around.store.commit
    return Pinning(
        review=ReviewServer(foreign, pins, commit),
        approve=ApproveTools(foreign, pins, around.trail, commit, around.clock, stale),
        revoke=RevokeTools(foreign, pins, around.trail, commit, stale),
    )


def _folder(folder: Path, name: str) -> Path:
    (made := folder / name).mkdir(parents=True, exist_ok=True)
    return made


def _own(settings: SystemsSettings, secrets: Secrets) -> Iterator[tuple[BackendSettings, Backend]]:
    """Those that are written here, each with its settings."""
    yield from _data(settings, secrets)
    for place, http in enumerate(settings.http):
        follow = secrets.of(http.name, f"http[{place}]")
        endpoints = [_endpoint(one, number, follow) for number, one in enumerate(http.endpoints)]
        yield http, Http(http.name, about(http), endpoints=endpoints, most_bytes=http.max_size, seconds=http.timeout)
    for git in settings.git:
        yield git, GitTools(git.repositories, about(git), git.name, git.timeout)
    yield from _offices(settings, secrets)
    for place, spark in enumerate(settings.spark):
        follow, jobs = secrets.of(spark.name, f"spark[{place}]"), [_job(job) for job in spark.jobs]
        yield spark, Spark(
            spark.name, about(spark), history=spark.history, master=spark.master, token=follow("token"), jobs=jobs, version=spark.version,
            seconds=spark.timeout,
        )  # fmt: skip


def _data(settings: SystemsSettings, secrets: Secrets) -> Iterator[tuple[BackendSettings, Backend]]:
    for place, sql in enumerate(settings.sql):
        most = MostRows(rows=sql.rows, size=sql.size, seconds=sql.timeout)
        yield sql, Sql(sql.name, _database(sql, secrets.of(sql.name, f"sql[{place}]")), about=about(sql), most=most)
    for place, mongo in enumerate(settings.mongodb):
        follow, bounds = secrets.of(mongo.name, f"mongodb[{place}]"), MostDocuments(rows=mongo.rows, size=mongo.size, seconds=mongo.timeout)
        yield mongo, MongoDb(
            mongo.name, mongo.url, follow("password"), collections=mongo.collections, about=about(mongo), most=bounds
        )  # fmt: skip
    for place, trino in enumerate(settings.trino):
        follow, most = secrets.of(trino.name, f"trino[{place}]"), MostRows(rows=trino.rows, size=trino.size, seconds=trino.timeout)
        database = Trino(
            url=trino.url, catalog=trino.catalog, schema=trino.schema_, account=trino.account, password=follow("password"),
            allowed=trino.tables, flavour=trino.flavour,
        )  # fmt: skip
        yield trino, Sql(trino.name, database, about=about(trino), most=most)
    for place, spark in enumerate(settings.spark_sql):
        most = MostRows(rows=spark.rows, size=spark.size, seconds=spark.timeout)
        connect = SparkConnect(
            address=spark.address, catalog=spark.catalog, schema=spark.schema_, account=spark.account, tls=spark.tls, allowed=spark.tables,
            token=secrets.of(spark.name, f"spark_sql[{place}]")("token"),
        )  # fmt: skip
        yield spark, Sql(spark.name, connect, about=about(spark), most=most)
    for place, objects in enumerate(settings.objects):
        follow = secrets.of(objects.name, f"objects[{place}]")
        s3 = S3(endpoint=objects.endpoint, region=objects.region, key_id=objects.key_id, secret=follow("secret"))
        yield objects, Objects(
            objects.name, s3, read=_areas(objects.read), write=_areas(objects.write), about=about(objects),
            most=MostObjects(size=objects.size, seconds=objects.timeout, link=objects.link),
        )  # fmt: skip


def _offices(settings: SystemsSettings, secrets: Secrets) -> Iterator[tuple[BackendSettings, Backend]]:
    for place, github in enumerate(settings.github):
        token = secrets.of(github.name, f"github[{place}]")("token")
        yield github, GitHub(
            github.name, about(github), url=github.url, token=token, repositories=github.repositories, projects=github.projects,
            seconds=github.timeout,
        )  # fmt: skip
    for place, notion in enumerate(settings.notion):
        token = secrets.of(notion.name, f"notion[{place}]")("token")
        yield notion, Notion(notion.name, about(notion), url=notion.url, token=token, parents=notion.parents, seconds=notion.timeout)
    for place, metabase in enumerate(settings.metabase):
        key = secrets.of(metabase.name, f"metabase[{place}]")("key")
        yield metabase, Metabase(
            metabase.name, about(metabase), url=metabase.url, key=key, collections=metabase.collections, rows=metabase.rows,
            seconds=metabase.timeout,
        )  # fmt: skip
    for place, crm in enumerate(settings.suitecrm):
        follow = secrets.of(crm.name, f"suitecrm[{place}]")
        yield crm, SuiteCrm(
            crm.name, about(crm), url=crm.url, client_id=crm.client_id, client_secret=follow("client_secret"), modules=crm.modules,
            user=crm.user, password=follow("password"), seconds=crm.timeout,
        )  # fmt: skip
    for place, airflow in enumerate(settings.airflow):
        follow = secrets.of(airflow.name, f"airflow[{place}]")
        yield airflow, Airflow(
            airflow.name, about(airflow), url=airflow.url, dags=airflow.dags, token=follow("token"), user=airflow.user,
            password=follow("password"), seconds=airflow.timeout,
        )  # fmt: skip


def _areas(areas: Sequence[str]) -> Areas:
    return Areas(tuple(map(Area.of, areas)))


def _database(sql: SqlSettings, follow: Callable[[str], Callable[[], str]]) -> Database:
    turns = asyncio.Semaphore(sql.connections)
    match sql.kind:
        case "files":
            return Files(places=sql.files, limits=Limits(memory=f"{sql.memory_limit}B"), turns=turns)
        case "postgres":
            return Postgres(url=sql.url, password=follow("password"), allowed=sql.tables, schema=sql.schema_, turns=turns)
        case "mysql":
            return MySql(url=sql.url, password=follow("password"), allowed=sql.tables, tls=sql.tls, turns=turns)


def _endpoint(one: EndpointSettings, number: int, follow: Callable[[str], Callable[[], str]]) -> Endpoint:
    values = {header.name: follow(f"endpoints[{number}].headers[{place}].value") for place, header in enumerate(one.headers)}
    return Endpoint(
        prefix=one.prefix, methods=one.methods, headers=lambda: {name: value() for name, value in values.items()}, private=one.private,
        idempotency=one.idempotency,
    )  # fmt: skip


def _job(job: SparkJobSettings) -> Job:
    return Job(
        name=job.name, resource=job.resource, about=job.about, main_class=job.main_class, properties=job.properties,
        environment=job.environment,
    )  # fmt: skip
