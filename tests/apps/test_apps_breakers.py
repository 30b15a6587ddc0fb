"""Who may look after breakers, and what the bus is told."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from hulk.apps.breakers import Told, breaker_routes
from hulk.apps.routes import Platform
from hulk.kernel.durable import Change
from hulk.kernel.errors import Unavailable
from hulk.kernel.events import changed
from hulk.runtime.breaker import Breakers
from hulk.runtime.bus import Notice
from support.memory import Told as Trail
from support.memory import at_once
from support.nats import a_bus
from support.served import application, served


@pytest.mark.parametrize(
    ("key", "status"),
    [pytest.param("right", 403, id="operator"), pytest.param("other", 403, id="viewer"), pytest.param("wrong", 401, id="nobody")],
)
async def test_only_an_admin_may(key: str, status: int) -> None:
    breakers = Breakers()
    breakers.of("a")
    async with served(application([breaker_routes(breakers, Platform(Trail(), at_once))])) as client:
        for method, path in (("GET", "/v1/breakers"), ("POST", "/v1/breakers/a/isolate")):
            async with client.request(method, path, headers={"x-api-key": key}) as response:
                assert response.status == status
        async with client.get("/v1/breakers") as response:
            assert await response.json() == {
                "breakers": [{"name": "a", "state": "closed", "calls": 0, "failed": 0, "slow": 0, "retry_after": None}]
            }


async def test_who_sets_a_breaker_is_told_in_the_trail() -> None:
    breakers, trail = Breakers(), Trail()
    breakers.of("a")
    async with served(application([breaker_routes(breakers, Platform(trail, at_once))])) as client:
        async with client.post("/v1/breakers/a/isolate", json={"reason": "the vendor is away"}) as response:
            assert (await response.json())["state"] == "isolated"
        async with client.post("/v1/breakers/a/reset") as response:
            assert (await response.json())["state"] == "closed"
    isolated, closed = {"state": "isolated"}, {"state": "closed"}
    assert [(one.type, one.subject, one.actor) for one in trail.events] == [("hulk.breaker.set.v1", "a", "local")] * 2
    assert [one.data for one in trail.events] == [changed("the vendor is away", closed, isolated), changed("", isolated, closed)]


async def test_a_breaker_is_not_set_when_the_trail_cannot_be_told() -> None:
    breakers = Breakers()
    breakers.of("a")

    async def away(*_: Change[Any]) -> list[Any]:
        raise Unavailable("The database is not available right now.")

    routes = breaker_routes(breakers, Platform(Trail(), away))
    async with served(application([routes])) as client, client.post("/v1/breakers/a/isolate") as response:
        assert response.status == 503
    assert breakers.find("a").state == "closed"


async def test_the_bus_is_told_of_each_change(tmp_path: Path) -> None:
    heard: asyncio.Queue[Notice] = asyncio.Queue()
    async with a_bus(tmp_path) as bus, bus.subscribe("hulk.runtime.breaker", heard.put):
        told = Told(bus)
        breakers = Breakers(told=told)
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(told.run())
            breakers.of("http:example.com").isolate()
            async with asyncio.timeout(5):
                notice = await heard.get()
            telling.cancel()
    data = json.loads(notice.data)
    assert (data["before"], data["state"]) == ("closed", "isolated")
    assert notice.headers["ce-subject"] == "http:example.com"
