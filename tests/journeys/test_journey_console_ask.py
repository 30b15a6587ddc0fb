"""Asking in a real browser: from the first visit to an answer that was judged, deciding by keyboard, a Hulk that goes away."""

from collections.abc import Mapping, Sequence
from json import dumps, loads
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from support.browser import Browser, Visitor, visiting
from support.program import Up, started
from support.worlds import sales

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of sales."""
    folder = tmp_path_factory.mktemp("world")
    sales(folder / "vendas.csv")
    return folder


def told(up: Up, method: str, path: str, json: object = None) -> dict[str, Any]:
    """What the API answers. Playwright has this thread's event loop, so it is asked without one."""
    body = None if json is None else dumps(json).encode()
    with urlopen(Request(up.url + path, body, {"content-type": "application/json"}, method=method), timeout=60) as answer:  # noqa: S310  # ours
        return dict(loads(answer.read()))


def ended(up: Up, text: str, sources: Sequence[Mapping[str, str]] = ()) -> str:
    """The id of an intent that has ended."""
    id_ = str(told(up, "POST", "/v1/intents", json={"text": text, "sources": list(sources)})["intent_id"])
    with urlopen(f"{up.url}/v1/intents/{id_}/events", timeout=120) as events:  # noqa: S310  # ours
        events.read()  # until it has ended
    return id_


def a_ticket(up: Up, **more: Any) -> str:
    """A ticket for a person."""
    told(up, "PUT", "/v1/ticket-kinds/matter", json={})
    body = {"kind": "matter", "title": "Pagar a fatura 17?", "assignee": "person:", **more}
    return str(told(up, "POST", "/v1/tickets", json=body)["ticket_id"])


def test_from_the_first_visit_to_an_answer_that_was_judged(browser: Browser, world: Path, tmp_path: Path) -> None:
    with started(tmp_path / "data", cwd=world) as fresh, visiting(browser, fresh.url, language="en-US") as somebody:
        page = somebody.go("/console/")
        assert page.locator("#first").is_visible()
        assert somebody.violations() == []
        page.get_by_role("link", name="Ask about a file of yours").click()
        page.get_by_label("Files it is about").set_input_files(world / "vendas.csv")
        page.get_by_text("vendas.csv is there.").wait_for()
        page.get_by_label("What do you want?").fill("Há anomalias nas vendas por loja em vendas.csv?")
        page.locator("#send").dblclick()
        page.wait_for_url("**/console/intents/int_*")
        page.locator("figure img").wait_for()
        page.wait_for_function("document.querySelector('figure img').naturalWidth > 0")
        assert "data.anomalies" in page.locator("section", has=page.locator("#decision")).inner_text()
        assert page.locator("svg.graph rect").count() >= 3
        assert somebody.violations() == []
        page.keyboard.press("p")
        page.get_by_label("What of it? (optional)").fill("Just so")
        page.locator("#dialog").get_by_role("button", name="Good").click()
        page.locator(".said").wait_for()
        assert len(told(fresh, "GET", "/v1/intents")["intents"]) == 1
        assert (somebody.wrong, somebody.elsewhere) == ([], [])


def test_the_example_is_one_press_away(browser: Browser, world: Path, tmp_path: Path) -> None:
    with started(tmp_path / "data", cwd=world) as fresh, visiting(browser, fresh.url) as somebody:
        page = somebody.go("/console/")
        page.locator("#first form button").first.click()
        page.wait_for_url("**/console/intents/int_*")
        page.locator("figure img").wait_for()
        assert (somebody.wrong, somebody.elsewhere) == ([], [])


@pytest.mark.parametrize(("key", "status"), [("a", "completed"), ("x", "failed"), ("d", "cancelled")])
def test_a_ticket_is_decided_on_by_keyboard(visitor: Visitor, up: Up, key: str, status: str) -> None:
    id_ = a_ticket(up)
    page = visitor.go(f"/console/tickets/{id_}")
    page.keyboard.press(key)
    page.keyboard.type("segunda-feira")
    assert visitor.violations() == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".said").wait_for()
    assert told(up, "GET", f"/v1/tickets/{id_}")["status"] == status
    assert "segunda-feira" in page.locator("section", has=page.locator("#history")).inner_text()


def test_a_page_shows_by_itself_what_others_do(visitor: Visitor, up: Up) -> None:
    id_ = a_ticket(up)
    page = visitor.go(f"/console/tickets/{id_}")
    told(up, "POST", f"/v1/tickets/{id_}/comments", json={"text": "Já paguei"})
    page.get_by_text("Já paguei").wait_for()


def test_a_filter_is_kept_in_the_browser(visitor: Visitor, up: Up) -> None:
    a_ticket(up)
    page = visitor.go("/console/tickets?status=open&owner=person")
    page.locator("[data-kept] input").fill("Minhas")
    page.keyboard.press("Enter")
    page = visitor.go("/console/tickets")
    page.get_by_role("link", name="Minhas", exact=True).click()
    page.wait_for_url("**/console/tickets?status=open&owner=person")
