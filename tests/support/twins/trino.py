"""A Trino in a process of its own: it speaks the client protocol (https://trino.io/docs/current/develop/client-protocol.html) over a
DuckDB to which queries are translated. `python -m support.twins.trino PORT` says its port first.

A query that holds the word `slow_query` does not end until it is called off; `busy_query` is answered 503 twice, and so on: see `_odd`.
`GET /seen` tells the headers of each query, which were called off, and what there was of a server's own state.
"""

import asyncio
import base64
import itertools
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import sqlglot
from aiohttp import web

PAGE = 40
_TYPES = {"VARCHAR": "varchar", "INTEGER": "integer", "BIGINT": "bigint", "DOUBLE": "double", "BOOLEAN": "boolean", "DATE": "date"}
_TYPES |= {"TIMESTAMP": "timestamp(3)", "BLOB": "varbinary", "HUGEINT": "decimal(38,0)"}


@dataclass
class Running:
    """A query: its pages, and where the client is."""

    id: str
    slug: str
    columns: list[dict[str, Any]]
    rows: list[list[Any]]
    sql: str
    token: int = 0


@dataclass
class Twin:
    """The server."""

    base: str = ""
    database: Any = field(default_factory=lambda: duckdb.connect())
    running: dict[str, Running] = field(default_factory=dict)
    seen: list[dict[str, Any]] = field(default_factory=list)
    called_off: list[str] = field(default_factory=list)
    busy: Counter[str] = field(default_factory=Counter)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def application(self) -> web.Application:
        """All routes."""
        application = web.Application()
        application.router.add_get("/seen", self._seen)
        application.router.add_post("/v1/statement", self._posted)
        application.router.add_get("/v1/statement/executing/{id}/{slug}/{token}", self._asked)
        application.router.add_delete("/v1/statement/executing/{id}/{slug}/{token}", self._deleted)
        return application

    def fill(self) -> None:
        """Tables to ask for."""
        self.database.execute("ATTACH ':memory:' AS hive; CREATE SCHEMA hive.sales; CREATE SCHEMA hive.secrets; USE hive.sales")
        self.database.execute(
            "CREATE TABLE orders AS SELECT i AS id, i % 3 + 1 AS customer_id, CAST(i + 0.5 AS decimal(10, 2)) AS total,"
            " TIMESTAMP '2026-01-02 10:00:00' AS at, 'n' || i AS note, CAST('ab' AS blob) AS raw FROM range(1, 301) AS t(i)"
        )
        self.database.execute("CREATE TABLE customers AS SELECT i AS id, 'c' || i AS name, 'South' AS region FROM range(1, 4) AS t(i)")
        self.database.execute("CREATE TABLE hive.secrets.keys AS SELECT 'hush' AS k")

    async def _seen(self, _: web.Request) -> web.Response:
        return web.json_response({"queries": self.seen, "called_off": self.called_off, "running": sorted(self.running)})

    async def _posted(self, request: web.Request) -> web.Response:
        sql = (await request.read()).decode()
        self.seen.append({"sql": sql, "headers": {name.lower(): value for name, value in request.headers.items()}})
        if request.headers.get("Authorization", "").startswith("Basic ") and not self._known(request):
            return web.Response(status=401, text="Access Denied: Invalid credentials")
        if not {"X-Trino-User", "X-Presto-User"} & set(request.headers):
            return web.Response(status=401, text="Basic authentication or X-Trino-User must be sent")
        return self._odd(sql, request.headers.get("X-Trino-Source", "")) or web.json_response(self._started(sql))

    def _known(self, request: web.Request) -> bool:
        return base64.b64decode(request.headers["Authorization"][6:]).decode() == "hulk:secret"

    def _odd(self, sql: str, source: str) -> web.Response | None:
        if "busy_query" in sql and self.busy[source] < 2:
            self.busy[source] += 1
            return web.Response(status=503)
        if "html_query" in sql:
            return web.Response(text="<html>proxy login</html>", content_type="text/html")
        if "moved_query" in sql:
            return web.Response(status=307, headers={"Location": "http://127.0.0.2:9/"})
        if "flood_query" in sql:
            return web.Response(body=b" " * 70_000_000, content_type="application/json")
        return None

    def _started(self, sql: str) -> dict[str, Any]:
        number = next(self.numbers)
        name = f"20261122_000000_{number:05}_twin"
        try:
            columns, rows = ([], []) if "slow_query" in sql else self._run(sql)
        except duckdb.Error as error:
            return {"id": name, "infoUri": self.base, "stats": _stats("FAILED"), "error": _error(error)}
        query = self.running[name] = Running(id=name, slug=f"y{number}", columns=columns, rows=rows, sql=sql)
        return {"id": name, "infoUri": self.base, "nextUri": self._uri(query), "stats": _stats("QUEUED")}

    def _run(self, sql: str) -> tuple[list[dict[str, Any]], list[list[Any]]]:
        translated = sqlglot.transpile(sql, read="trino", write="duckdb")[0].replace('"hive".information_schema', "information_schema")
        answer = self.database.execute(translated)
        columns = [
            {"name": name, "type": _type(str(kind)), "typeSignature": _signature(str(kind))} for name, kind, *_ in answer.description
        ]
        return columns, [[_json(value) for value in row] for row in answer.fetchall()]

    def _uri(self, query: Running) -> str:
        host = "http://internal.example:1" if "proxied_query" in query.sql else self.base
        return f"{host}/v1/statement/executing/{query.id}/{query.slug}/{query.token}"

    async def _asked(self, request: web.Request) -> web.Response:
        query = self.running.get(request.match_info["id"])
        if query is None or request.match_info["slug"] != query.slug or int(request.match_info["token"]) != query.token:
            return web.Response(status=404, text="Query not found")
        if "slow_query" in query.sql:
            await asyncio.sleep(0.05)
            return web.json_response({"id": query.id, "infoUri": self.base, "nextUri": self._uri(query), "stats": _stats("RUNNING")})
        start = query.token * PAGE
        page = {
            "id": query.id,
            "infoUri": self.base,
            "columns": query.columns,
            "data": query.rows[start : start + PAGE],
            "stats": _stats("RUNNING"),
        }
        query.token += 1
        if start + PAGE < len(query.rows):
            return web.json_response({**page, "nextUri": self._uri(query)})
        del self.running[query.id]
        return web.json_response({**page, "stats": _stats("FINISHED")})

    async def _deleted(self, request: web.Request) -> web.Response:
        self.called_off.append(self.running.pop(request.match_info["id"]).sql)
        return web.Response(status=204)


