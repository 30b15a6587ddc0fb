"""Secrets that change under a Hulk that works: PostgreSQL's and NATS's passwords, the cache's, models' keys; SIGHUP, `thor secrets`."""

import asyncio
import contextlib
import gc
import os
import pty
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from hulk.apps.secrets import database_login, model_keys, nats_credentials
from hulk.apps.settings import SECTIONS
from hulk.kernel.errors import Refused, Unavailable
from hulk.modules.router import Model
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.domain.model import Prompt
from hulk.runtime.bus import Address, connect
from hulk.runtime.cache.guard import LevelAway
from hulk.runtime.cache.shared import redis_level
from hulk.runtime.config import load
from hulk.runtime.secrets import Secrets, secrets_of
from hulk.runtime.store import Store, Transaction, opened
from support.caches import a_valkey
from support.cluster import a_cluster
from support.gates import Recording
from support.nats_cluster import PASSWORD, USER, Nats, a_nats
from support.patience import until, until_found
from support.postgres import Postgres, a_postgres
from support.program import BIN, calling, environment, launch, run, started, thor, until_ready
from support.stores import Another
from support.twins import openai_twin

ROLE = "hulk_worker"


def written(file: Path, secret: str) -> Path:
    """The file with another secret, as an operator's tool puts it there: at once."""
    (file.parent / f".{file.name}").write_text(secret + "\n")
    return (file.parent / f".{file.name}").rename(file)


async def secrets_for(**settings: str) -> Secrets:
    return await secrets_of(load(SECTIONS, overrides={name.replace("__", "."): value for name, value in settings.items()}), {})


# PostgreSQL --------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server that asks `ROLE` for a password."""
    with a_postgres() as made:
        with administering(made) as admin:
            admin.execute(sql.SQL("create role {} login superuser").format(sql.Identifier(ROLE)))
            rules = Path(str(admin.execute("show hba_file").fetchall()[0][0]))
            rules.write_text(f"local all {ROLE} scram-sha-256\n" + rules.read_text())
            admin.execute("select pg_reload_conf()")
        yield made


@contextlib.contextmanager
def administering(server: Postgres) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        yield connection


def alter(server: Postgres, password: str) -> None:
    with administering(server) as admin:
        admin.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(ROLE), sql.Literal(password)))


def disconnect(server: Postgres) -> None:
    """End those sessions of the role that do nothing, so that new ones must be begun. One that commits would not know whether it has."""
    with administering(server) as admin:
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s and state = 'idle'", [ROLE])


def url(server: Postgres) -> str:
    return server.database().replace("postgres@", f"{ROLE}@")


class Commits:
    """Commits all the time, one after the other, and counts."""

    def __init__(self, store: Store) -> None:
        self.done = 0
        self.failed: list[str] = []
        self._store = store

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Commits"]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._run())
            yield self
            task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                await self._store.commit(_wrote)
                await self._store.read(lambda connection: connection.execute(text("select 1")).scalar_one())
                self.done += 1
            except Unavailable as error:
                self.failed.append(str(error))

    async def some_more(self) -> None:
        """Wait for ten more."""
        before = self.done
        await until(lambda: self.done >= before + 10)


def _wrote(tx: Transaction) -> None:
    tx.execute(text("insert into test_written values (1)"))


@asynccontextmanager
async def a_store(server: Postgres, file: Path, folder: Path) -> AsyncIterator[tuple[Store, Secrets, Another]]:
    """A store whose password is in the file, and is `one` at first; and more of them for the same login, with no connections yet."""
    alter(server, "one")
    written(file, "one")
    secrets = await secrets_for(store__url=url(server), store__password=f"file:{file}")
    login = database_login(secrets)
    async with opened(secrets.now("store.url"), folder, login=login) as store:
        await store.commit(lambda tx: tx.execute(text("create table test_written (n int)")))
        yield store, secrets, lambda: opened(secrets.now("store.url"), folder, login=login)


async def connect_anew(another: Another) -> None:
    """Commit over connections that are made for it, several at once."""
    async with another() as store, asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(backends(store))
            group.create_task(store.commit(_wrote))


async def backends(store: Store) -> int:
    return await store.read(lambda connection: int(connection.execute(text("select pg_backend_pid()")).scalar_one()))


