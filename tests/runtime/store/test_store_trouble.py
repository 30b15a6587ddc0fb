"""The database away, full, read-only or held by another: told in words, nothing lost, and work goes on by itself."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, event, insert, select, text

from hulk.kernel.errors import Conflict, Refused, Unavailable
from hulk.runtime.store import Store, Transaction, engine_for, folder_lock, opened
from support.postgres import Postgres, a_postgres

pile = Table("test_pile", MetaData(), Column("id", Integer, primary_key=True), Column("data", LargeBinary))


def heaped(number: int, size: int = 10) -> Callable[[Transaction], int]:
    def change(tx: Transaction) -> int:
        return tx.execute(insert(pile), {"id": number, "data": bytes(size)}).rowcount

    return change


async def count(store: Store) -> int:
    return await store.read(lambda connection: len(connection.execute(select(pile.c.id)).all()))


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of its own, to be stopped."""
    with a_postgres() as made:
        yield made


@pytest.mark.parametrize("how", [pytest.param(signal.SIGINT, id="stopped"), pytest.param(signal.SIGQUIT, id="crashed")])
async def test_postgresql_away_is_told_at_once_and_back_again_is_used_again(server: Postgres, tmp_path: Path, how: signal.Signals) -> None:
    async with opened(server.database(), tmp_path) as store:
        pile.create(store.engine)
        await store.commit(heaped(1))
        async with asyncio.TaskGroup() as group:
            for task in [group.create_task(count(store)) for _ in range(8)]:
                await task  # all the pool's connections are open
        server.stop(how)
        try:
            async with asyncio.timeout(5):
                for _ in range(3):
                    with pytest.raises(Unavailable, match="not available right now"):
                        await store.commit(heaped(2))
                    with pytest.raises(Unavailable):
                        await count(store)
        finally:
            server.start()
        async with asyncio.TaskGroup() as group:
            for number in range(10, 30):
                group.create_task(store.commit(heaped(number)))
                group.create_task(count(store))
        assert await count(store) == 21


async def test_all_who_wait_for_a_database_that_is_away_are_told_together(server: Postgres, tmp_path: Path) -> None:
    async with opened(server.database(), tmp_path) as store:
        server.stop()
        try:
            async with asyncio.timeout(5), asyncio.TaskGroup() as group:
                told = [group.create_task(_told(store, number)) for number in range(600)]
        finally:
            server.start()
    errors = [task.result() for task in told]
    assert len({id(error) for error in errors}) == 600  # each its own, since raising adds to an error
    assert {error.retry_after for error in errors} == {1}


async def _told(store: Store, number: int) -> Unavailable:
    try:
        await store.commit(heaped(number))
    except Unavailable as error:
        return error
    raise AssertionError("it was written")


async def test_a_connection_lost_in_the_middle_of_a_transaction_writes_nothing(server: Postgres, tmp_path: Path) -> None:
    async with opened(server.database(), tmp_path) as store:
        pile.create(store.engine)

        def cut(tx: Transaction) -> None:
            pid = tx.execute(text("select pg_backend_pid()")).scalar_one()
            os.kill(int(pid), signal.SIGTERM)
            tx.execute(text("select pg_sleep(5)"))

        with pytest.raises(Unavailable):
            await store.commit(heaped(1), cut)
        await store.commit(heaped(2))
        assert await count(store) == 1


async def test_connections_that_were_lost_while_nobody_used_them_are_told_to_nobody(server: Postgres, tmp_path: Path) -> None:
    async with opened(server.database(), tmp_path) as store:
        pile.create(store.engine)
        async with asyncio.TaskGroup() as group:
            for number in range(8):
                group.create_task(store.read(lambda connection: connection.execute(text("select pg_sleep(0.1)")).all()))
                group.create_task(store.commit(heaped(number)))
        server.stop()
        server.start()
        async with asyncio.TaskGroup() as group:
            counted = [group.create_task(count(store)) for _ in range(8)]
            group.create_task(store.commit(heaped(100)))
        assert {task.result() for task in counted} <= {8, 9}
        assert await count(store) == 9


class _Commit:
    """Ends its own connection at the moment of the commit."""

    def __init__(self) -> None:
        self.applied = 0

    def __call__(self, tx: Transaction) -> None:
        self.applied += 1
        tx.execute(text("create temp table ending (id int primary key deferrable initially deferred)"))
        tx.execute(
            text(
                "create function pg_temp.last() returns trigger language plpgsql as 'begin perform pg_terminate_backend("
                "pg_backend_pid()); perform pg_sleep(5); return null; end'"
            )
        )
        tx.execute(
            text(
                "create constraint trigger last after insert on ending deferrable initially deferred for each row execute"
                " function pg_temp.last()"
            )
        )
        tx.execute(text("insert into ending values (1)"))


async def test_a_commit_whose_answer_is_lost_is_not_done_again(server: Postgres, tmp_path: Path) -> None:
    async with opened(server.database(), tmp_path) as store:
        change = _Commit()
        with pytest.raises(Unavailable, match="not available"):
            await store.commit(change)
        assert change.applied == 1
        assert await store.read(lambda connection: connection.execute(text("select 1")).scalar_one()) == 1


