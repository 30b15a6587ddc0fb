"""A mailbox is heard by IMAP: nothing is lost, nothing is taken twice, whatever is cut in between."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from hulk.modules.channels.adapters.email.marks import Mark
from support.mailboxes import listening, mail, now, servers
from support.mattermost import Inbox
from support.twins.email import Twin, email_twin


@pytest.fixture(scope="module")
def process() -> Iterator[Twin]:
    with email_twin() as running:
        yield running


@pytest.fixture
def twin(process: Twin) -> Twin:
    process.reset()
    return process


def said(number: int) -> bytes:
    """A mail that says its number."""
    return mail(f"Olá {number}", drop=("Subject",), Message_ID=f"<{number}@example.com>")


@pytest.mark.parametrize("idle", [pytest.param(True, id="told by the server"), pytest.param(False, id="asked now and then")])
@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
async def test_what_comes_is_heard(twin: Twin, idle: bool, security: str) -> None:
    twin.set(idle=idle)
    inbox = Inbox()
    async with listening(servers(twin, security)[0], inbox):
        twin.brings(said(1))
        await inbox.until(lambda: inbox.texts == ["Olá 1"])
        twin.brings(said(2))
        await inbox.until(lambda: inbox.texts == ["Olá 1", "Olá 2"])


async def test_what_was_there_before_is_left_alone_and_all_stays_unread(twin: Twin) -> None:
    twin.brings(said(1), at=1_700_000_000)
    inbox = Inbox()
    async with listening(servers(twin)[0], inbox):
        twin.brings(said(2))
        await inbox.until(lambda: bool(inbox.texts))
    assert inbox.texts == ["Olá 2"]
    assert not any("STORE" in one or one.startswith("SELECT") for one in twin.state()["asked"])


@pytest.mark.parametrize("before", [(), (1_700_000_000,), (-60,)], ids=["an empty mailbox", "old mails in it", "new ones, too"])
async def test_what_comes_is_heard_though_our_clock_is_ahead_of_the_servers(twin: Twin, before: tuple[int, ...]) -> None:
    for place, at in enumerate(before):
        twin.brings(said(100 + place), at=at if at > 0 else int(time.time()) + at)
    inbox = Inbox()
    async with listening(servers(twin)[0], inbox, clock=lambda: now() + timedelta(hours=6)):
        twin.brings(said(1))
        await inbox.until(lambda: inbox.texts == ["Olá 1"])
        twin.renumber()
        twin.brings(said(2))
        await inbox.until(lambda: "Olá 2" in inbox.texts)
    assert inbox.texts == ["Olá 1", "Olá 2"]


async def test_what_came_while_nobody_listened_is_heard_once(twin: Twin) -> None:
    inbox, server = Inbox(), servers(twin)[0]
    async with listening(server, inbox):
        twin.brings(said(1))
        await inbox.until(lambda: len(inbox.marks) > 1)
    for number in range(2, 40):
        twin.brings(said(number))
    async with listening(server, inbox):
        await inbox.until(lambda: len(inbox.texts) == 39)
    assert inbox.texts == [f"Olá {number}" for number in range(1, 40)]
    assert inbox.again == 0


async def test_lines_that_are_cut_lose_nothing(twin: Twin) -> None:
    inbox = Inbox()
    async with listening(servers(twin)[0], inbox):
        for number in range(12):
            twin.brings(said(number))
            twin.cut()
        await inbox.until(lambda: len(inbox.texts) == 12)


async def test_a_store_that_is_away_makes_it_be_heard_again(twin: Twin) -> None:
    inbox = Inbox()
    async with listening(servers(twin)[0], inbox):
        inbox.away = 3
        twin.brings(said(1))
        await inbox.until(lambda: bool(inbox.texts))
    assert inbox.again == 0


async def test_a_mail_that_shows_after_later_ones_is_heard(twin: Twin) -> None:
    inbox = Inbox()
    async with listening(servers(twin)[0], inbox):
        twin.set(skips=3)
        twin.brings(said(4))
        await inbox.until(lambda: inbox.texts == ["Olá 4"])
        twin.brings(said(2), uid=2)
        await inbox.until(lambda: inbox.texts == ["Olá 4", "Olá 2"])
    assert inbox.again == 0


async def test_a_mailbox_with_other_numbers_is_heard_on(twin: Twin) -> None:
    twin.brings(said(0), at=1_700_000_000)
    inbox = Inbox()
    async with listening(servers(twin)[0], inbox):
        twin.brings(said(1))
        await inbox.until(lambda: bool(inbox.texts))
        twin.renumber()
        twin.brings(said(2))
        await inbox.until(lambda: len(inbox.texts) == 2)
        twin.brings(said(3))
        await inbox.until(lambda: len(inbox.texts) == 3)
    assert inbox.texts == ["Olá 1", "Olá 2", "Olá 3"]
    mark = Mark.parsed(inbox.mark)
    assert mark is not None
    assert mark.validity == 1_700_000_002


async def test_a_password_that_holds_no_more_is_said_and_a_new_one_taken(twin: Twin) -> None:
    twin.set(revoked=True)
    inbox = Inbox()
    inbox.marks.append("")
    async with listening(servers(twin)[0], inbox):
        await inbox.until(lambda: any("does not know us any more" in one for one in inbox.troubles))
        twin.set(revoked=False)
        await inbox.until(lambda: len(inbox.marks) > 1)


async def test_a_mail_that_the_server_does_not_give_does_not_keep_others_back(twin: Twin) -> None:
    inbox = Inbox()
    async with listening(servers(twin)[0], inbox):
        twin.set(refuses=[1])
        twin.brings(said(1))
        twin.brings(said(2))
        await inbox.until(lambda: bool(inbox.texts))
    assert [one.problem for one in inbox.of("other")] == ["a mail that cannot be read"]


@pytest.mark.parametrize("date", ["31-Feb-2026 10:00:00 +0000", "01-Jan-0001 00:30:00 +1400", "yesterday"])
async def test_a_mail_with_a_time_that_is_none_does_not_keep_others_back(twin: Twin, date: str) -> None:
    inbox = Inbox()
    async with listening(servers(twin)[0], inbox):
        twin.set(dates={"1": date})
        twin.brings(said(1))
        twin.brings(said(2))
        await inbox.until(lambda: inbox.texts == ["Olá 1", "Olá 2"])


async def test_no_password_is_said_where_no_tls_is(twin: Twin) -> None:
    twin.set(tls=False)
    inbox = Inbox()
    inbox.marks.append("")
    async with listening(servers(twin, "starttls")[0], inbox):
        await inbox.until(lambda: any("offers no TLS" in one for one in inbox.troubles))
    assert "AUTHENTICATE" not in twin.state()["asked"]


async def test_a_server_that_does_not_prove_who_it_is_hears_no_password(twin: Twin) -> None:
    inbox = Inbox()
    inbox.marks.append("")
    async with listening(servers(twin, "tls", ca="")[0], inbox):
        await inbox.until(lambda: any("does not prove that it is" in one for one in inbox.troubles))
