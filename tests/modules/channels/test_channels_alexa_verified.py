"""Which requests of Alexa's are Amazon's."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hulk.modules.channels.adapters.alexa import AlexaDoor, certificates
from hulk.modules.channels.adapters.alexa.certificates import FRESH, MOST_FETCHES, Certificates
from hulk.modules.channels.ports import Accepted, Refusal, Request
from hulk.runtime.language import voice
from support.alexa_cases import EVERY, NOW, Case, amazon
from support.twins.alexa import ADDRESS, SKILL, Host, said, written

Take = Callable[[Case], Awaitable[Accepted]]


@asynccontextmanager
async def a_shelf(chains: dict[str, bytes]) -> AsyncIterator[Certificates]:
    """Certificates that are fetched from a server on which these chains lie."""

    async def chain(request: web.Request) -> web.Response:
        return web.Response(body=chains[request.path]) if request.path in chains else web.Response(status=404)

    application = web.Application()
    application.router.add_get("/{path:.*}", chain)
    async with TestServer(application) as server, certificates(f"http://127.0.0.1:{server.port}", [amazon().root.certificate]) as made:
        yield made


@asynccontextmanager
async def a_host() -> AsyncIterator[tuple[Certificates, Host]]:
    """Certificates that are fetched from the twin's host."""
    host = Host(amazon())
    async with (
        TestServer(host.application()) as server,
        certificates(f"http://127.0.0.1:{server.port}", [amazon().root.certificate]) as made,
    ):
        yield made, host


def request_of(case: Case, **headers: tuple[bytes, ...]) -> Request:
    given = {name: (value,) for name, value in case.headers.items()}
    return Request("POST", {**given, **{name.replace("_", "-"): value for name, value in headers.items()}}, {}, case.body, NOW)


def a_door(made: Certificates) -> AlexaDoor:
    return AlexaDoor(SKILL, made, voice)


GOOD = next(case for case in EVERY if case.name == "as it is")
CHAINS = GOOD.chains


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
async def test_only_what_amazon_signed_for_this_skill_now_is_taken(case: Case) -> None:
    async with a_shelf(case.chains) as made:
        if case.valid:
            await a_door(made).accept(request_of(case))
            return
        with pytest.raises(Refusal) as caught:
            await a_door(made).accept(request_of(case))
    assert caught.value.status in (400, 503)


def elsewhere(case: Case) -> bool:
    """Whether its certificate would lie anywhere but where Amazon's do."""
    address = case.headers.get("signaturecertchainurl", b"").lower()
    return not case.valid and not address.startswith((b"https://s3.amazonaws.com/echo.api/", b"https://s3.amazonaws.com:443/echo.api/"))


@pytest.mark.parametrize("case", [case for case in EVERY if elsewhere(case)], ids=lambda case: case.name)
async def test_an_address_that_is_not_amazons_makes_no_connection(case: Case) -> None:
    async with a_shelf(CHAINS) as made:
        with pytest.raises(Refusal):
            await a_door(made).accept(request_of(case))
        assert made.fetched == 0


@pytest.mark.parametrize(
    ("name", "values"),
    [
        pytest.param("signature_256", (GOOD.headers["signature-256"],) * 2, id="signature twice"),
        pytest.param("signaturecertchainurl", (ADDRESS.encode(),) * 2, id="address twice"),
        pytest.param("signature_256", ("ção€".encode(),), id="signature not ASCII"),
        pytest.param("signaturecertchainurl", ("https://s3.amazonaws.com/echo.api/çã".encode(),), id="address not ASCII"),
        pytest.param("signaturecertchainurl", (b"\xff\xfe",), id="address no text at all"),
        pytest.param("signature_256", (b"A" * 100_000,), id="signature of 100,000 characters"),
        pytest.param("signaturecertchainurl", (ADDRESS.encode() + b"a" * 100_000,), id="address of 100,000 characters"),
        pytest.param("signaturecertchainurl", (b"https://s3.amazonaws.com\\@127.0.0.1/echo.api/x",), id="a stroke the other way"),
        pytest.param("signaturecertchainurl", (b"https://s3.amazonaws.com/echo.api/\r\nHost: x",), id="a line more"),
    ],
)
async def test_odd_headers_are_refused(name: str, values: tuple[bytes, ...]) -> None:
    async with a_shelf(CHAINS) as made:
        with pytest.raises(Refusal):
            await a_door(made).accept(request_of(GOOD, **{name: values}))
        assert made.fetched == 0


async def test_a_chain_is_fetched_once_for_many_requests_also_at_once() -> None:
    async with a_shelf(CHAINS) as made:
        door = a_door(made)
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(door.accept(request_of(GOOD)))
        assert made.fetched == 1


