"""Every page of the console for everybody who may come: what it shows is what the API shows them, and nothing is changed from elsewhere."""

import re
from collections.abc import AsyncIterator, Collection
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest
from yarl import URL

from hulk.kernel.tenancy import PERMISSIONS
from hulk.modules.console.domain import PLACES
from support.callers import CALLERS, World, a_world, pages_of
from support.subjects import address

INSIDERS = frozenset({"viewer", "operator", "approver", "admin"})
"""Who may see all that lies in acme's namespace `default`."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running Hulk."""
    async with a_world(tmp_path) as made:
        yield made


async def look(world: World, who: str, path: str, **headers: str) -> tuple[int, str]:
    status, body = await world.call(who, "GET", path, headers=headers)
    return status, body.decode() if isinstance(body, bytes) else str(body)


OPEN = frozenset({"GET /console/login"})
"""What anybody may look at."""
OWN = frozenset({"GET /console/agent-tasks/{task}", "GET /console/agents/{agent}", "GET /console/tool-calls/{call}"})
"""What is there only for whoever asked for it, for admins, or for whom it was made."""
NOT_LOOKED_AT = frozenset({"GET /console/tool-system", "GET /console/static/{mark}/{name:path}", "GET /console/live", "GET /console/go"})


def _expected(route: str, who: str) -> Collection[int]:
    if who == "nobody":
        return (200,) if route in OPEN else (401,)
    return (200, 303, 403) if who in INSIDERS and route not in OWN else (200, 303, 403, 404)


async def test_every_page_answers_everybody_with_what_is_theirs(world: World) -> None:
    wrong = []
    for route in sorted(route for route in pages_of(world.app) if route.startswith("GET /console/") and route not in NOT_LOOKED_AT):
        path = await address(world, route)
        for who in CALLERS:
            status, body = await look(world, who, path)
            fine = status in _expected(route, who)
            if not fine or not (status == 303 or body.lstrip().startswith("<!doctype html>")):
                wrong.append((route, who, status, body[:200]))
    assert wrong == []


ELSEWHERE = re.compile("/console/agent-tasks/.* -> /console/runs/")
"""The task was made without its run."""


@pytest.mark.parametrize("who", ["viewer", "operator", "approver", "admin", "prod", "platform"])
async def test_every_link_leads_somewhere_for_whoever_is_shown_it(world: World, who: str) -> None:
    routes = [route for route in sorted(pages_of(world.app)) if route.startswith("GET /console/") and route not in NOT_LOOKED_AT]
    links: dict[str, str] = {}
    for path in [await address(world, route) for route in routes]:
        status, body = await look(world, who, path)
        for href in re.findall(r' (?:href|src|hx-get)="([^"#]+)"', unescape(body)) if status == 200 else ():
            links.setdefault(urljoin(path, href), path)
    lead = {f"{path} -> {href}": (await world.call(who, "GET", href))[0] for href, path in links.items() if href.startswith("/")}
    assert {way: status for way, status in lead.items() if status not in (200, 303) and not ELSEWHERE.match(way)} == {}


CLOSED = {"x-frame-options": "DENY", "x-content-type-options": "nosniff", "cache-control": "no-store", "referrer-policy": "same-origin"}


async def test_no_page_can_be_framed_kept_or_taken_for_something_else(world: World) -> None:
    wrong = []
    for route in sorted(route for route in pages_of(world.app) if route.startswith("GET /console/") and route not in NOT_LOOKED_AT):
        async with world.session.get(
            world.url + await address(world, route), headers={"x-api-key": world.keys["platform"]}, allow_redirects=False
        ) as answer:
            policy = answer.headers.get("content-security-policy", "")
            shut = "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and "unsafe" not in policy
            fine = all(answer.headers.get(name) == value for name, value in CLOSED.items())
            wrong += [] if shut and fine else [(route, answer.status, dict(answer.headers))]
    assert wrong == []


async def test_a_page_may_load_and_do_only_what_is_ours(world: World) -> None:
    for page in ("/console/", "/console/nothing-here"):
        async with world.session.get(world.url + page, headers={"x-api-key": world.keys["admin"]}) as answer:
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["cache-control"] == "no-store"
            body = await answer.text()
        assert "<style" not in body
        assert " style=" not in body
        assert " onclick=" not in body
        assert "<script>" not in body


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="from nowhere"),
        pytest.param({"origin": "https://evil.example"}, id="from another site"),
        pytest.param({"origin": "null"}, id="from a sandboxed frame"),
        pytest.param({"sec-fetch-site": "cross-site"}, id="as browsers tell"),
        pytest.param({"sec-fetch-site": "same-site"}, id="from a neighbour"),
        pytest.param({"sec-fetch-site": "none"}, id="typed by hand"),
    ],
)
async def test_nothing_is_changed_from_elsewhere(world: World, headers: dict[str, str]) -> None:
    wrong = []
    for route in pages_of(world.app):
        if not route.startswith("GET "):
            status, _ = await world.call("admin", route.partition(" ")[0], await address(world, route), headers=headers, data=b"")
            wrong += [(route, status)] if status != 403 else []
    assert wrong == []


async def test_a_form_of_more_fields_than_any_page_has_is_refused(world: World) -> None:
    form = {f"field-{number}": "1" for number in range(501)}
    status, page = await world.call("admin", "POST", "/console/people/new", headers={"origin": world.url}, data=form)
    assert (status, b"The form is too large." in page) == (422, True)


