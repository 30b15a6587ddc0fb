"""Spark's monitoring REST API and the REST server of a standalone master, on one address
(https://spark.apache.org/docs/latest/monitoring.html#rest-api, org.apache.spark.deploy.rest)."""

import itertools
from typing import Any

from aiohttp import web

from support.twins.systems.serving import Route

_VERSION = "4.0.0"


class Twin:
    """Two applications; a master that has room."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._drivers: dict[str, str] = {}
        self._standby = False
        self._jobs = 3

    def be(self, how: dict[str, Any]) -> None:
        """`standby`: a master that takes nothing. `jobs`: so many."""
        self._standby = how.get("standby", self._standby)
        self._jobs = how.get("jobs", self._jobs)

    def error(self, status: int) -> web.Response:
        """As it tells of it: the master in JSON, Jersey in plain text."""
        return web.json_response(
            {"action": "ErrorResponse", "message": "Something is wrong", "serverSparkVersion": _VERSION}, status=status
        )

    def routes(self) -> list[Route]:
        """What may be asked."""
        application = "/api/v1/applications/{id}"
        return [
            Route("GET", "/api/v1/applications", self._applications),
            Route("GET", f"{application}/jobs", self._list_jobs),
            Route("GET", f"{application}/stages", self._stages),
            Route("GET", f"{application}/allexecutors", self._executors),
            Route("POST", "/v1/submissions/create", self._create),
            Route("GET", "/v1/submissions/status/{id}", self._status),
            Route("POST", "/v1/submissions/kill/{id}", self._kill),
        ]

    async def _applications(self, request: web.Request) -> web.Response:
        found = [_application(number, completed=number < 2) for number in (2, 1)]
        wanted = request.query.get("status")
        fitting = [one for one in found if wanted is None or one["attempts"][0]["completed"] == (wanted == "completed")]
        return web.json_response(fitting[: int(request.query.get("limit", 100))])

    def _known(self, id_: str) -> web.Response | None:
        return None if id_ == "app-20261120100000-0002" else web.Response(text=f"unknown app {id_}", status=404)

    async def _list_jobs(self, request: web.Request, **part: str) -> web.Response:
        jobs = [
            {"jobId": number, "name": "count at sales.py:9", "status": "SUCCEEDED", "numTasks": 8, "numCompletedTasks": 8,
             "numFailedTasks": 0, "numActiveTasks": 0, "submissionTime": "2026-11-20T10:00:00.000GMT", "stageIds": [number]}
            for number in reversed(range(self._jobs))
        ]  # fmt: skip
        wanted = request.query.get("status", "succeeded")
        return self._known(part["id"]) or web.json_response([one for one in jobs if str(one["status"]).lower() == wanted])

    async def _stages(self, _: web.Request, **part: str) -> web.Response:
        failed = "org.apache.spark.SparkException: Job aborted\n\tat org.apache.spark.X\n" * 20
        stage = {
            "stageId": 1,
            "attemptId": 0,
            "name": "count",
            "status": "FAILED",
            "numTasks": 8,
            "failureReason": failed,
            "details": "stack",
        }
        return self._known(part["id"]) or web.json_response([stage])

    async def _executors(self, _: web.Request, **part: str) -> web.Response:
        one = {
            "id": "driver",
            "hostPort": "10.0.0.1:7078",
            "isActive": True,
            "totalCores": 2,
            "totalGCTime": 12,
            "executorLogs": {"stdout": "x"},
        }
        return self._known(part["id"]) or web.json_response([one])

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        needed = {"action", "appResource", "mainClass", "appArgs", "clientSparkVersion", "environmentVariables", "sparkProperties"}
        if set(body) != needed or not {"spark.app.name", "spark.master"} <= set(body["sparkProperties"]):
            return self.error(400)
        if self._standby:
            said = "Current state is not alive: STANDBY. Can only accept driver submissions in ALIVE state."
            return _answer("CreateSubmissionResponse", success=False, message=said)
        driver = f"driver-20261120100000-{next(self._numbers):04d}"
        self._drivers[driver] = "RUNNING"
        return _answer("CreateSubmissionResponse", success=True, submissionId=driver, message=f"Driver successfully submitted as {driver}")

    async def _status(self, _: web.Request, **part: str) -> web.Response:
        state = self._drivers.get(part["id"])
        return _answer("SubmissionStatusResponse", success=state is not None, submissionId=part["id"], driverState=state)

    async def _kill(self, _: web.Request, **part: str) -> web.Response:
        running = self._drivers.get(part["id"]) == "RUNNING"
        if running:
            self._drivers[part["id"]] = "KILLED"
        said = "Kill request for {} submitted" if running else "Driver {} has already finished or does not exist"
        return _answer("KillSubmissionResponse", success=running, submissionId=part["id"], message=said.format(part["id"]))


def _answer(action: str, **more: Any) -> web.Response:
    told = {name: value for name, value in more.items() if value is not None}
    return web.json_response({"action": action, "serverSparkVersion": _VERSION, **told})


def _application(number: int, *, completed: bool) -> dict[str, Any]:
    moments = {"startTime": "2026-11-20T10:00:00.000GMT", "endTime": "2026-11-20T10:05:00.000GMT", "duration": 300_000}
    attempt = {**moments, "sparkUser": "maria", "completed": completed, "appSparkVersion": _VERSION}
    return {"id": f"app-20261120100000-{number:04d}", "name": f"sales {number}", "attempts": [attempt]}
