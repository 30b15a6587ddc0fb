"""What the journeys share. Each file has a `world`: the folder in which the programs are started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.program import Up, started


@pytest.fixture(scope="module")
def up(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A Hulk that runs in the file's world."""
    with started(tmp_path_factory.mktemp("data"), cwd=world) as running:
        yield running
