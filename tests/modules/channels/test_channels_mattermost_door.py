"""Slash commands and buttons of Mattermost come in, and nothing else does."""

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from hulk.modules.channels.ports import Refusal, Request
from support.mattermost import BUTTONS, COMMAND_TOKEN, HOOK, Bot, Chat, bot, message, request
from support.twins.systems import System, system
from support.twins.systems.mattermost import ANA, BOT, BRUNO, DIRECT, TOWN, made_id

FORM = "application/x-www-form-urlencoded"


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


def commanded(text: str = "Quantos pedidos?", **more: str) -> Request:
    """As the server sends a slash command."""
    told = {
        "channel_id": TOWN, "channel_name": "town-square", "command": "/hulk", "team_domain": "loja", "text": text, "token": COMMAND_TOKEN,
        "response_url": f"https://chat.example.com/hooks/commands/{made_id('hook')}", "trigger_id": "dHJpZ2dlcg==", "user_id": ANA,
        "user_name": "ana", **more,
    }  # fmt: skip
    return request(urlencode(told).encode(), authorization=f"Token {COMMAND_TOKEN}", content_type=FORM)


async def pressed(chat: Chat, made: Bot, *, address: str = DIRECT, place: int = 0, user: str = ANA) -> dict[str, Any]:
    """What the server sends when somebody presses a button that we made."""
    sent = await made.line.send(message(address, buttons=BUTTONS, id=f"msg_{len(chat.ours())}"), [])
    told = chat.does("press", post=sent.id, place=place, user=user)
    assert told["url"] == HOOK
    return dict(told["body"])


def asked(body: Any) -> Request:
    """As the server sends it."""
    return request(json.dumps(body).encode(), content_type="application/json")


async def test_a_slash_command_is_a_message_that_is_acknowledged_at_once(chat: Chat) -> None:
    async with bot(chat.twin) as made:
        accepted = await made.door.accept(commanded("Quantos pedidos houve ontem? 👋 שלום"))
    [said] = accepted.arrivals
    assert (said.kind, said.text, said.address, said.group) == ("message", "Quantos pedidos houve ontem? 👋 שלום", f"{TOWN}@{ANA}", False)
    assert (said.sender.id, said.sender.email) == (ANA, "ana@example.com")
    assert said.reply["response"] == f"/hooks/commands/{made_id('hook')}"
    assert accepted.status == 200
    assert json.loads(accepted.body)["response_type"] == "ephemeral"


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        pytest.param("link K3M9-77QD", "/link K3M9-77QD", id="a code"),
        pytest.param("  ajuda ", "/ajuda", id="help"),
        pytest.param("", "/help", id="nothing"),
        pytest.param("pessoa física paga quanto?", "pessoa física paga quanto?", id="a question that begins like a command"),
        pytest.param("link", "link", id="a command that lacks something"),
        pytest.param("vendas", "vendas", id="a question"),
    ],
)
async def test_commands_to_hulk_itself_come_after_its_own(chat: Chat, text: str, heard: str) -> None:
    async with bot(chat.twin) as made:
        [said] = (await made.door.accept(commanded(text))).arrivals
    assert said.text == heard


async def test_a_command_where_it_is_alone_with_the_bot_is_of_that_conversation(chat: Chat) -> None:
    async with bot(chat.twin) as made:
        [said] = (await made.door.accept(commanded(channel_id=DIRECT, channel_name=f"{ANA}__{BOT}"))).arrivals
    assert said.address == DIRECT


async def test_only_a_path_of_the_server_itself_is_answered_at(chat: Chat) -> None:
    async with bot(chat.twin) as made:
        [ours] = (await made.door.accept(commanded(response_url=f"http://169.254.169.254/hooks/commands/{made_id('hook')}"))).arrivals
        [none] = (await made.door.accept(commanded(response_url="http://169.254.169.254/latest/meta-data"))).arrivals
    assert ours.reply["response"] == f"/hooks/commands/{made_id('hook')}"
    assert none.reply == {}


