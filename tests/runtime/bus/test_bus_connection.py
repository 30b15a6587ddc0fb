"""Publishing, telling, pulling and streams over a real nats-server, also while it dies."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from nats.js.api import StreamConfig

from hulk.kernel.errors import Exhausted, Refused, TooLarge, Unavailable
from hulk.runtime.bus import ERRORS, MESSAGE_ID, STREAMS, TASKS, Address, Bus, Letter, Notice, Pull, connect, embedded
from hulk.runtime.bus.streams import config
from support.nats import a_bus
from support.patience import until

WORK = "hulk.engine.tasks.default.acme"


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    async with a_bus(tmp_path) as bus:
        yield bus


def tasks(bus: Bus, ack_wait: float = 5.0, durable: str = "default", max_deliver: int = -1) -> AbstractAsyncContextManager[Pull]:
    return bus.pull(TASKS, durable, ["hulk.engine.tasks.default.>"], ack_wait=ack_wait, max_ack_pending=1000, max_deliver=max_deliver)


async def everything(pull: Pull, quiet: float = 1.0) -> list[bytes]:
    """All that comes until nothing does for `quiet` seconds, acknowledged."""
    found = []
    while batch := await pull.fetch(64, quiet):
        for message in batch:
            await message.ack()
            found.append(message.data)
    return found


async def stored(bus: Bus, stream: str) -> int:
    info = await bus.ask(f"STREAM.INFO.{stream}")
    return int(info["state"]["messages"])


async def test_published_message_is_fetched_with_its_facts(bus: Bus) -> None:
    async with tasks(bus) as pull:
        await bus.publish(WORK, b"run_1", {"hulk-tenant": "acme"}, msg_id="run_1:1")
        (message,) = await pull.fetch(10, 2)
        assert (message.subject, message.data, message.num_delivered, message.stream_seq) == (WORK, b"run_1", 1, 1)
        assert message.headers["hulk-tenant"] == "acme"
        await message.ack()
        assert await pull.fetch(10, 0.1) == []
    assert await stored(bus, TASKS) == 0


async def test_same_message_id_is_stored_once(bus: Bus) -> None:
    for _ in range(3):
        await bus.publish(WORK, b"x", msg_id="same")
    assert await stored(bus, TASKS) == 1


async def test_of_many_published_at_once_each_has_its_own_outcome_and_their_order_stays(bus: Bus) -> None:
    letters = [Letter(WORK, b"%d" % number, {MESSAGE_ID: f"m{number % 40}"}) for number in range(50)]
    letters[7] = Letter("nobody.takes.this", b"x", {})
    letters[9] = Letter(WORK, b"x" * 5_000_000, {})
    outcomes = await bus.publish_all(letters)
    assert {place: type(error) for place, error in enumerate(outcomes) if error} == {7: Unavailable, 9: TooLarge}
    assert await bus.publish_all([]) == []
    async with tasks(bus) as pull:
        found = [message.data for message in await pull.fetch(100, 1)]
    assert found == [b"%d" % number for number in range(50) if number not in (7, 9) and (number < 40 or number in (47, 49))]


async def test_fetch_returns_the_first_message_without_waiting_for_a_full_batch(bus: Bus) -> None:
    async with tasks(bus) as pull, asyncio.TaskGroup() as group:
        fetching = group.create_task(pull.fetch(100, 5))
        await asyncio.sleep(0.2)
        started = time.monotonic()
        await bus.publish(WORK, b"first")
        assert len(await fetching) == 1
        assert time.monotonic() - started < 0.5


async def test_fetch_takes_no_more_than_asked(bus: Bus) -> None:
    async with tasks(bus) as pull:
        for number in range(10):
            await bus.publish(WORK, b"%d" % number)
        assert [m.data for m in await pull.fetch(3, 1)] == [b"0", b"1", b"2"]
        info = await bus.ask(f"CONSUMER.INFO.{TASKS}.default")
        assert info["num_ack_pending"] == 3


async def test_fetch_of_nothing_takes_about_as_long_as_it_may(bus: Bus) -> None:
    async with tasks(bus) as pull:
        started = time.monotonic()
        assert await pull.fetch(5, 0.4) == []
        assert 0.35 < time.monotonic() - started < 0.8


async def test_two_takers_share_the_work_and_none_starves(bus: Bus) -> None:
    async with tasks(bus) as one, tasks(bus) as two, asyncio.TaskGroup() as group:
        halves = [group.create_task(everything(pull)) for pull in (one, two)]
        for number in range(500):
            await bus.publish(WORK, b"%d" % number)
        found = [data for half in halves for data in await half]
    assert sorted(map(int, found)) == list(range(500))


async def test_unacknowledged_message_comes_again_after_its_lease(bus: Bus) -> None:
    async with tasks(bus, ack_wait=0.5) as pull:
        await bus.publish(WORK, b"x")
        (first,) = await pull.fetch(1, 1)
        started = time.monotonic()
        (again,) = await pull.fetch(1, 3)
        assert 0.3 < time.monotonic() - started < 1.5
        assert (first.num_delivered, again.num_delivered) == (1, 2)


async def test_in_progress_extends_the_lease(bus: Bus) -> None:
    async with tasks(bus, ack_wait=0.5) as pull:
        await bus.publish(WORK, b"x")
        (message,) = await pull.fetch(1, 1)
        for _ in range(6):
            assert await pull.fetch(1, 0.2) == []
            await message.in_progress()
        await message.ack()
        assert await pull.fetch(1, 0.8) == []


@pytest.mark.parametrize("delay", [0.0, 0.6])
async def test_nak_brings_it_again_after_the_delay(bus: Bus, delay: float) -> None:
    async with tasks(bus) as pull:
        await bus.publish(WORK, b"x")
        (message,) = await pull.fetch(1, 1)
        started = time.monotonic()
        await message.nak(delay)
        (again,) = await pull.fetch(1, 3)
        assert delay - 0.1 < time.monotonic() - started < delay + 0.5
        assert again.num_delivered == 2


async def test_terminated_message_is_gone(bus: Bus) -> None:
    async with tasks(bus, ack_wait=0.3) as pull:
        await bus.publish(WORK, b"x")
        (message,) = await pull.fetch(1, 1)
        await message.term()
        assert await pull.fetch(1, 0.8) == []
    assert await stored(bus, TASKS) == 0


async def test_message_fetched_for_a_cancelled_taker_is_not_lost(bus: Bus) -> None:
    async with tasks(bus, ack_wait=30) as pull:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await pull.fetch(10, 30)
        await bus.publish(WORK, b"x")
        assert [message.data for message in await pull.fetch(10, 1)] == [b"x"]


async def test_what_was_not_handed_out_goes_back_at_the_end_of_the_block(bus: Bus) -> None:
    async with tasks(bus, ack_wait=30) as pull:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await pull.fetch(10, 30)
        await bus.publish(WORK, b"x")
        await asyncio.sleep(0.1)
    async with tasks(bus, ack_wait=30) as other:
        assert [message.num_delivered for message in await other.fetch(1, 2)] == [2]


async def test_killed_server_loses_no_acknowledged_message_and_fetching_goes_on(tmp_path: Path) -> None:
    """One task publishes with retries, one pulls, the server is killed three times meanwhile."""
    changes: list[bool] = []
    async with embedded(tmp_path / "nats") as server, connect(server.address, on_change=changes.append) as bus:
        await bus.ensure_streams(max_tasks=100_000)
        accepted: list[int] = []

        async def publish() -> None:
            for number in range(1500):
                while not accepted or accepted[-1] != number:
                    try:
                        await bus.publish(WORK, b"%d" % number, msg_id=f"n{number}")
                        accepted.append(number)
                    except Unavailable:
                        await asyncio.sleep(0.02)
                await asyncio.sleep(0.0005)

        async def kill() -> None:
            for count in range(1, 4):
                await asyncio.sleep(0.25)
                os.kill(server.pid, signal.SIGKILL)
                await until(lambda count=count: server.restarts == count and bus.connected)  # type: ignore[misc]  # mypy cannot type a default

        async with tasks(bus, ack_wait=2) as pull, asyncio.TaskGroup() as group:
            taken = group.create_task(everything(pull, quiet=4.0))
            killing = group.create_task(kill())
            await publish()
            await killing
            found = {int(data) for data in await taken}
        assert found == set(range(1500))
        assert changes == [False, True] * 3


async def test_publish_fails_at_once_while_the_bus_is_away(tmp_path: Path) -> None:
    async with embedded(tmp_path / "nats") as server, connect(server.address) as bus:
        await bus.ensure_streams(max_tasks=10)
        os.kill(server.pid, signal.SIGSTOP)  # the server hangs: an answer does not come
        await until(lambda: state(server.pid) == "T")
        started = time.monotonic()
        with pytest.raises(Unavailable, match="did not answer"):
            await bus.publish(WORK, b"x", within=0.3)
        assert time.monotonic() - started < 0.6
        late = await bus.publish_all([Letter(WORK, b"x", {})] * 3, within=0.1)
        assert ["did not answer" in str(error) for error in late] == [True] * 3
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(raised(bus, within=30))
            await asyncio.sleep(0.1)
            os.kill(server.pid, signal.SIGKILL)  # the server dies: the wait ends with it
            assert "away" in str(await asyncio.wait_for(waiting, 2))
        assert [type(error) for error in await bus.publish_all([Letter(WORK, b"x", {})] * 2)] == [Unavailable] * 2


async def test_a_bus_that_was_too_slow_for_the_end_of_a_subscription_is_heard_all_the_same(tmp_path: Path) -> None:
    """nats-py would stop reading at the late PONG, and nothing would be told."""
    async with embedded(tmp_path / "nats") as server, connect(server.address) as bus:
        await bus.ensure_streams(max_tasks=10)
        async with tasks(bus):
            os.kill(server.pid, signal.SIGSTOP)
            await until(lambda: state(server.pid) == "T")
        os.kill(server.pid, signal.SIGCONT)
        await bus.publish(WORK, b"x")
        assert await stored(bus, TASKS) == 1


def state(pid: int) -> str:
    """The process's state as in proc(5): T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


