"""Nobody but Telegram gets in: requests that were tampered with, by a table and by thousands that are drawn; and nothing starts that could
not tell."""

import json
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hulk.kernel.errors import Refused
from hulk.modules.channels.adapters.telegram import TelegramDoor
from hulk.modules.channels.adapters.telegram.api import bot
from hulk.modules.channels.adapters.telegram.door import HEADER, proof
from hulk.modules.channels.ports import Open, Refusal, Request
from hulk.modules.channels.settings import ChannelsSettings
from hulk.modules.channels.wiring.around import Around
from hulk.modules.channels.wiring.kinds import opened
from support.ports import free_port
from support.twins.telegram import TOKEN, telegram_twin, updates

SECRET = "kQ3_-" * 8
NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
BODY = json.dumps({"update_id": 5, **updates.message("Olá")}).encode()
TRIES = 5_000


def request(secret: bytes | None = SECRET.encode(), *, body: bytes = BODY, method: str = "POST", **query: str) -> Request:
    headers = {} if secret is None else {HEADER: (secret,)}
    return Request(method, headers, {name: (value,) for name, value in query.items()}, body, NOW)


@pytest.fixture
async def door() -> AsyncIterator[TelegramDoor]:
    async with bot(f"http://127.0.0.1:{free_port()}", "telegram", lambda: TOKEN) as made:
        yield TelegramDoor(made, lambda: SECRET)


async def test_what_telegram_brings_is_accepted(door: TelegramDoor) -> None:
    accepted = await door.accept(request())
    assert [(one.text, one.key) for one in accepted.arrivals] == [("Olá", "4242:5")]


@pytest.mark.parametrize(
    "tampered",
    [
        pytest.param(request(None), id="no secret"),
        pytest.param(request(b""), id="an empty one"),
        pytest.param(request(SECRET[:-1].encode()), id="one letter less"),
        pytest.param(request(SECRET.encode() + b"a"), id="one letter more"),
        pytest.param(request(SECRET.lower().encode()), id="small letters"),
        pytest.param(request(SECRET.encode() + b" "), id="a space behind"),
        pytest.param(request(b"Bearer " + SECRET.encode()), id="a word before"),
        pytest.param(request("kQ3_ー".encode() * 8), id="not ASCII"),
        pytest.param(request(b"\xff" * 40), id="no text"),
        pytest.param(request(TOKEN.encode()), id="the token"),
        pytest.param(replace(request(), headers={HEADER: (SECRET.encode(),) * 2}), id="twice"),
        pytest.param(replace(request(), headers={HEADER: (b"x", SECRET.encode())}), id="a wrong one before"),
        pytest.param(replace(request(), headers={"x-telegram-bot-api-secret": (SECRET.encode(),)}), id="under another name"),
        pytest.param(request(None, token=SECRET), id="in the address"),
        pytest.param(request(None, method="GET", challenge="0" * 32), id="a challenge without it"),
        pytest.param(request(method="PUT"), id="another method"),
    ],
)
async def test_what_telegram_does_not_bring_is_refused(door: TelegramDoor, tampered: Request) -> None:
    with pytest.raises(Refusal) as raised:
        await door.accept(tampered)
    assert raised.value.status in (401, 405)


async def test_of_thousands_of_forged_requests_none_is_accepted(door: TelegramDoor) -> None:
    chance = random.Random(20261122)
    for _ in range(TRIES):
        with pytest.raises(Refusal) as raised:
            await door.accept(_forged(chance))
        assert raised.value.status in (401, 405)


def _forged(chance: random.Random) -> Request:
    """A request of which something was changed, always the secret too."""
    secret = bytearray(SECRET.encode())
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(secret) + 1)
        match chance.randrange(3):
            case 0 if place < len(secret):
                secret[place] ^= 1 << chance.randrange(8)
            case 1 if place < len(secret):
                del secret[place]
            case _:
                secret.insert(place, chance.randrange(256))
    values = chance.choice([(), (bytes(secret),), (bytes(secret), SECRET.encode())])
    body = chance.choice([BODY, BODY[: chance.randrange(len(BODY))], chance.randbytes(40), b"[" * 5000])
    if bytes(secret) == SECRET.encode():
        values = ()
    return Request(chance.choice(["POST", "GET", "HEAD"]), {HEADER: values}, {"challenge": ("0" * 32,)}, body, NOW)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"1", b'"x"', b"[" * 100_000, b"\xff\xfe", b"{}", b'{"update_id": 1.5}', b'{"update_id": "1"}'],
)
async def test_a_body_that_is_no_update_is_refused_although_the_secret_is_right(door: TelegramDoor, body: bytes) -> None:
    with pytest.raises(Refusal) as raised:
        await door.accept(request(body=body))
    assert raised.value.status == 400


