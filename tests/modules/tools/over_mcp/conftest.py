"""What tests of MCP share: whatever the store is, what is said is the same, so it is one of SQLite; it is said in each revision of the
protocol."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hulk.runtime.store import Store
from support.exits import no_postgres
from support.mcp_clients import MODES
from support.stores import a_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty one."""
    async with a_store("sqlite", tmp_path, no_postgres) as opened:
        yield opened


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """Each revision in turn."""
    return str(request.param)