async def raised(bus: Bus, within: float) -> Unavailable:
    with pytest.raises(Unavailable) as failure:
        await bus.publish(WORK, b"x", within=within)
    return failure.value


async def test_away_bus_refuses_publishes_drops_notices_and_fetches_nothing(tmp_path: Path) -> None:
    async with embedded(tmp_path / "nats") as server:
        address = server.address
        connection = connect(address)
        bus = await connection.__aenter__()
        await bus.ensure_streams(max_tasks=10)
        pulling = tasks(bus)
        pull = await pulling.__aenter__()
    await until(lambda: not bus.connected)
    started = time.monotonic()
    failure = await raised(bus, within=5)
    assert failure.retry_after == 1.0
    await bus.notify("hulk.cache", b"x")
    assert bus.dropped == 1
    assert not bus.facts.connected
    assert await pull.fetch(5, 0.3) == []
    assert time.monotonic() - started < 1
    await pulling.__aexit__(None, None, None)
    await connection.__aexit__(None, None, None)


async def test_no_server_is_told_in_time() -> None:
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9"):
        async with connect(Address(urls=["nats://127.0.0.1:9"]), within=0.4):
            pass


async def test_full_queue_is_exhausted_with_a_time_to_come_back(tmp_path: Path) -> None:
    async with a_bus(tmp_path, max_tasks=3) as bus:
        for _ in range(3):
            await bus.publish(WORK, b"x")
        with pytest.raises(Exhausted) as full:
            await bus.publish(WORK, b"x")
        assert full.value.retry_after == 1.0
        async with tasks(bus) as pull:
            (message, *_) = await pull.fetch(1, 1)
            await message.ack()
            await asyncio.sleep(0.1)
        await bus.publish(WORK, b"there is room again")


