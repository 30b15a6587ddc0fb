"""Who may look after breakers, and what the bus is told."""

import asyncio
import json
from pathlib import Path

import pytest

from hulk.apps.breakers import Told, breaker_routes
from hulk.runtime.breaker import Breakers
from hulk.runtime.bus import Notice
from support.nats import a_bus
from support.served import application, served


@pytest.mark.parametrize(
    ("key", "status"),
    [pytest.param("right", 403, id="operator"), pytest.param("other", 403, id="viewer"), pytest.param("wrong", 401, id="nobody")],
)
async def test_only_an_admin_may(key: str, status: int) -> None:
    breakers = Breakers()
    breakers.of("a")
    async with served(application([breaker_routes(breakers)])) as client:
        for method, path in (("GET", "/v1/breakers"), ("POST", "/v1/breakers/a/isolate")):
            async with client.request(method, path, headers={"x-api-key": key}) as response:
                assert response.status == status
        async with client.get("/v1/breakers") as response:
            assert await response.json() == {
                "breakers": [{"name": "a", "state": "closed", "calls": 0, "failed": 0, "slow": 0, "retry_after": None}]
            }


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
