"""The console in a real browser, as operators use it: every page in both languages and themes, on a phone and at a desk; by keyboard."""

from typing import Any, get_args

import pytest

from support.browser import SIZES, Browser, Theme, Visitor, visiting
from support.program import Up
from support.shop import Shop

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def up(shop: Shop) -> Up:
    """Its Hulk."""
    return shop.up


LOOKS = [(theme, size) for theme in get_args(Theme) for size in SIZES]
NARROW = "document.documentElement.scrollWidth <= innerWidth"
OPENED = "document.querySelectorAll('#page details').forEach((it) => { it.open = true; })"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", ["pt-BR", "en-US"])
def test_every_page_can_be_used_by_everybody(browser: Browser, shop: Shop, language: str) -> None:
    wrong: list[Any] = []
    with visiting(browser, shop.up.url, language=language) as somebody:
        for name, address in shop.places.items():
            page = somebody.go(address)
            page.evaluate(OPENED)
            for theme, size in LOOKS:
                somebody.looks(theme, size)
                found = [*somebody.violations(), *([] if page.evaluate(NARROW) else ["it is wider than the screen"])]
                wrong += [(name, theme, size, one) for one in found]
            wrong += [] if page.evaluate("document.documentElement.lang").startswith(language[:2]) else [(name, "the language")]
            wrong += [(name, said) for said in somebody.complaints() if name != "nothing here"]
        assert (wrong, somebody.elsewhere) == ([], [])


def test_the_palette_leads_everywhere_by_keyboard(visitor: Visitor) -> None:
    page = visitor.go("/console/")
    page.keyboard.press("/")
    assert page.locator("#palette").is_visible()
    assert visitor.violations() == []
    page.keyboard.type("agora")
    with page.expect_navigation(url="**/console/"):
        page.keyboard.press("Enter")
    assert not page.locator("#palette").is_visible()


def test_language_and_theme_are_chosen_and_kept(visitor: Visitor) -> None:
    page = visitor.go("/console/")
    page.get_by_role("button", name="English").click()
    page.locator("h1", has_text="Now").wait_for()
    page.get_by_role("button", name="Dark").click()
    page.locator("html[data-theme=dark]").wait_for()
    visitor.go("/console/")
    assert page.locator("h1").inner_text() == "Now"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 20)"


def test_times_are_in_the_zone_of_who_looks(browser: Browser, up: Up) -> None:
    with visiting(browser, up.url, zone="Asia/Tokyo") as somebody:
        somebody.go("/console/")
        somebody.go("/console/")
        assert somebody.page.evaluate("document.documentElement.dataset.zone") == "Asia/Tokyo"


def test_on_a_phone_each_cell_says_what_it_is_and_the_menu_has_language_and_theme(browser: Browser, up: Up) -> None:
    with visiting(browser, up.url, size="phone", language="en-US") as somebody:
        page = somebody.go("/console/runs")
        row = page.locator("[data-stack] tbody tr").first
        assert [row.locator("td").nth(at).get_attribute("data-label") for at in (1, 2)] == ["State", "Why"]
        assert row.evaluate("(it) => it.scrollWidth <= it.clientWidth")
        assert not page.locator(".looks").is_visible()
        page.locator(".menu summary").click()
        page.get_by_role("button", name="Português").click()
        page.locator("h1", has_text="Execuções").wait_for()
        assert (somebody.wrong, somebody.elsewhere) == ([], [])
