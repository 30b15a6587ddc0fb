"""Logging in with an API key: a session that may what the key may, as long as that holds, at whatever address browsers reach us."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from hulk.kernel.tenancy import DEFAULT_TENANT, Grant, Principal, everywhere
from hulk.kernel.time import utc_now
from hulk.modules.identity import AccountChange, Identity, NewKey, WantedKey
from hulk.modules.identity.api import browser, routes
from hulk.runtime.config import Config, ServerSettings
from hulk.runtime.http import Gate, bind, build, serve
from hulk.runtime.telemetry import Metrics
from support.identities import Place, a_place

ROOT = Principal(tenant=DEFAULT_TENANT, actor="local", grants=everywhere("admin"))


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A place for accounts."""
    async with a_place("sqlite", tmp_path, lambda: pytest.fail("no PostgreSQL is needed")) as made:
        made.now.moment = utc_now()
        await made.acts().ensure_tenant()
        yield made


@dataclass
class Desk:
    """A Hulk that is served by plain http with no provider, and a browser that is looked at it with."""

    identity: Identity
    session: aiohttp.ClientSession
    url: str

    async def send(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Status and body, as asked by a page of its own."""
        headers = {"origin": self.url, **more.pop("headers", {})}
        async with self.session.request(method, self.url + path, headers=headers, **more) as answer:
            return answer.status, await answer.json(content_type=None) if "json" in answer.content_type else await answer.text()

    async def log_in(self, secret: str) -> int:
        """The status of the answer."""
        return (await self.send("POST", "/v1/login/key", json={"key": secret}))[0]

    async def me(self) -> tuple[int, Any]:
        """Who we are."""
        return await self.send("GET", "/v1/me")

    def cookie(self) -> str | None:
        """The value of our cookie."""
        found = self.session.cookie_jar.filter_cookies(URL(self.url)).get("hulk")
        return found.value if found else None

    async def key(self, *grants: Grant, **more: Any) -> NewKey:
        """A new key, a viewer's unless it is told otherwise."""
        return await self.identity.create_key(ROOT, WantedKey(name="x", grants=grants or everywhere("viewer"), **more))


@asynccontextmanager
async def a_desk(place: Place, url: str = "") -> AsyncIterator[Desk]:
    """As served to other machines: without a key nobody is let in."""
    listening = bind("127.0.0.1", 0)
    here = f"http://127.0.0.1:{listening.getsockname()[1]}"
    identity = place.acts()
    app = build(
        Config(server=ServerSettings(host="192.0.2.1")), routers=routes(identity, url), gate=Gate.of(identity.authenticate, 1000),
        browser=browser(identity, url), checks={}, metrics=Metrics(),
    )  # fmt: skip
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        serve(app, listening),
        aiohttp.ClientSession(cookie_jar=jar, headers={"accept-language": "en", "user-agent": "Firefox"}) as one,
    ):
        yield Desk(identity, one, here)


@pytest.fixture
async def desk(place: Place) -> AsyncIterator[Desk]:
    """Where no address is set."""
    async with a_desk(place) as made:
        yield made


async def test_who_has_a_key_logs_in_and_may_what_it_may(desk: Desk) -> None:
    assert (await desk.me())[0] == 401
    new = await desk.key(Grant("operator", "default"))
    assert await desk.log_in(f" {new.secret}\n") == 200
    status, me = await desk.me()
    assert (status, me["actor"], me["grants"]) == (200, f"key:{new.key.prefix}", [{"role": "operator", "namespace": "default"}])
    [one] = (await desk.send("GET", "/v1/sessions"))[1]["sessions"]
    assert (one["agent"], one["current"], one["ended"]) == ("Firefox", True, None)


