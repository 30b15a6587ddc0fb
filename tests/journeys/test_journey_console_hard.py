"""What goes wrong while somebody looks, what is far too much, and what others write to do harm: in a real browser the page stays usable."""

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.browser import Browser, Page, Visitor, once_so, visiting
from support.bulk import PAYLOAD_BYTES, STEPS, a_run, discussed, forgotten
from support.ports import free_port
from support.program import Up, start
from support.shop import Shop

pytestmark = pytest.mark.browser

HOSTILE = "<script>__pwned=1</script><img src=x onerror=__pwned=1>\"'"
OURS = """[...document.querySelectorAll('[href^="/v1/"], img[src^="/v1/"]')].map((it) => it.href || it.src)"""
PLAIN = ("image/png", "application/json", "text/markdown")
"""What a browser may show by itself: with `nosniff` it is never taken for a page."""
SEEN = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
MOST_ELEMENTS, MOST_BYTES, MOST_SECONDS = 6_000, 400_000, 1.0
"""Of one page, however much it is about: elements in it, bytes of its answer, and until something is seen."""


@pytest.fixture(scope="module")
def up(shop: Shop) -> Up:
    """The shop's Hulk."""
    return shop.up


def told(up: Up, method: str, path: str, **body: Any) -> Any:
    """What the API answers."""
    answer = httpx.request(method, up.url + path, json=None if method == "GET" else body, timeout=60)
    assert answer.is_success, answer.text
    return answer.json()


def a_ticket(up: Up, **more: Any) -> str:
    """For a person."""
    told(up, "PUT", "/v1/ticket-kinds/matter")
    return str(told(up, "POST", "/v1/tickets", kind="matter", title="Pagar a fatura 17?", assignee="person:", **more)["ticket_id"])


@pytest.mark.timeout(900)
def test_nothing_that_others_write_is_run(visitor: Visitor, shop: Shop) -> None:
    places, wrong = shop.spoiled(HOSTILE), []
    for name, address in places.items():
        page = visitor.go(address)
        for button in page.locator("#page [data-ask]:visible").all()[:2]:
            button.click()
            page.keyboard.press("Escape")
        page.keyboard.press("/")
        run: Any = page.evaluate("[typeof __pwned, document.querySelectorAll('[onerror], body script, img[src=x]').length]")
        found = [said for said in visitor.complaints() if name != "nothing here"]
        wrong += [(name, run, found)] if run != ["undefined", 0] or found else []
    assert wrong == []


@pytest.mark.timeout(600)
def test_nothing_that_is_downloaded_is_shown_as_a_page(visitor: Visitor, shop: Shop) -> None:
    seen: set[str] = set()
    for address in shop.places.values():
        hrefs: list[str] = visitor.go(address).evaluate(
            '[...document.querySelectorAll(\'[href^="/v1/"], img[src^="/v1/"]\')].map((it) => it.href || it.src)'
        )
        seen |= set(hrefs)
    visitor.complaints()  # of the page that is not there
    wrong = []
    for href in sorted(seen):
        head = httpx.get(href, timeout=60).headers
        shown = head.get("content-disposition", "").startswith("attachment") or head["content-type"].partition(";")[0] in PLAIN
        if not shown or head.get("x-content-type-options") != "nosniff" or "text/html" in head["content-type"]:
            wrong.append((href, head["content-type"], head.get("content-disposition")))
    assert len(seen) >= 5
    assert wrong == []


def bounded(page: Page, address: str) -> None:
    """Asserts that the page is no larger than pages may be, and soon there: on a busy machine, not much later than a small one."""
    took, small = [], []
    for _ in range(3):
        small.append(painted(page, re.sub("/console/.*", "/console/me", address)))
        took.append(painted(page, address))
    assert page.evaluate("document.querySelectorAll('*').length") <= MOST_ELEMENTS
    assert min(took) <= max(MOST_SECONDS, 6 * min(small)), (address, took, small)


def painted(page: Page, address: str) -> float:
    """Seconds until something is seen of it."""
    answer = page.goto(address, wait_until="load")
    assert answer is not None
    assert (answer.status, len(answer.body()) <= MOST_BYTES) == (200, True), (address, len(answer.body()))
    return float(once_so(page, SEEN)) / 1000


def test_a_run_of_very_many_steps_is_looked_at_in_parts(visitor: Visitor, up: Up) -> None:
    run = a_run(up.data, steps=STEPS)
    for place in (f"/console/runs/{run}", f"/console/runs/{run}?only=trouble", f"/console/trace/{run}", "/console/runs"):
        bounded(visitor.page, up.url + place)
    page = visitor.go(f"/console/runs/{run}?before=50000")
    assert page.get_by_text("row-49999", exact=True).is_visible()
    page.keyboard.press("R")
    assert page.locator("#dialog input[name=step]").input_value() == str(STEPS - 1)


