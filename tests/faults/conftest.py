"""What the fault tests share."""

import os
from collections.abc import Iterator

import pytest

from support.toll import Toll


@pytest.fixture
def toll(capfd: pytest.CaptureFixture[str]) -> Iterator[Toll]:
    """What the faults of a test cost; told where they are many (`make test-faults`)."""
    toll = Toll()
    yield toll
    if "HULK_TEST_SEEDS" in os.environ:
        with capfd.disabled():
            print(f"\n{toll}")