async def test_the_cookie_is_hardened_and_holds_nothing_of_the_key(desk: Desk, place: Place) -> None:
    new = await desk.key()
    async with desk.session.post(
        f"{desk.url}/v1/login/key", json={"key": new.secret}, headers={"origin": desk.url, "x-forwarded-proto": "https"}
    ) as answer:
        [put] = answer.headers.getall("set-cookie")
    parts = {part.strip() for part in put.split(";")}
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=86400"} <= parts
    assert "Secure" not in parts, "a browser that came by http would not keep it"
    secret = desk.cookie() or ""
    assert secret not in new.secret
    assert new.secret not in put
    kept = str(await place.sessions.of("default", [new.key.id])) + str(place.told.events)
    assert secret not in kept
    assert new.secret not in kept


async def test_behind_an_https_address_the_cookie_is_of_this_host_alone(place: Place) -> None:
    async with a_desk(place, "https://hulk.example.com") as desk:
        new = await desk.key()
        headers = {"origin": "https://hulk.example.com"}
        async with desk.session.post(f"{desk.url}/v1/login/key", json={"key": new.secret}, headers=headers) as answer:
            [put] = answer.headers.getall("set-cookie")
        assert put.startswith("__Host-hulk=")
        assert "Secure" in put
        assert await desk.log_in(new.secret) == 403, "a page of another address"


async def test_no_secret_that_was_put_there_beforehand_is_worth_anything(desk: Desk) -> None:
    mine, theirs = await desk.key(), await desk.key()
    assert await desk.log_in(theirs.secret) == 200
    planted = desk.cookie()
    assert await desk.log_in(mine.secret) == 200
    assert desk.cookie() not in (None, planted)
    desk.session.cookie_jar.clear()
    assert (await desk.send("GET", "/v1/me", headers={"cookie": f"hulk={planted}"}))[0] == 401
    desk.session.cookie_jar.update_cookies({"hulk": "A" * 43}, URL(desk.url))
    assert await desk.log_in(mine.secret) == 200
    assert desk.cookie() != "A" * 43


Ending = Callable[[Desk, Place, NewKey], Awaitable[Any]]


async def revoked(desk: Desk, _: Place, new: NewKey) -> None:
    await desk.identity.revoke_key(ROOT, new.key.id)


async def rotated_away(desk: Desk, _: Place, new: NewKey) -> None:
    await desk.identity.rotate_key(ROOT, new.key.id, timedelta(0))


async def out_of_time(_: Desk, place: Place, __: NewKey) -> None:
    place.now.moment += timedelta(hours=2)


async def left_alone(_: Desk, place: Place, __: NewKey) -> None:
    place.now.moment += timedelta(hours=8)


async def logged_out(desk: Desk, _: Place, __: NewKey) -> None:
    assert (await desk.send("POST", "/v1/logout"))[0] == 204


async def ended_elsewhere(desk: Desk, _: Place, new: NewKey) -> None:
    headers = {"x-api-key": new.secret}
    [one] = (await desk.send("GET", "/v1/sessions", headers=headers))[1]["sessions"]
    assert (await desk.send("DELETE", f"/v1/sessions/{one['session_id']}", headers=headers))[0] == 204


@pytest.mark.parametrize("end", [revoked, rotated_away, out_of_time, left_alone, logged_out, ended_elsewhere], ids=lambda end: end.__name__)
async def test_the_session_ends_with_its_key_or_before(end: Ending, desk: Desk, place: Place) -> None:
    hours = 1 if end is out_of_time else 100
    new = await desk.key(expires=place.now() + timedelta(hours=hours))
    assert await desk.log_in(new.secret) == 200
    secret = desk.cookie()
    assert (await desk.me())[0] == 200
    await end(desk, place, new)
    assert (await desk.send("GET", "/v1/me", headers={"cookie": f"hulk={secret}"}))[0] == 401


async def test_a_key_that_is_rotated_lets_its_sessions_live_as_long_as_itself(desk: Desk, place: Place) -> None:
    new = await desk.key()
    assert await desk.log_in(new.secret) == 200
    await desk.identity.rotate_key(ROOT, new.key.id, timedelta(hours=1))
    assert (await desk.me())[0] == 200
    place.now.moment += timedelta(hours=1)
    assert (await desk.me())[0] == 401