def test_a_very_large_payload_is_shown_in_part(visitor: Visitor, up: Up) -> None:
    run = a_run(up.data, payload=PAYLOAD_BYTES)
    for place in (f"/console/runs/{run}", f"/console/runs/{run}/payloads/input"):
        bounded(visitor.page, up.url + place)
    with visitor.page.expect_download() as download:
        visitor.page.locator("a[download]").click()
    assert Path(download.value.path()).stat().st_size > PAYLOAD_BYTES


def test_a_ticket_about_which_very_much_was_said_stays_small(visitor: Visitor, up: Up) -> None:
    ticket = a_ticket(up)
    discussed(up.data, ticket)
    bounded(visitor.page, f"{up.url}/console/tickets/{ticket}")
    told(up, "POST", f"/v1/tickets/{ticket}/comments", text="E mais um")
    visitor.page.get_by_text("E mais um").wait_for()


def test_what_is_deleted_meanwhile_stays_readable_and_is_told_of(visitor: Visitor, up: Up) -> None:
    run = a_run(up.data, ended=False)
    page = visitor.go(f"/console/runs/{run}")
    forgotten(up.data, run)
    page.locator("#over").wait_for()
    assert page.locator("h1").inner_text().startswith("importar")
    page.keyboard.press("c")
    page.locator("#dialog form button").first.click()
    page.locator("#dialog .problem", has_text=run).wait_for()
    assert "404" in " ".join(visitor.complaints())
    visitor.go(f"/console/runs/{run}")
    assert page.locator(".problem", has_text=run).is_visible()
    visitor.complaints()


def test_what_is_being_written_stays_when_somebody_else_hands_the_conversation_back(visitor: Visitor, shop: Shop) -> None:
    """And to who writes nothing no form is shown that does nothing."""
    place = shop.places["conversation"]
    page, talk = visitor.go(place), place.rpartition("/")[2]
    page.locator("#text").fill("Vou ver a geladeira")
    for act, idle in (("back", True), ("take", False)):
        told(shop.up, "POST", f"/v1/conversations/{talk}/{act}")
        page.locator("form.idle #text" if idle else "form:not(.idle) > #text").wait_for()
        assert page.locator("#text").input_value() == "Vou ver a geladeira"
        assert page.locator("form:has(#text) button").is_disabled() == idle
    page.locator("#text").fill("")
    told(shop.up, "POST", f"/v1/conversations/{talk}/back")
    page.locator("#text").wait_for(state="hidden")
    told(shop.up, "POST", f"/v1/conversations/{talk}/take")
    page.locator("#text").wait_for()


def sent(page: Page, button: str) -> None:
    """Send it, and see that it is told to be kept."""
    page.locator(button).click()
    page.locator("#gone").wait_for()


@pytest.mark.timeout(600)
def test_what_was_written_is_kept_while_hulk_is_gone(browser: Browser, tmp_path: Path) -> None:
    data, port = tmp_path / "data", str(free_port())
    before = start(data, "--port", port, cwd=tmp_path)
    with ExitStack() as people:
        one, two, three = (people.enter_context(visiting(browser, before.url)) for _ in range(3))
        id_ = a_ticket(before)
        ticket, ask, house = one.go(f"/console/tickets/{id_}"), two.go("/console/ask"), three.go("/console/people")
        ticket.keyboard.press("c")
        ticket.locator("#said").fill("Já paguei")
        ask.locator("#text").fill("O disco está cheio?")
        form = "form[action='/console/namespaces/new']"
        house.locator("details", has=house.locator(form)).evaluate("(it) => { it.open = true; }")
        house.locator(f"{form} [name=name]").fill("estoque")
        before.kill()
        ticket.locator("#gone").wait_for()
        sent(ticket, "#dialog form button:has-text('Dizer')")
        ticket.locator("#dialog .answer", has_text="fica aqui").wait_for()
        sent(ask, "#send")
        ask.locator(".answer", has_text="fica aqui").wait_for()
        sent(house, f"{form} button")
        after = start(data, "--port", port, cwd=tmp_path)
        try:
            for page in (ticket, ask, house):
                page.locator("#gone").wait_for(state="hidden")
            ticket.locator("#dialog form button").first.click()
            ticket.locator(".comment", has_text="Já paguei").wait_for()
            ask.locator("#send").click()
            ask.wait_for_url(re.compile("/console/intents/int_"))
            house.locator(f"{form} button").click()
            house.locator("b", has_text="estoque").wait_for()
            told(after, "POST", f"/v1/tickets/{id_}/comments", text="Estou de volta")
            ticket.get_by_text("Estou de volta").wait_for()
        finally:
            after.stop()
