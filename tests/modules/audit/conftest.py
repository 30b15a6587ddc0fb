"""What the tests of the audit module share."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from support.archives import KINDS, Kind, Opened, an_archive
from support.mongo import Mongo
from support.postgres import Postgres


@pytest.fixture(params=KINDS)
def archive_kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of archive in turn."""
    found: Kind = request.param
    return found


@pytest.fixture
async def opened(archive_kind: Kind, tmp_path: Path, postgres: Callable[[], Postgres], mongo: Callable[[], Mongo]) -> AsyncIterator[Opened]:
    """An empty archive of each kind."""
    async with an_archive(archive_kind, tmp_path, postgres, mongo) as made:
        yield made