async def test_no_commit_fails_when_first_the_role_and_then_the_file_is_changed(server: Postgres, tmp_path: Path) -> None:
    async with a_store(server, tmp_path / "password", tmp_path) as (store, _, another), Commits(store).running() as commits:
        for password in ("two", "three"):
            await commits.some_more()
            await asyncio.to_thread(alter, server, password)
            await commits.some_more()
            written(tmp_path / "password", password)
            await connect_anew(another)  # nobody has told Hulk: a new connection is refused, and has it look
            await commits.some_more()
    assert commits.failed == []
    assert commits.done >= 60


async def test_no_commit_fails_when_first_the_file_and_then_the_role_is_changed(server: Postgres, tmp_path: Path) -> None:
    async with a_store(server, tmp_path / "password", tmp_path) as (store, secrets, another), Commits(store).running() as commits:
        for password in ("two", "three"):
            written(tmp_path / "password", password)
            await secrets.refresh()  # connections in the pool are replaced, with the previous password while the server wants it
            await commits.some_more()
            await asyncio.to_thread(alter, server, password)
            await connect_anew(another)
            await commits.some_more()
    assert commits.failed == []


async def test_new_connections_fail_only_while_the_file_is_behind(server: Postgres, tmp_path: Path) -> None:
    async with a_store(server, tmp_path / "password", tmp_path) as (store, _, another), Commits(store).running() as commits:
        await asyncio.to_thread(alter, server, "hidden")
        for _ in range(3):
            with pytest.raises(Unavailable, match="password authentication failed") as told:
                async with another():
                    pass
            assert "hidden" not in str(told.value)
        written(tmp_path / "password", "hidden")
        await connect_anew(another)
        await commits.some_more()
    assert commits.failed == []


async def test_connections_in_the_pool_are_replaced_when_the_password_changes_and_not_otherwise(server: Postgres, tmp_path: Path) -> None:
    async with a_store(server, tmp_path / "password", tmp_path) as (store, secrets, _):
        before = {await backends(store) for _ in range(10)}
        await secrets.refresh()
        assert {await backends(store) for _ in range(10)} == before
        await asyncio.to_thread(alter, server, "two")
        written(tmp_path / "password", "two")
        await secrets.refresh()
        assert not {await backends(store) for _ in range(10)} & before


async def test_a_whole_url_may_change_its_user_too(server: Postgres, tmp_path: Path) -> None:
    with administering(server) as admin:
        admin.execute("drop role if exists hulk_second")
        admin.execute("create role hulk_second login superuser password 'x'")
    alter(server, "one")
    address = url(server)
    file = written(tmp_path / "url", address.replace(f"{ROLE}@", f"{ROLE}:one@"))
    secrets = await secrets_for(store__url=f"file:{file}")
    async with opened(secrets.now("store.url"), tmp_path, login=database_login(secrets)) as store:
        written(file, address.replace(f"{ROLE}@", "hulk_second:x@"))
        await secrets.refresh()
        assert await store.read(lambda connection: connection.execute(text("select current_user")).scalar_one()) == "hulk_second"


async def test_a_wrong_password_is_told_without_it(server: Postgres, tmp_path: Path) -> None:
    alter(server, "one")
    secrets = await secrets_for(store__url=url(server), store__password="literal:hidden")
    with pytest.raises(Unavailable, match=f'password authentication failed for user "{ROLE}"') as told:
        async with opened(secrets.now("store.url"), tmp_path, login=database_login(secrets)):
            pass
    assert "hidden" not in str(told.value)


# NATS, the cache, models -------------------------------------------------------------------------------------------------------


def reload_with(nats: Nats, password: str) -> None:
    """Have the server want another password from now on, of who is connected too."""
    [node] = nats.nodes
    conf = node.folder / "nats.conf"
    before = next(line for line in conf.read_text().splitlines() if line.startswith("authorization"))
    conf.write_text(conf.read_text().replace(before, f"authorization {{ user: {USER}, password: {password} }}"))
    assert node.process is not None
    node.process.send_signal(signal.SIGHUP)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nats-py forgets to close what was refused
