"""What everything that listens at a vendor promises (`ports.Listens`), each with its vendor's twin."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from hulk.kernel.errors import Unauthenticated, Unavailable
from hulk.modules.channels.adapters.email import EmailListens, ImapServer, Login, Place
from hulk.modules.channels.adapters.mattermost import MattermostListens, Server, Sorter
from hulk.modules.channels.adapters.telegram import Polling, Webhook
from hulk.modules.channels.adapters.telegram.api import bot as telegram_bot
from hulk.modules.channels.adapters.vendor import vendor
from hulk.modules.channels.domain import Arrival, Channel
from hulk.modules.channels.ports import Listens, Open
from support.channels import ScriptedLine
from support.lines import Twins
from support.mailboxes import mail, reader
from support.mattermost import Chat, Gone, Inbox, now
from support.ports import free_port
from support.twins.email import ADDRESS, PASSWORD
from support.twins.telegram import TOKEN, updates

HOOK = "http://127.0.0.1:9/v1/hooks/telegram"


@dataclass
class Careful(Inbox):
    """An inbox that minds when something is marked as heard that is not safe."""

    lost: set[str] = field(default_factory=set)
    calls: int = 0

    async def heard(self, arrivals: Sequence[Arrival]) -> None:
        """See `Heard`."""
        self.calls += 1
        if self.away and not arrivals:
            return
        if self.away:
            self.lost |= {one.key for one in arrivals}
        await super().heard(arrivals)
        self.lost -= {one.key for one in arrivals}
        self._rung.set()

    async def marked(self, mark: str) -> None:
        """See `Listens`."""
        assert not self.lost, "marked although it is not safe"
        await super().marked(mark)


@dataclass(frozen=True, kw_only=True)
class Ear:
    """What listens. `gone` is the same where nobody is; `says` has somebody say something; `marks`: whether a mark tells that it has begun
    (else it begins with the oldest that the vendor has)."""

    listens: Listens
    gone: Listens
    says: Callable[[str], Any]
    revoke: Callable[[], Any]
    state: Callable[[], Any] = dict
    marks: bool = False

    async def again(self, inbox: Inbox) -> None:
        """Listen, again and again as `AtWork` has it."""
        while True:
            with contextlib.suppress(Gone):
                await self.listens.listen(inbox.heard, inbox.mark, inbox.marked)

    @asynccontextmanager
    async def listening(self, inbox: Careful) -> AsyncIterator[None]:
        """It listens until the block ends."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.again(inbox))
            if self.marks:
                await inbox.until(lambda: bool(inbox.marks))
            yield
            task.cancel()


@asynccontextmanager
async def _telegram(twins: Twins, made: Callable[[Any], Listens]) -> AsyncIterator[Ear]:
    twin = twins["telegram"]
    twin.reset()
    async with (
        telegram_bot(twin.url, "telegram", lambda: TOKEN) as asks,
        telegram_bot(f"http://127.0.0.1:{free_port()}", "telegram", lambda: TOKEN) as gone,
    ):
        yield Ear(
            listens=made(asks), gone=made(gone), says=lambda text: twin.say(updates.message(text)), revoke=lambda: twin.set(revoked=True),
            state=twin.state,
        )  # fmt: skip


@asynccontextmanager
async def _mattermost(twins: Twins) -> AsyncIterator[Ear]:
    twin = twins["mattermost"]
    twin.reset()
    chat = Chat(twin)
    async with vendor(twin.url, "chat") as asking, vendor(f"http://127.0.0.1:{free_port()}", "chat") as nobody:
        servers = [Server(one, lambda: "right") for one in (asking, nobody)]
        listens, gone = (MattermostListens(one, Sorter(one, now)) for one in servers)
        yield Ear(listens=listens, gone=gone, says=chat.says, revoke=lambda: twin.be(token="another"), marks=True)