async def test_what_is_taken_from_the_account_is_taken_from_the_session_at_once(desk: Desk) -> None:
    account = await desk.identity.create_account(ROOT, "service", AccountChange(name="ci", grants=everywhere("operator")))
    new = await desk.identity.create_key(ROOT, WantedKey(name="x", account=account.id))
    assert await desk.log_in(new.secret) == 200
    assert (await desk.me())[1]["grants"] == [{"role": "operator", "namespace": "*"}]
    await desk.identity.change_account(ROOT, "service", account.id, AccountChange(grants=everywhere("viewer")))
    assert (await desk.me())[1]["grants"] == [{"role": "viewer", "namespace": "*"}]
    await desk.identity.change_account(ROOT, "service", account.id, AccountChange(disabled=True))
    assert (await desk.me())[0] == 401


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"origin": "https://evil.example"}, id="another site"),
        pytest.param({"origin": "null"}, id="a sandboxed frame"),
        pytest.param({"origin": "http://127.0.0.1:1"}, id="another port"),
        pytest.param({"origin": "https://evil.example", "sec-fetch-site": "same-origin"}, id="one that says two things"),
    ],
)
async def test_no_other_site_logs_anybody_in_or_out(headers: dict[str, str], desk: Desk) -> None:
    new = await desk.key()
    assert (await desk.send("POST", "/v1/login/key", json={"key": new.secret}, headers=headers))[0] == 403
    assert desk.cookie() is None
    assert await desk.log_in(new.secret) == 200
    assert (await desk.send("POST", "/v1/logout", headers=headers))[0] == 403
    assert (await desk.me())[0] == 200


async def test_with_a_session_only_pages_of_the_host_that_was_asked_change_anything(desk: Desk) -> None:
    assert await desk.log_in((await desk.key(*everywhere("admin"))).secret) == 200
    body = {"json": {"name": "prod"}}
    assert (await desk.send("POST", "/v1/namespaces", headers={"origin": "http://evil.example"}, **body))[0] == 403
    assert (await desk.send("POST", "/v1/namespaces", **body))[0] == 201


async def test_who_guesses_keys_is_slowed_down(desk: Desk) -> None:
    right = (await desk.key()).secret
    wrong = f"{right[:20]}{'A' * 36}{right[-6:]}"
    found = [await desk.log_in(wrong) for _ in range(25)]
    assert found[:20] == [401] * 20
    assert 429 in found[20:]
    assert await desk.log_in(right) == 429, "nobody finds out by trying that this one was right"
    assert (await desk.send("GET", "/v1/me", headers={"x-api-key": right}))[0] == 429, "and guesses count wherever they are made"


async def test_who_has_a_session_that_is_over_can_log_out_and_in(desk: Desk) -> None:
    new, other = await desk.key(), await desk.key()
    await desk.log_in(new.secret)
    await desk.identity.revoke_key(ROOT, new.key.id)
    assert (await desk.send("POST", "/v1/logout"))[0] == 204
    assert desk.cookie() is None
    assert await desk.log_in(other.secret) == 200


async def test_a_session_is_seen_by_its_own_key_alone(desk: Desk) -> None:
    mine, theirs = await desk.key(), await desk.key(*everywhere("admin"))
    await desk.log_in(mine.secret)
    [one] = (await desk.send("GET", "/v1/sessions"))[1]["sessions"]
    headers = {"x-api-key": theirs.secret}
    assert (await desk.send("GET", "/v1/sessions", headers=headers))[1]["sessions"] == []
    assert (await desk.send("DELETE", f"/v1/sessions/{one['session_id']}", headers=headers))[0] == 404
    assert (await desk.me())[0] == 200


async def test_logging_in_and_out_is_told(desk: Desk, place: Place) -> None:
    new = await desk.key()
    await desk.log_in(new.secret)
    await desk.send("POST", "/v1/logout")
    told = [(one.type, one.actor, one.data["account"]) for one in place.told.events if "session" in one.type]
    actor = f"key:{new.key.prefix}"
    assert told == [("hulk.session.begun.v1", actor, new.key.id), ("hulk.session.ended.v1", actor, new.key.id)]
