"""A mailbox that takes access tokens in place of a password (OAuth 2.0, XOAUTH2): held while they hold, and given anew when they do not."""

import asyncio
import smtplib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import imapclient  # type: ignore[import-untyped]  # no types
import pytest
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]  # no types
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]  # no types
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import HulkError, Refused, Unauthenticated, Unavailable
from hulk.modules.channels.adapters.email.oauth import SPARE_SECONDS, Client, xoauth2
from hulk.modules.channels.settings import ChannelsSettings
from hulk.modules.channels.wiring.around import Around
from hulk.modules.channels.wiring.kinds import opened
from hulk.runtime.validation import parsed
from support.mailboxes import by_tokens, line, listening, mail, message, now, with_tokens
from support.mattermost import Inbox
from support.twins.email import ADDRESS, CLIENT, REFRESH, SECRET, Twin, email_twin

SCOPE = "https://outlook.office365.com/.default"


@pytest.fixture(scope="module")
def process() -> Iterator[Twin]:
    with email_twin() as running:
        yield running


@pytest.fixture
def twin(process: Twin) -> Twin:
    """One that takes tokens and nothing else."""
    process.reset()
    process.set(oauth=True, only=True)
    return process


async def test_the_twin_gives_and_takes_tokens_as_others_ask_for_them(twin: Twin) -> None:
    """authlib, imapclient and smtplib, none of them ours."""
    async with AsyncOAuth2Client(CLIENT, SECRET, token_endpoint_auth_method="client_secret_post") as client:  # a method
        token = (await client.fetch_token(f"http://127.0.0.1:{twin.grant}/token", grant_type="client_credentials"))["access_token"]
    async with AsyncOAuth2Client(CLIENT, "wrong", token_endpoint_auth_method="client_secret_post") as client:
        with pytest.raises(OAuthError, match="invalid_client"):
            await client.fetch_token(f"http://127.0.0.1:{twin.grant}/token", grant_type="client_credentials")
    await asyncio.to_thread(_others_log_in, twin, token)


def _others_log_in(twin: Twin, token: str) -> None:
    invalid = pytest.raises(imapclient.exceptions.LoginError, match="Invalid credentials")
    with imapclient.IMAPClient("localhost", twin.imap, ssl=False) as imap, invalid:
        imap.oauth2_login(ADDRESS, "stale")
    with imapclient.IMAPClient("localhost", twin.imap, ssl=False) as imap:
        imap.oauth2_login(ADDRESS, token)
    with smtplib.SMTP("localhost", twin.smtp) as smtp:
        smtp.ehlo()
        said = lambda challenge=None: "" if challenge else f"user={ADDRESS}\x01auth=Bearer {token}\x01\x01"  # noqa: E731
        assert smtp.auth("XOAUTH2", said)[0] == 235
    with smtplib.SMTP("localhost", twin.smtp) as smtp:
        smtp.ehlo()
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.auth("XOAUTH2", lambda challenge=None: "" if challenge else f"user={ADDRESS}\x01auth=Bearer stale\x01\x01")


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
async def test_both_servers_take_one_token_for_as_long_as_it_holds(twin: Twin, security: str) -> None:
    async with by_tokens(twin, scope=SCOPE) as tokens:
        imap, smtp = with_tokens(twin, tokens, security)
        for _ in range(2):
            async with imap.opened() as box:
                await box.examine("INBOX")
            await smtp.deliver(b"Subject: x\r\n\r\nx\r\n", ADDRESS, "ana@example.com")
    assert len(twin.state()["taken"]) == 2
    asked = {"path": "/token", "grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET, "scope": SCOPE}
    assert twin.state()["granted"] == [asked]


async def test_who_acts_for_somebody_asks_by_the_refresh_token_and_by_the_one_that_is_given_in_its_place(twin: Twin) -> None:
    twin.set(rotated="1//outro")
    async with by_tokens(twin, refresh=REFRESH) as tokens:
        first = await tokens.current()
        tokens.refused(first)
        assert await tokens.current() != first
    assert [one["refresh_token"] for one in twin.state()["granted"]] == [REFRESH, "1//outro"]


async def test_a_token_is_not_used_any_more_shortly_before_its_end(twin: Twin) -> None:
    async with by_tokens(twin) as tokens:
        at = [0.0]
        tokens.ticks = lambda: at[0]
        first = await tokens.current()
        at[0] = 3600 - SPARE_SECONDS - 1
        assert await tokens.current() == first
        at[0] += 1
        assert await tokens.current() != first


async def test_of_many_who_want_one_at_once_one_asks(twin: Twin) -> None:
    async with by_tokens(twin) as tokens, asyncio.TaskGroup() as group:
        wanted = [group.create_task(tokens.current()) for _ in range(20)]
    assert len({one.result() for one in wanted}) == 1
    assert len(twin.state()["granted"]) == 1


async def test_where_a_token_is_refused_one_new_one_is_tried_and_no_more(twin: Twin) -> None:
    async with by_tokens(twin) as tokens:
        imap, smtp = with_tokens(twin, tokens)
        await tokens.current()
        twin.forget_tokens()
        async with imap.opened():
            pass
        twin.forget_tokens()
        await smtp.check()
        assert len(twin.state()["granted"]) == 3
        twin.set(revoked=True)
        for log_in in (smtp.check(), _opened(imap)):
            with pytest.raises(Unauthenticated, match="access token"):
                await log_in
        assert len(twin.state()["granted"]) == 5


async def _opened(imap: Any) -> None:
    async with imap.opened():
        pass


async def test_what_came_is_heard_and_answered_while_tokens_come_and_go(twin: Twin) -> None:
    async with by_tokens(twin) as tokens:
        imap, smtp = with_tokens(twin, tokens)
        inbox = Inbox()
        async with listening(imap, inbox):
            twin.brings(mail("Um"))
            await inbox.until(lambda: len(inbox.kept) == 1)
            twin.forget_tokens()
            twin.brings(mail("Dois", Message_ID="<2@example.com>"))
            await inbox.until(lambda: len(inbox.kept) == 2)
        await replace(line(twin), imap=imap, smtp=smtp).send(message(), [])
    assert len(twin.state()["taken"]) == 1
    assert len(twin.state()["granted"]) == 2


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        pytest.param({"secret": "wrong"}, Unauthenticated, "invalid_client", id="another secret"),
        pytest.param({"refresh": "1//velho"}, Unauthenticated, "invalid_grant", id="a refresh token that was revoked"),
        pytest.param({"grants": {"status": 503, "body": {}}}, Unavailable, "503", id="away"),
        pytest.param({"grants": {"status": 429, "body": {}}}, Unavailable, "less often", id="asked too often"),
        pytest.param({"grants": {"status": 200, "body": {"token_type": "Bearer"}}}, Unauthenticated, "200", id="no token in it"),
        pytest.param({"grants": {"status": 200, "body": {"access_token": "a b\r\nDATA"}}}, Unauthenticated, "200", id="one that is none"),
        pytest.param({"grants": {"status": 400, "body": {"error": "<b>x</b>"}}}, Unauthenticated, "400", id="a reason that is none"),
    ],
)
async def test_where_none_is_given_it_is_told_why_without_a_secret(
    twin: Twin, how: dict[str, Any], error: type[HulkError], said: str
) -> None:
    twin.set(grants=how.pop("grants", None))
    async with by_tokens(twin, **how) as tokens:
        with pytest.raises(error, match=said) as told:
            await with_tokens(twin, tokens)[1].check()
    assert "wrong" not in str(told.value)