async def test_nats_gets_the_new_password_when_it_refuses_the_old_one(tmp_path: Path) -> None:
    file = written(tmp_path / "nats-password", PASSWORD)
    async with a_nats(tmp_path / "nats", servers=1) as nats:
        secrets = await secrets_for(nats__user=USER, nats__pass=f"file:{file}")
        async with connect(Address(urls=nats.urls, changing=nats_credentials(secrets))) as bus:
            await bus.ensure_streams(max_tasks=100)
            for password in ("second-secret", "third-secret"):
                written(file, password)
                reload_with(nats, password)

                async def sent(password: str = password) -> bool:
                    try:
                        await bus.publish("hulk.engine.tasks.default.0.acme", b"x", msg_id=password)
                    except Unavailable:
                        return False
                    return secrets.now("nats.pass") == password

                await until_found(sent)
    gc.collect()  # here, and not in another's test


async def test_nats_that_refuses_all_there_is_refuses_the_start(tmp_path: Path) -> None:
    async with a_nats(tmp_path / "nats", servers=1) as nats:
        secrets = await secrets_for(nats__user=USER, nats__pass="literal:hidden")
        with pytest.raises(Refused, match="does not let Hulk in") as told:
            async with connect(Address(urls=nats.urls, changing=nats_credentials(secrets)), within=1):
                pass
        assert "hidden" not in str(told.value)


async def test_the_cache_gives_each_new_connection_the_password_of_now(tmp_path: Path) -> None:
    with a_valkey(tmp_path) as (server, url):
        admin = server.client()
        admin.config_set("requirepass", "p@ss/1")
        now = url.replace("redis://", "redis://:p%40ss%2F1@")
        async with redis_level(now, 60, lambda: now) as level:
            await level.tick(1)
            admin.config_set("requirepass", "two")
            now = url.replace("redis://", "redis://default:two@")
            admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            assert await level.tick(1) > 1
            now = url.replace("redis://", "redis://:wrong@")
            admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            with pytest.raises(LevelAway) as told:
                await level.tick(1)
            assert "wrong@" not in str(told.value)


async def test_a_model_is_asked_with_the_key_of_now(tmp_path: Path) -> None:
    file = written(tmp_path / "key", "wrong")
    with openai_twin() as url:
        config = load(SECTIONS, overrides={"models.providers": [{"name": "a", "url": url, "model": "echo", "api_key": f"file:{file}"}]})
        secrets = await secrets_of(config, {})
        provider = Vendors(Recording(), model_keys(secrets, config))
        model = Model(name="a", url=url, model="echo")
        prompt = Prompt.plain("", "hi")
        with pytest.raises(Refused, match="refuses the key"):
            await provider.complete(model, prompt)
        written(file, "right")
        await secrets.refresh()
        assert (await provider.complete(model, prompt)).text == "You said: hi"
        await provider.close()


# The programs ------------------------------------------------------------------------------------------------------------------


def test_a_start_without_its_secrets_is_none_and_says_which(tmp_path: Path) -> None:
    env = environment(HULK_AUDIT__KEY="env:NONE", HULK_NATS__PASS=f"file:{tmp_path}/none")
    done = run("hulk", "up", "--data", str(tmp_path / "data"), "--port", "0", cwd=tmp_path, env=env)
    assert done.returncode == 1
    assert "audit.key refers to env:NONE: There is no environment variable NONE." in done.stderr
    assert f"nats.pass refers to file:{tmp_path}/none" in done.stderr
    assert not (tmp_path / "data" / "hulk.db").exists()


def test_a_malformed_reference_is_told_and_not_shown(tmp_path: Path) -> None:
    done = run("thor", "config", "check", cwd=tmp_path, env=environment(HULK_NATS__PASS="file:hidden"))
    assert done.returncode == 2
    assert "environment variable HULK_NATS__PASS: nats.pass: it begins with file: and is no reference" in done.stderr
    assert "hidden" not in done.stderr + done.stdout


