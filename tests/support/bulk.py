"""More than anybody should have, put straight into the tables of a SQLite store: what pages are to stay usable with."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from hulk.kernel import ids

STEPS, COMMENTS, PAYLOAD_BYTES = 100_000, 10_000, 10_000_000
_RUN = """insert into run (id, workflow, version, queue, tenant, namespace, status, input, error, dead, cancelling, behind, keyed, epoch,
    wake, failures, takes, attempts, due, touched, created, let_in, ended)
values (:id, 'importar', '', 'default', 'default', 'default', :status, :input, :error, 0, 0, 0, 0, 1, 1, 0, 1, 5, :due, :now, :now, :now,
    :ended)"""
_STEPS = """with recursive n(i) as (select 0 union all select i + 1 from n where i < :many - 1)
insert into step (run, position, name, value, began, recorded) select :run, i, 'row-' || i, '{"done":true}', :now, :now from n"""
_COMMENTS = """with recursive n(i) as (select 1 union all select i + 1 from n where i < :many)
insert into ticket_comment (id, ticket, actor, at, text)
select 'cmt_' || printf('%026d', i), :ticket, 'local', :now, 'Comment number ' || i || ' of very many' from n"""
_ERROR = json.dumps({"code": "unavailable", "text": {"msgid": "{reason}", "values": {"reason": "the disk is away"}}})
_FAR = "2099-01-01T00:00:00.000000Z"


@contextmanager
def _opened(data: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(data / "hulk.db", timeout=60)) as connection, connection:
        yield connection


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def a_run(data: Path, *, steps: int = 0, payload: int = 10, ended: bool = True) -> str:
    """One that failed, or waits for ever, with so many steps and so many bytes of input; gives its id."""
    id_, now = ids.new("run"), _now()
    values = {
        "id": id_, "now": now, "status": "failed" if ended else "waiting", "input": json.dumps({"rows": "x" * payload}),
        "error": _ERROR if ended else None, "ended": now if ended else None, "due": None if ended else _FAR,
    }  # fmt: skip
    with _opened(data) as connection:
        connection.execute(_RUN, values)
        if steps:
            connection.execute(_STEPS, {"run": id_, "many": steps, "now": now})
    return id_


def forgotten(data: Path, run: str) -> None:
    """The run is deleted."""
    with _opened(data) as connection:
        connection.execute("delete from run where id = ?", (run,))


def discussed(data: Path, ticket: str) -> None:
    """Very much was said about that ticket."""
    with _opened(data) as connection:
        connection.execute(_COMMENTS, {"ticket": ticket, "many": COMMENTS, "now": _now()})
