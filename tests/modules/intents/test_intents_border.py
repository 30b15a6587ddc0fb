"""What callers send over HTTP, on both databases: what no text column takes is refused with words, never a failure of ours."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from hulk.kernel.tenancy import Principal
from hulk.modules.intents.api import IntentsApi
from hulk.modules.intents.api import routes as intent_routes
from hulk.runtime.blobs import Blob, FolderBlobs
from hulk.runtime.outbox import Outbox
from support.intents import Bench, stored, voice
from support.postgres import Postgres
from support.served import application, served
from support.stores import Kind

NUL = "a\0b"


@pytest.fixture
async def client(kind: Kind, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[aiohttp.ClientSession]:
    """A caller of the intents' routes over each kind of database."""
    async with stored(Bench(), kind, tmp_path, postgres) as bench:
        assert isinstance(bench.trail, Outbox)
        blobs = FolderBlobs(tmp_path / "blobs")

        async def upload(_: Principal, chunks: AsyncIterator[bytes], reason: str) -> Blob:
            return await blobs.put(chunks, 1000)

        api = IntentsApi(bench.accept, bench.show, bench.intents, bench.trail, blobs, voice, upload)
        async with served(application([intent_routes(api)])) as made:
            yield made


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param({"text": NUL}, "NUL", id="text"),
        pytest.param({"text": "x", "timezone": NUL}, "is not a time zone", id="zone"),
        pytest.param({"text": "x", "language": NUL}, "allowed: pt, en", id="language"),
        pytest.param({"text": "x", "sources": [{"kind": "file", "path": NUL}]}, "holds a NUL", id="path"),
        pytest.param({"text": "x", "sources": [{"kind": "file", "path": "x", "name": NUL}]}, "holds a NUL", id="name"),
        pytest.param({"text": "x", "sources": [{"kind": "file", "blob": NUL}]}, "holds a NUL", id="blob"),
    ],
)
async def test_an_intent_with_a_nul_is_refused_and_not_kept(client: aiohttp.ClientSession, body: dict[str, Any], words: str) -> None:
    async with client.post("/v1/intents", json=body) as response:
        assert (response.status, words in await response.text()) == (422, True)
    async with client.get("/v1/intents") as response:
        assert await response.json() == {"intents": []}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"text": "HALF"}', id="text"),
        pytest.param('{"text": "x", "timezone": "HALF"}', id="zone"),
        pytest.param('{"text": "x", "language": "HALF"}', id="language"),
        pytest.param('{"text": "x", "HALF": 1}', id="a field of that name"),
        pytest.param('{"text": "x", "sources": [{"kind": "file", "path": "HALF"}]}', id="path"),
        pytest.param('{"text": "x", "sources": [{"kind": "file", "blob": "HALF"}]}', id="blob"),
        pytest.param('{"text": "x", "sources": [{"kind": "file", "path": "x", "name": "HALF"}]}', id="name"),
    ],
)
async def test_half_of_a_utf_16_pair_is_refused(client: aiohttp.ClientSession, body: str) -> None:
    sent = body.replace("HALF", "a\\ud800").encode()
    async with client.post("/v1/intents", data=sent, headers={"content-type": "application/json"}) as response:
        assert response.status == 422, await response.text()
    async with client.get("/v1/intents") as response:
        assert await response.json() == {"intents": []}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"/v1/intents?status={quote(NUL)}", id="status of intent"),
        pytest.param(f"/v1/intents/{quote(NUL)}", id="intent"),
        pytest.param(f"/v1/intents/{quote(NUL)}/events", id="events"),
        pytest.param(f"/v1/intents/{quote(NUL)}/artefacts/x", id="artefacts"),
    ],
)
async def test_what_is_looked_for_with_a_nul_is_refused(client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(path) as response:
        assert response.status == 422, await response.text()


async def accepted(client: aiohttp.ClientSession, text: str = "Do the job", **headers: str) -> str:
    async with client.post("/v1/intents", json={"text": text}, headers=headers) as response:
        assert response.status == 202, await response.text()
        return str((await response.json())["intent_id"])


async def test_an_artefact_of_a_name_with_a_nul_is_not_there(client: aiohttp.ClientSession) -> None:
    async with client.get(f"/v1/intents/{await accepted(client)}/artefacts/{quote(NUL)}") as response:
        assert response.status == 404


@pytest.mark.parametrize("last", ["x", "-1", "9" * 30, "²"])
async def test_a_number_of_an_event_that_is_none_is_refused(client: aiohttp.ClientSession, last: str) -> None:
    intent = await accepted(client)
    async with client.get(f"/v1/intents/{intent}/events", headers={"last-event-id": last}) as response:
        assert response.status == 422


async def test_any_key_that_a_header_can_carry_is_taken(client: aiohttp.ClientSession) -> None:
    keys = ["a", "'; drop table intent; --", "a\tb", "é" * 100]
    assert [await accepted(client, **{"idempotency-key": key}) for key in keys] == [
        await accepted(client, **{"idempotency-key": key}) for key in keys
    ]