@asynccontextmanager
async def _email(twins: Twins) -> AsyncIterator[Ear]:
    twin = twins["email"]
    twin.reset()
    numbers = itertools.count()

    def hears(port: int) -> Listens:
        server = ImapServer(Place("localhost", port, "plain", seconds=5.0), Login(ADDRESS, lambda: PASSWORD))
        return EmailListens(server, reader(), "INBOX", now, poll=0.05)

    def says(text: str) -> None:
        twin.brings(mail(text, drop=("Subject",), Message_ID=f"<{next(numbers)}@example.com>"))

    yield Ear(listens=hears(twin.imap), gone=hears(free_port()), says=says, revoke=lambda: twin.set(revoked=True), marks=True)


EARS: dict[str, Callable[[Twins], AbstractAsyncContextManager[Ear]]] = {
    "email": _email,
    "mattermost": _mattermost,
    "telegram asks": lambda twins: _telegram(twins, lambda bot: Polling(bot, now)),
    "telegram is called": lambda twins: _telegram(twins, lambda bot: Webhook(bot, HOOK, lambda: "s" * 32)),
}
CANNOT = {"telegram is called": "what comes, comes by the door; it only looks that Telegram still calls it"}
every = pytest.mark.parametrize("kind", sorted(EARS))
hearing = pytest.mark.parametrize("kind", sorted(EARS.keys() - CANNOT.keys()))


@pytest.fixture(scope="module")
def twins() -> Iterator[Twins]:
    """Those of this file."""
    with ExitStack() as stack:
        yield Twins(stack)


@pytest.fixture
async def ear(kind: str, twins: Twins) -> AsyncIterator[Ear]:
    """What listens."""
    async with EARS[kind](twins) as made:
        yield made


@hearing
async def test_all_that_is_said_is_heard_in_its_order(ear: Ear) -> None:
    inbox, said = Careful(), [f"{place} 👍🏽 שלום" for place in range(7)]
    async with ear.listening(inbox):
        for text in said:
            ear.says(text)
        await inbox.until(lambda: len(inbox.kept) == len(said))
    assert inbox.texts == said
    assert all(one.sender.id and one.address and one.at.tzinfo for one in inbox.kept.values())


@hearing
async def test_what_could_not_be_kept_is_heard_again_and_nothing_is_marked_before_it_is_safe(ear: Ear) -> None:
    inbox = Careful()
    async with ear.listening(inbox):
        inbox.away = 2
        ear.says("um")
        await inbox.until(lambda: inbox.away == 0)
        ear.says("dois")
        await inbox.until(lambda: len(inbox.kept) == 2)
    assert inbox.texts == ["um", "dois"]


@hearing
async def test_what_was_said_while_nobody_listened_is_heard_then(ear: Ear) -> None:
    inbox = Careful()
    async with ear.listening(inbox):
        ear.says("um")
        await inbox.until(lambda: bool(inbox.kept))
    for text in ("dois", "três"):
        ear.says(text)
    async with ear.listening(inbox):
        await inbox.until(lambda: len(inbox.kept) == 3)
    assert inbox.texts == ["um", "dois", "três"]


@every
async def test_who_is_not_known_any_more_is_told_so(ear: Ear) -> None:
    ear.revoke()
    inbox = Careful()
    with pytest.raises(Unauthenticated):
        await ear.listens.listen(inbox.heard, "", inbox.marked)


@every
async def test_where_nobody_is_it_is_begun_again_later(ear: Ear) -> None:
    inbox = Careful()
    with pytest.raises(Unavailable):
        await ear.gone.listen(inbox.heard, "", inbox.marked)
    assert not inbox.marks


@pytest.mark.parametrize("kind", sorted(CANNOT))
async def test_what_hears_by_its_door_says_that_it_is_called_and_keeps_nothing(ear: Ear) -> None:
    inbox = Careful()
    async with ear.listening(inbox):
        await inbox.until(lambda: inbox.calls > 0)
    assert ear.state()["webhook"]["url"] == HOOK
    assert not inbox.kept
    assert not inbox.marks


def test_an_open_channel_is_called_as_its_settings_say() -> None:
    one = Open(channel=Channel(name="chat", kind="test"), line=ScriptedLine())
    assert (one.name, one.door, one.listens) == ("chat", None, None)
