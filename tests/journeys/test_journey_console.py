"""The console in a real browser, as operators use it: both languages, both themes, phone and desktop, by mouse and by keyboard."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.browser import Browser, Theme, Visitor, browsing, visiting
from support.program import Up
from support.worlds import sales

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of sales."""
    folder = tmp_path_factory.mktemp("world")
    sales(folder / "vendas.csv")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all: each visitor has cookies of their own."""
    with browsing() as started:
        yield started


@pytest.fixture
def visitor(browser: Browser, up: Up) -> Iterator[Visitor]:
    """Somebody in Brazil at a desk."""
    with visiting(browser, up.url) as somebody:
        yield somebody
        assert (somebody.wrong, somebody.elsewhere) == ([], [])


PAGES = ["/console/"]


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["pt-BR", "en-US"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_used_by_everybody(browser: Browser, up: Up, page: str, language: str, theme: Theme, size: str) -> None:
    with visiting(browser, up.url, language=language, theme=theme, size=size) as somebody:
        shown = somebody.go(page)
        assert somebody.violations() == []
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it is wider than the screen"
        assert shown.evaluate("document.documentElement.lang") == ("pt-BR" if language == "pt-BR" else "en")
        assert (somebody.wrong, somebody.elsewhere) == ([], [])


def test_the_palette_leads_everywhere_by_keyboard(visitor: Visitor) -> None:
    page = visitor.go("/console/")
    page.keyboard.press("/")
    assert page.locator("#palette").is_visible()
    assert visitor.violations() == []
    page.keyboard.type("agora")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/")
    assert not page.locator("#palette").is_visible()


def test_language_and_theme_are_chosen_and_kept(visitor: Visitor) -> None:
    page = visitor.go("/console/")
    page.get_by_role("button", name="English").click()
    assert page.locator("h1").inner_text() == "Now"
    page.get_by_role("button", name="Dark").click()
    visitor.go("/console/")
    assert page.locator("h1").inner_text() == "Now"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 20)"


def test_times_are_in_the_zone_of_who_looks(browser: Browser, up: Up) -> None:
    with visiting(browser, up.url, zone="Asia/Tokyo") as somebody:
        somebody.go("/console/")
        somebody.go("/console/")
        assert somebody.page.evaluate("document.documentElement.dataset.zone") == "Asia/Tokyo"
