"""A bot of Mattermost hears all that is for it, once, whatever becomes of lines and processes."""

from collections.abc import Iterator
from typing import Any

import pytest

from hulk.kernel.errors import Unauthenticated
from support.mattermost import Chat, Inbox, bot
from support.twins.systems import System, system
from support.twins.systems.mattermost import ANA, BOT, BRUNO, DIRECT, ELSEWHERE, FEW, ROBO, TOWN, made_id


@pytest.fixture(scope="module")
def running() -> Iterator[System]:
    """One for all."""
    with system("mattermost") as made:
        yield made


@pytest.fixture
def chat(running: System) -> Chat:
    """As at first."""
    running.reset()
    return Chat(running)


async def test_a_direct_message_is_heard_with_its_sender(chat: Chat) -> None:
    inbox = Inbox()
    async with bot(chat.twin) as made, made.listening(inbox):
        post = chat.says("Quantos pedidos houve ontem? שלום 👋")
        await inbox.until(lambda: bool(inbox.kept))
    [said] = inbox.kept.values()
    assert (said.key, said.id, said.address, said.text) == (f"post:{post}", post, DIRECT, "Quantos pedidos houve ontem? שלום 👋")
    assert (said.sender.id, said.sender.name, said.sender.email, said.sender.language) == (ANA, "Ana ✨", "ana@example.com", "pt")
    assert not said.group


@pytest.mark.parametrize(
    ("config", "user", "email"),
    [
        pytest.param({"RequireEmailVerification": "false"}, {}, "", id="nobody vouches for it"),
        pytest.param({"RequireEmailVerification": "false"}, {"email_verified": True}, "ana@example.com", id="it says that it is verified"),
        pytest.param({}, {}, "ana@example.com", id="nobody comes in before"),
        pytest.param({}, {"delete_at": 5}, "", id="the account was closed"),
    ],
)
async def test_an_address_is_only_given_when_the_server_vouches_for_it(chat: Chat, config: Any, user: Any, email: str) -> None:
    chat.twin.be(config=config, users={ANA: user})
    async with bot(chat.twin) as made:
        assert (await made.server.sender(ANA)).email == email


async def test_somebody_without_a_name_or_an_account_any_more_is_still_somebody(chat: Chat) -> None:
    async with bot(chat.twin) as made:
        assert (await made.server.sender(BRUNO)).name == "bruno"
        assert (await made.server.sender(made_id("gone"), "zé")).name == "zé"


async def test_in_channels_only_what_names_the_bot_or_stands_in_its_threads_is_heard(chat: Chat) -> None:
    inbox = Inbox()
    async with bot(chat.twin) as made, made.listening(inbox):
        chat.says("bom dia a todos, e a user@hulk.com", channel_id=TOWN)
        chat.says("`@hulk` é um bot", channel_id=TOWN, user_id=BRUNO)
        root = chat.says("@Hulk, e as vendas?", channel_id=TOWN)
        chat.says("e de hoje?", channel_id=TOWN, root_id=root, user_id=BRUNO)
        theirs = chat.says("outro assunto", channel_id=TOWN)
        chat.says("sim", channel_id=TOWN, root_id=theirs)
        chat.says("me ajude @hulk.", channel_id=FEW)
        await inbox.until(lambda: len(inbox.kept) == 3)
    assert inbox.texts == ["e as vendas?", "e de hoje?", "me ajude."]
    first, second, third = inbox.kept.values()
    assert first.address == second.address == f"{TOWN}:{root}"
    assert (second.about, third.address) == (root, f"{FEW}:{third.id}")
    assert first.group
    assert third.group


async def test_a_thread_in_which_it_answered_before_it_listened_is_its(chat: Chat) -> None:
    root = chat.says("as vendas caíram", channel_id=TOWN)
    chat.does("say", user_id=BOT, message="Sim, 3%", channel_id=TOWN, root_id=root, props={"from_bot": "true", "hulk_idem": "msg_0"})
    inbox = Inbox()
    async with bot(chat.twin) as made, made.listening(inbox):
        chat.says("por quê?", channel_id=TOWN, root_id=root)
        await inbox.until(lambda: bool(inbox.kept))
    assert inbox.texts == ["por quê?"]


async def test_what_no_person_wrote_is_not_heard(chat: Chat) -> None:
    inbox = Inbox()
    async with bot(chat.twin) as made, made.listening(inbox):
        chat.says("eu mesmo", user_id=BOT)
        chat.says("@hulk um robô", user_id=ROBO, channel_id=TOWN)
        chat.says("@hulk marcado", props={"from_bot": "true"}, channel_id=TOWN)
        chat.says("@hulk gancho", props={"from_webhook": "true"}, channel_id=TOWN)
        chat.says("@hulk entrou no canal", type="system_join_channel", channel_id=TOWN)
        chat.says("antes", original_id=made_id("post"))
        chat.does("tell", event="posted", data={"post": "{"})
        chat.does("tell", event="posted", data={})
        chat.does("tell", event="reaction_added", data={"reaction": 7})
        chat.does("tell", event="quite_new", data={"x": [1]})
        chat.does("tell", event="typing", data=None)
        chat.says("uma pessoa")
        await inbox.until(lambda: bool(inbox.kept))
    assert inbox.texts == ["uma pessoa"]


