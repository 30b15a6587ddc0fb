"""Bringing the store's tables to what this version needs.

A new store gets all tables at once; one of an older version is migrated by Alembic (`migrations/`). A test holds that
both ways lead to the same tables.
"""

from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from hulk.kernel.errors import Refused, Unavailable

log = structlog.get_logger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0001"
"""The newest revision under `migrations/versions`."""
_LOCK = 0x48554C4B
"""PostgreSQL's advisory lock that one process at a time holds while it prepares the tables ("HULK")."""


def prepare(engine: Engine) -> None:
    """Make or migrate the tables; raises `Refused` for a store that a newer Hulk has used, `Unavailable` when it cannot be written."""
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            else:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            _prepared(connection)
    except OperationalError as error:
        raise Unavailable("The database cannot be prepared: {reason}.", reason=str(error.orig).strip().split("\n")[0]) from error


def _prepared(connection: Connection) -> None:
    found = revision(connection)
    if found == HEAD:
        return
    if found is None:
        from hulk.apps.tables import metadata  # loads every module, which who only asks for the revision does not need

        metadata.create_all(connection)
        connection.execute(text("create table alembic_version (version_num varchar(32) not null primary key)"))
        connection.execute(text("insert into alembic_version values (:head)"), {"head": HEAD})
        return
    if found > HEAD:
        raise Refused(
            "The store was used by a newer Hulk (schema {found}; this one knows {head}). Install that version.", found=found, head=HEAD
        )
    log.info("migrating", found=found, to=HEAD)
    upgrade(connection)


def revision(connection: Connection) -> str | None:
    """The schema's revision; None for an empty store."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return str(connection.execute(text("select version_num from alembic_version")).scalar_one())


def upgrade(connection: Connection) -> None:
    """Run the migrations from the schema's revision (or from nothing) to `HEAD`."""
    from alembic import command  # 0.4 s and 20 MB, needed only when there is something to migrate
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
