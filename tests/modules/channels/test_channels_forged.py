"""Nobody is let in who is not the vendor: many forged requests at each door."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp.test_utils import TestServer

from hulk.modules.channels.adapters.alexa import AlexaDoor, certificates
from hulk.modules.channels.adapters.alexa.door import LEEWAY
from hulk.modules.channels.adapters.webhook import LEEWAY_SECONDS, WebhookDoor, key_of, signature
from hulk.modules.channels.ports import Request
from hulk.runtime.language import voice
from support.alexa_cases import amazon
from support.forgeries import Target, campaign, changes
from support.twins.alexa import SKILL, Host, said, written

NOW = datetime.now(UTC).replace(microsecond=0)
KINDS = ("webhook", "alexa")
SECRETS = ("a-secret-of-this-webhook-here", "a-secret-of-another-webhook-x")


def signed_webhook(secret: str) -> Request:
    """A request with that secret."""
    body = json.dumps({"text": "Quantos pedidos houve ontem?", "sender": {"id": "ana"}}).encode()
    at = str(int(NOW.timestamp())).encode()
    proofs = {"id": b"msg_1", "timestamp": at, "signature": signature(key_of(secret), b"msg_1", at, body)}
    return Request("POST", {f"webhook-{name}": (value,) for name, value in proofs.items()}, {}, body, NOW)


def signed_skill(skill: str) -> Request:
    """A request for that skill."""
    body = written(said("Quantos pedidos houve ontem?", at=NOW, skill=skill))
    return Request("POST", {name: (value,) for name, value in amazon().headers(body).items()}, {}, body, NOW)


def host_in_capitals(request: Request) -> bool:
    """Scheme and host of an address may be written in any letters (RFC 3986, 3.1 and 3.2.2); all else is as it was."""
    valid, name = signed_skill(SKILL), "signaturecertchainurl"
    address, written_ = valid.headers[name][0], request.headers.get(name, ())
    host = address.index(b"/echo.api")
    same = len(written_) == 1 and written_[0][:host].lower() == address[:host] and written_[0][host:] == address[host:]
    rest = {**request.headers, name: valid.headers[name]} == dict(valid.headers)
    return same and rest and request.body == valid.body and request.at == valid.at


def a_signature_more(request: Request) -> bool:
    """Several signatures may stand there, of which one must be right; those of other kinds are passed over (Standard Webhooks 1.0.0)."""
    valid, name = signed_webhook(SECRETS[0]), "webhook-signature"
    written_ = request.headers.get(name, ())
    more = len(written_) == 1 and valid.headers[name][0] in written_[0].split(b" ")
    return (
        more and {**request.headers, name: valid.headers[name]} == dict(valid.headers) and (request.body, request.at) == (valid.body, NOW)
    )


@pytest.fixture
async def target(kind: str) -> AsyncIterator[Target]:
    async with AsyncExitStack() as stack:
        if kind == "webhook":
            yield Target(
                "webhook", WebhookDoor(lambda: SECRETS[0]), lambda: signed_webhook(SECRETS[0]),
                ("webhook-id", "webhook-timestamp", "webhook-signature"), timedelta(seconds=LEEWAY_SECONDS), [signed_webhook(SECRETS[1])],
                same=a_signature_more,
            )  # fmt: skip
            return
        server = await stack.enter_async_context(TestServer(Host(amazon()).application()))
        known = await stack.enter_async_context(certificates(f"http://127.0.0.1:{server.port}", [amazon().root.certificate]))
        yield Target(
            "alexa", AlexaDoor(SKILL, known, voice), lambda: signed_skill(SKILL), ("signaturecertchainurl", "signature-256"), LEEWAY,
            [signed_skill(SKILL + "0")], same=host_in_capitals,
        )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_of_thousands_of_forged_requests_none_is_taken_and_none_breaks_anything(target: Target) -> None:
    tally = await campaign(target, seed=20261122, count=6_000)
    assert (tally.wrong, tally.refused) == (None, tally.tried)
    assert tally.tried > 5_000


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
async def test_of_a_million_forged_requests_none_is_taken(target: Target) -> None:
    tally = await campaign(target, seed=int(NOW.timestamp()), count=1_000_000)
    print(f"{target.name}: {tally.tried} forged requests, {tally.seconds:.0f} s of CPU")
    assert (tally.wrong, tally.refused) == (None, tally.tried)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_campaign_tries_each_way_to_forge(target: Target) -> None:
    assert len(changes(target)) >= 19
