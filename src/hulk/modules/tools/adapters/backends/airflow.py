"""Apache Airflow 3: DAGs, their runs and logs, and starting one (https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html)."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from hulk.kernel.errors import Conflict, NotFound
from hulk.kernel.records import Json
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments, said
from hulk.modules.tools.adapters.backends.rest import Asking, Query, Reply, Rest, Shape, Token, Tokens, at, path
from hulk.modules.tools.domain import Output, Words
from hulk.modules.tools.domain.permission import any_of
from hulk.modules.tools.ports import Calling

S = TypeVar("S", bound=Shape)
MOST_LOG = 60_000
"""Characters of a log that are handed on: its end."""
_PAGE = 100
"""Most that Airflow gives at once (`[api] maximum_page_limit`)."""
_MOST_DAGS = 1000
_TOKEN_SECONDS = 3600.0
"""Airflow does not say how long a token lasts (a day, unless `[api_auth] jwt_expiration_time` says otherwise)."""
DagId = Annotated[str, Field(min_length=1, max_length=250, description="As `list_dags` gives it.")]
RunId = Annotated[str, Field(min_length=1, max_length=250, description="As `list_runs` gives it.")]


class ListDags(Arguments):
    """DAGs with when each runs next."""

    pattern: str = Field(default="", max_length=200, description="A part of the name.")
    most: int = Field(default=50, ge=1, le=100, description="How many at most.")


class ListRuns(Arguments):
    """Runs of a DAG, newest first."""

    dag: DagId
    state: Literal["", "queued", "running", "success", "failed"] = ""
    most: int = Field(default=20, ge=1, le=100, description="How many at most.")


class GetRun(Arguments):
    """One run with the state of each of its tasks."""

    dag: DagId
    run: RunId


class GetLog(Arguments):
    """The end of a task's log."""

    dag: DagId
    run: RunId
    task: Annotated[str, Field(min_length=1, max_length=250, description="As `get_run` gives it.")]
    attempt: int = Field(default=1, ge=1, le=1000)
    index: int = Field(default=-1, ge=-1, le=1_000_000, description="Of a task that is mapped: which one.")


class TriggerRun(Arguments):
    """Start a run of a DAG. Asked twice, it is started once."""

    dag: DagId
    conf: dict[str, Any] = Field(default_factory=dict, max_length=100, description="Parameters of the run.")
    note: str = Field(default="", max_length=1000)


class Dag(Shape):
    """A DAG."""

    dag_id: str
    description: str | None = None
    is_paused: bool = False
    has_import_errors: bool = False
    timetable_summary: str | None = None
    next_dagrun_run_after: str | None = None
    owners: tuple[str, ...] = ()


class Dags(Shape):
    """A page of DAGs."""

    dags: list[Dag]
    total_entries: int


class Run(Shape):
    """A run."""

    dag_id: str
    dag_run_id: str
    state: str
    run_type: str = ""
    logical_date: str | None = None
    run_after: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    duration: float | None = None
    conf: dict[str, Any] | None = None
    note: str | None = None


class Runs(Shape):
    """A page of runs."""

    dag_runs: list[Run]
    total_entries: int | None = None


class Task(Shape):
    """A task of a run."""

    task_id: str
    map_index: int = -1
    state: str | None = None
    try_number: int = 0
    operator_name: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    duration: float | None = None


class Tasks(Shape):
    """Tasks of a run."""

    task_instances: list[Task]
    total_entries: int = 0


class Log(Shape):
    """A log: lines, or events with a time each."""

    content: list[str | dict[str, Any]] | str


