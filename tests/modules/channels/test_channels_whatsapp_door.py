"""Whose calls are taken: Meta's, and nobody else's."""

import hmac
import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from hulk.modules.channels.adapters.whatsapp import WhatsAppDoor
from hulk.modules.channels.ports import Refusal, Request
from support.twins.whatsapp.payloads import APP_SECRET, BODIES, NUMBER, VERIFY_TOKEN, message, value, webhook

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAME = "x-hub-signature-256"
FORGED = 4_000


def door(secret: str = APP_SECRET, verify: str = VERIFY_TOKEN) -> WhatsAppDoor:
    return WhatsAppDoor(NUMBER, lambda: secret, lambda: verify)


def signed(body: bytes, secret: str = APP_SECRET) -> bytes:
    return b"sha256=" + hmac.digest(secret.encode(), body, "sha256").hex().encode()


def posted(body: bytes, *signatures: bytes, method: str = "POST") -> Request:
    return Request(method, {NAME: signatures} if signatures else {}, {}, body, NOW)


def asked(**query: Any) -> Request:
    said: Mapping[str, tuple[str, ...]] = {f"hub.{name}": one if isinstance(one, tuple) else (one,) for name, one in query.items()}
    return Request("GET", {}, said, b"", NOW)


def body_of(kind: str = "text") -> bytes:
    return json.dumps(webhook(value(messages=[message(kind)])), ensure_ascii=False).encode()


async def refused(request: Request, **secrets: str) -> int:
    with pytest.raises(Refusal) as refusal:
        await door(**secrets).accept(request)
    return refusal.value.status


@pytest.mark.parametrize("kind", BODIES)
async def test_what_meta_signed_is_taken(kind: str) -> None:
    accepted = await door().accept(posted(body_of(kind), signed(body_of(kind))))
    assert (accepted.status, len(accepted.arrivals)) == (200, 1)


async def test_a_body_with_escapes_signed_as_it_came_is_taken() -> None:
    body = json.dumps(webhook(value(messages=[message("text", text={"body": "ação 🌷 שלום\ud83d"})]))).encode()
    [found] = (await door().accept(posted(body, signed(body)))).arrivals
    assert found.text == "ação 🌷 שלום\ufffd"


@pytest.mark.parametrize(
    ("signatures", "status"),
    [
        pytest.param((), 401, id="none"),
        pytest.param((b"",), 401, id="empty"),
        pytest.param((signed(body_of()).removeprefix(b"sha256="),), 401, id="without its prefix"),
        pytest.param((signed(body_of()).replace(b"sha256", b"SHA256"),), 401, id="prefix in capitals"),
        pytest.param((signed(body_of()).replace(b"sha256", b"sha1"),), 401, id="another prefix"),
        pytest.param((signed(body_of()).upper(),), 401, id="digits in capitals"),
        pytest.param((signed(body_of()) + b" ",), 401, id="a space after"),
        pytest.param((signed(body_of())[:-1],), 401, id="a digit too few"),
        pytest.param((signed(body_of()), signed(body_of())), 401, id="twice"),
        pytest.param((b"sha256=" + "é".encode() * 32,), 401, id="not ASCII"),
        pytest.param((b"sha256=" + b"\xff" * 64,), 401, id="no text"),
        pytest.param((signed(body_of(), "another app's secret"),), 401, id="another app's"),
        pytest.param((signed(body_of(), ""),), 401, id="by no secret"),
        pytest.param((signed(body_of("image")),), 401, id="of another body"),
    ],
)
async def test_what_is_not_signed_rightly_is_refused(signatures: tuple[bytes, ...], status: int) -> None:
    assert await refused(posted(body_of(), *signatures)) == status


async def test_without_a_secret_nothing_is_taken_not_even_what_is_signed_with_none() -> None:
    assert await refused(posted(body_of(), signed(body_of(), "")), secret="") == 401
    assert await refused(asked(mode="subscribe", verify_token="", challenge="1"), verify="") == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_other_methods_are_refused(method: str) -> None:
    assert await refused(posted(body_of(), signed(body_of()), method=method)) == 405


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 5_000, b"9" * 5_000, b"{}{}"],
    ids=["nothing", "half", "no text", "deep", "deep objects", "digits", "two"],
)
async def test_what_is_signed_but_no_json_is_refused(body: bytes) -> None:
    assert await refused(posted(body, signed(body))) == 400


