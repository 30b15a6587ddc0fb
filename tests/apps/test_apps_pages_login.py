"""Logging in to the console with an API key, by its own form."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from support.callers import World, a_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running Hulk that wants keys."""
    async with a_world(tmp_path) as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody's browser."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"accept-language": "en"}) as session:
        yield session


async def send(browser: aiohttp.ClientSession, world: World, path: str, *, site: str = "", **form: str) -> tuple[int, str, str]:
    """Send a form from a page of ours, or of `site`."""
    headers = {"origin": site or world.url}
    async with browser.post(world.url + path, data=form or b"", headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("location", ""), await answer.text()


async def see(browser: aiohttp.ClientSession, world: World, path: str) -> tuple[int, str]:
    async with browser.get(world.url + path, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def test_who_is_nobody_is_led_to_log_in_and_back(world: World, browser: aiohttp.ClientSession) -> None:
    status, page = await see(browser, world, "/console/people?x=1")
    assert (status, 'action="/console/login?next=/console/people%3Fx%3D1"' in page) == (401, True)
    status, place, _ = await send(browser, world, "/console/login?next=/console/people%3Fx%3D1", key=world.keys["admin"])
    assert (status, place) == (303, "/console/people?x=1")
    status, page = await see(browser, world, "/console/people")
    assert status == 200
    assert 'action="/console/logout"' in page
    assert (await send(browser, world, "/console/namespaces/new", name="stage"))[0] == 303
    status, place, _ = await send(browser, world, "/console/logout")
    assert (status, place) == (303, "/console/login?said=left")
    assert (await see(browser, world, "/console/people"))[0] == 401


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example/console/", "/console/..//evil.example", "/v1/keys", "javascript:alert(1)", "/console/\\evil"],
)
async def test_nobody_is_led_elsewhere(wanted: str, world: World, browser: aiohttp.ClientSession) -> None:
    _, page = await see(browser, world, f"/console/login?next={wanted}")
    assert 'action="/console/login?next=/console/"' in page
    async with browser.post(
        f"{world.url}/console/login", params={"next": wanted}, data={"key": world.keys["viewer"]}, headers={"origin": world.url},
        allow_redirects=False,
    ) as answer:  # fmt: skip
        assert (answer.status, answer.headers["location"]) == (303, "/console/")


async def test_a_wrong_key_is_told_and_the_form_is_there_again(world: World, browser: aiohttp.ClientSession) -> None:
    status, _, page = await send(browser, world, "/console/login?next=/console/me", key="hulk_nonsense")
    assert status == 401
    assert "is not valid" in page
    assert 'action="/console/login?next=/console/me"' in page
    assert "hulk_nonsense" not in page
    assert not list(browser.cookie_jar)


async def test_guesses_by_the_form_are_slowed_down_as_those_by_the_api(world: World, browser: aiohttp.ClientSession) -> None:
    found = [(await send(browser, world, "/console/login", key="hulk_nonsense"))[0] for _ in range(24)]
    assert set(found[:20]) == {401}
    assert found[-1] == 429


async def test_no_other_site_logs_anybody_in_or_out(world: World, browser: aiohttp.ClientSession) -> None:
    assert (await send(browser, world, "/console/login", site="https://evil.example", key=world.keys["admin"]))[0] == 403
    assert not list(browser.cookie_jar)
    await send(browser, world, "/console/login", key=world.keys["admin"])
    assert (await send(browser, world, "/console/logout", site="https://evil.example"))[0] == 403
    assert (await see(browser, world, "/console/me"))[0] == 200


async def test_ones_own_sessions_are_shown_and_ended(world: World, browser: aiohttp.ClientSession) -> None:
    for _ in range(2):
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"user-agent": "<b>Left behind</b>"}) as left:
            await send(left, world, "/console/login", key=world.keys["viewer"])
    await send(browser, world, "/console/login", key=world.keys["viewer"])
    _, page = await see(browser, world, "/console/me")
    assert "&lt;b&gt;Left behind&lt;/b&gt;" in page
    sessions: Any = (await world.call("viewer", "GET", "/v1/sessions"))[1]["sessions"]
    assert (await send(browser, world, f"/console/me/sessions/{sessions[1]['session_id']}/end"))[0] == 303
    assert [one["ended"] is None for one in (await world.call("viewer", "GET", "/v1/sessions"))[1]["sessions"]] == [True, False, True]


async def test_a_revoked_key_is_out_at_once(world: World, browser: aiohttp.ClientSession) -> None:
    made = await world.made("admin", "/v1/keys", name="x", grants=[{"role": "viewer"}])
    await send(browser, world, "/console/login", key=made["secret"])
    assert (await see(browser, world, "/console/"))[0] == 200
    await world.call("admin", "DELETE", f"/v1/keys/{made['key_id']}")
    status, page = await see(browser, world, "/console/")
    assert (status, "session is over" in page) == (401, True)


def cookie(browser: aiohttp.ClientSession) -> str:
    """What the browser shows as its session."""
    return next(one.value for one in browser.cookie_jar if one.key == "hulk")


async def test_a_session_that_was_planted_before_is_not_the_one_after_logging_in(world: World, browser: aiohttp.ClientSession) -> None:
    browser.cookie_jar.update_cookies({"hulk": "planted-by-somebody-else-who-knows-it"}, URL(world.url))
    assert (await see(browser, world, "/console/me"))[0] == 401
    await send(browser, world, "/console/login", key=world.keys["viewer"])
    assert cookie(browser) != "planted-by-somebody-else-who-knows-it"
    first = cookie(browser)
    await send(browser, world, "/console/login", key=world.keys["admin"])
    assert cookie(browser) != first
    async with aiohttp.ClientSession(cookies={"hulk": first}) as thief:
        assert (await see(thief, world, "/console/me"))[0] == 401  # it ended as the other began
    await send(browser, world, "/console/logout")
    assert (await see(browser, world, "/console/me"))[0] == 401


ELSEWHERE = (
    "//evil.example",
    "https://evil.example/console/",
    "/console/..//evil.example",
    "/console/\\evil",
    "/\t/evil.example",
    "javascript:alert(1)",
)
LEADING = ("/console/go?to=", "/console/login?next=", "/v1/login?next=", "/console/dead-letters/newest?code=", "/?next=", "/console?next=")


@pytest.mark.parametrize("wanted", ELSEWHERE)
async def test_nothing_that_can_be_given_to_a_page_leads_elsewhere(wanted: str, world: World) -> None:
    admin, places, given = {"x-api-key": world.keys["admin"], "origin": world.url}, [], quote(wanted)
    for path in LEADING:
        address = URL(f"{world.url}{path}{given}", encoded=True)
        async with world.session.get(address, headers=admin, allow_redirects=False) as answer:
            places.append(answer.headers.get("location", ""))
    for path in ("/console/view", f"/console/logout?next={given}", f"/console/login?next={given}"):
        form, address = {"next": wanted, "key": world.keys["viewer"], "hulk-theme": "dark"}, URL(world.url + path, encoded=True)
        async with world.session.post(address, data=form, headers=admin, allow_redirects=False) as answer:
            places.append(answer.headers.get("location", ""))
    assert [place for place in places if place and not place.startswith("/console/")] == []
    assert [place for place in places if "evil" in place or "\t" in place] == []
