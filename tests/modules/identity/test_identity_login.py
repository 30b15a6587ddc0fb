"""Logging in by OpenID Connect: against a real provider in a process of its own, and against one that lies."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from structlog.testing import capture_logs
from yarl import URL

from hulk.kernel.errors import Refused, Unauthenticated
from hulk.kernel.tenancy import DEFAULT_TENANT, Principal, everywhere
from hulk.kernel.time import utc_now
from hulk.modules.identity import AccountChange
from hulk.modules.identity.adapters.oidc import OidcProvider
from hulk.modules.identity.api import Cookies, browser, routes
from hulk.modules.identity.domain import Spans, challenge
from hulk.modules.identity.ports import Provider
from hulk.modules.identity.settings import IdentitySettings
from hulk.modules.identity.wiring import provider
from hulk.runtime.config import Config, ServerSettings
from hulk.runtime.http import Gate, bind, build, serve
from hulk.runtime.telemetry import Metrics
from support.identities import Place, a_place
from support.oidc_twin import CLIENT, SECRET, Twin, oidc_twin
from support.patience import until_found
from support.ports import free_port
from support.processes import leashed

ROOT = Principal(tenant=DEFAULT_TENANT, actor="local", grants=everywhere("admin"))
ANA = {"sub": "7", "email": "ana@example.com", "email_verified": True, "name": "Ana Lima"}


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    """The provider that lies."""
    with oidc_twin() as running:
        yield running


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A place for accounts, with Ana as a viewer."""
    async with a_place("sqlite", tmp_path, lambda: pytest.fail("no PostgreSQL is needed")) as made:
        made.now.moment = utc_now()
        identity = made.acts()
        await identity.ensure_tenant()
        await identity.create_account(ROOT, "person", AccountChange(name="Ana", email="ana@example.com", grants=everywhere("viewer")))
        yield made


@dataclass
class Chrome:
    """A browser: keeps cookies, follows nothing by itself."""

    session: aiohttp.ClientSession
    base: str
    seen: list[Any] = field(default_factory=list)

    async def get(self, url: str, **more: Any) -> tuple[int, str, Any]:
        """Status, where it leads, and what it says."""
        return await self.send("GET", url, **more)

    async def send(self, method: str, url: str, **more: Any) -> tuple[int, str, Any]:
        """The same for any method."""
        whole = url if url.startswith("http") else self.base + url
        async with self.session.request(method, whole, allow_redirects=False, **more) as answer:
            body = await answer.json(content_type=None) if "json" in answer.content_type else await answer.text()
            self.seen.append(answer.headers.getall("set-cookie", []))
            return answer.status, answer.headers.get("location", ""), body

    async def back(self, place: str = "/v1/me") -> str:
        """Begin a login; gives the address at which the provider sends the browser back."""
        status, address, body = await self.get(f"/v1/login?next={place}")
        assert status == 303, body
        status, back, _ = await self.get(address)
        assert status == 302
        return back

    async def log_in(self) -> tuple[int, str, Any]:
        """Log in to the end."""
        return await self.get(await self.back())

    async def me(self) -> Any:
        """Who we are."""
        return (await self.get("/v1/me"))[2]

    def cookie(self, name: str = "hulk") -> str | None:
        """The value of our cookie."""
        found = self.session.cookie_jar.filter_cookies(URL(self.base)).get(name)
        return found.value if found else None


@asynccontextmanager
async def a_hulk(place: Place, **settings: Any) -> AsyncIterator[Callable[[], Chrome]]:
    """A Hulk that is served, and whatever browsers are opened on it."""
    listening = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    found = IdentitySettings(url=url, client_id=CLIENT, client_secret=SECRET, **settings)  # type: ignore[arg-type]  # pydantic makes it one
    async with AsyncExitStack() as stack:
        spans = Spans(found.idle, found.lifetime)
        identity = place.acts(oidc=await stack.enter_async_context(provider(found)), spans=spans)
        app = build(
            Config(server=ServerSettings(host="192.0.2.1")), routers=routes(identity, url), gate=Gate.of(identity.authenticate, 1000),
            browser=browser(identity, url), checks={}, metrics=Metrics(),
        )  # fmt: skip
        await stack.enter_async_context(serve(app, listening))
        jars = [aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"accept-language": "en"}) for _ in range(2)]
        for jar in jars:
            await stack.enter_async_context(jar)
        waiting = [Chrome(jar, url) for jar in jars]
        yield waiting.pop


