"""What the journeys share. Each file has a `world`: the folder in which the programs are started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.browser import Browser, Visitor, browsing, visiting
from support.program import Up, started
from support.shop import Shop, a_shop


@pytest.fixture(scope="module")
def up(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A Hulk that runs in the file's world."""
    with started(tmp_path_factory.mktemp("data"), cwd=world) as running:
        yield running


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One that has something to show on every page, the same for all who only look."""
    with a_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture(scope="module")
def before() -> None:
    """What a file has made before there is a browser: Playwright keeps the thread's event loop."""


@pytest.fixture(scope="module")
def browser(before: None) -> Iterator[Browser]:  # for the order
    """One for all: each visitor has cookies of their own."""
    with browsing() as running:
        yield running


@pytest.fixture(scope="module")
def language() -> str:
    """What the visitor reads."""
    return "pt-BR"


@pytest.fixture
def visitor(browser: Browser, up: Up, language: str) -> Iterator[Visitor]:
    """Somebody in Brazil at a desk, of whose pages the browser has nothing to complain."""
    with visiting(browser, up.url, language=language) as somebody:
        yield somebody
        assert (somebody.wrong, somebody.elsewhere) == ([], [])
