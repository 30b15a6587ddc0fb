"""Asking and what becomes of it, as pages tell it: nothing of what others write can run, and no amount of it makes a page unusable."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from hulk.kernel import ids
from hulk.kernel.time import utc_now
from hulk.modules.intents.adapters.sql import SqlIntents
from support.callers import World, a_world
from support.patience import until_found
from support.subjects import ROOT, intent, ticket

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A running Hulk, the same for all: each test asks and makes its own."""
    async with a_world(tmp_path_factory.mktemp("hulk")) as made:
        await intent(made)  # the first one
        yield made


async def look(world: World, path: str, who: str = "admin", **headers: str) -> str:
    status, body = await world.call(who, "GET", path, headers=headers)
    assert status == 200, (path, status, body)
    return body.decode() if isinstance(body, bytes) else str(body)


async def post(world: World, path: str, who: str = "admin", **form: str) -> str:
    """What a form of ours sends; gives where it leads to."""
    headers = {"origin": world.url, "x-api-key": world.keys[who], "accept-language": "en"}
    async with world.session.post(world.url + path, data=form, headers=headers, allow_redirects=False) as answer:
        assert answer.status == 303, (path, answer.status, await answer.text())
        return answer.headers["location"]


async def a_ticket(world: World, **more: object) -> str:
    assert (await world.call("admin", "PUT", "/v1/ticket-kinds/matter", json={}))[0] == 200
    made = await world.made("operator", "/v1/tickets", **{"kind": "matter", "title": "x", "assignee": "person:", **more})
    return str(made["ticket_id"])


async def test_a_question_sent_twice_from_one_form_is_one_intent(world: World) -> None:
    shown = await look(world, "/console/ask")
    key = shown.partition('name="key" value="')[2].partition('"')[0]
    places = {await post(world, "/console/ask", text="Does this form work?", key=key) for _ in range(2)}
    assert len(places) == 1
    found = (await world.call("admin", "GET", "/v1/intents"))[1]["intents"]
    assert places == {f"/console/intents/{found[0]['intent_id']}"}
    assert [one["text"] for one in found].count("Does this form work?") == 1


async def test_the_example_is_asked_answered_and_judged(world: World) -> None:
    place = await post(world, "/console/ask/example", key=ids.new("ask"))
    ended = await world.ended("admin", place.rpartition("/")[2])
    assert ended["status"] == "completed"
    shown = await look(world, place)
    assert "data.anomalies" in shown
    assert shown.count("<rect ") == len(ended["tickets"])
    assert shown.count('<ol class="plan">') == 1
    [picture] = [one for one in ended["artefacts"] if one["media_type"] == "image/png"]
    assert f'<img src="{picture["url"]}" alt="Chart of the answer: ' in shown
    assert await post(world, f"{place}/feedback", thumb="up", comment="good") == f"{place}?said=judged"


async def test_who_goes_on_from_an_answer_is_answered_knowing_it(world: World) -> None:
    before = await intent(world)
    assert before in await look(world, f"/console/ask?follow={before}")
    place = await post(world, "/console/ask", text="And why?", follows=before, key=ids.new("ask"))
    kept = await SqlIntents(world.desk.helm.store).get(place.rpartition("/")[2])
    ended = await world.ended("admin", kept.id)
    assert ended["text"] == "And why?"
    strange = await world.call("stranger", "POST", "/v1/intents", json={"text": "And why?", "follows": before})
    assert strange[0] == 404


async def test_asking_again_brings_words_and_files_along(world: World) -> None:
    shown = await look(world, f"/console/ask?again={await intent(world)}")
    assert "Find anomalies in sales.csv" in shown
    assert "&#34;name&#34;: &#34;sales.csv&#34;" in shown


async def test_intents_are_found_by_state_and_page_by_page(world: World) -> None:
    made = [(await world.made("admin", "/v1/intents", text=f"Is disk {number} full?"))["intent_id"] for number in range(3)]
    for one in made:
        await world.ended("admin", one)
    _, page = await world.call("admin", "GET", f"/v1/intents?before={made[2]}&limit=1")
    assert [one["intent_id"] for one in page["intents"]] == [made[1]]
    assert (await world.call("admin", "GET", "/v1/intents?namespace=prod"))[1] == {"intents": []}
    assert "Is disk 1 full?" in await look(world, "/console/intents?namespace=default")
    assert "Nothing like this was asked." in await look(world, "/console/intents?status=running")


async def test_a_decision_says_why_and_who_else_was_looked_at(world: World) -> None:
    made = await world.ended("admin", await intent(world))
    shown = await look(world, f"/console/router/decisions/{made['decision']['decision_id']}")
    assert "Nearest is" in shown
    assert "data.anomalies" in shown