async def test_message_too_large_is_told_with_the_limit(bus: Bus) -> None:
    with pytest.raises(TooLarge, match="4194304"):
        await bus.publish(WORK, bytes(5 << 20))


async def test_subject_that_no_stream_takes_is_unavailable(bus: Bus) -> None:
    with pytest.raises(Unavailable, match=r"No stream takes nobody\.listens"):
        await bus.publish("nobody.listens", b"x")


async def test_notices_reach_all_listeners_also_after_a_restart(tmp_path: Path) -> None:
    heard: list[Notice] = []

    async def handler(notice: Notice) -> None:
        heard.append(notice)

    async with embedded(tmp_path / "nats") as server, connect(server.address) as bus, connect(server.address) as other:
        async with bus.subscribe("hulk.cache.>", handler):
            await until_heard(other, heard, 1)
            os.kill(server.pid, signal.SIGKILL)
            await until(lambda: server.restarts == 1 and bus.connected and other.connected)
            await until_heard(other, heard, 2)
        await other.notify("hulk.cache.x", b"after the block")
        await asyncio.sleep(0.1)
    assert [(n.subject, n.data, n.headers) for n in heard] == [("hulk.cache.x", b"1", {"a": "b"}), ("hulk.cache.x", b"2", {"a": "b"})]