async def test_a_chain_that_is_over_by_now_is_not_believed_though_it_is_kept() -> None:
    async with a_shelf(CHAINS) as made:
        await made.signer("/echo.api/echo-api-cert-12.pem", NOW)
        with pytest.raises(Refusal):
            await made.signer("/echo.api/echo-api-cert-12.pem", NOW + timedelta(days=301))
        assert made.fetched == 2


async def test_nobody_can_have_many_certificates_fetched() -> None:
    async with a_host() as (made, host):
        for number in range(3 * MOST_FETCHES):
            with pytest.raises(Refusal):
                await made.signer(f"/echo.api/{number}.pem", NOW)
        assert len(host.asked) == MOST_FETCHES
        await made.signer("/echo.api/echo-api-cert-12.pem", NOW + timedelta(minutes=2))


async def test_a_chain_that_still_holds_is_believed_while_it_cannot_be_fetched_anew() -> None:
    """Because others have too much fetched, or the host is away."""
    path, later = "/echo.api/echo-api-cert-12.pem", NOW + FRESH + timedelta(minutes=1)
    async with a_host() as (made, _):
        found = await made.signer(path, NOW)
        for number in range(MOST_FETCHES):
            with pytest.raises(Refusal):
                await made.signer(f"/echo.api/{number}.pem", later)
        assert await made.signer(path, later) == found
        made.base = "http://127.0.0.1:9"
        assert await made.signer(path, later + timedelta(minutes=2)) == found


@pytest.mark.parametrize(
    ("file", "status"),
    [("large.pem", 400), ("moved.pem", 400), ("none.pem", 400), ("broken.pem", 503), ("missing.pem", 400)],
)
async def test_a_chain_that_cannot_be_had_is_refused_and_nothing_else_is_followed(file: str, status: int) -> None:
    async with a_host() as (made, host):
        with pytest.raises(Refusal) as caught:
            await made.signer(f"/echo.api/{file}", NOW)
    assert (caught.value.status, host.asked) == (status, [f"/echo.api/{file}"])


async def test_where_nobody_serves_certificates_amazon_may_try_again() -> None:
    async with certificates("http://127.0.0.1:9", [amazon().root.certificate]) as made:
        with pytest.raises(Refusal) as caught:
            await a_door(made).accept(request_of(GOOD))
    assert caught.value.status == 503


def mutated(chance: random.Random, case: Case) -> Request:
    """The request with one thing that is not as Amazon sent it."""
    body, headers = bytearray(case.body), {name: [value] for name, value in case.headers.items()}
    name = chance.choice(["signature-256", "signaturecertchainurl"])
    match chance.randrange(7):
        case 0:
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        case 1:
            changed = bytearray(headers["signature-256"][0])
            place = chance.randrange(len(changed) - 4)  # the last bits of base 64 may mean nothing
            changed[place] ^= 1 << chance.randrange(8)
            headers["signature-256"] = [bytes(changed)]
        case 2:
            del headers[name]
        case 3:
            headers[name] *= 2
        case 4:
            headers[name] = [bytes(chance.randrange(256) for _ in range(chance.randrange(80)))]
        case 5:
            headers[name] = [headers[name][0] + bytes([chance.randrange(256)])]
        case _:
            del body[chance.randrange(len(body)) :]
    return Request("POST", {key: tuple(values) for key, values in headers.items()}, {}, bytes(body), NOW)


async def test_of_thousands_of_changed_requests_none_is_taken_and_none_is_an_error() -> None:
    chance = random.Random(7)
    async with a_shelf(CHAINS) as made:
        door = a_door(made)
        for _ in range(4000):
            with pytest.raises(Refusal):
                await door.accept(mutated(chance, GOOD))


@pytest.mark.parametrize("what", ["[]", "null", '"x"', "{}", '{"request": 1}', '{"request": {"type": "IntentRequest"}}', "[" * 100_000])
async def test_what_amazon_signed_but_never_documented_is_refused(what: str) -> None:
    body = what.encode()
    async with a_shelf(CHAINS) as made:
        with pytest.raises(Refusal) as caught:
            await a_door(made).accept(request_of(replace(GOOD, body=body, headers=amazon().headers(body))))
    assert caught.value.status == 400


async def test_a_get_is_refused() -> None:
    async with a_shelf(CHAINS) as made:
        with pytest.raises(Refusal) as caught:
            await a_door(made).accept(replace(request_of(GOOD), method="GET"))
    assert caught.value.status == 405


async def test_a_body_of_four_megabytes_is_read_like_any_other() -> None:
    body = written(said("a" * 4_000_000, at=NOW))
    async with a_shelf(CHAINS) as made:
        taken = await a_door(made).accept(request_of(replace(GOOD, body=body, headers=amazon().headers(body))))
    assert len(taken.arrivals[0].text) == 4_000_000
