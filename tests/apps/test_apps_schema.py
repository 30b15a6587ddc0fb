"""A new store and a migrated one have the same tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, text

from hulk.apps.schema import HEAD, MIGRATIONS, prepare, revision, upgrade
from hulk.kernel.errors import Refused
from hulk.runtime.store import engine_for, metadata


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = engine_for("", tmp_path)
    yield made
    made.dispose()


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_head_is_the_newest_migration() -> None:
    assert max(path.name[:4] for path in (MIGRATIONS / "versions").glob("0*.py")) == HEAD


def test_migrations_lead_to_the_tables_of_the_code(engine: Engine) -> None:
    with engine.begin() as connection:
        upgrade(connection)
        assert differences(connection) == []
        assert revision(connection) == HEAD


def test_a_new_store_has_the_tables_of_the_code_and_preparing_again_changes_nothing(engine: Engine) -> None:
    prepare(engine)
    prepare(engine)
    with engine.begin() as connection:
        assert differences(connection) == []
        assert revision(connection) == HEAD


def test_a_store_of_a_newer_hulk_is_left_alone(engine: Engine) -> None:
    prepare(engine)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(Refused, match="9999"):
        prepare(engine)
