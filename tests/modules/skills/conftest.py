"""What the tests of skills share."""

from pathlib import Path

import pytest


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """The folder of a piece of work, for what is large."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder
