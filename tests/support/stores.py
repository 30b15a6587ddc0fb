"""A prepared store of either kind, for tests that must hold on both."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import Literal, TypeAlias

from hulk.apps.schema import prepare
from hulk.runtime.store import Store, opened
from support.postgres import Postgres

Kind: TypeAlias = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")

Another: TypeAlias = Callable[[], AbstractAsyncContextManager[Store]]
"""Gives one more `Store` over the same database, as another process would have it."""


@asynccontextmanager
async def a_store(kind: Kind, folder: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Store]:
    """A store of that kind with all tables, in `folder` or in a new database of the server that `postgres` gives."""
    with nullcontext("") if kind == "sqlite" else _database(postgres()) as url:
        async with opened(url, folder) as store:
            prepare(store.engine)
            yield store


@contextmanager
def _database(server: Postgres) -> Iterator[str]:
    url = server.database()
    yield url
    server.drop(url)


def url_of(store: Store) -> str:
    """The URL that opens the same store again."""
    return store.engine.url.render_as_string(hide_password=False)
