"""What all tests share."""

import gc
import os
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from hulk.apps import starting
from hulk.runtime.store import Store, opened
from support.mongo import Mongo, a_mongo
from support.postgres import Postgres, a_postgres
from support.scheduling import Sharing
from support.sockets import tell
from support.stores import KINDS, Another, Kind, a_store, url_of

# Tests start programs: to a child between fork and exec gRPC's own handlers would give its threads, which then find no descriptors.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
tell()
settings.register_profile(  # the same inputs each time, so that a commit is green or is not; `make test-properties` looks for others
    "hulk", deadline=None, derandomize="HULK_TEST_EXPLORE" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
settings.load_profile("hulk")
_SHARING = pytest.StashKey[Sharing]()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays: it is not looked through for garbage, neither meanwhile nor ever again."""
    gc.disable()
    try:
        return (yield)
    finally:
        starting.over()


def pytest_xdist_make_scheduler(config: pytest.Config) -> Sharing:
    """What hands the tests out to the processes that test."""
    return config.stash.setdefault(_SHARING, Sharing(len(config.option.tx), config.rootpath))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell at which tests a process died, also where the next one did not."""
    if config.stash.get(_SHARING, None) and (died := config.stash[_SHARING].died):
        terminalreporter.section("processes that died")
        terminalreporter.line("\n".join(died))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], Postgres]]:
    """Gives the session's PostgreSQL server, started when first asked for."""
    with ExitStack() as stack:
        started: list[Postgres] = []

        def server() -> Postgres:
            if not started:
                started.append(stack.enter_context(a_postgres()))
            return started[0]

        yield server


@pytest.fixture(scope="session")
def mongo() -> Iterator[Callable[[], Mongo]]:
    """Gives the session's server that speaks MongoDB's protocol, started when first asked for."""
    with ExitStack() as stack:
        started: list[Mongo] = []

        def server() -> Mongo:
            if not started:
                started.append(stack.enter_context(a_mongo()))
            return started[0]

        yield server


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of database in turn."""
    found: Kind = request.param
    return found


@pytest.fixture
async def store(kind: Kind, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Store]:
    """A prepared store of each kind."""
    async with a_store(kind, tmp_path, postgres) as made:
        yield made


@pytest.fixture
def another(store: Store, tmp_path: Path) -> Another:
    """Opens the same database once more, as another process would."""
    return lambda: opened(url_of(store), tmp_path)