async def test_four_megabytes_are_taken() -> None:
    body = json.dumps(webhook(value(messages=[message("text", text={"body": "x" * 4_000_000})]))).encode()
    [found] = (await door().accept(posted(body, signed(body)))).arrivals
    assert len(found.text) == 4_000_000


async def test_the_challenge_is_echoed_as_text() -> None:
    accepted = await door().accept(asked(mode="subscribe", verify_token=VERIFY_TOKEN, challenge="1158201444"))
    assert (accepted.status, accepted.body, accepted.media_type) == (200, b"1158201444", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"mode": "subscribe", "challenge": "1"}, id="no token"),
        pytest.param({"mode": "subscribe", "verify_token": VERIFY_TOKEN}, id="no challenge"),
        pytest.param({"mode": "unsubscribe", "verify_token": VERIFY_TOKEN, "challenge": "1"}, id="another mode"),
        pytest.param({"mode": "subscribe", "verify_token": "no", "challenge": "1"}, id="another token"),
        pytest.param({"mode": "subscribe", "verify_token": "ação\ud83d", "challenge": "1"}, id="not ASCII"),
        pytest.param({"mode": "subscribe", "verify_token": (VERIFY_TOKEN, "no"), "challenge": "1"}, id="two tokens"),
        pytest.param({"mode": "subscribe", "verify_token": VERIFY_TOKEN, "challenge": "x" * 5000}, id="a long challenge"),
        pytest.param({"mode": "subscribe", "verify_token": VERIFY_TOKEN, "challenge": "1\r\n"}, id="two lines"),
    ],
)
async def test_who_does_not_know_the_verify_token_is_refused(query: dict[str, Any]) -> None:
    assert await refused(asked(**query)) == 403


def _flipped(rng: random.Random, data: bytes) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :]


def _cut(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def _grown(rng: random.Random, data: bytes) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.randbytes(rng.randint(1, 4)) + data[place:]


def _swapped(rng: random.Random, data: bytes) -> bytes:
    first, second = sorted(rng.sample(range(len(data)), 2))
    return data[:first] + data[second:] + data[first:second]


CHANGES: tuple[Callable[[random.Random, bytes], bytes], ...] = (_flipped, _cut, _grown, _swapped)


async def answered(ours: WhatsAppDoor, request: Request) -> int:
    try:
        return (await ours.accept(request)).status
    except Refusal as refusal:
        return refusal.status


def forged(rng: random.Random) -> Request:
    """A request of Meta's, changed so that it is not any more: its body, its signature or both."""
    body = body_of(rng.choice([*BODIES]))
    good, change = signed(body), rng.choice(CHANGES)
    bodies, signatures = [body, change(rng, body)], [good, change(rng, good), rng.randbytes(71), signed(body, str(rng.random()))]
    while True:
        sent, signature = rng.choice(bodies), rng.choice(signatures)
        if (sent, signature) != (body, good) and signature != signed(sent):
            return posted(sent, *([signature] if rng.random() < 0.9 else rng.choice([[], [good, signature], [signature, good]])))


@pytest.mark.parametrize("seed", range(4))
async def test_of_thousands_of_forged_calls_none_is_taken_and_all_are_refused(seed: int) -> None:
    rng, ours = random.Random(seed), door()
    for _ in range(FORGED):
        with pytest.raises(Refusal):
            await ours.accept(forged(rng))


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_meta_might_sign_is_taken_or_refused_and_never_breaks(seed: int) -> None:
    rng, ours = random.Random(seed), door()
    for _ in range(1_000):
        body = body_of(rng.choice([*BODIES]))
        for _ in range(rng.randint(1, 6)):
            body = rng.choice(CHANGES)(rng, body) + b" \n"
        assert await answered(ours, posted(body, signed(body))) in (200, 400)