async def test_what_was_chosen_is_kept_and_shown(world: World) -> None:
    own = {"origin": world.url}
    async with world.session.post(
        f"{world.url}/console/view", data={"hulk-language": "pt", "hulk-theme": "dark", "next": "//evil.example"},
        headers={**own, "x-api-key": world.keys["viewer"]}, allow_redirects=False,
    ) as answer:  # fmt: skip
        assert (answer.status, answer.headers["location"]) == (303, "/console/")
        kept = "; ".join(cookie.partition(";")[0] for cookie in answer.headers.getall("set-cookie"))
    _, body = await look(world, "viewer", "/console/", cookie=kept)
    assert 'lang="pt-BR" data-theme="dark"' in body
    assert "O que falha" in body


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        pytest.param("{here}/console/audit?actor=ana", "/console/audit?actor=ana", id="the page that had the form"),
        pytest.param("https://evil.example/console/audit", "", id="from elsewhere"),
        pytest.param("http://[", "", id="no address"),
    ],
)
async def test_what_answers_a_form_is_left_for_the_page_that_had_it_when_it_is_to_look_otherwise(
    world: World, referer: str, back: str
) -> None:
    sent = {"origin": world.url, "referer": referer.format(here=world.url)}
    status, body = await world.call("admin", "POST", "/console/audit/verification", headers=sent, data=b"")
    assert (status, re.findall(rb'name="next" value="([^"]*)"', body)) == (200, [back.encode()])


@pytest.mark.parametrize("name", ["100%2541", "a%2Fb", "a%20b%3Fc"])
async def test_a_page_is_called_as_it_was_asked_for_whatever_a_name_in_it_is_made_of(world: World, name: str) -> None:
    async with world.session.get(
        URL(f"{world.url}/console/channels/{name}?x=1", encoded=True), headers={"x-api-key": world.keys["viewer"]}
    ) as answer:
        body = await answer.text()
    assert re.findall('name="next" value="([^"]*)"', body) == [f"/console/channels/{name}?x=1"]


async def test_the_last_moment_of_the_calendar_is_told_in_every_zone(world: World) -> None:
    last, moment = "9999-12-31T23:59:59Z", {"cookie": "hulk-zone=Asia/Tokyo"}
    assert (await world.call("admin", "PUT", "/v1/ticket-kinds/report", json={}))[0] == 200
    made = await world.made("admin", "/v1/tickets", kind="report", title="Some day", deadline=last)
    await world.made("admin", "/v1/keys", name="long", grants=[{"role": "viewer"}], expires=last)
    plan = await world.made("admin", "/v1/schedules", name="late", at=last, timezone="Asia/Tokyo", intent={"text": "Hi"})
    pages = ("tickets", f"tickets/{made['ticket_id']}", "people", "schedules", f"schedules/{plan['schedule_id']}")
    told = {page: await look(world, "admin", f"/console/{page}", **moment) for page in pages}
    assert {page: status for page, (status, _) in told.items() if status != 200} == {}
    assert 'title="9999-12-31 23:59:59 UTC"' in told["people"][1]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        pytest.param("settings", "<button>Mudar</button>", id="a button is an act, no variation"),
        pytest.param("settings", "<kbd>Enter</kbd> abre", id="a key opens, is not open"),
        pytest.param("queues", '<th scope="col">Fica diante de</th>', id="a breaker stands before something, not earlier"),
        pytest.param("intents", ">Pedidos</a>", id="an intent has one name"),
        pytest.param("queues", ">Workers deste processo<", id="a worker has one name"),
    ],
)
async def test_what_is_read_in_portuguese_means_what_it_does(world: World, place: str, said: str) -> None:
    assert said in (await look(world, "platform", f"/console/{place}", **{"accept-language": "pt-BR"}))[1]


async def test_a_file_of_a_page_is_kept_for_ever_and_its_like_refused(world: World) -> None:
    _, body = await look(world, "viewer", "/console/")
    found = next(part for part in body.split('"') if part.endswith("console.css"))
    async with world.session.get(world.url + found, headers={"x-api-key": world.keys["viewer"]}) as answer:
        assert answer.status == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.content_type == "text/css"
    assert (await look(world, "viewer", found.replace(found.split("/")[3], "0" * 16)))[0] == 404


async def test_the_menu_has_each_place_once_and_only_what_there_is_for_whoever_looks(world: World) -> None:
    for who, there, away in (("viewer", "/console/channels", "/console/settings"), ("platform", "/console/settings", "")):
        _, body = await look(world, who, "/console/")
        menu = body[body.index('<nav class="side"') : body.index("</nav>")]
        assert menu.count(f'href="{there}"') == 1
        assert not away or f'href="{away}"' not in menu


def _offered(body: str) -> tuple[set[str], set[str]]:
    """The addresses in the menu, and those in the palette."""
    menu = body[body.index('<nav class="side"') : body.index("</nav>")]
    palette = body[body.index('<dialog id="palette"') :]
    return set(re.findall(r'href="([^"]+)"', menu)), set(re.findall(r'data-href="([^"]+)"', palette))


async def test_a_place_is_offered_to_whoever_may_open_it_and_to_nobody_else(world: World) -> None:
    wrong = []
    grants = [*PERMISSIONS, *(f"{role}@prod" for role in PERMISSIONS), "viewer,approver@prod"]
    asking = [("acme", grant) for grant in grants] + [("default", "viewer"), ("default", "admin"), ("default", "admin@default")]
    for tenant, grant in asking:
        who = f"{grant} of {tenant}"
        world.keys[who] = await world.key(tenant, *grant.split(","))
        menu, palette = _offered((await look(world, who, "/console/"))[1])
        opens = {place.address for place in PLACES if (await look(world, who, place.address))[0] == 200}
        wrong += [(who, opens ^ offered) for offered in (menu, palette) if offered != opens]
    assert wrong == []