@contextmanager
def a_real_provider(*people: dict[str, Any]) -> Iterator[str]:
    """oidc-provider-mock, a real server from a package; gives its address."""
    port = free_port()
    claims = [part for person in people for part in ("--user-claims", json.dumps(person))]
    command = [str(Path(sys.executable).parent / "oidc-provider-mock"), "--port", str(port), "--require-nonce", "true", *claims]
    with subprocess.Popen(leashed(*command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


async def answers(url: str) -> bool:
    """Whether a provider is up."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/.well-known/openid-configuration") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def test_a_person_logs_in_at_a_real_provider(place: Place) -> None:
    with a_real_provider(ANA) as url:
        await until_found(lambda: answers(url))
        async with a_hulk(place, issuer=url) as open_browser:
            chrome = open_browser()
            _, address, _ = await chrome.get("/v1/login?next=/v1/sessions")
            status, back, page = await chrome.send("POST", address, data={"sub": "7"})
            assert status == 302, page
            status, leads, body = await chrome.get(back)
            assert (status, leads) == (303, "/v1/sessions"), body
            me = await chrome.me()
            assert (me["actor"], me["tenant"], me["grants"]) == (
                "person:ana@example.com",
                "default",
                [{"role": "viewer", "namespace": "*"}],
            )
            [session] = (await chrome.get(leads))[2]["sessions"]
            assert session["current"]


async def test_who_the_provider_knows_and_no_admin_let_in_stays_out(place: Place) -> None:
    with a_real_provider({**ANA, "sub": "8", "email": "eve@example.com"}, {**ANA, "sub": "9", "email_verified": False}) as url:
        await until_found(lambda: answers(url))
        async with a_hulk(place, issuer=url) as open_browser:
            chrome = open_browser()
            for person, why in (("8", "no admin has let you in"), ("9", "has not confirmed")):
                _, address, _ = await chrome.get("/v1/login")
                _, back, _ = await chrome.send("POST", address, data={"sub": person})
                status, _, body = await chrome.get(back)
                assert (status, why in body["detail"]) == (403, True), body
            _, address, _ = await chrome.get("/v1/login")
            _, back, _ = await chrome.send("POST", address, data={"action": "deny"})
            assert (await chrome.get(back))[0] == 401
            assert chrome.cookie() is None


async def test_the_twin_lets_in_when_it_does_not_lie(place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        status, leads, body = await chrome.log_in()
        assert (status, leads) == (303, "/v1/me"), body
        assert (await chrome.me())["actor"] == "person:ana@example.com"


NOW = 1_000_000_000
LIES = [
    pytest.param({"key": "none"}, id="no signature"),
    pytest.param({"key": "client secret"}, id="signed with the client's secret"),
    pytest.param({"key": "public key"}, id="signed with the public key as a secret"),
    pytest.param({"key": "unpublished"}, id="a key that is not published"),
    pytest.param({"key": "unpublished", "header": {"kid": "first"}}, id="another key under a published name"),
    pytest.param({"header": {"kid": "nobody's"}}, id="a name that no key has"),
    pytest.param({"key": "second", "published": ["first", "second"], "header": {"kid": None}}, id="no name among several keys"),
    pytest.param({"claims": {"iss": "https://evil.example"}}, id="another issuer"),
    pytest.param({"claims": {"aud": "somebody else"}}, id="for another client"),
    pytest.param({"claims": {"aud": ["hulk", "other"]}}, id="for several, without a party"),
    pytest.param({"claims": {"aud": ["hulk", "other"], "azp": "other"}}, id="for several, of another party"),
    pytest.param({"claims": {"azp": "other"}}, id="of another party"),
    pytest.param({"claims": {"exp": NOW}}, id="expired"),
    pytest.param({"claims": {"exp": None}}, id="without an end"),
    pytest.param({"claims": {"exp": "later"}}, id="an end that is no number"),
    pytest.param({"claims": {"iat": 32_503_680_000}}, id="issued in the future"),
    pytest.param({"claims": {"iat": None}}, id="issued nobody knows when"),
    pytest.param({"claims": {"nonce": "of another login"}}, id="of another login"),
    pytest.param({"claims": {"nonce": None}}, id="of no login"),
    pytest.param({"claims": {"sub": None}}, id="of nobody"),
    pytest.param({"claims": {"sub": ""}}, id="of nobody by name"),
    pytest.param({"claims": {"sub": 7}}, id="a number for a name"),
    pytest.param({"token": "nonsense"}, id="no token at all"),
    pytest.param({"token": "a.b.c.d.e"}, id="an encrypted token"),
    pytest.param({"token": 7}, id="a number for a token"),
    pytest.param({"status": 400}, id="a code that is refused"),
]


@pytest.mark.parametrize("lie", LIES)
async def test_what_the_provider_cannot_have_meant_is_not_believed(lie: dict[str, Any], place: Place, twin: Twin) -> None:
    twin.lies(**lie)
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        with capture_logs() as logs:
            status, _, body = await chrome.log_in()
        assert (status, body["type"]) == (401, "urn:hulk:problem:unauthenticated")
        assert "not valid, was used already, or took too long" in body["detail"]
        assert chrome.cookie() is None
        assert SECRET not in str(logs)
        assert (await place.sessions.of("default", [(await place.accounts.of_tenant("default"))[0].id])) == []


@pytest.mark.parametrize(
    ("lie", "status"),
    [
        pytest.param({"issuer": "https://evil.example"}, 503, id="calls itself otherwise"),
        pytest.param({"claims": {"email_verified": False}}, 403, id="an address that is not confirmed"),
        pytest.param({"claims": {"email_verified": None}}, 403, id="an address of which nothing is said"),
        pytest.param({"claims": {"email_verified": "true"}}, 403, id="a text for a truth"),
        pytest.param({"claims": {"email": None}}, 403, id="no address"),
        pytest.param({"claims": {"email": "eve@example.com"}}, 403, id="somebody no admin let in"),
        pytest.param({"status": 500}, 503, id="a provider that fails"),
    ],
)
async def test_others_are_told_why(lie: dict[str, Any], status: int, place: Place, twin: Twin) -> None:
    twin.lies(**lie)
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        first, address, body = await chrome.get("/v1/login")
        found = first if first != 303 else (await chrome.get((await chrome.get(address))[1]))[0]
        assert found == status, body
        assert chrome.cookie() is None


async def test_a_new_key_of_the_provider_is_asked_for_but_not_for_every_token(place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        assert (await chrome.log_in())[0] == 303
        before = twin.seen("/keys")
        twin.lies(header={"kid": "made up"})
        assert [(await chrome.log_in())[0] for _ in range(5)] == [401] * 5
        assert twin.seen("/keys") <= before + 1


async def test_keys_are_fetched_again_when_the_provider_has_changed_them(twin: Twin) -> None:
    twin.lies()
    found = IdentitySettings(issuer=twin.url, url="http://localhost", client_id=CLIENT, client_secret=SECRET)  # type: ignore[arg-type]
    async with provider(found) as pair:
        assert pair is not None
        oidc: Provider = pair[0]
        assert isinstance(oidc, OidcProvider)
        seconds = 0.0
        oidc._clock = lambda: seconds
        assert (await claims_of(oidc))["sub"] == "7"
        twin.lies(published=["second"], key="second")
        seconds = 29.0
        with pytest.raises(Unauthenticated):
            await claims_of(oidc)
        seconds = 31.0
        assert (await claims_of(oidc))["sub"] == "7"


async def claims_of(oidc: Provider) -> Mapping[str, Any]:
    """What the provider says of whoever logs in there."""
    verifier = "v" * 43
    address = await oidc.address("state", "nonce", challenge(verifier))
    async with aiohttp.ClientSession() as session, session.get(address, allow_redirects=False) as answer:
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    return await oidc.claims(code, verifier)


async def test_a_code_is_worth_nothing_without_its_verifier(twin: Twin) -> None:
    twin.lies()
    found = IdentitySettings(issuer=twin.url, url="http://localhost", client_id=CLIENT, client_secret=SECRET)  # type: ignore[arg-type]
    async with provider(found) as pair, aiohttp.ClientSession() as session:
        assert pair is not None
        async with session.get(await pair[0].address("state", "nonce", challenge("v" * 43)), allow_redirects=False) as answer:
            code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
        with pytest.raises(Unauthenticated):
            await pair[0].claims(code, "w" * 43)


async def test_a_state_works_once_and_in_the_browser_it_was_made_for(place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        mine, theirs = open_browser(), open_browser()
        back = await mine.back()
        state = parse_qs(urlsplit(back).query)["state"][0]
        assert (await theirs.get(back))[0] == 401
        assert (await mine.get(back.replace(state, "A" * 43)))[0] == 401
        assert (await mine.get(back))[0] == 303
        mine.session.cookie_jar.update_cookies({"hulk-login": state}, URL(mine.base))
        assert (await mine.get(back))[0] == 401
        assert (await theirs.get("/v1/login/callback?code=x"))[0] == 401


async def test_a_login_that_takes_too_long_begins_anew(place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        back = await chrome.back()
        place.now.moment += timedelta(minutes=10)
        assert (await chrome.get(back))[0] == 401


async def test_the_cookie_is_hardened_and_its_secret_is_kept_nowhere(place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        await chrome.log_in()
        [put] = [one for one in chrome.seen[-1] if one.startswith("hulk=")]
        assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=86400"} <= {part.strip() for part in put.split(";")}
        assert "Domain" not in put
        secret = chrome.cookie()
        assert secret is not None
        assert len(secret) == 43
        [ana] = await place.accounts.of_tenant("default")
        assert secret not in str(await place.sessions.of("default", [ana.id]))
        assert secret not in str(place.told.events)


async def test_over_https_the_cookie_belongs_to_this_host_alone() -> None:
    cookies = Cookies("https://Hulk.Example.com/")
    assert (cookies.session, cookies.login, cookies.secure) == ("__Host-hulk", "__Host-hulk-login", True)
    assert cookies.origin == "https://hulk.example.com"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 403, id="a form of another site"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="a script of another site"),
        pytest.param({"Origin": "null"}, 403, id="a sandbox"),
        pytest.param({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403, id="one that says two things"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="a neighbour"),
        pytest.param({"Sec-Fetch-Site": "same-origin"}, 204, id="our own page, as the browser says"),
        pytest.param({"Origin": "OURS"}, 204, id="our own page"),
    ],
)
async def test_only_our_own_pages_change_anything_with_a_session(headers: dict[str, str], status: int, place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        await chrome.log_in()
        sent = {name: chrome.base if value == "OURS" else value for name, value in headers.items()}
        assert (await chrome.send("POST", "/v1/logout", headers=sent))[0] == status
        assert ((await chrome.get("/v1/me"))[0] == 401) == (status == 204)


async def test_a_session_ends_when_it_is_left_alone_or_too_old(place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url, idle="1h", lifetime="150m") as open_browser:
        chrome = open_browser()
        await chrome.log_in()
        for _ in range(2):
            place.now.moment += timedelta(minutes=59)
            assert (await chrome.get("/v1/me"))[0] == 200
        place.now.moment += timedelta(minutes=32)
        assert (await chrome.get("/v1/me"))[0] == 401
        twin.lies()
        place.now.moment = utc_now()
        await chrome.log_in()
        place.now.moment += timedelta(hours=1)
        status, _, body = await chrome.get("/v1/me")
        assert (status, "Log in again" in body["detail"]) == (401, True)


async def test_logging_in_again_rotates_the_session(place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        await chrome.log_in()
        first = chrome.cookie()
        await chrome.log_in()
        assert chrome.cookie() not in (None, first)
        listed = (await chrome.get("/v1/sessions"))[2]["sessions"]
        assert [(one["current"], one["ended"] is None) for one in listed] == [(True, True), (False, False)]
        chrome.session.cookie_jar.clear()
        assert (await chrome.get("/v1/me", headers={"cookie": f"hulk={first}"}))[0] == 401
        assert place.told.types.count("hulk.session.begun.v1") == 2
        assert place.told.types.count("hulk.session.ended.v1") == 1


async def test_one_ends_sessions_of_ones_own_and_of_nobody_else(place: Place, twin: Twin) -> None:
    await place.acts().create_account(ROOT, "person", AccountChange(name="Bob", email="bob@example.com"))
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        ana, bob = open_browser(), open_browser()
        await ana.log_in()
        twin.lies(claims={"sub": "8", "email": "bob@example.com"})
        await bob.log_in()
        [mine] = (await ana.get("/v1/sessions"))[2]["sessions"]
        ours = {"headers": {"Origin": ana.base}}
        assert (await bob.send("DELETE", f"/v1/sessions/{mine['session_id']}", **ours))[0] == 404
        assert (await ana.get("/v1/me"))[0] == 200
        assert (await ana.send("DELETE", f"/v1/sessions/{mine['session_id']}", **ours))[0] == 204
        assert (await ana.get("/v1/me"))[0] == 401


async def test_the_end_of_a_session_is_told_with_who_and_why(place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        for reason in ("", "lost"):
            await chrome.log_in()
            [mine] = [one for one in (await chrome.get("/v1/sessions"))[2]["sessions"] if one["current"]]
            method, path = ("DELETE", f"/v1/sessions/{mine['session_id']}?reason={reason}") if reason else ("POST", "/v1/logout")
            assert (await chrome.send(method, path, headers={"Origin": chrome.base}))[0] == 204
            begun, ended = place.told.events[-2:]
            assert [one.type for one in (begun, ended)] == ["hulk.session.begun.v1", "hulk.session.ended.v1"]
            assert (ended.actor, ended.data["reason"], ended.data["after"]) == ("person:ana@example.com", reason, None)
            assert begun.data["before"] is None
            assert begun.data["after"] == ended.data["before"] != {}


async def test_disabling_a_person_ends_their_sessions_for_good(place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        await chrome.log_in()
        [ana] = await place.accounts.of_tenant("default")
        other_process = place.acts()
        for disabled in (True, False):
            await other_process.change_account(ROOT, "person", ana.id, AccountChange(disabled=disabled))
        place.now.moment += timedelta(seconds=5)
        assert (await chrome.get("/v1/me"))[0] == 401
        await other_process.change_account(ROOT, "person", ana.id, AccountChange(disabled=True))
        status, _, body = await chrome.log_in()
        assert (status, "no admin has let you in" in body["detail"]) == (403, True)


async def test_an_address_that_changes_hands_opens_nothing(place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        assert (await chrome.log_in())[0] == 303
        twin.lies(claims={"sub": "another person"})
        assert (await chrome.log_in())[0] == 403
        twin.lies(claims={"email": "ana.lima@example.com"})
        assert (await chrome.log_in())[0] == 303
        assert (await chrome.me())["actor"] == "person:ana@example.com"


async def test_people_of_a_domain_are_let_in_and_a_claim_says_what_they_may(place: Place, twin: Twin) -> None:
    rules: dict[str, Any] = {
        "domains": ("Example.com",), "claim": "groups",
        "grants": ({"value": "ops", "role": "operator"}, {"value": "boss", "role": "admin", "namespace": "default"}),
    }  # fmt: skip
    who = {"sub": "9", "email": "cy@example.com", "name": "Cy"}
    async with a_hulk(place, issuer=twin.url, **rules) as open_browser:
        chrome = open_browser()
        for groups, grants in (
            (["ops", "boss", "cooks"], [("operator", "*"), ("admin", "default")]), ("ops", [("operator", "*")]), (None, []), (7, []),
        ):  # fmt: skip
            twin.lies(claims={**who, "groups": groups})
            status, _, body = await chrome.log_in()
            assert status == 303, body
            assert [(one["role"], one["namespace"]) for one in (await chrome.me())["grants"]] == grants
        twin.lies(claims={**who, "sub": "10", "email": "cy@example.com.evil.example"})
        assert (await chrome.log_in())[0] == 403
        cy = await place.accounts.by_email("default", "cy@example.com")
        assert cy is not None
        assert (cy.name, cy.subject, cy.grants) == ("Cy", f"{twin.url} 9", ())
        told = [(event.type, event.actor) for event in place.told.events if event.subject == cy.id]
        assert told == [("hulk.account.created.v1", "oidc")] + [("hulk.account.changed.v1", "oidc")] * 2


ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/x\r\nset-cookie:x=1",
    "javascript:alert(1)",
    "",
    "/" + "a" * 400,
]


@pytest.mark.parametrize("wanted", ELSEWHERE)
async def test_after_the_login_only_our_own_pages_come(wanted: str, place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        _, address, _ = await chrome.get("/v1/login", params={"next": wanted})
        _, leads, _ = await chrome.get((await chrome.get(address))[1])
        assert leads == (wanted if wanted.startswith("/aaa") else "/v1/me")


async def test_a_forged_session_opens_nothing_and_a_key_goes_before_it(place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        for value in ("", "x", "é", "A" * 43, "A" * 10_000):
            assert (await chrome.get("/v1/me", headers={"cookie": f"hulk={value}"}))[0] == 401
        await chrome.log_in()
        assert (await chrome.get("/v1/me", headers={"authorization": "Bearer nonsense"}))[0] == 401
        assert (await chrome.get("/v1/me"))[0] == 200


async def test_without_a_provider_nobody_logs_in(place: Place) -> None:
    async with a_hulk(place) as open_browser:
        chrome = open_browser()
        status, _, body = await chrome.get("/v1/login")
        assert (status, "identity.issuer" in body["detail"]) == (404, True)
        assert (await chrome.get("/v1/login/callback?code=x&state=y"))[0] == 404


async def test_logins_from_one_address_are_slowed_down(place: Place, twin: Twin) -> None:
    twin.lies()
    async with a_hulk(place, issuer=twin.url) as open_browser:
        chrome = open_browser()
        statuses = [(await chrome.get("/v1/login"))[0] for _ in range(40)]
        assert statuses[:30] == [303] * 30
        assert 429 in statuses


@pytest.mark.parametrize("missing", ["client_id", "url"])
async def test_a_provider_that_is_half_set_up_is_refused_at_the_start(missing: str) -> None:
    given = {"issuer": "https://id.example", "client_id": "x", "url": "https://hulk.example", missing: ""}
    with pytest.raises(Refused, match=f"identity.{missing}|{missing}"):
        async with provider(IdentitySettings(**given)):  # type: ignore[arg-type]  # texts
            pytest.fail("it started")


LEAKING = ["http://id.example", "ftp://id.example", "https://u:p@id.example", "https://id.example?x=1", "id.example"]


@pytest.mark.parametrize("address", LEAKING)
def test_addresses_over_which_secrets_would_leak_are_refused(address: str) -> None:
    with pytest.raises(ValueError, match="https address is expected"):
        IdentitySettings(issuer=address)