async def test_a_server_that_takes_none_is_not_shown_one(twin: Twin) -> None:
    twin.set(oauth=False, only=False)
    async with by_tokens(twin) as tokens:
        imap, smtp = with_tokens(twin, tokens)
        for log_in in (smtp.check(), _opened(imap)):
            with pytest.raises(Unavailable, match="XOAUTH2"):
                await log_in
    assert twin.state()["granted"] == []


def test_it_is_said_as_google_s_page_has_it() -> None:
    """https://developers.google.com/gmail/imap/xoauth2-protocol"""
    said = b"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
    assert xoauth2("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg") == said


@given(st.text(max_size=20), st.text(max_size=20))
def test_an_app_without_a_secret_says_none(secret: str, scope: str) -> None:
    told = Client(id="a", secret=lambda: secret, refresh=lambda: "", scope=scope).asks("r")
    assert told.get("client_secret", "") == secret
    assert ("scope" in told) == bool(scope)


GIVEN = {
    "name": "mail", "address": "hulk@corp.example.com", "authserv": "mx.corp.example.com", "imap_host": "a.example",
    "smtp_host": "b.example",
}  # fmt: skip
OAUTH = {"oauth_url": "https://login.example.com/token", "oauth_client": "app", "oauth_secret": "env:X"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param({}, "password is missing", id="no way in"),
        pytest.param({"oauth_url": OAUTH["oauth_url"]}, "oauth_client", id="nobody to be"),
        pytest.param({**OAUTH, "oauth_secret": ""}, "oauth_secret or oauth_refresh", id="nothing to prove it by"),
        pytest.param({**OAUTH, "oauth_url": "http://login.example.com/token"}, "https", id="where others read it"),
    ],
)
def test_a_mailbox_without_a_way_in_is_refused(more: dict[str, str], said: str) -> None:
    with pytest.raises(Refused, match=said):
        parsed(ChannelsSettings, {"email": [{**GIVEN, **more}]})


async def test_a_mailbox_of_the_settings_asks_with_tokens(twin: Twin) -> None:
    here = {
        "imap_host": "localhost", "imap_port": twin.imap, "imap_security": "plain", "smtp_host": "localhost", "smtp_port": twin.smtp,
        "smtp_security": "plain", "oauth_url": f"http://localhost:{twin.grant}/token?v=2", "oauth_client": CLIENT, "probes": False,
    }  # fmt: skip
    settings, secrets = parsed(ChannelsSettings, {"email": [{**GIVEN, **OAUTH, **here}]}), {"email[0].oauth_secret": SECRET}
    around = Around(follow=lambda place: lambda: secrets.get(place, ""), zone="America/Sao_Paulo", url="", clock=now)
    async with opened(settings, around) as (one,):
        assert len((await one.line.check()).steps) > 0
    assert [asked["path"] for asked in twin.state()["granted"]] == ["/token?v=2"]
    secrets.clear()
    with pytest.raises(Refused, match="oauth_secret"):
        async with opened(settings, around):
            pass
