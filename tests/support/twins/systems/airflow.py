"""Airflow 3's REST API v2, as the models of apache-airflow-client have it."""

import itertools
from typing import Any

from aiohttp import web

from support.twins.systems.serving import Answer, Route

_NOW = "2026-11-20T10:00:00Z"


class Twin:
    """DAGs of sales, and one of another department."""

    def __init__(self) -> None:
        self._given = itertools.count(1)
        self._tokens: set[str] = {"right"}
        self._users = {"hulk": "right"}
        self._log = [{"event": "::group::Log message source details"}, {"timestamp": _NOW, "level": "info", "event": "Read 3 files"}]
        self._dags = {name: {"sched-1": _run(name, "sched-1", "success")} for name in ("sales_daily", "sales_weekly", "payroll")}

    def be(self, how: dict[str, Any]) -> None:
        """`forget` all tokens, change a `password`, make a long `log`, have `others`."""
        if "forget" in how:
            self._tokens.clear()
        if "password" in how:
            self._users["hulk"] = how["password"]
        self._dags |= {f"other_{number:04d}": {} for number in range(how.get("others", 0))}
        if "log" in how:
            self._log = [{"timestamp": _NOW, "event": f"line {number}"} for number in range(how["log"])]

    def error(self, status: int) -> web.Response:
        """As Airflow tells of it (FastAPI)."""
        if status == 422:
            wrong = {"type": "missing", "loc": ["body", "logical_date"], "msg": "Field required"}
            return web.json_response({"detail": [wrong]}, status=status)
        return web.json_response({"detail": {401: "Invalid or unauthorized token", 403: "Forbidden"}.get(status, "Error")}, status=status)

    def routes(self) -> list[Route]:
        """What may be asked."""
        runs = "/api/v2/dags/{dag}/dagRuns"
        return [
            Route("POST", "/auth/token", self._token),
            Route("GET", "/api/v2/dags", self._list_dags),
            Route("GET", runs, self._list_runs),
            Route("POST", runs, self._trigger),
            Route("GET", f"{runs}/{{run}}", self._get_run),
            Route("GET", f"{runs}/{{run}}/taskInstances", self._tasks),
            Route("GET", f"{runs}/{{run}}/taskInstances/{{task}}/logs/{{attempt}}", self._logs),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self._users.get(body["username"]) != body["password"]:
            raise Answer(self.error(401))
        token = f"given-{next(self._given)}"
        self._tokens.add(token)
        return web.json_response({"access_token": token}, status=201)

    def _let(self, request: web.Request) -> None:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            raise Answer(self.error(401))

    def _runs(self, dag: str) -> dict[str, dict[str, Any]]:
        if dag not in self._dags:
            raise Answer(web.json_response({"detail": f"DAG with dag_id: '{dag}' not found"}, status=404))
        return self._dags[dag]

    def _run(self, dag: str, run: str) -> dict[str, Any]:
        if run not in self._runs(dag):
            raise Answer(web.json_response({"detail": f"The DagRun with dag_id: `{dag}` and run_id: `{run}` was not found"}, status=404))
        return self._dags[dag][run]

    async def _list_dags(self, request: web.Request) -> web.Response:
        self._let(request)
        found = [_dag(name) for name in sorted(self._dags) if request.query.get("dag_id_pattern", "").strip("%") in name]
        size, begin = min(int(request.query.get("limit", 50)), 100), int(request.query.get("offset", 0))
        return web.json_response({"dags": found[begin : begin + size], "total_entries": len(found)})

    async def _list_runs(self, request: web.Request, dag: str) -> web.Response:
        self._let(request)
        wanted = request.query.get("state")
        found = [one for one in reversed(self._runs(dag).values()) if wanted in (None, one["state"])]
        return web.json_response({"dag_runs": found[: int(request.query.get("limit", 50))], "total_entries": len(found)})

    async def _trigger(self, request: web.Request, dag: str) -> web.Response:
        self._let(request)
        body = await request.json()
        if "logical_date" not in body:
            raise Answer(self.error(422))
        if body["dag_run_id"] in self._runs(dag):
            detail = {"reason": "Unique constraint violation", "statement": "hidden", "orig_error": "hidden"}
            raise Answer(web.json_response({"detail": detail}, status=409))
        run = _run(dag, body["dag_run_id"], "queued") | {"conf": body.get("conf") or {}, "note": body.get("note"), "run_type": "manual"}
        self._dags[dag][body["dag_run_id"]] = run
        return web.json_response(run)

    async def _get_run(self, request: web.Request, dag: str, run: str) -> web.Response:
        self._let(request)
        return web.json_response(self._run(dag, run))

    async def _tasks(self, request: web.Request, dag: str, run: str) -> web.Response:
        self._let(request)
        self._run(dag, run)
        return web.json_response({"task_instances": [_task(dag, run, "load", "success")], "total_entries": 1})

    async def _logs(self, request: web.Request, dag: str, run: str, task: str, attempt: str) -> web.Response:
        self._let(request)
        self._run(dag, run)
        if (task, attempt) != ("load", "1"):
            raise Answer(web.json_response({"detail": "TaskInstance not found"}, status=404))
        return web.json_response({"content": self._log, "continuation_token": None})


def _dag(name: str) -> dict[str, Any]:
    flags = ("has_import_errors", "has_task_concurrency_limits", "is_stale", "timetable_partitioned")
    fixed = {"file_token": "x", "fileloc": f"/dags/{name}.py", "max_active_tasks": 16, "max_consecutive_failed_dag_runs": 0}
    told = {"description": f"{name}.", "timetable_summary": "@daily", "next_dagrun_run_after": _NOW, "owners": ["data"], "tags": []}
    named = {"dag_id": name, "dag_display_name": name, "is_paused": False, "is_backfillable": True, "timetable_periodic": True}
    return {**named, **told, **fixed, **dict.fromkeys(flags, False)}


def _run(dag: str, run: str, state: str) -> dict[str, Any]:
    moments = {"run_after": _NOW, "logical_date": None, "queued_at": _NOW, "start_date": _NOW, "end_date": None, "duration": 2.5}
    fixed: dict[str, Any] = {
        "run_type": "scheduled",
        "state": state,
        "triggered_by": "rest_api",
        "conf": {},
        "note": None,
        "dag_versions": [],
    }
    return {"dag_run_id": run, "dag_id": dag, "dag_display_name": dag, **moments, **fixed}


def _task(dag: str, run: str, task: str, state: str) -> dict[str, Any]:
    named = {"id": "0190aaaa-0000-7000-8000-000000000001", "task_id": task, "task_display_name": task, "dag_display_name": dag}
    fixed: dict[str, Any] = {"map_index": -1, "max_tries": 0, "pool": "default_pool", "executor_config": "{}"}
    return {**named, "dag_id": dag, "dag_run_id": run, "run_after": _NOW, "state": state, "try_number": 1, "pool_slots": 1, **fixed}