async def test_four_megabytes_are_taken(door: TelegramDoor) -> None:
    body = json.dumps({"update_id": 1, **updates.message("a" * 4_000_000)}).encode()
    accepted = await door.accept(request(body=body))
    assert len(accepted.arrivals[0].text) == 4_000_000


async def test_halves_of_characters_are_made_whole(door: TelegramDoor) -> None:
    half = updates.message("a\ud800", by={**updates.ANA, "first_name": "\udc00"})
    accepted = await door.accept(request(body=json.dumps({"update_id": 1, **half}).encode()))
    assert accepted.arrivals[0].text == "a\ufffd"
    accepted.arrivals[0].sender.name.encode()


async def test_a_challenge_is_answered_by_who_has_the_secret(door: TelegramDoor) -> None:
    accepted = await door.accept(request(method="GET", challenge="a" * 32))
    assert accepted.body.decode() == proof(SECRET, "a" * 32)
    with pytest.raises(Refusal):
        await door.accept(request(method="GET", challenge="<script>"))


async def test_who_is_mentioned_is_not_guessed_while_our_name_is_not_known(door: TelegramDoor) -> None:
    body = json.dumps({"update_id": 1, **updates.message("@hulk_twin_bot oi", chat=updates.GROUP)}).encode()
    with pytest.raises(Refusal) as raised:
        await door.accept(request(body=body))
    assert raised.value.status == 503
    with telegram_twin() as twin:
        async with bot(twin.url, "telegram", lambda: TOKEN) as made:
            accepted = await TelegramDoor(made, lambda: SECRET).accept(request(body=body))
    assert accepted.arrivals[0].text == "oi"


# Starting ----------------------------------------------------------------------------------------------------------------------


async def _opened(base: str, /, **told: Any) -> tuple[Open, ...]:
    one = {"name": "telegram", "token": TOKEN, **told}
    settings = ChannelsSettings.model_validate({"telegram": [one]})
    given: Mapping[str, str] = {"telegram[0].token": str(one["token"]), "telegram[0].secret": str(one.get("secret", ""))}
    around = Around(follow=lambda place: lambda: given[place], zone="America/Sao_Paulo", url=base, clock=lambda: NOW)
    async with opened(settings, around) as found:
        return found


@pytest.mark.parametrize(
    ("told", "url", "says"),
    [
        pytest.param({}, "https://hulk.example.com", r"channels.telegram\[0\].secret", id="no secret"),
        pytest.param({"secret": "short"}, "https://hulk.example.com", "24 to 256", id="a short secret"),
        pytest.param({"secret": "ç" * 30}, "https://hulk.example.com", "24 to 256", id="a secret that Telegram does not take"),
        pytest.param({"token": "abc"}, "", r"channels.telegram\[0\].token", id="no token"),
        pytest.param({"token": "123:"}, "", r"channels.telegram\[0\].token", id="half a token"),
        pytest.param({"listen": "webhook", "secret": SECRET}, "", "listen to poll", id="no address to be called at"),
        pytest.param({"listen": "webhook", "secret": SECRET}, "http://hulk.example.com", "https", id="an address without TLS"),
        pytest.param({"listen": "webhook", "secret": SECRET}, "https://hulk.example.com:9000", "443", id="a port it does not call"),
    ],
)
async def test_nothing_starts_that_could_not_tell_who_calls(told: dict[str, Any], url: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        await _opened(url, **told)


@pytest.mark.parametrize(
    ("told", "url", "door"),
    [
        pytest.param({"secret": SECRET}, "https://hulk.example.com", True, id="called where it can be"),
        pytest.param({"secret": SECRET, "url": "https://bots.example.com:8443"}, "", True, id="called at an address of its own"),
        pytest.param({}, "", False, id="asking without an address"),
        pytest.param({}, "http://10.0.0.5:8080", False, id="asking behind an address of the company"),
        pytest.param({"listen": "poll"}, "https://hulk.example.com", False, id="asking because it was told to"),
    ],
)
async def test_telegram_calls_where_it_can_and_is_asked_else(told: dict[str, Any], url: str, door: bool) -> None:
    (found,) = await _opened(url, **told)
    assert (found.door is not None) is door
    assert found.listens is not None