async def test_a_running_hulk_reads_them_again_at_sighup_and_says_how_they_are(tmp_path: Path) -> None:
    key = written(tmp_path / "key", "hidden-one")
    env = environment(HULK_AUDIT__KEY=f"file:{key}", HULK_CACHE__L2_URL="env:NOTHING_SECRET", NOTHING_SECRET="redis://127.0.0.1:1/0")
    with started(tmp_path / "data", cwd=tmp_path, env=env) as up:
        shown = {one["setting"]: one for one in thor(tmp_path / "data", "secrets", "status")}
        assert shown["audit.key"]["reference"] == f"file:{key}"
        assert (shown["audit.key"]["kind"], shown["audit.key"]["live"], shown["audit.key"]["problem"]) == ("file", False, None)
        assert (shown["cache.l2_url"]["kind"], shown["cache.l2_url"]["live"]) == ("env", True)
        written(key, "hidden-two")
        up.process.send_signal(signal.SIGHUP)
        await until(lambda: "secret_changed" in up.said())
        key.unlink()
        up.process.send_signal(signal.SIGHUP)
        await until(lambda: "secret_unreadable" in up.said())
        async with calling(up, accept_language="en") as caller:
            status, ready, _ = await caller.call("GET", "/ready")
            assert (status, ready["checks"]["secrets"]["status"], ready["checks"]["secrets"]["degraded"]) == (200, "ok", ["audit.key"])
            metrics = (await caller.call("GET", "/metrics"))[1]["text"]
            assert 'hulk_secret_errors_total{setting="audit.key"} 1.0' in metrics
            listed = (await caller.call("GET", "/v1/secrets"))[1]
        assert "No such file" in str(listed)
        assert "hidden" not in up.said() + str(listed) + str(ready) + metrics
        written(key, "hidden-one")  # thor reads the store itself, with the secrets that it needs
        assert thor(tmp_path / "data", "audit", "verify", env=env) == []
        assert up.stop() == 0


async def test_a_running_hulk_works_on_while_its_databases_password_is_changed(server: Postgres, tmp_path: Path) -> None:
    alter(server, "one")
    file = written(tmp_path / "password", "one")
    env = environment(HULK_STORE__URL=url(server), HULK_STORE__PASSWORD=f"file:{file}", HULK_SECRETS__REFRESH="1h")
    with started(tmp_path / "data", cwd=tmp_path, env=env) as up:
        async with calling(up, accept_language="en") as caller:
            for password in ("two", "three"):
                await asyncio.to_thread(alter, server, password)
                written(file, password)
                await asyncio.to_thread(disconnect, server)
                intent = await caller.ask("Water the plants in the greenhouse")
                assert (await caller.ended(intent))["status"] == "completed"
        assert thor(tmp_path / "data", "intents", env=env)
        assert up.stop() == 0
        assert "password authentication failed" not in up.said()


@pytest.mark.parametrize(("before", "stays"), [pytest.param([], False, id="plainly"), pytest.param(["nohup"], True, id="with nohup")])
async def test_a_closed_terminal_stops_what_was_started_in_it_unless_that_was_not_wanted(
    before: list[str], stays: bool, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    command = ["setsid", "--ctty", *before, str(BIN / "hulk"), "up", "--data", str(tmp_path / "data"), "--port", "0"]
    process = subprocess.Popen(  # noqa: ASYNC220
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path, env=environment(), preexec_fn=_heeds_hangups
    )
    os.close(theirs)
    await until((tmp_path / "data" / "server.json").exists)
    while not stays and b"ready at" not in await asyncio.to_thread(os.read, ours, 65536):  # nohup says it elsewhere
        pass
    os.close(ours)
    if stays:
        process.send_signal(signal.SIGHUP)
        await until(lambda: "secrets_read_again" in (tmp_path / "nohup.out").read_text())
        process.terminate()
    assert await asyncio.to_thread(process.wait, 60) == 0


def _heeds_hangups() -> None:
    """Whoever runs the tests may have been told not to, which is inherited."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


async def test_a_worker_reads_them_again_too(tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    password = written(tmp_path / "nats-password", PASSWORD)
    async with a_cluster(tmp_path, postgres().database(), workers=0, servers=1) as cluster:
        env = {**cluster.environment, "HULK_NATS__PASS": f"file:{password}"}
        worker = until_ready(launch("worker", tmp_path / "worker", cwd=tmp_path, env=env))
        password.unlink()
        worker.process.send_signal(signal.SIGHUP)
        await until(lambda: "secret_unreadable" in worker.said())
        [shown] = [one for one in thor(tmp_path / "worker", "secrets", "status") if one["setting"] == "nats.pass"]
        assert (shown["live"], "No such file" in shown["problem"]) == (True, True)
        assert worker.stop() == 0
        assert PASSWORD not in worker.said()