@pytest.mark.parametrize(
    ("team", "channels", "heard"),
    [
        pytest.param("", (), ["town", "cofre", "direta"], id="all it is in"),
        pytest.param("loja", (), ["town", "direta"], id="a team"),
        pytest.param("", ("cofre",), ["cofre", "direta"], id="channels by name"),
        pytest.param("", (TOWN,), ["town", "direta"], id="channels by id"),
    ],
)
async def test_it_listens_where_it_is_told_to_and_always_to_direct_messages(
    chat: Chat, team: str, channels: tuple[str, ...], heard: list[str]
) -> None:
    inbox = Inbox()
    async with bot(chat.twin, team=team, channels=channels) as made, made.listening(inbox):
        chat.says("@hulk town", channel_id=TOWN)
        chat.says("@hulk cofre", channel_id=ELSEWHERE)
        chat.says("direta")
        await inbox.until(lambda: "direta" in inbox.texts)
    assert inbox.texts == heard


async def test_edits_deletions_and_reactions_are_heard(chat: Chat) -> None:
    inbox = Inbox()
    async with bot(chat.twin) as made, made.listening(inbox):
        post = chat.says("vendas de ontem")
        ours = chat.does("say", user_id=BOT, message="17", props={"hulk_idem": "msg_0"})["id"]
        chat.does("edit", post=post, message="vendas de hoje")
        chat.does("react", post=ours, emoji="+1")
        chat.does("react", post=ours, emoji="+1", removed=True)
        chat.does("react", post=post, emoji="eyes")
        chat.does("delete", post=post)
        await inbox.until(lambda: bool(inbox.of("deletion")))
    [edit], [deletion] = inbox.of("edit"), inbox.of("deletion")
    assert (edit.id, edit.text, edit.address) == (post, "vendas de hoje", DIRECT)
    assert (deletion.id, deletion.text) == (post, "")
    assert [(one.about, one.emoji, one.removed, one.address) for one in inbox.of("reaction")] == [
        (ours, "+1", False, DIRECT), (ours, "+1", True, DIRECT),
    ]  # fmt: skip


async def test_files_are_told_and_fetched(chat: Chat, tmp_path: Any) -> None:
    inbox = Inbox()
    async with bot(chat.twin) as made, made.listening(inbox):
        chat.says("veja", user_id=ANA, file=("vendas.csv", "a;b", "text/csv; charset=utf-8"))
        chat.says("", user_id=ANA, file=("nota.ogg", "OggS", "audio/ogg"))
        await inbox.until(lambda: len(inbox.kept) == 2)
        shown, spoken = inbox.kept.values()
        await made.line.fetch(shown.files[0], tmp_path / "got", 100)
    assert [(one.name, one.media_type, one.size, one.voice) for one in shown.files] == [("vendas.csv", "text/csv", 3, False)]
    assert spoken.files[0].voice
    assert (tmp_path / "got").read_bytes() == b"a;b"


async def test_what_was_said_before_it_ever_listened_is_not_heard(chat: Chat) -> None:
    for number in range(3):
        chat.says(f"antes {number}", at=1_700_000_000_000 + number * 60_000)
    inbox = Inbox()
    async with bot(chat.twin) as made, made.listening(inbox):
        chat.says("agora")
        await inbox.until(lambda: bool(inbox.kept))
    assert inbox.texts == ["agora"]


@pytest.mark.parametrize("forget", [pytest.param(False, id="taken up again"), pytest.param(True, id="begun anew")])
async def test_what_is_said_while_the_line_is_cut_is_heard_once(chat: Chat, forget: bool) -> None:
    inbox = Inbox()
    async with bot(chat.twin) as made:
        async with made.listening(inbox):
            chat.says("um")
            await inbox.until(lambda: inbox.texts == ["um"])
        chat.does("cut", forget=forget)
        chat.says("dois")
        chat.says("@hulk três", channel_id=TOWN)
        inbox.marks.clear()
        async with made.listening(inbox):
            chat.says("quatro")
            await inbox.until(lambda: "quatro" in inbox.texts)
    assert sorted(inbox.texts) == ["dois", "quatro", "três", "um"]
    assert bool([one for one in chat.twin.seen() if "after" in one["query"] or "before" in one["query"]]) == forget


