"""Messages for later come at their time, once, with what they carry."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from hulk.kernel.errors import Refused
from hulk.kernel.time import utc_now
from hulk.runtime.bus import TASKS, Bus, Message, forward_due, publish_at
from support.nats import a_bus

WORK = "hulk.engine.tasks.default.acme"


async def came(bus: Bus, seconds: float) -> list[Message]:
    """All tasks that come while due messages are forwarded for that long."""
    found: list[Message] = []
    async with bus.pull(TASKS, "default", ["hulk.engine.tasks.default.>"], ack_wait=30, max_ack_pending=100) as pull:
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                group.create_task(forward_due(bus))
                while True:
                    found += await pull.fetch(10, seconds)
        except TimeoutError:
            return found


@pytest.mark.parametrize("delay", [pytest.param(1.0, id="in a second"), pytest.param(-5.0, id="already passed")])
async def test_message_comes_at_its_time_with_its_headers(tmp_path: Path, delay: float) -> None:
    async with a_bus(tmp_path) as bus:
        await publish_at(bus, utc_now() + timedelta(seconds=delay), WORK, b"run_1", {"hulk-tenant": "acme"}, key="run_1")
        if delay > 0:
            assert await came(bus, 0.6) == []
        (message,) = await came(bus, 1.5)
        assert (message.subject, message.data, dict(message.headers)["hulk-tenant"]) == (WORK, b"run_1", "acme")


async def test_same_key_replaces_what_was_scheduled(tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        for data in (b"first", b"second"):
            await publish_at(bus, utc_now() + timedelta(seconds=0.5), WORK, data, key="run_1")
        assert [message.data for message in await came(bus, 2)] == [b"second"]


async def test_key_that_would_change_the_subject_is_refused(tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        with pytest.raises(Refused, match="key"):
            await publish_at(bus, utc_now(), WORK, b"", key="a.b")
