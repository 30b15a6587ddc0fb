"""What all tests share."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from hulk.runtime.store import Store, opened
from support.mongo import Mongo, a_mongo
from support.postgres import Postgres, a_postgres
from support.sockets import tell
from support.stores import KINDS, Another, Kind, a_store, url_of

tell()
settings.register_profile("hulk", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
settings.load_profile("hulk")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A journey's tests share a running Hulk: they stay together in one of the processes that test."""
    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker(pytest.mark.xdist_group(item.path.name))


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
