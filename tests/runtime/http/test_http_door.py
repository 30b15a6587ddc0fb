"""Who may come in, over real connections."""

import pytest
from fastapi import APIRouter

from hulk.runtime.config import ServerSettings
from hulk.runtime.http import Caller, allow
from support.served import application, by_table, keys_only, served


def routes() -> APIRouter:
    """Says who asks."""
    router = APIRouter()

    @router.get("/who")
    async def who(caller: Caller) -> str:
        return f"{caller.tenant}/{caller.actor}/{caller.roles}"

    @router.post("/work")
    async def work(caller: Caller) -> str:
        allow(caller, "write", "intents")
        return "done"

    return router


OPEN = ServerSettings(host="192.0.2.1")
"""Settings of a server that others can reach."""


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="a program"),
        pytest.param({"Host": "localhost:8080"}, 200, id="by name"),
        pytest.param({"Host": "[::1]:99"}, 200, id="by IPv6 address"),
        pytest.param({"Host": "evil.example"}, 403, id="DNS rebinding"),
        pytest.param({"Host": "localhost.evil.example"}, 403, id="a look-alike"),
        pytest.param({"Host": "127.0.0.1@evil.example"}, 403, id="a user in front"),
        pytest.param({"Host": "["}, 403, id="no host at all"),
        pytest.param({"Host": "localhost:1", "Origin": "http://localhost:1"}, 200, id="its own page"),
        pytest.param({"Host": "localhost:1", "Origin": "http://localhost:2"}, 403, id="another program's page"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="another site"),
        pytest.param({"Origin": "null"}, 403, id="a file or a sandbox"),
    ],
)
async def test_on_loopback_only_this_machine_comes_in(headers: dict[str, str], status: int) -> None:
    async with served(application([routes()])) as client, client.get("/who", headers=headers) as answer:
        assert answer.status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="no key"),
        pytest.param({"Authorization": "Bearer right"}, 200, id="bearer"),
        pytest.param({"Authorization": "bearer  right "}, 200, id="bearer, written otherwise"),
        pytest.param({"X-API-Key": "right"}, 200, id="header of its own"),
        pytest.param({"Authorization": "Bearer wrong"}, 401, id="wrong key"),
        pytest.param({"Authorization": "Basic right"}, 401, id="another scheme"),
        pytest.param({"Authorization": "Bearer "}, 401, id="empty key"),
        pytest.param({"Authorization": "Bearer local"}, 401, id="the key of who has none"),
        pytest.param({"Authorization": "Bearer wrong", "Host": "hulk.example"}, 401, id="any host name"),
    ],
)
async def test_elsewhere_only_keys_come_in(headers: dict[str, str], status: int) -> None:
    async with (
        served(application([routes()], server=OPEN, authenticate=keys_only)) as client,
        client.get("/who", headers=headers) as answer,
    ):
        assert answer.status == status
        assert (answer.headers.get("WWW-Authenticate") is not None) == (status == 401)


async def test_health_and_readiness_need_no_key_and_nothing_else_is_open() -> None:
    async with served(application([routes()], server=OPEN, authenticate=keys_only)) as client:
        found = {}
        for path in ("/health", "/ready", "/metrics", "/docs", "/openapi.json", "/health/", "/nothing"):
            async with client.get(path, allow_redirects=False) as answer:
                found[path] = answer.status
    assert found.pop("/health") == found.pop("/ready") == 200
    assert set(found.values()) == {401}


async def test_a_route_knows_who_asks_and_what_they_may() -> None:
    async with served(application([routes()])) as client:
        async with client.get("/who") as answer:
            assert await answer.json() == "default/local/admin"
        async with client.get("/who", headers={"X-API-Key": "right"}) as answer:
            assert await answer.json() == "acme/key:right/operator"
        async with client.post("/work", headers={"X-API-Key": "other"}) as answer:
            assert answer.status == 403
            assert "it needs “write” on intents, and your roles are viewer." in await answer.text()


async def test_who_guesses_keys_is_slowed_down_and_others_are_not() -> None:
    async with served(application([routes()], authenticate=by_table, clock=lambda: 0.0)) as client:
        statuses = []
        for _ in range(25):
            async with client.get("/who", headers={"X-API-Key": "wrong"}) as answer:
                statuses.append(answer.status)
        assert statuses[:20] == [401] * 20
        assert statuses[20:] == [429] * 5
        async with client.get("/health") as answer:
            assert answer.status == 200


async def test_a_caller_that_asks_too_often_is_told_when_to_come_again() -> None:
    now = 0.0
    app = application([routes()], server=ServerSettings(rate_limit=2), clock=lambda: now)
    async with served(app) as client:

        async def ask(key: str) -> tuple[int, str | None]:
            async with client.get("/who", headers={"X-API-Key": key}) as answer:
                return answer.status, answer.headers.get("Retry-After")

        answers = [await ask("right") for _ in range(5)]
        assert answers[:4] == [(200, None)] * 4
        assert answers[4] == (429, "1")
        assert (await ask("other"))[0] == 200
        now = 0.5
        assert [(await ask("right"))[0] for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("header", [{"Authorization": "Bearer local"}, {"X-API-Key": "local"}])
async def test_on_this_machine_who_must_send_some_key_sends_local(header: dict[str, str]) -> None:
    async with served(application([routes()])) as client, client.get("/who", headers=header) as answer:
        assert (answer.status, await answer.json()) == (200, "default/local/admin")
