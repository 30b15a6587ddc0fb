"""A bot of Mattermost sends each message once, and says what it cannot know."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import Exhausted, Forbidden, HulkError, NotFound, Refused, TooLarge, Unauthenticated, Unavailable
from hulk.modules.channels.domain import Attached
from hulk.modules.channels.ports import Sent, Uncertain, Unknowable
from support.mattermost import BUTTONS, HOOK, Bot, Chat, bot, message, now
from support.twins.systems import System, system
from support.twins.systems.mattermost import ANA, DIRECT, TOWN, made_id

WHISPER = f"{TOWN}@{ANA}"


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


async def ready(made: Bot) -> Bot:
    """It knows the server: what goes wrong next is what is sent."""
    await made.server.me()
    await made.server.client()
    return made


async def test_a_message_goes_out_as_it_is_and_carries_its_id(chat: Chat) -> None:
    async with bot(chat.twin) as made:
        sent = await made.line.send(message(DIRECT, "**17** pedidos\n\n| a | b |\n|---|---|\n| `x` | 👍🏽 |"), [])
    [post] = chat.ours()
    assert (sent.id, post["message"]) == (post["id"], "**17** pedidos\n\n| a | b |\n|---|---|\n| `x` | 👍🏽 |")
    assert (post["props"]["hulk_idem"], post["root_id"]) == ("msg_1", "")


async def test_an_answer_stands_in_its_thread(chat: Chat) -> None:
    root = chat.says("@hulk vendas?", channel_id=TOWN)
    async with bot(chat.twin) as made:
        await made.line.send(message(f"{TOWN}:{root}"), [])
    [post] = chat.ours()
    assert (post["channel_id"], post["root_id"]) == (TOWN, root)


async def test_the_words_of_a_model_ring_at_nobody(chat: Chat) -> None:
    async with bot(chat.twin) as made:
        await made.line.send(message(DIRECT, "Avise @all, @Channel e @here; @ana também, e @hereford."), [])
    [post] = chat.ours()
    assert post["message"] == "Avise ＠all, ＠Channel e ＠here; @ana também, e @hereford."


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param("400", Refused, id="not taken"),
        pytest.param("401", Unauthenticated, id="not known any more"),
        pytest.param("403", Forbidden, id="not allowed"),
        pytest.param("404", NotFound, id="no such channel"),
        pytest.param("429 after 7", Exhausted, id="too many"),
        pytest.param("429", Exhausted, id="too many, by its own header"),
        pytest.param("500", Uncertain, id="it broke"),
        pytest.param("502 after all", Uncertain, id="a gateway in between"),
        pytest.param("503 after 7", Unavailable, id="not there now"),
        pytest.param("lost", Uncertain, id="taken, and no answer"),
        pytest.param("hung up", Uncertain, id="no answer"),
        pytest.param("html", Uncertain, id="a page of a proxy"),
        pytest.param("garbage", Uncertain, id="no JSON"),
        pytest.param("cut", Uncertain, id="half an answer"),
    ],
)
async def test_what_goes_wrong_is_told_apart(chat: Chat, fault: str, error: type[HulkError]) -> None:
    async with bot(chat.twin) as made:
        await ready(made)
        chat.twin.upset(fault)
        with pytest.raises(error) as raised:
            await made.line.send(message(DIRECT), [])
    assert type(raised.value) is error
    waits = {"429 after 7": 7.0, "429": 3.0, "503 after 7": 7.0}
    assert getattr(raised.value, "retry_after", None) == waits.get(fault)


@pytest.mark.parametrize("fault", ["lost", "502 after all", "500", "hung up"])
@pytest.mark.parametrize("address", [pytest.param(DIRECT, id="direct"), pytest.param("thread", id="thread")])
async def test_what_is_not_known_is_found_out_and_never_sent_twice(chat: Chat, fault: str, address: str) -> None:
    if address == "thread":
        address = f"{TOWN}:{chat.says('@hulk?', channel_id=TOWN)}"
    one = message(address)
    async with bot(chat.twin) as made:
        await ready(made)
        chat.twin.upset(fault)
        with pytest.raises(Uncertain):
            await made.line.send(one, [])
        found = await made.line.find(one)
        assert (found is not None) == (fault in ("lost", "502 after all"))
        again = await made.line.send(one, [])  # within half a minute the server tells that it has it
    [post] = chat.ours()
    assert again == Sent(post["id"])
    assert found in (None, again)


async def test_a_message_is_found_behind_many_others(chat: Chat) -> None:
    root = chat.says("@hulk?", channel_id=TOWN)
    one = message(f"{TOWN}:{root}")
    async with bot(chat.twin) as made:
        sent = await made.line.send(one, [])
        for number in range(250):
            chat.says(f"{number}", channel_id=TOWN, root_id=root)
        assert await made.line.find(one) == sent
        assert await made.line.find(message(f"{TOWN}:{root}", id="msg_2")) is None


async def test_a_message_is_found_behind_many_others_though_our_clock_was_ahead_when_it_was_made(chat: Chat) -> None:
    asked = chat.says("@hulk?", channel_id=TOWN)
    one = message(TOWN, about=asked, created=now() + timedelta(hours=6))
    async with bot(chat.twin) as made:
        sent = await made.line.send(one, [])
        for number in range(250):
            chat.says(f"{number}", channel_id=TOWN)
        assert await made.line.find(one) == sent


async def test_buttons_are_blocks_or_attachments_as_the_server_has_them(chat: Chat) -> None:
    for flag in ("true", "false"):
        chat.twin.be(config={"FeatureFlagMmBlocksEnabled": flag})
        async with bot(chat.twin) as made:
            await made.line.send(message(DIRECT, id=f"msg_{flag}", buttons=BUTTONS), [])
    blocks, older = (one["props"] for one in chat.ours())
    assert [one["text"] for one in blocks["mm_blocks"]] == ["👍 Bom", "👎 Ruim"]
    assert {one["action_id"] for one in blocks["mm_blocks"]} == {*blocks["mm_blocks_actions"]}
    assert "attachments" not in blocks
    assert [one["name"] for one in older["attachments"][0]["actions"]] == ["👍 Bom", "👎 Ruim"]
    assert all(one["integration"]["url"] == HOOK and one["id"].isalnum() for one in older["attachments"][0]["actions"])


async def test_without_an_address_to_be_called_at_there_are_no_buttons(chat: Chat) -> None:
    async with bot(chat.twin, hook="") as made:
        assert made.line.limits.buttons == 0
        await made.line.send(message(DIRECT, buttons=BUTTONS), [])
    [post] = chat.ours()
    assert {*post["props"]} == {"hulk_idem", "from_bot"}


async def test_files_go_along(chat: Chat, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a;b")
    async with bot(chat.twin) as made:
        await made.line.send(message(DIRECT), [("relatório.csv", path), ('b"\r\n.txt', path)])
        with pytest.raises(Refused, match="takes 10 files; this one has 11"):
            await made.line.send(message(DIRECT, id="msg_2"), [("b.txt", path)] * 11)
    [post] = chat.ours()
    assert [one["name"] for one in post["metadata"]["files"]] == ["relatório.csv", "b___.txt"]


@pytest.mark.parametrize("fault", ["500", "hung up"])
async def test_a_file_that_could_not_be_sent_leaves_the_message_unsent(chat: Chat, tmp_path: Path, fault: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a;b")
    async with bot(chat.twin) as made:
        await ready(made)
        chat.twin.upset(fault)
        with pytest.raises(Unavailable) as raised:
            await made.line.send(message(DIRECT), [("a.csv", path)])
    assert not isinstance(raised.value, Uncertain)
    assert not chat.ours()


async def test_a_file_that_is_larger_than_is_taken_is_not(chat: Chat, tmp_path: Path) -> None:
    post = chat.does("say", message="", file=("a.csv", "x" * 1000))
    async with bot(chat.twin) as made:
        with pytest.raises(TooLarge):
            await made.line.fetch(Attached(ref=post["file_ids"][0]), tmp_path / "got", 999)
        with pytest.raises(NotFound):
            await made.line.fetch(Attached(ref=made_id("none")), tmp_path / "got", 999)


async def test_limits_are_those_that_the_server_tells(chat: Chat) -> None:
    chat.twin.be(config={"MaxPostSize": "4000", "MaxFileSize": "1000"})
    async with bot(chat.twin) as made:
        assert made.line.limits.text == 16_383
        await made.server.client()
        assert (made.line.limits.text, made.line.limits.file) == (4000, 1000)
        await made.line.send(message(DIRECT, "ção " * 1000), [])
    assert len(chat.ours()[0]["message"]) == 4000


def answering(**more: Any) -> dict[str, Any]:
    """What a command brings along."""
    return {"response": f"/hooks/commands/{made_id('hook')}", "until": int((now() + timedelta(minutes=5)).timestamp()), **more}


async def test_a_command_is_answered_where_it_was_given_to_its_sender_only(chat: Chat) -> None:
    async with bot(chat.twin) as made:
        await made.line.send(message(WHISPER, "17", reply=answering(), buttons=BUTTONS), [])
    [one] = chat.does("responses")
    assert (one["body"]["response_type"], one["body"]["text"], len(one["body"]["props"]["mm_blocks"])) == ("ephemeral", "17", 2)
    assert not chat.ours()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(dict, id="nowhere to answer"),
        pytest.param(lambda: answering(until=1), id="too late"),
        pytest.param(answering, id="five"),
    ],
)
async def test_a_command_that_cannot_be_answered_there_is_answered_directly(chat: Chat, said: Callable[[], dict[str, Any]]) -> None:
    reply = said()
    async with bot(chat.twin) as made:
        if reply.get("until", 0) > 1:
            for number in range(5):
                await made.line.send(message(WHISPER, id=f"msg_{number}", reply=reply), [])
        await made.line.send(message(WHISPER, id="msg_last", reply=reply), [])
        found = await made.line.find(message(WHISPER, id="msg_last"))
    [post] = chat.ours()
    assert (post["channel_id"], post["id"]) == (DIRECT, found.id if found else None)


async def test_nobody_can_be_asked_for_what_only_one_person_saw(chat: Chat) -> None:
    one = message(WHISPER, reply=answering())
    async with bot(chat.twin) as made:
        await ready(made)
        chat.twin.upset("lost")
        with pytest.raises(Uncertain):
            await made.line.send(one, [])
        with pytest.raises(Unknowable):
            await made.line.find(one)


async def test_it_shows_that_it_works_on_it(chat: Chat) -> None:
    root = chat.says("@hulk?", channel_id=TOWN)
    async with bot(chat.twin) as made:
        await made.line.working(f"{TOWN}:{root}")
        await made.line.working(DIRECT)
        await made.line.working(WHISPER)
    assert [one["body"] for one in chat.asked("/users/me/typing")] == [{"channel_id": TOWN, "parent_id": root}, {"channel_id": DIRECT}]


async def test_a_check_proves_both_ways_and_bothers_nobody(chat: Chat) -> None:
    async with bot(chat.twin) as made:
        steps = (await made.line.check()).steps
    assert [str(text) for text, _ in steps] == [
        "It knows us as @hulk", "We are in 4 of its channels", "The line by which we hear it is open",
    ]  # fmt: skip
    assert not chat.does("posts")


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        pytest.param({"token": "another"}, Unauthenticated, "new token", id="the token was revoked"),
        pytest.param({"silent": True}, Unavailable, "websocket", id="no word by websocket", marks=pytest.mark.long),
    ],
)
async def test_a_check_says_what_is_wrong(chat: Chat, how: dict[str, Any], error: type[HulkError], said: str) -> None:
    chat.twin.be(**how)
    async with bot(chat.twin) as made:
        with pytest.raises(error, match=said):
            await made.line.check()


async def test_an_address_that_is_none_is_refused(chat: Chat) -> None:
    async with bot(chat.twin) as made:
        with pytest.raises(Refused, match="is no address in Mattermost"):
            await made.line.send(message("../../users/me"), [])
