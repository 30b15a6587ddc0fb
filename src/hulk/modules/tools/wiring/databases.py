"""Systems that hold data, with what each needs to be asked."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.mongodb import MongoDb
from hulk.modules.tools.adapters.backends.objects import S3, Area, Areas, Most, Objects
from hulk.modules.tools.adapters.backends.spark_connect import SparkConnect
from hulk.modules.tools.adapters.backends.sql import Database, Files, MySql, Postgres, Sql
from hulk.modules.tools.adapters.backends.trino import Trino
from hulk.modules.tools.adapters.tables import Limits
from hulk.modules.tools.ports import Backend
from hulk.modules.tools.settings import SystemsSettings
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.modules.tools.settings.sql import SqlSettings
from hulk.modules.tools.wiring.here import about
from hulk.modules.tools.wiring.secrets import Secrets


def databases(settings: SystemsSettings, secrets: Secrets) -> Iterator[tuple[BackendSettings, Backend]]:
    """Those of the settings, each with its own."""
    for place, sql in enumerate(settings.sql):
        most = Bounds(rows=sql.rows, size=sql.size, seconds=sql.timeout)
        yield sql, Sql(sql.name, _database(sql, secrets.of(sql.name, f"sql[{place}]")), about=about(sql), most=most)
    for place, mongo in enumerate(settings.mongodb):
        follow, bounds = secrets.of(mongo.name, f"mongodb[{place}]"), Bounds(rows=mongo.rows, size=mongo.size, seconds=mongo.timeout)
        yield mongo, MongoDb(
            mongo.name, mongo.url, follow("password"), collections=mongo.collections, about=about(mongo), most=bounds
        )  # fmt: skip
    for place, trino in enumerate(settings.trino):
        follow, most = secrets.of(trino.name, f"trino[{place}]"), Bounds(rows=trino.rows, size=trino.size, seconds=trino.timeout)
        database = Trino(
            url=trino.url, catalog=trino.catalog, schema=trino.schema_, account=trino.account, password=follow("password"),
            allowed=trino.tables, flavour=trino.flavour,
        )  # fmt: skip
        yield trino, Sql(trino.name, database, about=about(trino), most=most)
    for place, spark in enumerate(settings.spark_sql):
        most = Bounds(rows=spark.rows, size=spark.size, seconds=spark.timeout)
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
            most=Most(size=objects.size, seconds=objects.timeout, link=objects.link),
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