@pytest.mark.parametrize("blocks", ["true", "false"])
async def test_a_button_that_is_pressed_says_who_pressed_it_and_where(chat: Chat, blocks: str) -> None:
    chat.twin.be(config={"FeatureFlagMmBlocksEnabled": blocks})
    root = chat.says("@hulk?", channel_id=TOWN)
    async with bot(chat.twin) as made:
        body = await pressed(chat, made, address=f"{TOWN}:{root}", place=1)
        accepted = await made.door.accept(asked(body))
        again = await made.door.accept(asked(body))
    [one] = accepted.arrivals
    assert (one.kind, one.pressed, one.address, one.sender.id, one.about) == ("press", "b.data", f"{TOWN}:{root}", ANA, body["post_id"])
    assert again.arrivals[0].key == one.key
    assert json.loads(accepted.body) == {}


async def test_two_presses_of_one_button_are_two(chat: Chat) -> None:
    async with bot(chat.twin) as made:
        body = await pressed(chat, made)
        keys = [(await made.door.accept(asked(body | {"trigger_id": chat.does("trigger")}))).arrivals[0].key for _ in range(2)]
    assert len({*keys}) == 2


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        pytest.param({"user_id": BRUNO}, 401, id="in the name of another"),
        pytest.param({"channel_id": TOWN}, 401, id="in another channel"),
        pytest.param({"trigger_id": ""}, 401, id="nothing of the server's"),
        pytest.param({"trigger_id": "é"}, 401, id="no base 64"),
        pytest.param({"trigger_id": base64.b64encode(b"a:b:1:AAAA").decode()}, 401, id="not signed"),
        pytest.param({"context": {}}, 400, id="no context"),
        pytest.param({"context": None}, 400, id="none at all"),
        pytest.param({"user_id": "../me"}, 400, id="no user"),
    ],
)
async def test_a_press_that_is_not_the_servers_is_refused(chat: Chat, changed: dict[str, Any], status: int) -> None:
    async with bot(chat.twin) as made:
        body = await pressed(chat, made)
        with pytest.raises(Refusal) as refused:
            await made.door.accept(asked(body | changed))
    assert refused.value.status == status


@pytest.mark.parametrize("field", ["data", "address", "message", "mac"])
async def test_what_a_button_carries_cannot_be_changed(chat: Chat, field: str) -> None:
    async with bot(chat.twin) as made:
        body = await pressed(chat, made)
        for other in ("a.other", "é", "", f"{DIRECT}:{made_id('root')}"):
            with pytest.raises(Refusal):
                await made.door.accept(asked(body | {"context": body["context"] | {field: other}}))


async def test_what_the_server_signed_is_taken_as_it_is_written(chat: Chat) -> None:
    """Base 64 can be written in several ways: a press that is written in another is none, or it would be another press."""
    async with bot(chat.twin) as made:
        body = await pressed(chat, made)
        said, _, signature = base64.b64decode(body["trigger_id"]).rpartition(b":")
        bare = signature.rstrip(b"=")
        other = base64.b64encode(said + b":" + bare[:-1] + bytes([bare[-1] + 1]) + signature[len(bare) :]).decode()
        for trigger in (other, body["trigger_id"] + "\n", f" {body['trigger_id']}", body["trigger_id"].rstrip("=") + "==="):
            if trigger != body["trigger_id"]:
                with pytest.raises(Refusal):
                    await made.door.accept(asked(body | {"trigger_id": trigger}))


async def test_a_press_of_long_ago_is_refused(chat: Chat) -> None:
    async with bot(chat.twin) as made:
        body = await pressed(chat, made)
        with pytest.raises(Refusal):
            await made.door.accept(asked(body | {"trigger_id": chat.does("trigger", ago=301)}))


