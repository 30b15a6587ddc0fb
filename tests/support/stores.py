"""A prepared store of either kind, for tests that must hold on both."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Generic, Literal, TypeAlias, TypeVar, cast

from hulk.apps.schema import prepare
from hulk.kernel.durable import Commit
from hulk.runtime.store import Store, engine_for, opened
from support.memory import at_once
from support.postgres import Postgres

T = TypeVar("T")
Kind: TypeAlias = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")

Another: TypeAlias = Callable[[], AbstractAsyncContextManager[Store]]
"""Gives one more `Store` over the same database, as another process would have it."""


@asynccontextmanager
async def a_store(kind: Kind, folder: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Store]:
    """A store of that kind with all tables, in `folder` or in a new database of the server that `postgres` gives."""
    with _file(folder) if kind == "sqlite" else _database(postgres()) as url:
        async with opened(url, folder) as store:
            prepare(store.engine)
            yield store


@dataclass(frozen=True, slots=True)
class Place(Generic[T]):
    """An adapter with what commits its changes; `elsewhere` are both as another process has them."""

    adapter: T
    commit: Commit
    elsewhere: tuple[T, Commit]


@asynccontextmanager
async def a_place(
    kind: str, folder: Path, postgres: Callable[[], Postgres], in_memory: T, over: Callable[[Store], T]
) -> AsyncIterator[Place[T]]:
    """The adapter of a port in memory, or the one that is made over a store of that kind."""
    if kind == "memory":
        yield Place(in_memory, at_once, (in_memory, at_once))
        return
    async with a_store(cast("Kind", kind), folder, postgres) as store, opened(url_of(store), folder) as other:
        yield Place(over(store), store.commit, (over(other), other.commit))


@contextmanager
def _file(folder: Path) -> Iterator[str]:
    file = folder / "hulk.db"
    if not file.exists():
        file.write_bytes(_prepared())
    yield ""


@cache
def _prepared() -> bytes:
    """A file with all tables and nothing in them: to make them anew for each test takes a hundred times as long."""
    with tempfile.TemporaryDirectory() as folder:
        engine = engine_for("", Path(folder))
        prepare(engine)
        engine.dispose()
        return (Path(folder) / "hulk.db").read_bytes()


@contextmanager
def _database(server: Postgres) -> Iterator[str]:
    url = server.database()
    yield url
    server.give_back(url)


def url_of(store: Store) -> str:
    """The URL that opens the same store again."""
    return store.engine.url.render_as_string(hide_password=False)
