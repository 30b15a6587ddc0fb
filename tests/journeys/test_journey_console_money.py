"""Money and who answers in a real browser: charts that can be seen and read by keyboard in both themes, budgets and policies by hand."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from hulk.kernel.time import utc_now
from support.browser import Browser, Page, Theme, Visitor, once_so, visiting
from support.program import Up, started
from support.twins import openai_twin

pytestmark = pytest.mark.browser

PRICE = {"input": "1200", "output": "2100"}
HOURS = {"hours": [{"begin": "22:00", "end": "06:00"}], "channels": ["shop*"]}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A Hulk with models that cost something, some of whose calls were made."""
    folder = tmp_path_factory.mktemp("world")
    with openai_twin() as twin:
        models = [
            {"name": "cloud", "url": twin, "model": "echo", "price": PRICE, "api_key": "right"},
            {"name": "inside", "url": twin, "model": "echo", "local": True},
        ]
        settings = {
            "models": {"providers": models}, "finops": {"budget": {"daily": 50, "monthly": 1000}},
            "router": {"prompts": {"now": "Be brief.", "new": "Be kind."}, "policies": [{"name": "night", "when": HOURS, "max_cost": "9"}]},
        }  # fmt: skip
        (folder / "hulk.yaml").write_text(json.dumps(settings))
        with started(folder / "data", cwd=folder) as running:
            filled(running.url)
            yield running


def filled(url: str) -> None:
    """Some of everything."""
    with httpx.Client(base_url=url, headers={"accept-language": "en"}, timeout=60) as client:
        for number, model in enumerate(("cloud", "cloud", "inside")):
            body = {"model": model, "messages": [{"role": "user", "content": "bom dia"}]}
            assert client.post("/v1/chat/completions", json=body, headers={"x-hulk-agent": f"agent-{number}"}).status_code == 200
        client.put("/v1/rates", json={"base": "USD", "quote": "BRL", "value": "5.3521"}).raise_for_status()
        client.put("/v1/budgets/retail", json={"agent": "agent-0", "daily": "0.4"}).raise_for_status()
        client.put("/v1/router/policies", json={"policies": [{"name": "thrifty", "deny": ["cloud"]}]}).raise_for_status()
        variants = [{"name": name, "value": name, "share": 0.5} for name in ("now", "new")]
        client.post("/v1/router/experiments", json={"name": "briefer", "about": "prompts", "variants": variants}).raise_for_status()


def costs() -> str:
    """The page of the last week."""
    today = utc_now().date()
    return f"/console/costs?by=agent&since={today - timedelta(days=6)}&until={today}"


PAINTED = """() => {
    const canvas = document.querySelector(".plot canvas"), box = canvas.getBoundingClientRect(), scale = canvas.width / box.width;
    let under = canvas; while (getComputedStyle(under).backgroundColor === "rgba(0, 0, 0, 0)") under = under.parentElement;
    const ground = getComputedStyle(under).backgroundColor.match(/[0-9]+/g).slice(0, 3).map(Number);
    const read = (x, y, width, height) => {
        const found = {}, bytes = canvas.getContext("2d").getImageData(x * scale, y * scale, width * scale, height * scale).data;
        for (let at = 0; at < bytes.length; at += 4) {
            if (!bytes[at + 3]) continue;
            const part = bytes[at + 3] / 255, ink = [0, 1, 2].map((one) => Math.round(bytes[at + one] * part + ground[one] * (1 - part)));
            found[ink] = (found[ink] || 0) + 1;
        }
        return found;
    };
    const { width, height } = box;
    return { ground, all: read(0, 0, width, height), left: read(0, 0, 36, height - 40), below: read(60, height - 30, width - 60, 30) };
}"""
"""What is on the canvas, over what is under it: how often each colour was painted, all over and where the labels are."""


def light(colour: list[int]) -> float:
    """Relative luminance (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    parts = [one / 255 for one in colour]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: list[int], other: list[int]) -> float:
    """Of two colours, 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def inks(painted: dict[str, int]) -> list[tuple[int, list[int]]]:
    """What was painted, the most first."""
    return sorted(((count, [int(part) for part in ink.split(",")]) for ink, count in painted.items()), reverse=True)


def seen(page: Page) -> list[int]:
    """The colour of the bars; asserts that these and the labels can be told from their ground."""
    painted: Any = page.evaluate(PAINTED)
    ground, bars = painted["ground"], inks(painted["all"])[0][1]
    assert contrast(bars, ground) >= 3, (bars, ground)
    for strip in ("left", "below"):
        clear = [contrast(ink, ground) for _, ink in inks(painted[strip])]
        assert max(clear) >= 4.5, (strip, ground)
    return bars


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_painted_can_be_seen_in_both_themes_and_follows_a_change(browser: Browser, up: Up, theme: Theme) -> None:
    other: Theme = "dark" if theme == "light" else "light"
    with visiting(browser, up.url, theme=theme) as somebody:
        page = somebody.go(costs())
        page.locator(".plot canvas").wait_for()
        before = seen(page)
        page.evaluate("window.before = document.querySelector('.plot canvas')")
        page.emulate_media(color_scheme=other)
        once_so(page, "document.querySelector('.plot canvas') && document.querySelector('.plot canvas') !== window.before")
        assert seen(page) != before
        page.locator(".plot").focus()
        page.get_by_role("button", name="Escuro").or_(page.get_by_role("button", name="Claro")).first.click()
        page.locator(f"html[data-theme={theme}] .plot canvas").wait_for()  # of the page that comes: the old one is there until then
        seen(page)
        assert [said for said in somebody.wrong if "willReadFrequently" not in said] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_how_much_of_a_budget_is_used_can_be_seen_in_both_themes(browser: Browser, up: Up, theme: Theme) -> None:
    with visiting(browser, up.url, theme=theme) as somebody:
        page = somebody.go("/console/costs")
        page.locator(".bar").first.wait_for()
        painted: Any = page.evaluate(
            """() => {
                const bar = document.querySelector(".bar"), track = getComputedStyle(bar.querySelector(".track")).fill;
                return ["fill", "fill warn", "fill bad"].map((name) => {
                    const part = bar.querySelector(".fill"); part.setAttribute("class", name);
                    return [getComputedStyle(part).fill, track].map((ink) => ink.match(/[0-9]+/g).slice(0, 3).map(Number));
                });
            }"""
        )
        assert [(part, track) for part, track in painted if contrast(part, track) < 3] == []