async def test_a_server_that_signs_nothing_leaves_the_proof_to_us(chat: Chat) -> None:
    chat.twin.be(config={"AsymmetricSigningPublicKey": ""})
    async with bot(chat.twin) as made:
        body = await pressed(chat, made)
        assert (await made.door.accept(asked(body | {"trigger_id": ""}))).arrivals


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda one: replace(one, headers={**one.headers, "authorization": ()}), id="no header"),
        pytest.param(lambda one: replace(one, headers={**one.headers, "authorization": one.headers["authorization"] * 2}), id="twice"),
        pytest.param(lambda one: replace(one, headers={**one.headers, "authorization": (COMMAND_TOKEN.encode(),)}), id="no prefix"),
        pytest.param(lambda one: replace(one, headers={**one.headers, "authorization": (b"token " + COMMAND_TOKEN.encode(),)}), id="case"),
        pytest.param(lambda one: replace(one, headers={**one.headers, "authorization": ("Token é".encode(),)}), id="not ASCII"),
        pytest.param(lambda one: replace(one, headers={**one.headers, "authorization": (b"Token ",)}), id="empty"),
        pytest.param(lambda one: replace(one, body=one.body.replace(b"token=", b"tokem=")), id="no token in the form"),
        pytest.param(lambda one: replace(one, body=one.body + b"&token=x"), id="two tokens in the form"),
        pytest.param(lambda one: replace(one, body=one.body.replace(b"token=c", b"token=d")), id="another token in the form"),
        pytest.param(lambda one: replace(one, body=b"\xff=\xff&" + one.body), id="no UTF-8"),
        pytest.param(lambda one: replace(one, body=b"&".join([b"a=b"] * 200) + b"&" + one.body), id="many fields"),
        pytest.param(lambda one: replace(one, body=one.body + b"&x=" + b"y" * 4_000_000), id="4 MB"),
        pytest.param(lambda one: replace(one, method="GET"), id="GET"),
        pytest.param(lambda one: replace(one, body=one.body.replace(b"user_id=", b"user_ie=")), id="no user"),
    ],
)
async def test_a_command_that_is_not_the_servers_is_refused(chat: Chat, wrong: Any) -> None:
    async with bot(chat.twin) as made:
        with pytest.raises(Refusal):
            await made.door.accept(wrong(commanded()))


async def test_without_a_token_no_command_is_taken(chat: Chat) -> None:
    async with bot(chat.twin) as made:
        door = replace(made.door, command_token=lambda: "")
        for header in ("Token ", "Token", ""):
            with pytest.raises(Refusal):
                await door.accept(request(urlencode({"token": ""}).encode(), authorization=header, content_type=FORM))


async def test_of_thousands_of_requests_that_somebody_changed_none_comes_in(chat: Chat) -> None:
    """Flipped, cut, doubled and swapped bytes in what is proved; what does not matter (`user_name`) is left alone."""
    chance, accepted = random.Random(20261122), 0
    async with bot(chat.twin) as made:
        body = await pressed(chat, made)
        proved = {name: body[name] for name in ("user_id", "channel_id", "trigger_id", "context")}
        for _ in range(2_000):
            accepted += await _taken(made, asked(_forged_press(proved, chance)))
            accepted += await _taken(made, _forged_command(chance))
    assert accepted == 0


async def _taken(made: Bot, forged: Request) -> bool:
    try:
        return bool((await made.door.accept(forged)).arrivals)
    except Refusal:
        return False


def _forged_press(proved: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    body = json.loads(json.dumps(proved))
    within = body if (name := chance.choice([*body])) != "context" else body["context"]
    name = name if within is body else chance.choice([*within])
    within[name] = _changed(within[name], chance)
    return dict(body)


def _forged_command(chance: random.Random) -> Request:
    forged, token = commanded(), _changed(COMMAND_TOKEN, chance)
    if chance.random() < 0.5:
        return replace(forged, headers={**forged.headers, "authorization": (f"Token {token}".encode(),)})
    return commanded(token=token)


def _changed(text: str, chance: random.Random) -> str:
    """Another text."""
    place = chance.randrange(len(text))
    other = chance.choice([
        text[:place] + chr(ord(text[place]) ^ (1 << chance.randrange(5))) + text[place + 1 :], text[:place], text + chance.choice("aé \0"),
        text[:place] + text[place] + text[place:], text[::-1], text.upper(), "",
    ])  # fmt: skip
    return other if other != text else text + "x"
