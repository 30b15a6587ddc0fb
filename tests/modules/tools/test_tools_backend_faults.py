"""What goes wrong at a system means the same whatever system it is: the same faults, by the same switchboard, for all of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from hulk.kernel.errors import Conflict, Forbidden, HulkError, NotFound, Refused, TooLarge, Unavailable
from hulk.modules.tools.adapters.backends.airflow import Airflow
from hulk.modules.tools.adapters.backends.github import GitHub
from hulk.modules.tools.adapters.backends.metabase import Metabase
from hulk.modules.tools.adapters.backends.notion import Notion
from hulk.modules.tools.adapters.backends.spark import Job, Spark
from hulk.modules.tools.adapters.backends.suitecrm import SuiteCrm
from hulk.modules.tools.ports import Backend, Uncertain
from support.backends import ABOUT, HURRIED, PATIENT, ask, without_waiting
from support.twins.systems import System, system
from support.twins.systems.notion import PAGE


@dataclass(frozen=True)
class Case:
    """A system with an act that reads and one that writes; a write that is `again`, is sent a second time when its fate is not known."""

    name: str
    backend: Callable[[System], Backend]
    read: tuple[str, dict[str, Any]]
    write: tuple[str, dict[str, Any]] | None
    path: str = ""
    again: bool = False
    skip: str = ""
    """The end of the path of requests that stay well: where a token is given."""


def _github(twin: System) -> Backend:
    return GitHub("sys", ABOUT, url=twin.url, token=lambda: "right", repositories=("acme/shop",))


def _metabase(twin: System) -> Backend:
    return Metabase("sys", ABOUT, url=twin.url, key=lambda: "right")


def _airflow(twin: System) -> Backend:
    return Airflow("sys", ABOUT, url=twin.url, dags=("sales_*",), user="hulk", password=lambda: "right")


def _suitecrm(twin: System) -> Backend:
    return SuiteCrm("sys", ABOUT, url=twin.url, client_id="hulk", client_secret=lambda: "right", modules=("Accounts",))


def _notion(twin: System) -> Backend:
    return Notion("sys", ABOUT, url=twin.url, token=lambda: "right", parents=(PAGE,))


def _spark(twin: System) -> Backend:
    return Spark("sys", ABOUT, history=twin.url, master=twin.url, jobs=(Job(name="sales", resource="x.jar"),))


CASES = [
    Case("github", _github, ("list_issues", {}), ("create_issue", {"title": "x"})),
    Case("notion", _notion, ("search", {}), ("append", {"page": PAGE, "markdown": "x"})),
    Case("spark", _spark, ("list_applications", {}), ("submit", {"program": "sales"})),
    Case("metabase", _metabase, ("run_question", {"id": 2}), None),
    Case("airflow", _airflow, ("list_runs", {"dag": "sales_daily"}), ("trigger_run", {"dag": "sales_daily"}), again=True, skip="/token"),
    Case(
        "suitecrm", _suitecrm, ("list_records", {"module": "Accounts"}),
        ("create_record", {"module": "Accounts", "attributes": {"name": "x"}}), path="/Api", again=True, skip="/access_token",
    ),
]  # fmt: skip

READS = [
    ("401", Refused), ("403", Forbidden), ("404", NotFound), ("409", Conflict), ("422", Refused), ("429", Unavailable),
    ("429 after 7", Unavailable), ("500", Unavailable), ("503", Unavailable), ("slow", Unavailable), ("garbage", Unavailable),
    ("html", Unavailable), ("deep", Unavailable), ("cut", Unavailable), ("flood", TooLarge), ("elsewhere", Refused),
    ("hung up", Unavailable),
]  # fmt: skip
WRITES = [
    ("401", Refused), ("403", Forbidden), ("404", NotFound), ("422", Refused), ("429", Unavailable), ("503 after 7", Unavailable),
    ("500", Uncertain), ("503", Uncertain), ("slow", Uncertain), ("garbage", Uncertain), ("html", Uncertain), ("deep", Uncertain),
    ("cut", Uncertain), ("flood", Uncertain), ("elsewhere", Refused), ("hung up", Uncertain), ("lost", Uncertain),
    ("502 after all", Uncertain),
]  # fmt: skip


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def running(request: pytest.FixtureRequest) -> Iterator[tuple[Case, System]]:
    with system(request.param.name, request.param.path) as twin:
        yield request.param, twin


async def _failing(backend: Backend, act: tuple[str, dict[str, Any]], fault: str) -> HulkError:
    with pytest.raises(HulkError) as told, without_waiting(attempts=2):
        await ask(backend, act[0], seconds=HURRIED if fault == "slow" else PATIENT, **act[1])
    assert len(str(told.value)) < 600
    assert not any(word in str(told.value).replace("right now", "") for word in ("right", "Traceback", "<!doctype"))
    return told.value


@pytest.mark.parametrize(("fault", "error"), READS)
async def test_a_read_that_fails_says_what_can_be_done(running: tuple[Case, System], fault: str, error: type[HulkError]) -> None:
    case, twin = running
    twin.reset()
    twin.upset(fault, times=5, skip=case.skip)
    told = await _failing(case.backend(twin), case.read, fault)
    assert isinstance(told, error)
    assert not isinstance(told, Uncertain)
    assert fault != "429 after 7" or (isinstance(told, Unavailable) and 6 < (told.retry_after or 0) <= 7)
    assert fault != "html" or "web page" in str(told)
    assert twin.stolen() == []


@pytest.mark.parametrize("running", [case for case in CASES if case.write], ids=lambda case: case.name, indirect=True)
@pytest.mark.parametrize(("fault", "error"), WRITES)
async def test_a_write_that_fails_says_whether_it_may_have_been_done(
    running: tuple[Case, System], fault: str, error: type[HulkError]
) -> None:
    case, twin = running
    twin.reset()
    twin.upset(fault, times=5, skip=case.skip)
    assert case.write is not None
    told = await _failing(case.backend(twin), case.write, fault)
    assert isinstance(told, error)
    assert isinstance(told, Uncertain) == (error is Uncertain)
    assert twin.stolen() == []


@pytest.mark.parametrize("fault", ["500", "hung up", "cut", "html", "429 after 0"])
async def test_a_read_is_asked_for_again_and_a_write_only_if_it_acts_once(running: tuple[Case, System], fault: str) -> None:
    case, twin = running
    twin.reset()
    twin.upset(fault, skip=case.skip)
    with without_waiting(attempts=2):
        await ask(case.backend(twin), case.read[0], **case.read[1])
    if case.write is None:
        return
    twin.reset()
    twin.upset(fault, skip=case.skip)
    with without_waiting(attempts=2):
        if case.again:
            await ask(case.backend(twin), case.write[0], **case.write[1])
        else:
            with pytest.raises(Unavailable):
                await ask(case.backend(twin), case.write[0], **case.write[1])


@pytest.mark.parametrize("running", [case for case in CASES if case.again], ids=lambda case: case.name, indirect=True)
@pytest.mark.parametrize("later", ["403", "404", "422", "429", "503 after 0", "hung up"])
async def test_what_is_said_later_does_not_undo_the_doubt_about_an_attempt(running: tuple[Case, System], later: str) -> None:
    case, twin = running
    assert case.write is not None
    twin.reset()
    twin.upset(f"lost, {later}", skip=case.skip)
    with pytest.raises(Uncertain), without_waiting(attempts=2):
        await ask(case.backend(twin), case.write[0], **case.write[1])


async def test_where_nobody_listens_nothing_was_done(running: tuple[Case, System]) -> None:
    case, _ = running
    nobody = System(f"http://127.0.0.1:9{case.path}", "http://127.0.0.1:9")
    for act in (case.read, case.write):
        if act is None:
            continue
        with pytest.raises(Unavailable, match="Nothing was sent") as told, without_waiting(attempts=1):
            await ask(case.backend(nobody), act[0], **act[1])
        assert not isinstance(told.value, Uncertain)


async def test_a_call_whose_time_is_over_is_not_made(running: tuple[Case, System]) -> None:
    case, twin = running
    twin.reset()
    for act in (case.read, case.write):
        if act is not None:
            with pytest.raises(Unavailable, match="time for this call is over"):
                await ask(case.backend(twin), act[0], seconds=-1, **act[1])
    assert twin.seen() == []
