"""Apache Spark: what applications do and did (“Monitoring: REST API”), and programs for a standalone cluster (“REST submission”,
org.apache.spark.deploy.rest). Only programs that the operator names are submitted; of a caller come nothing but their arguments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.records import JsonObject
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments, listed, said
from hulk.modules.tools.adapters.backends.rest import Reply, Rest, Shape, excerpt, path
from hulk.modules.tools.domain import Output
from hulk.modules.tools.ports import Calling, Uncertain

_RUNNER = "org.apache.spark.deploy.SparkSubmit"
"""What runs a Python program that comes by REST (“Spark Standalone Mode: REST API”)."""
ApplicationId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,200}$", description="As `list_applications` gives it.")]
SubmissionId = Annotated[str, Field(pattern=r"^driver-[A-Za-z0-9-]{1,100}$", description="As `submit` gives it.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A program that may be submitted: see `SparkJobSettings`."""

    name: str
    resource: str
    about: str = ""
    main_class: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class ListApplications(Arguments):
    """Applications, newest first."""

    status: Literal["", "running", "completed"] = ""
    most: int = Field(default=20, ge=1, le=100, description="How many at most.")


class OfApplication(Arguments):
    """What belongs to one application."""

    application: ApplicationId
    attempt: int | None = Field(default=None, ge=1, le=1000, description="On YARN: which attempt.")
    most: int = Field(default=50, ge=1, le=500, description="How many at most.")


class ListJobs(OfApplication):
    """Jobs of an application with how far each is, newest first."""

    status: Literal["", "running", "succeeded", "failed", "unknown"] = ""


class ListStages(OfApplication):
    """Stages of an application: tasks, time, bytes read, written and spilt."""

    status: Literal["", "active", "complete", "pending", "failed"] = ""


class ListExecutors(OfApplication):
    """Executors of an application: memory, tasks, time lost to collecting garbage."""


class ListPrograms(Arguments):
    """Programs that may be submitted."""


class Submit(Arguments):
    """Submit a program to the cluster."""

    program: str = Field(max_length=63, description="As `list_programs` gives it.")
    arguments: tuple[Annotated[str, Field(max_length=1000)], ...] = Field(default=(), max_length=50)


class OfSubmission(Arguments):
    """How a submitted program is."""

    submission: SubmissionId


class Kill(Arguments):
    """End a submitted program. What it has not written is lost."""

    submission: SubmissionId


class Attempt(Shape):
    """One time that an application ran."""

    attemptId: str | None = None  # noqa: N815  # Spark's names, here and below
    startTime: str = ""  # noqa: N815
    endTime: str = ""  # noqa: N815
    duration: int = 0
    sparkUser: str = ""  # noqa: N815
    completed: bool = False


class Application(Shape):
    """An application."""

    id: str
    name: str
    attempts: list[Attempt] = Field(default_factory=list)


class Answered(Shape):
    """What the master's REST server says; `action` names the kind of answer."""

    action: str
    success: bool | None = None
    message: str | None = None
    submissionId: str | None = None  # noqa: N815
    driverState: str | None = None  # noqa: N815


_SHOWN: Mapping[str, tuple[str, ...]] = {
    "jobs": (
        "jobId", "name", "status", "submissionTime", "completionTime", "numTasks", "numCompletedTasks", "numFailedTasks", "numActiveTasks",
    ),
    "stages": (
        "stageId", "attemptId", "name", "status", "numTasks", "numCompleteTasks", "numFailedTasks", "executorRunTime", "inputBytes",
        "outputBytes", "shuffleReadBytes", "shuffleWriteBytes", "memoryBytesSpilled", "diskBytesSpilled", "failureReason",
    ),
    "executors": (
        "id", "hostPort", "isActive", "totalCores", "maxMemory", "memoryUsed", "activeTasks", "failedTasks", "completedTasks",
        "totalDuration", "totalGCTime", "addTime", "removeReason",
    ),
}  # fmt: skip


