"""A real MariaDB, where one is installed (Debian's mariadb-server-core has all that it takes): one server for the test session.

It is looked for on the path, in /usr/sbin, and under the folder that HULK_TEST_MARIADB names (a root into which packages were unpacked)."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql  # type: ignore[import-untyped]  # no types

from support.processes import die_with_parent

STARTS_WITHIN = 30.0
_SYSTEM = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql")
USER = "nobody"


def installed() -> Path | None:
    """Where the server's program is."""
    root = Path(os.environ.get("HULK_TEST_MARIADB", "/"))
    places = [root / "usr/sbin/mariadbd", *(Path(found) for name in ("mariadbd", "mysqld") if (found := shutil.which(name)))]
    return next((place for place in places if place.is_file()), None)


@dataclass(frozen=True, slots=True)
class MariaDb:
    """A server on a socket in `folder`, where `root` may do all without a password, and `reader` may read `shop` with “secret”."""

    folder: Path

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.folder / "socket"

    def url(self, database: str = "shop", user: str = "reader") -> str:
        """Of a database, as the settings have it."""
        return f"mariadb://{user}@localhost/{database}?socket={self.socket}"

    def run(self, *statements: str) -> None:
        """As root."""
        with self._root() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def one(self, sql: str) -> object:
        """The first value of what it gives, as root."""
        with self._root() as cursor:
            cursor.execute(sql)
            (value,) = cursor.fetchone()
            return value

    @contextmanager
    def _root(self) -> "Iterator[Any]":
        connection = pymysql.connect(unix_socket=str(self.socket), user="root", autocommit=True, defer_connect=True)
        try:
            connection.connect()
            with connection.cursor() as cursor:
                yield cursor
        finally:
            if connection.open:
                connection.close()


@contextmanager
def a_mariadb(program: Path) -> Iterator[MariaDb]:
    """A server of its own, gone with the block. Takes about 4 s."""
    with tempfile.TemporaryDirectory(prefix="hulk-maria-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "data").mkdir()
        if os.geteuid() == 0:
            folder.chmod(0o755)
            shutil.chown(folder, USER)
            shutil.chown(folder / "data", USER)
        server = MariaDb(folder)
        command = _command(program, folder)
        _prepare(command, program, folder)
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=die_with_parent, user=_user(), env=_environment(program))
        try:
            _until_answers(server, process)
            server.run("CREATE DATABASE shop", "CREATE USER reader IDENTIFIED BY 'secret'", "GRANT SELECT ON shop.* TO reader")
            yield server
        finally:
            process.kill()
            process.wait(30)


def _command(program: Path, folder: Path) -> list[str]:
    options: dict[str, str | Path] = {
        "datadir": folder / "data",
        "socket": folder / "socket",
        "pid-file": folder / "pid",
        "lc-messages-dir": _share(program),
    }
    options |= {"innodb-buffer-pool-size": "16M", "innodb-log-file-size": "4M", "innodb-flush-log-at-trx-commit": "0", "plugin-dir": folder}
    return [
        str(program),
        "--no-defaults",
        "--skip-networking",
        "--skip-grant-tables=0",
        *(f"--{name}={value}" for name, value in options.items()),
    ]


def _share(program: Path) -> Path:
    return program.parents[1] / "share" / "mysql"


def _environment(program: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": str(program.parents[1] / "lib" / "x86_64-linux-gnu")}


def _user() -> str | None:
    return USER if os.geteuid() == 0 else None


def _prepare(command: list[str], program: Path, folder: Path) -> None:
    """What mariadb-install-db does: the server, told the tables of its own."""
    tables = "CREATE DATABASE mysql;\nUSE mysql;\n" + "".join((_share(program) / name).read_text() for name in _SYSTEM)
    made = subprocess.run(
        [*command, "--bootstrap", "--skip-grant-tables"],
        input=f"SET @auth_root_socket=NULL;\n{tables}".encode(), user=_user(), env=_environment(program), capture_output=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr.decode()[-2000:]


def _until_answers(server: MariaDb, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as trial:  # PyMySQL leaves its own open when nobody listens
            trial.connect(str(server.socket))
            return
        time.sleep(0.02)
    raise AssertionError("MariaDB does not start: " + (server.folder / "log").read_text()[-2000:])
