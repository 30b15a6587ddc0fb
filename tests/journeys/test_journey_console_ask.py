"""Asking in a real browser: from the first visit to an answer that was judged, deciding by keyboard, a Hulk that goes away."""

from collections.abc import Mapping, Sequence
from json import dumps, loads
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from support.browser import Visitor
from support.program import Up
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


@pytest.mark.parametrize(("place", "filters", "further"), [
    pytest.param("intents", "status=completed", f"before=int_7{'z' * 25}", id="intents"),
    pytest.param("tickets", "view=board&owner=person", "said=saved", id="the board"),
])  # fmt: skip
def test_a_filter_that_is_kept_begins_at_the_top(visitor: Visitor, place: str, filters: str, further: str) -> None:
    page = visitor.go(f"/console/{place}?{filters}&{further}")
    page.locator("[data-kept] input").fill("Minhas")
    page.keyboard.press("Enter")
    assert page.get_by_role("link", name="Minhas", exact=True).get_attribute("href") == f"/console/{place}?{filters}"