class Spark(Acts):
    """The tools `NAME.list_applications` and so on; `submit`, `status` and `kill` only if there are a `master` and `jobs`."""

    def __init__(
        self, name: str, about: About, *, history: str, master: str | None = None, token: Callable[[], str] = str, jobs: Sequence[Job] = (),
        version: str = "4.0.0", seconds: float = 30.0,
    ) -> None:  # fmt: skip
        self._history = Rest(name="Spark", url=history, headers=partial(_headers, token))
        self._master = Rest(name="Spark's master", url=master or "", headers=partial(_headers, token))
        self._jobs = {job.name: job for job in jobs}
        self._version = version
        act = partial(Act, seconds=seconds)
        acts: list[Act[Any]] = [
            act("list_applications", "List applications", ListApplications, self._list_applications),
            act("list_jobs", "List jobs", ListJobs, partial(self._listed, "jobs")),
            act("list_stages", "List stages", ListStages, partial(self._listed, "stages")),
            act("list_executors", "List executors", ListExecutors, partial(self._listed, "executors")),
        ]
        if master and jobs:
            acts += [
                act("list_programs", "List programs", ListPrograms, self._list_programs),
                act("submit", "Submit a program", Submit, self._submit, effect="write", cost="high"),
                act("status", "Status of a program", OfSubmission, self._status),
                act("kill", "End a program", Kill, self._kill, effect="destroy", idempotent=True),
            ]
        super().__init__(name, about, *acts)

    async def _list_applications(self, wanted: ListApplications, calling: Calling) -> Output:
        query = {"status": wanted.status or None, "limit": wanted.most + 1}
        reply = await self._history.read(calling, path("api", "v1", "applications"), query)
        found = self._history.shaped(reply, list[Application])
        return listed("applications", [one.model_dump() for one in found], wanted.most)

    async def _listed(self, kind: str, wanted: OfApplication, calling: Calling) -> Output:
        attempt = [] if wanted.attempt is None else [wanted.attempt]
        where = path("api", "v1", "applications", wanted.application, *attempt, "allexecutors" if kind == "executors" else kind)
        reply = await self._history.read(calling, where, {"status": getattr(wanted, "status", "") or None})
        found = self._history.shaped(reply, list[dict[str, Any]])
        told = [{name: one[name] for name in _SHOWN[kind] if name in one} for one in found[: wanted.most]]
        for one in told:
            one |= {"failureReason": excerpt(one["failureReason"])} if "failureReason" in one else {}
        return said({kind: told}, cut=f"Only {wanted.most} of {len(found)} are shown." if len(found) > wanted.most else "")

    async def _list_programs(self, _: ListPrograms, __: Calling) -> Output:
        return said({"programs": [{"name": job.name, "about": job.about} for job in self._jobs.values()]})

    async def _submit(self, wanted: Submit, calling: Calling) -> Output:
        if (job := self._jobs.get(wanted.program)) is None:
            known = ", ".join(self._jobs)
            raise NotFound("There is no program “{name}” among those that may be submitted ({known}).", name=wanted.program, known=known)
        body = submission(job, wanted.arguments, self._master.url, self._version)
        reply = await self._master.write(calling, "POST", path("v1", "submissions", "create"), body)
        answered = self._understood(reply, "CreateSubmissionResponse")
        if answered.submissionId is None:
            raise Uncertain("Spark's master took {name} and does not say its number: look there before it is asked again.", name=job.name)
        return said({"submission": answered.submissionId, "program": job.name})

    async def _status(self, wanted: OfSubmission, calling: Calling) -> Output:
        reply = await self._master.read(calling, path("v1", "submissions", "status", wanted.submission))
        answered = self._understood(reply, "SubmissionStatusResponse")
        return said({"submission": wanted.submission, "state": answered.driverState, "message": excerpt(answered.message)})

    async def _kill(self, wanted: Kill, calling: Calling) -> Output:
        where = path("v1", "submissions", "kill", wanted.submission)
        answered = self._understood(await self._master.write(calling, "POST", where, again=True), "KillSubmissionResponse")
        return said({"submission": wanted.submission, "message": excerpt(answered.message)})

    def _understood(self, reply: Reply, action: str) -> Answered:
        """Raises `Refused` or `NotFound` with the master's words: it answers 200 and says in the body that it did not do it."""
        answered = self._master.shaped(reply, Answered)
        said_ = excerpt(answered.message) or answered.action[:100]
        if answered.action != action or (not answered.success and action == "CreateSubmissionResponse"):
            raise Refused("Spark's master did not do it: {said}.", said=said_)
        if not answered.success:
            raise NotFound("Spark's master knows no such program that runs: {said}.", said=said_)
        return answered


def submission(job: Job, arguments: Sequence[str], master: str, version: str) -> JsonObject:
    """`CreateSubmissionRequest` for the master at that address. `spark.app.name`, `spark.master` and what is to run are required of its
    properties."""
    place = f"spark://{urlsplit(master).netloc}"
    required = {"spark.app.name": job.name, "spark.master": place, "spark.submit.deployMode": "cluster"}
    python = job.resource.endswith(".py")
    return {
        "action": "CreateSubmissionRequest", "appResource": "" if python else job.resource,
        "mainClass": _RUNNER if python else job.main_class, "appArgs": [*([job.resource] if python else ()), *arguments],
        "clientSparkVersion": version, "environmentVariables": {"SPARK_ENV_LOADED": "1", **job.environment},
        "sparkProperties": {**required, **job.properties},
    }  # fmt: skip


def _headers(token: Callable[[], str]) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {shown}"} if (shown := token()) else {}