def _stats(state: str) -> dict[str, Any]:
    return {"state": state, "queued": state == "QUEUED", "scheduled": state != "QUEUED", "nodes": 1, "totalSplits": 1}


def _error(error: Exception) -> dict[str, Any]:
    name = "COLUMN_NOT_FOUND" if "not found" in str(error) else "INVALID_CAST_ARGUMENT"
    return {"message": f"line 1:8: {str(error).splitlines()[0]}", "errorCode": 47, "errorName": name, "errorType": "USER_ERROR"}


def _type(kind: str) -> str:
    return f"decimal{kind[7:]}".lower() if kind.startswith("DECIMAL") else _TYPES.get(kind, "varchar")


def _signature(kind: str) -> dict[str, Any]:
    raw = _type(kind).partition("(")[0]
    numbers = [int(number) for number in _type(kind).partition("(")[2].rstrip(")").split(",") if number]
    return {"rawType": raw, "arguments": [{"kind": "LONG", "value": number} for number in numbers]}


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    return (
        base64.b64encode(value).decode()
        if isinstance(value, bytes)
        else value
        if isinstance(value, int | float | bool | None)
        else str(value)
    )


async def serve(port: int) -> None:
    """Serve until killed; says its port first."""
    twin = Twin()
    twin.fill()
    runner = web.AppRunner(twin.application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # asyncio's
    twin.base = f"http://127.0.0.1:{port}"
    print(json.dumps(port), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
