"""MCP as an OAuth 2.1 resource server: it says whom to ask, and takes that issuer's tokens when they are meant for it."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from yarl import URL

from hulk.kernel.tenancy import everywhere
from hulk.modules.identity import AccountChange, Identity
from hulk.modules.identity.settings import IdentitySettings
from hulk.modules.identity.usecases import LOCAL
from hulk.modules.identity.wiring import identity as wired
from hulk.modules.identity.wiring import provider
from hulk.modules.tools.mcp import Resource
from hulk.runtime.http import Tokens
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from support.mcp import a_place
from support.oidc_twin import CLIENT, PERSON, SECRET, Twin, oidc_twin

PUBLIC = "https://hulk.example"
ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": META}}


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with oidc_twin() as running:
        yield running


class Asking:
    """A program with a token."""

    def __init__(self, session: aiohttp.ClientSession, url: str, twin: Twin, identity: Identity) -> None:
        self.session, self.url, self.twin, self.identity = session, url, twin, identity

    def token(self, **claims: Any) -> str:
        """One that is right but for these claims (None: without it)."""
        now = int(time.time())
        right = {**PERSON, "iss": self.twin.url, "aud": f"{PUBLIC}/mcp", "iat": now, "exp": now + 300, "groups": ["ops"]}
        return self.twin.signed(**{**right, **claims})

    async def __call__(self, token: str, path: str = "/mcp") -> tuple[int, str, str]:
        """Status, challenge and what is said."""
        headers = {**ACCEPT, "authorization": f"Bearer {token}", "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list"}
        async with self.session.post(self.url + path, json=LIST, headers=headers) as answer:
            return answer.status, answer.headers.get("www-authenticate", ""), await answer.text()


@asynccontextmanager
async def asking(store: Store, twin: Twin, **more: Any) -> AsyncIterator[Asking]:
    """It, at a Hulk that trusts the twin."""
    twin.lies()
    settings = IdentitySettings.model_validate(
        {
            "issuer": twin.url, "client_id": CLIENT, "client_secret": SECRET, "url": PUBLIC, "domains": ["example.com"],
            "claim": "groups", "grants": [{"value": "ops", "role": "operator"}], **more,
        }
    )  # fmt: skip
    async with provider(settings) as oidc:
        identity = wired(store, Outbox(store, b"k" * 32), local=False, oidc=oidc)
        await identity.ensure_tenant()
        assert identity.tokens is not None
        resource = Resource(PUBLIC, twin.url)
        tokens = Tokens(resource.audiences, resource.described, identity.tokens)
        async with a_place(store, resource=resource, tokens=tokens, public=PUBLIC) as place, aiohttp.ClientSession() as session:
            yield Asking(session, place.serving.url, twin, identity)


async def test_a_token_that_is_meant_for_it_opens_it_as_the_person(store: Store, twin: Twin) -> None:
    async with asking(store, twin) as ask:
        status, _, said = await ask(ask.token())
        assert (status, "test.write" in said) == (200, True)
        [person] = [one for one in await ask.identity.list_accounts(LOCAL, "person") if one.email == PERSON["email"]]
        assert (person.grants, person.subject) == (everywhere("operator"), f"{twin.url} {PERSON['sub']}")


NOW = time.time()


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "https://other.example/mcp"}, id="another audience"),
        pytest.param({"aud": CLIENT}, id="an ID token"),
        pytest.param({"aud": PUBLIC}, id="the site, not the resource"),
        pytest.param({"aud": f"{PUBLIC}/mcp/suite"}, id="a virtual server's"),
        pytest.param({"aud": f"{PUBLIC}/mcp/"}, id="nearly"),
        pytest.param({"aud": None}, id="no audience"),
        pytest.param({"aud": [["x"]]}, id="an audience that is none"),
        pytest.param({"exp": NOW - 3600}, id="ended"),
        pytest.param({"exp": None}, id="without an end"),
        pytest.param({"exp": "never"}, id="an end that is none"),
        pytest.param({"nbf": NOW + 3600}, id="not begun"),
        pytest.param({"iat": NOW + 3600}, id="of the future"),
        pytest.param({"iss": "https://other.example"}, id="another issuer"),
        pytest.param({"sub": None}, id="about nobody"),
        pytest.param({"sub": ""}, id="about an empty name"),
    ],
)
async def test_a_token_that_is_not_right_opens_nothing(store: Store, twin: Twin, claims: dict[str, Any]) -> None:
    async with asking(store, twin) as ask:
        status, challenge, said = await ask(ask.token(**claims))
        assert (status, "not valid here" in said or "não" in said) == (401, True)
        assert f'resource_metadata="{PUBLIC}/.well-known/oauth-protected-resource/mcp"' in challenge
        assert 'error="invalid_token"' in challenge


@pytest.mark.parametrize("key", ["unpublished", "client secret", "public key", "none"])
async def test_a_token_that_the_issuer_did_not_sign_opens_nothing(store: Store, twin: Twin, key: str) -> None:
    async with asking(store, twin) as ask:
        twin.lies(key=key)
        assert (await ask(ask.token()))[0] == 401


async def test_what_only_looks_like_a_token_opens_nothing(store: Store, twin: Twin) -> None:
    async with asking(store, twin) as ask:
        for token in ("eyJ", "eyJhbGciOiJub25lIn0..", "eyJ" + "a" * 20_000, ask.token() + "x"):
            assert (await ask(token))[0] == 401


async def test_a_virtual_server_takes_tokens_for_itself_and_for_all(store: Store, twin: Twin) -> None:
    async with asking(store, twin) as ask:
        for audience, status in ((f"{PUBLIC}/mcp/suite", 200), (f"{PUBLIC}/mcp", 200), (f"{PUBLIC}/mcp/sums", 401)):
            found, challenge, _ = await ask(ask.token(aud=audience), "/mcp/suite")
            assert found == status, audience
            assert (f"{PUBLIC}/.well-known/oauth-protected-resource/mcp/suite" in challenge) == (status == 401)


async def test_a_token_opens_nothing_else(store: Store, twin: Twin) -> None:
    async with asking(store, twin) as ask:
        headers = {"authorization": f"Bearer {ask.token()}"}
        async with ask.session.get(f"{ask.url}/docs", headers=headers) as answer:
            assert answer.status == 401


async def test_whom_no_admin_has_let_in_is_not(store: Store, twin: Twin) -> None:
    async with asking(store, twin, domains=[]) as ask:
        assert (await ask(ask.token()))[0] == 403
        assert (await ask(ask.token(email=None, sub="stranger")))[0] == 403


async def test_who_is_known_by_subject_needs_no_address(store: Store, twin: Twin) -> None:
    async with asking(store, twin) as ask:
        assert (await ask(ask.token()))[0] == 200
        assert (await ask(ask.token(email=None, email_verified=None)))[0] == 200


async def test_who_was_disabled_comes_in_no_more(store: Store, twin: Twin) -> None:
    async with asking(store, twin) as ask:
        token = ask.token()
        assert (await ask(token))[0] == 200
        [person] = [one for one in await ask.identity.list_accounts(LOCAL, "person") if one.email == PERSON["email"]]
        await ask.identity.change_account(LOCAL, "person", person.id, AccountChange(disabled=True))
        assert (await ask(token))[0] == 403


@pytest.mark.parametrize("path", ["/mcp/%0d%0aset-cookie:%20x=1", "/mcp/a%22b", "/mcp/A", "/mcp/x/y", "/mcp/", "/mcpx"])
async def test_no_path_gets_into_a_header_and_no_other_takes_tokens(store: Store, twin: Twin, path: str) -> None:
    async with asking(store, twin) as ask:
        headers = {**ACCEPT, "authorization": f"Bearer {ask.token()}"}
        async with ask.session.post(URL(ask.url + path, encoded=True), json=LIST, headers=headers) as answer:
            assert answer.status in (401, 404)
            assert answer.headers.get("www-authenticate", 'Bearer realm="hulk"') == 'Bearer realm="hulk"'
            assert "set-cookie" not in answer.headers


async def test_it_says_whom_to_ask_for_a_token(store: Store, twin: Twin) -> None:
    async with asking(store, twin) as ask:
        for path, resource in (("", "/mcp"), ("/mcp", "/mcp"), ("/mcp/suite", "/mcp/suite")):
            async with ask.session.get(f"{ask.url}/.well-known/oauth-protected-resource{path}") as answer:
                said = await answer.json()
            assert (said["resource"], said["authorization_servers"]) == (PUBLIC + resource, [twin.url])


async def test_without_an_issuer_there_is_nobody_to_ask(store: Store) -> None:
    async with (
        a_place(store) as place,
        aiohttp.ClientSession(place.serving.url) as session,
        session.get("/.well-known/oauth-protected-resource/mcp") as answer,
    ):
        assert answer.status == 404