class Airflow(Acts):
    """The tools `NAME.trigger_run` and so on, for DAGs whose names fit one of `dags`. Either `token` gives one that lasts, or user and
    password are shown to `/auth/token` for one."""

    def __init__(
        self, name: str, about: About, *, url: str, dags: tuple[str, ...], token: Callable[[], str] = str, user: str = "",
        password: Callable[[], str] = str, seconds: float = 30.0,
    ) -> None:  # fmt: skip
        self._dags, self._token, self._user, self._password, self._url = dags, token, user, password, url
        self._rest = Rest(name="Airflow", url=url, said=_said)
        self._tokens = Tokens(lambda: f"{user}\n{password()}", self._fetched)
        act = partial(Act, seconds=seconds)
        super().__init__(
            name,
            about,
            act("list_dags", "List DAGs", ListDags, self._list_dags),
            act("list_runs", "List runs", ListRuns, self._list_runs),
            act("get_run", "Read a run", GetRun, self._get_run),
            act("get_log", "Read a task's log", GetLog, self._get_log),
            act("trigger_run", "Start a run", TriggerRun, self._trigger_run, effect="write", idempotent=True, cost="low"),
        )

    async def _list_dags(self, wanted: ListDags, calling: Calling) -> Output:
        pattern = f"%{wanted.pattern}%" if wanted.pattern else None
        shown: list[Json] = []
        seen, total = 0, 1
        while seen < min(total, _MOST_DAGS) and len(shown) <= wanted.most:
            query: Query = {"limit": _PAGE, "offset": seen, "order_by": "dag_id", "dag_id_pattern": pattern}
            page = await self._read(calling, Dags, path("api", "v2", "dags"), query)
            shown += [one.model_dump() for one in page.dags if self._open(one.dag_id)]
            seen, total = seen + len(page.dags), page.total_entries if page.dags else 0
        more = len(shown) > wanted.most or seen < total
        return said({"dags": shown[: wanted.most]}, cut="There are more: search by a part of the name." if more else "")

    async def _list_runs(self, wanted: ListRuns, calling: Calling) -> Output:
        query: Query = {"limit": wanted.most, "order_by": "-run_after", "state": wanted.state or None}
        page = await self._read(calling, Runs, self._dag(wanted.dag, "dagRuns"), query)
        runs = [{**one.model_dump(exclude={"conf"}), "url": self._page(one)} for one in page.dag_runs]
        return said({"runs": runs}, cut=f"There are {page.total_entries} runs." if (page.total_entries or 0) > len(runs) else "")

    async def _get_run(self, wanted: GetRun, calling: Calling) -> Output:
        run = await self._read(calling, Run, self._dag(wanted.dag, "dagRuns", wanted.run))
        tasks = await self._read(calling, Tasks, self._dag(wanted.dag, "dagRuns", wanted.run, "taskInstances"), {"limit": 100})
        told = {**run.model_dump(), "url": self._page(run), "tasks": [one.model_dump() for one in tasks.task_instances]}
        left = tasks.total_entries - len(tasks.task_instances)
        return said(told, cut=f"{left} more tasks are not shown." if left > 0 else "")

    async def _get_log(self, wanted: GetLog, calling: Calling) -> Output:
        where = self._dag(wanted.dag, "dagRuns", wanted.run, "taskInstances", wanted.task, "logs", wanted.attempt)
        log = await self._read(calling, Log, where, {"full_content": "true", "map_index": wanted.index})
        lines = [log.content] if isinstance(log.content, str) else [*map(_line, log.content)]
        text = "\n".join(lines)
        cut = f"Only the last {MOST_LOG} of {len(text)} characters are shown." if len(text) > MOST_LOG else ""
        return Output(pieces=(Words(text[-MOST_LOG:]),), cut=cut)

    async def _trigger_run(self, wanted: TriggerRun, calling: Calling) -> Output:
        run_id = f"hulk__{calling.handle}"
        where = self._dag(wanted.dag, "dagRuns")
        body: Json = {"dag_run_id": run_id, "logical_date": None, "conf": wanted.conf, "note": wanted.note or None}
        try:
            reply = await self._asked(calling, Asking(method="POST", path=where, body=body, writes=True, again=True))
            run, already = self._rest.shaped(reply, Run), False
        except Conflict:
            # There is a run of that id: an attempt before this one began it.
            run, already = await self._read(calling, Run, f"{where}{path(run_id)}"), True
        return said({**run.model_dump(), "already_started": already, "url": self._page(run)})

    def _dag(self, dag: str, *parts: str | int) -> str:
        """Raises `NotFound` for one that may not be used."""
        if not self._open(dag):
            allowed = ", ".join(self._dags) or "—"
            raise NotFound("There is no DAG “{dag}” among those that may be used ({allowed}).", dag=dag, allowed=allowed)
        return path("api", "v2", "dags", dag, *parts)

    def _open(self, dag: str) -> bool:
        return any_of(dag, self._dags)

    def _page(self, run: Run) -> str:
        return f"{self._url}{path('dags', run.dag_id, 'runs', run.dag_run_id)}"

    async def _read(self, calling: Calling, kind: type[S], where: str, query: Query | None = None) -> S:
        asking = Asking(method="GET", path=where, query=query or {}, writes=False, again=True)
        return self._rest.shaped(await self._asked(calling, asking), kind)

    async def _asked(self, calling: Calling, asking: Asking) -> Reply:
        if token := self._token():
            return await self._rest.ask(calling, asking.shown({"Authorization": f"Bearer {token}"}))
        return await self._tokens.shown(calling, lambda headers: self._rest.ask(calling, asking.shown(headers)))

    async def _fetched(self, calling: Calling) -> Token:
        """“Airflow public API: authentication”: 201 with `access_token`."""
        body: Json = {"username": self._user, "password": self._password()}
        reply = await self._rest.read(calling, "/auth/token", body=body)
        return Token(text=self._rest.shaped(reply, _Given).access_token, seconds=_TOKEN_SECONDS)


class _Given(Shape):
    access_token: str = Field(min_length=1, pattern=r"^[!-~]+$")


def _line(event: str | dict[str, Any]) -> str:
    if isinstance(event, str):
        return event
    return " ".join(str(event[name]) for name in ("timestamp", "level", "event") if event.get(name))


def _said(data: Any) -> object:
    """`detail` is a sentence, or a list of what is wrong where (FastAPI)."""
    detail = at(data, "detail")
    if isinstance(detail, list):
        return "; ".join(f"{'.'.join(map(str, at(one, 'loc') or ()))}: {at(one, 'msg')}" for one in detail[:5])
    return at(detail, "reason") or detail