@pytest.mark.parametrize("place", ["", "?view=board"])
async def test_what_others_write_is_text_on_lists_and_boards(world: World, place: str) -> None:
    await a_ticket(world, title=HOSTILE, labels={"env": "prod"})
    shown = await look(world, f"/console/tickets{place}")
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert "&lt;script&gt;alert" in shown


async def test_what_others_write_is_text_on_a_ticket(world: World) -> None:
    id_ = await a_ticket(world, title=HOSTILE, input={HOSTILE: [HOSTILE]})
    await post(world, f"/console/tickets/{id_}/comments", text=HOSTILE)
    await post(world, f"/console/tickets/{id_}/approve", "approver", reason=HOSTILE)
    shown = await look(world, f"/console/tickets/{id_}")
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert shown.count("&lt;script&gt;alert") >= 5  # title, name, value, comment, reason
    assert "Completed" in shown


@pytest.mark.parametrize(
    ("answer", "never", "there"),
    [
        pytest.param(HOSTILE, "<script>alert", "&lt;script&gt;", id="raw HTML"),
        pytest.param("[x](javascript:alert(1))", "href=\"javascript", "javascript:alert(1)", id="a link that runs"),
        pytest.param("[x](/v1/logout)", "href=\"/v1/logout", "/v1/logout", id="a link that does something here"),
        pytest.param("![x](https://evil.example/x.png)", "<img src=\"https", "evil.example", id="a picture from elsewhere"),
        pytest.param("[x](https://example.com)", "noreferrer\" onclick", 'rel="noopener noreferrer nofollow"', id="a link away"),
        pytest.param("```\n</code><script>alert(1)</script>\n```", "<script>alert", "&lt;script&gt;", id="code"),
        pytest.param("|a|b|\n|:-|-:|\n|1|2|", " style=", '<td class="figure">2', id="a table with columns to the right"),
        pytest.param("# A\n\n### B", "<h1>A", "<h3>A", id="headings"),
    ],
)  # fmt: skip
async def test_an_answer_is_shown_as_text_that_does_nothing(world: World, answer: str, never: str, there: str) -> None:
    id_ = await _answered(world, answer)
    shown = await look(world, f"/console/intents/{id_}")
    assert never not in shown
    assert there in shown


async def _answered(world: World, answer: str) -> str:
    """An intent that somebody answered like that."""
    made = await world.made("admin", "/v1/intents", text=HOSTILE)
    await world.ended("admin", made["intent_id"])
    store, intents = world.desk.helm.store, SqlIntents(world.desk.helm.store)
    kept = await intents.get(made["intent_id"])
    id_ = ids.new("int")
    await store.commit(intents.add(replace(kept, id=id_, key=None, status="completed", answer=answer, ended=utc_now())))
    return id_


async def test_a_page_stays_small_whatever_was_answered(world: World) -> None:
    id_ = await _answered(world, "word " * 2_000_000)
    shown = await look(world, f"/console/intents/{id_}")
    assert len(shown) < 200_000
    assert f'href="/v1/intents/{id_}/answer"' in shown


async def test_a_page_stays_small_whatever_a_ticket_is_about(world: World) -> None:
    id_ = await a_ticket(world, input={"rows": ["x" * 100] * 2_400})
    shown = await look(world, f"/console/tickets/{id_}")
    assert len(shown) < 60_000
    async with world.session.get(f"{world.url}/v1/tickets/{id_}/input", headers={"x-api-key": world.keys["viewer"]}) as answer:
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert len((await answer.json())["rows"]) == 2_400


async def test_what_an_intent_made_is_nothing_that_a_browser_runs(world: World) -> None:
    for made in (await world.ended("admin", await intent(world)))["artefacts"]:
        async with world.session.get(world.url + made["url"], headers={"x-api-key": world.keys["viewer"]}) as answer:
            assert "sandbox" in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            kept = "inline" if made["media_type"] == "image/png" else "attachment"
            assert answer.headers["content-disposition"].startswith(kept)


@pytest.mark.parametrize(
    ("act", "who", "status", "event"),
    [
        pytest.param("approve", "approver", "completed", "approved", id="approved"),
        pytest.param("reject", "approver", "failed", "rejected", id="rejected"),
        pytest.param("cancel", "operator", "cancelled", "cancelled", id="called off"),
    ],
)
async def test_a_ticket_is_decided_on_with_a_reason_that_its_history_tells(
    world: World, act: str, who: str, status: str, event: str
) -> None:
    id_ = await ticket(world)
    revision = str((await world.call("admin", "GET", f"/v1/tickets/{id_}"))[1]["revision"])
    await post(world, f"/console/tickets/{id_}/{act}", who, reason="because it is Monday", revision=revision)
    _, found = await world.call("viewer", "GET", f"/v1/tickets/{id_}")
    assert found["status"] == status
    _, history = await world.call("viewer", "GET", f"/v1/tickets/{id_}/history")
    last = history["events"][-1]
    assert (last["type"], last["reason"], last["status"]) == (f"hulk.ticket.{event}.v1", "because it is Monday", status)
    assert "because it is Monday" in await look(world, f"/console/tickets/{id_}")