def test_a_chart_says_what_its_table_says_by_keyboard(visitor: Visitor) -> None:
    page = visitor.go(costs())
    last = page.locator("figure tbody tr").last
    said = f"{last.locator('th').text_content()}: {last.locator('td').text_content()}"
    page.locator(".plot").focus()
    page.keyboard.press("End")
    assert page.locator(".readout").inner_text() == said
    page.keyboard.press("Home")
    assert page.locator(".readout").inner_text().endswith("US$ 0,00")


LINES = f"""async () => {{
    const figure = document.querySelector("figure[data-chart]"); figure.dataset.chart = "lines";
    for (let more = 2; more <= 5; more++) for (const row of figure.querySelectorAll("tr")) {{
        const cell = row.cells[1].cloneNode(true); row.append(cell);
        if (cell.dataset.value) cell.dataset.value = more;
    }}
    draw(figure);
    await new Promise(queueMicrotask);  // in which uPlot paints
    return ({PAINTED})();
}}"""
"""The same of a chart with five lines; at one go, since what is shown live puts the table back as it was."""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_line_of_a_chart_has_a_colour_that_can_be_seen(browser: Browser, up: Up, theme: Theme) -> None:
    with visiting(browser, up.url, theme=theme) as somebody:
        page = somebody.go(costs())
        page.locator(".plot canvas").wait_for()
        painted: Any = page.evaluate(LINES)
        inks_ = page.evaluate("[1, 2, 3, 4, 5].map((one) => colour(document.querySelector('figure'), `--plot-${one}`))")
        colours = [[int(part) for part in re.findall(r"\d+", ink)[:3]] for ink in inks_]
        assert [ink for ink in colours if contrast(ink, painted["ground"]) < 3] == []
        assert [ink for ink in colours[1:] if ink not in [found for _, found in inks(painted["all"])]] == []


def test_a_chart_is_as_wide_as_its_place(visitor: Visitor) -> None:
    page = visitor.go(costs())
    page.locator(".plot canvas").wait_for()
    for width in (700, 390, 1200):
        page.set_viewport_size({"width": width, "height": 800})
        once_so(page, "document.querySelector('.plot canvas').clientWidth === document.querySelector('.plot').clientWidth")


def test_a_budget_is_made_changed_and_removed_by_keyboard(visitor: Visitor) -> None:
    page = visitor.go("/console/costs")
    page.keyboard.press("b")
    page.wait_for_url("**/console/costs/budget")
    page.locator("#name").focus()
    page.keyboard.type("few")
    page.locator("#daily").focus()
    page.keyboard.type("1.234,50")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/costs?said=saved")
    row = page.locator("tr", has=page.get_by_role("link", name="few", exact=True))
    assert "US$ 1.234,50" in row.inner_text()
    row.get_by_role("button").press("Enter")
    assert visitor.violations() == []
    page.keyboard.type("enough")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/costs?said=removed")
    assert page.get_by_role("link", name="few", exact=True).count() == 0


def test_what_is_wrong_with_a_budget_is_said_where_it_is_made(visitor: Visitor) -> None:
    page = visitor.go("/console/costs/budget")
    page.locator("#name").fill("none")
    page.keyboard.press("Enter")
    assert "none" in page.locator(".answer [role=alert]").inner_text()
    assert page.locator("#name").input_value() == "none"
    visitor.wrong[:] = [said for said in visitor.wrong if "422" not in said]  # what browsers say of any answer that refuses


def test_a_policy_is_tried_before_it_holds(visitor: Visitor) -> None:
    page = visitor.go("/console/router/policies")
    page.keyboard.press("a")
    page.wait_for_url("**/console/router/policies/change")
    page.locator("#name").fill("night-shift")
    page.locator("#deny").fill("inside")
    page.keyboard.press("Enter")
    page.locator(".answer [role=alert]").wait_for()  # the other policy denies the other model: none would be left
    page.locator("#deny").fill("cloud")
    page.locator("#channels").fill("shop")
    page.keyboard.press("Enter")
    page.locator("#outcome").wait_for()
    assert "night-shift" in page.locator(".answer").inner_text()
    assert visitor.violations() == []
    page.locator("button[value=yes]").click()
    page.wait_for_url("**/console/router/policies?said=saved")
    page.get_by_role("link", name="night-shift").wait_for()
    visitor.wrong[:] = [said for said in visitor.wrong if "422" not in said]


def test_pages_can_be_read_without_scripts(browser: Browser, up: Up) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=up.url)
    page = context.new_page()
    page.goto(costs())
    page.locator("figure summary").click()
    assert page.locator("figure tbody tr").count() == 7
    assert page.locator("figure table").is_visible()
    context.close()
