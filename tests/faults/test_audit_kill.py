"""kill -9 of whoever archives, of the archive's server and of the store's, while the trail is written: afterwards both copies are whole
and equal, and have all that was said to be on disk."""

import asyncio
import contextlib
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import IO, Any

import pytest
from pydantic import SecretStr

from hulk.apps.schema import prepare
from hulk.modules.audit.ports import Archive, Marks
from hulk.modules.audit.settings import AuditSettings
from hulk.modules.audit.wiring import archive_of, wired
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import engine_for, opened
from hulk.runtime.telemetry import Metrics
from support.archiver import KEY
from support.mongo import Mongo, a_mongo
from support.patience import until, until_found
from support.postgres import Postgres, a_postgres
from support.processes import leashed

SEEDS = int(os.environ.get("HULK_TEST_SEEDS", "2"))
TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def mongo() -> Iterator[Mongo]:
    """A server that these tests may kill."""
    with a_mongo() as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A server that a test may kill. With fsync off a killed process loses nothing; a machine would."""
    with a_postgres() as server:
        yield server


class Trail:
    """A store and an archive, and what of the trail was said to be on disk."""

    def __init__(self, store: str, archive: str, folder: Path) -> None:
        self.store, self.archive, self.folder = store, archive, folder
        self.told: dict[str, int] = {}
        engine = engine_for(store, folder)
        prepare(engine)
        engine.dispose()

    @contextlib.contextmanager
    def written(self) -> Iterator["subprocess.Popen[str]"]:
        """A process writes and archives; killed at the end."""
        with (self.folder / "said").open("w+") as said:
            command = [sys.executable, "-m", "support.archiver", self.store, str(self.folder), self.archive]
            process = subprocess.Popen(leashed(*command), cwd=TESTS, stdout=said, text=True)
            try:
                yield process
                assert process.poll() is None, "it ended by itself"
            finally:
                process.kill()
                process.wait()
                self._heard(said)

    def _heard(self, said: IO[str]) -> None:
        """What was told to be on disk; counts go on from those of earlier processes."""
        before = dict(self.told)
        said.seek(0)
        for tenant, count in re.findall(r"^(tenant-\d) (\d+)$", said.read().rpartition("\n")[0], re.MULTILINE):  # beside the log
            self.told[tenant] = before.get(tenant, 0) + int(count)

    def some_said(self) -> bool:
        """Whether the process that runs has written anything."""
        return (self.folder / "said").stat().st_size > 2000

    async def entries(self) -> int:
        """How many there are in the archive."""
        async with self._archived() as archive:
            ends = [await archive.end(tenant) for tenant in await archive.tenants()]
            return sum(end.position for end in ends if end is not None)

    def _archived(self) -> AbstractAsyncContextManager[Archive]:
        return archive_of(AuditSettings(archive=SecretStr(self.archive)), "", self.folder, Metrics())

    async def proved(self) -> None:
        """What was left is archived; both copies are whole, equal, and have all that was told."""
        settings = AuditSettings(archive=SecretStr(self.archive))
        async with opened(self.store, self.folder) as store, wired(settings, store, "", self.folder, KEY, Metrics()) as audit:
            archiving = audit.archiving(Metrics(), Outbox(store, KEY).bell())
            async with running(archiving.run()):
                await until_found(lambda: all_archived(archiving.marks))
            found = await audit.verify()
        assert [f"{one.tenant} {one.place}: {one.problem}" for one in found if not one.whole] == []
        entries = {(one.tenant, one.place): one.entries for one in found}
        for tenant, count in self.told.items():
            assert entries[tenant, "store"] == entries[tenant, "archive"] >= count > 0


async def all_archived(marks: Marks) -> bool:
    """Whether the archive has got all."""
    return (await marks.waiting()).entries == 0


@contextlib.asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """It is done meanwhile."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        yield
        task.cancel()


def new_database(server: Mongo) -> str:
    """The URL of a database in which nothing is."""
    return server.url(Path(tempfile.mktemp(prefix="audit_")).name)  # noqa: S306  # a name, not a file


@pytest.mark.parametrize("archive", ["sqlite", "mongodb"])
async def test_whoever_archives_is_killed_again_and_again(tmp_path: Path, mongo: Mongo, archive: str) -> None:
    chance = random.Random(1)
    trail = Trail("", new_database(mongo) if archive == "mongodb" else "", tmp_path)
    for _ in range(SEEDS):
        with trail.written():
            await until(trail.some_said)
            await asyncio.sleep(chance.uniform(0, 1.5))
    await trail.proved()


async def test_two_that_archive_and_one_is_killed(tmp_path: Path, postgres: Callable[[], Postgres], mongo: Mongo) -> None:
    chance = random.Random(2)
    trail = Trail(postgres().database(), new_database(mongo), tmp_path)
    (other := tmp_path / "other").mkdir()
    second = Trail(trail.store, trail.archive, other)
    with trail.written():
        for _ in range(max(2, SEEDS // 2)):
            with second.written():
                await until(second.some_said)
                await asyncio.sleep(chance.uniform(0, 1.5))
    await trail.proved()


async def test_the_server_of_the_archive_is_killed_while_it_is_written_to(tmp_path: Path, mongo: Mongo) -> None:
    chance = random.Random(3)
    trail = Trail("", new_database(mongo), tmp_path)
    with trail.written():
        await until(trail.some_said)
        for _ in range(SEEDS):
            await asyncio.sleep(chance.uniform(0, 1))
            mongo.kill()
            await asyncio.sleep(chance.uniform(0, 0.5))
            mongo.start()
            await until_found(partial(grown, trail, await trail.entries()))
    await trail.proved()


async def grown(trail: Trail, before: int) -> bool:
    """Whether it goes on by itself."""
    return await trail.entries() > before


@pytest.mark.parametrize("archive", ["sqlite", "mongodb"])
async def test_the_database_of_the_store_is_killed_while_it_is_written_to(
    tmp_path: Path, own_postgres: Postgres, mongo: Mongo, archive: str
) -> None:
    chance = random.Random(4)
    trail = Trail(own_postgres.database(), new_database(mongo) if archive == "mongodb" else "", tmp_path)
    with trail.written():
        await until(trail.some_said)
        for _ in range(SEEDS):
            await asyncio.sleep(chance.uniform(0, 1))
            own_postgres.kill()
            await asyncio.sleep(chance.uniform(0, 0.5))
            own_postgres.start()
            await until_found(partial(grown, trail, await trail.entries()))
    await trail.proved()