@pytest.mark.parametrize(
    ("who", "offered"),
    [
        pytest.param("viewer", set(), id="a viewer looks"),
        pytest.param("operator", {"cancel", "comments"}, id="an operator calls it off"),
        pytest.param("approver", {"approve", "reject", "comments"}, id="an approver decides"),
        pytest.param("admin", {"approve", "reject", "cancel", "comments"}, id="an admin does all"),
    ],
)
async def test_what_is_offered_about_a_ticket_is_what_one_may_do(world: World, who: str, offered: set[str]) -> None:
    page = await look(world, f"/console/tickets/{await a_ticket(world)}", who)
    assert set(re.findall(r'data-action="[^"]*/(\w+)"', page)) == offered


async def test_who_may_not_ask_is_offered_no_question_and_no_thumbs(world: World) -> None:
    places = ("/console/intents", f"/console/intents/{await intent(world)}", "/console/")
    for who, may in (("viewer", False), ("operator", True)):
        pages = [await look(world, place, who) for place in places]
        assert ["/console/ask" in page.partition('id="page"')[2].partition("</main>")[0] for page in pages] == [may] * len(pages)
        assert ("/feedback" in pages[1]) is may
    status, body = await world.call("viewer", "GET", "/console/ask")
    assert (status, b"your roles are viewer" in body) == (403, True)


async def test_a_ticket_of_an_intent_tells_its_own_history_and_no_other(world: World) -> None:
    first, second = (await world.ended("admin", await intent(world)))["tickets"][:2]
    for one in (first, second):
        _, history = await world.call("viewer", "GET", f"/v1/tickets/{one['ticket_id']}/history")
        told = [event["type"].split(".")[2] for event in history["events"]]
        assert (told[0], told[-1], told.count("completed")) == ("created", "completed", 1)
    assert "What it waited for" not in await look(world, f"/console/tickets/{first['ticket_id']}")


async def test_a_ticket_that_has_changed_meanwhile_is_not_decided_on(world: World) -> None:
    id_ = await ticket(world)
    headers = {"origin": world.url}
    status, body = await world.call("approver", "POST", f"/console/tickets/{id_}/approve", headers=headers, data={"revision": "99"})
    assert status == 409
    assert b"<h1>" in body


async def test_an_approval_shows_what_exactly_would_be_done(world: World) -> None:
    rule = {"tools": ["tickets.create"], "autonomy": "approve"}
    assert (await world.call("admin", "PUT", "/v1/tool-rules/asked", json=rule))[0] == 204
    await a_ticket(world)
    arguments = {"kind": "matter", "title": HOSTILE}
    status, call = await world.call(
        "operator", "POST", "/v1/tools/tickets.create/calls", json={"arguments": arguments, "reason": "Ana asked"}
    )
    assert status == 202, call
    asked: list[str] = []

    async def waits() -> bool:
        asked[:] = [one["ticket_id"] for one in (await world.call("admin", "GET", "/v1/tickets?kind=tool.approval"))[1]["tickets"]]
        return bool(asked)

    await until_found(waits)
    shown = (await look(world, f"/console/tickets/{asked[0]}")).partition("What would be done")[2]
    assert "tickets.create" in shown
    assert "&lt;script&gt;" in shown
    assert "<script>alert" not in shown
    assert "Ana asked" in shown
    await post(world, f"/console/tickets/{asked[0]}/approve", "approver", reason="fine")


async def test_tickets_of_people_are_told_from_those_of_programs(world: World) -> None:
    await a_ticket(world, title="Read it")
    await a_ticket(world, title="Count it", assignee="")
    shown = await look(world, "/console/tickets?owner=person")
    assert "Read it" in shown
    assert "Count it" not in shown
    board = await look(world, "/console/tickets?view=board&owner=worker")
    assert "Count it" in board
    assert "Read it" not in board


async def test_who_is_new_is_led_until_they_want_no_more(world: World) -> None:
    shown = await look(world, "/console/")
    assert "Your first five minutes" in shown
    assert shown.count("Not done yet") >= 2
    async with world.session.post(
        f"{world.url}/console/first/dismiss", headers={"origin": world.url, "x-api-key": world.keys["admin"]}, allow_redirects=False
    ) as answer:
        kept = answer.headers["set-cookie"].partition(";")[0]
    assert "Your first five minutes" not in await look(world, "/console/", cookie=kept)


async def test_the_example_is_the_one_that_people_copy() -> None:
    shipped = ROOT / "src/hulk/modules/console/shipped"
    for name in ("sales.csv", "vendas.csv"):
        assert (shipped / name).read_bytes() == (ROOT / "examples" / name).read_bytes()