async def test_a_line_that_breaks_while_it_listens_is_taken_up_again(chat: Chat) -> None:
    inbox = Inbox()
    async with bot(chat.twin) as made, made.listening(inbox):
        for number in range(6):
            chat.says(f"{number}")
            if number % 2:
                chat.does("cut", forget=number == 3)
        await inbox.until(lambda: len(inbox.texts) == 6)
    assert sorted(inbox.texts) == [f"{number}" for number in range(6)]


async def test_events_that_never_come_are_asked_for(chat: Chat) -> None:
    inbox = Inbox()
    async with bot(chat.twin) as made, made.listening(inbox):
        chat.says("um")
        chat.does("gap", count=2)
        chat.says("dois")
        chat.says("@hulk três", channel_id=TOWN)
        chat.says("quatro")
        await inbox.until(lambda: len(inbox.texts) == 4)
    assert sorted(inbox.texts) == ["dois", "quatro", "três", "um"]


async def test_events_that_come_twice_are_kept_once(chat: Chat) -> None:
    inbox = Inbox()
    async with bot(chat.twin) as made, made.listening(inbox):
        chat.does("twice", count=3)
        for number in range(4):
            chat.says(f"{number}")
        await inbox.until(lambda: len(inbox.texts) == 4)
    assert inbox.texts == ["0", "1", "2", "3"]


async def test_a_process_that_dies_anywhere_loses_nothing(chat: Chat) -> None:
    """Whatever mark was kept last, what was said since is heard from there; the inbox tells what it has already."""
    inbox = Inbox()
    async with bot(chat.twin) as made, made.listening(inbox):
        for number in range(5):
            chat.says(f"{number}")
            chat.says(f"@hulk {number}!", channel_id=TOWN)
        await inbox.until(lambda: len(inbox.texts) == 10)
    whole = set(inbox.texts)
    for mark in inbox.marks:
        chat.does("cut", forget=True)
        again = Inbox(kept={one.key: one for one in inbox.kept.values() if one.key not in _after(inbox, mark)}, mark=mark)
        async with bot(chat.twin) as made, made.listening(again):
            await again.until(lambda again=again: set(again.texts) == whole)  # type: ignore[misc]  # bound here


def _after(inbox: Inbox, mark: str) -> set[str]:
    """What came after that mark was kept: a mark names all that it is beyond of."""
    return {one.key for one in inbox.kept.values() if one.id not in mark}


async def test_what_could_not_be_kept_is_heard_again(chat: Chat) -> None:
    inbox = Inbox()
    async with bot(chat.twin) as made, made.listening(inbox):
        inbox.away = 3
        chat.says("um")
        chat.says("dois")
        await inbox.until(lambda: len(inbox.texts) == 2)
    assert inbox.texts == ["um", "dois"]


async def test_more_than_a_page_is_caught_up_with_in_order(chat: Chat) -> None:
    inbox = Inbox()
    async with bot(chat.twin) as made:
        async with made.listening(inbox):
            chat.says("primeiro")
            await inbox.until(lambda: len(inbox.texts) == 1)
        chat.does("cut", forget=True)
        wanted = [f"{number}" for number in range(450)]
        for text in wanted:
            chat.says(text)
        async with made.listening(inbox):
            await inbox.until(lambda: len(inbox.texts) == 451)
    assert inbox.texts == ["primeiro", *wanted]


async def test_who_dies_while_it_catches_up_goes_on_with_that(chat: Chat) -> None:
    """The line that it heard by then could be taken up, and tells nothing of what was missed before it."""
    inbox = Inbox()
    async with bot(chat.twin) as made:
        async with made.listening(inbox):
            chat.says("primeiro")
            await inbox.until(lambda: len(inbox.texts) == 1)
        chat.does("cut", forget=True)
        for number in range(450):
            chat.says(f"{number}")
        inbox.marks.clear()
        async with made.listening(inbox):
            await inbox.until(lambda: len(inbox.texts) == 451)
        begun = inbox.marks[0]
        again = Inbox(mark=begun)
        async with made.listening(again):
            await again.until(lambda: "449" in again.texts)
    assert again.texts[-250:] == [f"{number}" for number in range(200, 450)]


async def test_a_post_that_was_removed_for_good_hides_none_after_it(chat: Chat) -> None:
    inbox = Inbox()
    async with bot(chat.twin) as made:
        async with made.listening(inbox):
            post = chat.says("um")
            await inbox.until(lambda: len(inbox.texts) == 1)
        chat.does("cut", forget=True)
        chat.says("dois")
        chat.twin.be(gone=[post])
        async with made.listening(inbox):
            await inbox.until(lambda: len(inbox.texts) == 2)
    assert inbox.texts == ["um", "dois"]


async def test_a_bot_that_is_not_known_any_more_says_so(chat: Chat) -> None:
    inbox = Inbox()
    async with bot(chat.twin, known="revoked") as made:
        with pytest.raises(Unauthenticated, match="give it a new token"):
            await made.listens.listen(inbox.heard, "", inbox.marked)