async def until_heard(bus: Bus, heard: list[Notice], count: int) -> None:
    await asyncio.sleep(0.05)
    await bus.notify("hulk.cache.x", b"%d" % count, {"a": "b"})
    await until(lambda: len(heard) == count)


async def test_failing_handler_does_not_end_the_subscription(bus: Bus) -> None:
    heard: list[bytes] = []

    async def handler(notice: Notice) -> None:
        heard.append(notice.data)
        raise ValueError("a bug")

    async with bus.subscribe("hulk.cache.>", handler):
        for data in (b"1", b"2"):
            await bus.notify("hulk.cache.x", data)
        await until(lambda: len(heard) == 2)


async def test_connection_that_a_server_refused_once_is_made_anew(bus: Bus) -> None:
    """nats-py gives up for good after a server's `-ERR`; what was listened to is listened to again."""
    heard: list[Notice] = []

    async def handler(notice: Notice) -> None:
        heard.append(notice)

    async with bus.subscribe("hulk.cache.>", handler), tasks(bus) as pull:
        old = bus.line._client
        await old.close()
        await until(lambda: bus.line._client is not old and bus.connected)
        await until_heard(bus, heard, 1)
        await bus.publish(WORK, b"x")
        assert len(await pull.fetch(1, 2)) == 1


async def test_streams_are_as_the_table_says_and_set_up_any_number_of_times(bus: Bus) -> None:
    await bus.ensure_streams(max_tasks=100_000)
    names = {stream["config"]["name"] for stream in (await bus.ask("STREAM.LIST"))["streams"]}
    assert names == {"hulk-engine-tasks", "hulk-engine-light", "hulk-engine-events", "hulk-scheduler-queue", "hulk-errors"}
    for stream in STREAMS:
        kept = StreamConfig.from_response((await bus.ask(f"STREAM.INFO.{stream.name}"))["config"])
        assert tuple(kept.subjects or ()) == stream.subjects
        assert kept.max_age == (stream.max_age.total_seconds() if stream.max_age else 0)


async def test_changed_limit_is_applied_and_messages_stay(bus: Bus) -> None:
    await bus.publish(WORK, b"x")
    await bus.ensure_streams(max_tasks=7)
    info = await bus.ask(f"STREAM.INFO.{TASKS}")
    assert (info["config"]["max_msgs"], info["state"]["messages"]) == (7, 1)


async def test_stream_that_cannot_be_changed_is_named(tmp_path: Path) -> None:
    async with embedded(tmp_path / "nats") as server, connect(server.address) as bus:
        other = config(replace(STREAMS[0], work_queue=False), max_tasks=5, replicas=1)
        await bus.ask(f"STREAM.CREATE.{TASKS}", other.as_dict())
        with pytest.raises(Refused, match=TASKS):
            await bus.ensure_streams(max_tasks=5)


async def test_more_replicas_than_servers_are_refused_with_the_reason(tmp_path: Path) -> None:
    async with embedded(tmp_path / "nats") as server, connect(server.address) as bus:
        with pytest.raises(Refused, match="replicas"):
            await bus.ensure_streams(max_tasks=5, replicas=3)


@pytest.mark.parametrize("what", ["CONSUMER.DELETE.hulk-engine-tasks.default", "STREAM.DELETE.hulk-engine-tasks"])
async def test_fetch_makes_again_what_was_deleted(bus: Bus, what: str) -> None:
    async with tasks(bus) as pull, asyncio.TaskGroup() as group:
        assert await pull.fetch(1, 0.1) == []
        fetching = group.create_task(pull.fetch(1, 5))
        await asyncio.sleep(0.1)
        await bus.ask(what)
        await asyncio.sleep(0.2)
        await bus.publish(WORK, b"x")
        assert [message.data for message in await fetching] == [b"x"]


async def test_overlapping_consumers_of_the_queue_are_refused(bus: Bus) -> None:
    async with tasks(bus) as pull, tasks(bus, durable="other") as other:
        assert await pull.fetch(1, 0.05) == []
        with pytest.raises(Refused, match="unique"):
            await other.fetch(1, 0.5)


async def test_dead_letters_are_kept_apart(bus: Bus) -> None:
    await bus.publish("hulk.errors.default", b"x", {"hulk-deliveries": "5"})
    assert await stored(bus, ERRORS) == 1