async def test_no_database_at_that_address_is_told_within_seconds(tmp_path: Path) -> None:
    async with asyncio.timeout(8):
        with pytest.raises(Unavailable, match="not available"):
            async with opened("postgresql://nobody@127.0.0.1:1/none", tmp_path):
                pass


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("mysql://somewhere/x", "mysql", id="another kind of database"),
        pytest.param("not a url", "not a URL", id="not a URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_what_can(tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        engine_for(url, tmp_path)


def mounted(folder: Path, kib: int) -> bool:
    """Mount a small file system, if we may."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0


@asynccontextmanager
async def full_after(folder: Path, kib: int) -> AsyncIterator[Store]:
    """A SQLite store that is full after some KiB: a small file system if we may mount one, else a bound on its pages."""
    small = mounted(folder, kib)
    store = Store(engine_for("", folder))
    if not small:
        event.listen(store.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA max_page_count={kib // 4}"))
    try:
        yield store
    finally:
        store.close()
        if small:
            subprocess.run(["umount", folder], check=True)  # noqa: ASYNC221  # takes no time


async def test_a_full_disk_is_told_writes_nothing_and_is_fine_once_there_is_room(tmp_path: Path) -> None:
    async with full_after(tmp_path, 1024) as store:
        pile.create(store.engine)
        await store.commit(heaped(0))
        async with asyncio.TaskGroup() as group:
            group.create_task(store.commit(heaped(1)))
            full = group.create_task(_full(store))
        assert full.result().retry_after == 5
        assert await count(store) == 2
        await store.commit(heaped(3))
        assert await count(store) == 3


async def _full(store: Store) -> Unavailable:
    with pytest.raises(Unavailable, match="disk is full") as caught:
        await store.commit(heaped(1_000_000, 4_000_000))
    return caught.value


async def test_a_small_write_beside_one_that_does_not_fit_is_written(tmp_path: Path) -> None:
    async with full_after(tmp_path, 1024) as store:
        pile.create(store.engine)
        loop, go = asyncio.get_running_loop(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(store.commit(lambda _: asyncio.run_coroutine_threadsafe(go.wait(), loop).result()))
            await asyncio.sleep(0.05)
            small = [group.create_task(_small(store, number)) for number in range(10)]
            group.create_task(_full(store))
            await asyncio.sleep(0.05)
            go.set()
        assert all(task.result() for task in small) or not any(task.result() for task in small)
        assert await count(store) == sum(task.result() for task in small)
        await store.commit(heaped(99))


async def _small(store: Store, number: int) -> bool:
    try:
        await store.commit(heaped(number))
    except Unavailable:
        return False
    return True


async def test_a_database_that_another_holds_is_told_as_unavailable(tmp_path: Path) -> None:
    async with opened("", tmp_path, busy=0.2) as store, opened("", tmp_path, busy=0.2) as other:
        pile.create(store.engine)
        loop, go, held = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

        def holding(_: Transaction) -> None:
            loop.call_soon_threadsafe(held.set)
            asyncio.run_coroutine_threadsafe(go.wait(), loop).result()

        async with asyncio.TaskGroup() as group:
            group.create_task(other.commit(holding))
            await held.wait()
            async with asyncio.timeout(2):
                with pytest.raises(Unavailable, match="locked"):
                    await store.commit(heaped(1))
            go.set()
        await store.commit(heaped(1))


READ_ONLY = """
import asyncio, os, sys
from pathlib import Path
from hulk.kernel.errors import HulkError
from hulk.runtime.store import folder_lock, opened
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
async def main():
    async with opened("", Path(sys.argv[1])) as store:
        await store.commit(lambda tx: tx.connection.exec_driver_sql("create table x (y)"))
for attempt in (lambda: asyncio.run(main()), lambda: folder_lock(Path(sys.argv[1])).__enter__()):
    try:
        attempt()
    except HulkError as error:
        print(error.code, error)
"""


def test_a_folder_that_may_not_be_written_is_told_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o555)
    for parent in list(tmp_path.parents)[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    tmp_path.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", READ_ONLY, folder], capture_output=True, text=True, check=False)
    first, second = (line for line in done.stdout.splitlines() if line.startswith("unavailable"))
    assert "unable to open database file" in first
    assert f"{folder} cannot be written: Permission denied" in second
    assert "--data" in second


def test_a_data_folder_has_one_hulk_at_a_time(tmp_path: Path) -> None:
    with folder_lock(tmp_path / "new"):
        with pytest.raises(Conflict, match="Another Hulk is running"), folder_lock(tmp_path / "new"):
            pass
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    with folder_lock(tmp_path / "new"):
        pass


HOLDING = """
import sys, time
from pathlib import Path
from hulk.runtime.store import folder_lock
with folder_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_lock_of_a_killed_process_is_free_again(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDING, tmp_path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(Conflict), folder_lock(tmp_path):
            pass
        process.kill()
        process.wait()
        with folder_lock(tmp_path):
            pass


async def test_sqlite_syncs_every_commit(tmp_path: Path) -> None:
    async with opened("", tmp_path) as store:

        def pragmas(tx: Transaction) -> list[object]:
            return [tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys")]

        assert await store.commit(pragmas) == [["wal", 2, 1]]


def test_a_database_that_another_process_is_just_making_is_waited_for(tmp_path: Path) -> None:
    """While it is made a WAL, its maker holds it alone, and SQLite's own waiting does not count there."""
    other = sqlite3.connect(tmp_path / "hulk.db", isolation_level=None, check_same_thread=False)
    other.execute("create table made (id integer)")
    other.execute("begin immediate")
    other.execute("insert into made values (1)")
    engine = engine_for("", tmp_path)
    with contextlib.closing(other), ThreadPoolExecutor(1) as pool:
        opening = pool.submit(engine.connect)
        assert not wait([opening], timeout=0.3).done
        other.execute("commit")
        with opening.result() as connection:
            assert connection.exec_driver_sql("pragma journal_mode").scalar_one() == "wal"
    engine.dispose()
