"""How channels are is known to all processes; what they do is counted once it is certain."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from hulk.kernel.errors import Refused, Unavailable, told
from hulk.kernel.text import Text
from hulk.modules.channels.adapters.counted import CountedTrail
from hulk.modules.channels.adapters.presence import BusPresence
from hulk.modules.channels.adapters.prometheus import ChannelFigures
from hulk.modules.channels.adapters.standings import LEADERS, BusStandings, office
from hulk.modules.channels.domain import Channel, Health, Standing, Status, Step, Tried
from hulk.modules.channels.ports import Figures, Presence, Standings
from hulk.modules.channels.usecases.facts import ended, received
from hulk.runtime.bus import Bus
from hulk.runtime.state import Bucket, leader
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics
from support.channels import NOW, a_room, going, trusting, wrote
from support.memory import Told
from support.nats import a_bus

WORKS = Tried(at=NOW, seconds=0.2, steps=(Step(Text("{url} leads here", url="https://x"), 0.2),))
AILS = Tried(at=NOW, seconds=0.1, problem=told(Unavailable("Not now.")))
SAYS = Standing(by="a", since=NOW, listens=True)


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    """A bus."""
    async with a_bus(tmp_path) as made:
        yield made


async def test_what_one_process_says_of_a_channel_another_knows(bus: Bus) -> None:
    one: Standings = BusStandings(bus)
    other: Standings = BusStandings(bus)
    assert (await other.get("zap"), await other.tried("zap"), await other.led("zap")) == (None, None, False)
    await one.put("zap", SAYS)
    for tried in (AILS, WORKS):
        await one.keep("zap", tried)
        assert await other.tried("zap") == tried
    assert (await other.get("zap"), await other.get("chat")) == (SAYS, None)
    async with leader(Bucket(bus, LEADERS, str), office("zap"), ttl=timedelta(seconds=5)) as seat:
        await seat.won()
        assert await other.led("zap")
    assert not await other.led("zap")


async def test_a_process_is_there_for_others_while_it_says_so(bus: Bus) -> None:
    one, other = BusPresence(bus, "host:1:a", timedelta(seconds=5)), BusPresence(bus, "host:2:b", timedelta(seconds=5))
    seen: Presence = other
    assert (one.held, await seen.gone("host:1:a"), await seen.gone("host:2:b")) == (False, True, True)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(one.show())
        await one.shown()
        assert (one.held, await seen.gone("host:1:a"), await seen.gone("host:2:b")) == (True, False, True)
        task.cancel()
    assert (one.held, await seen.gone("host:1:a")) == (False, True)


async def test_nobody_is_taken_for_gone_because_the_bus_is_away(tmp_path: Path) -> None:
    async with a_bus(tmp_path) as made:
        presence = BusPresence(made, "host:1:a", timedelta(seconds=5))
    assert not await presence.gone("host:2:b")


@pytest.mark.parametrize(
    ("led", "standing", "tried", "status"),
    [
        pytest.param(True, SAYS, WORKS, "ok", id="works"),
        pytest.param(True, SAYS, None, "untried", id="never tried"),
        pytest.param(False, SAYS, WORKS, "unattended", id="nobody there"),
        pytest.param(True, SAYS, AILS, "failing", id="the check failed"),
        pytest.param(False, None, AILS, "failing", id="it failed, and nobody is there"),
        pytest.param(True, Standing(by="a", since=NOW, listens=True, deaf="x"), WORKS, "failing", id="nothing is heard"),
        pytest.param(True, Standing(by="a", since=NOW, listens=True, told_off="x"), WORKS, "failing", id="nothing is taken"),
    ],
)  # fmt: skip
def test_how_a_channel_is_in_a_word(led: bool, standing: Standing | None, tried: Tried | None, status: Status) -> None:
    assert Health(channel=Channel(name="zap", kind="test"), led=led, standing=standing, tried=tried).status == status


def written(metrics: Metrics) -> Iterator[str]:
    """What is counted, line by line."""
    return (line for line in generate_latest(metrics.registry).decode().splitlines() if line.startswith("hulk_channel"))


async def test_what_came_and_went_is_counted_when_it_is_committed_and_not_before(store: Store, tmp_path: Path) -> None:
    metrics = Metrics()
    trail, room = CountedTrail(Told(), ChannelFigures(metrics)), a_room(store, tmp_path, trusting())
    [kept] = await room.take(room.channel, [wrote()])
    tell = trail.append(received(kept), ended(going(state="sent", ended=NOW + timedelta(seconds=2))))

    def refusing(_: object) -> None:
        raise Refused("No.")

    with pytest.raises(Refused):
        await store.commit(tell, refusing)
    assert not [line for line in written(metrics) if "_total{" in line]
    await store.commit(tell)
    assert {
        'hulk_channel_arrivals_total{channel="chat",kind="message"} 1.0', 'hulk_channel_ended_total{channel="chat",state="sent"} 1.0',
        'hulk_channel_delivery_seconds_sum{channel="chat"} 2.0',
    } <= set(written(metrics))  # fmt: skip


def test_who_leads_no_more_says_nothing_of_the_channel() -> None:
    metrics = Metrics()
    figures: Figures = ChannelFigures(metrics)
    figures.tried("chat", ok=False)
    figures.waiting("chat", {"unknown": 2})
    figures.acknowledged("chat", 0.004)
    figures.refused("chat", 401)
    assert {'hulk_channel_check_ok{channel="chat"} 0.0', 'hulk_channel_open_messages{channel="chat",state="unknown"} 2.0'} <= set(
        written(metrics)
    )
    figures.leaves("chat")
    figures.leaves("chat")
    assert not [line for line in written(metrics) if line.startswith(("hulk_channel_check_ok{", "hulk_channel_open_messages{"))]


async def test_a_message_that_is_told_of_twice_is_told_once(store: Store, tmp_path: Path) -> None:
    """A receipt may come before the send has returned."""
    room = a_room(store, tmp_path, trusting())
    await store.commit(room.outbox.add(going()))
    await store.commit(room.outbox.claim(going().id, "one", NOW + timedelta(minutes=1)))
    for key in ("1", "2"):
        await room.take(room.channel, [wrote(key=key, kind="receipt", handle=going().id, fate="delivered", id="v1")])
    assert room.trail.types == ["hulk.channel.sent.v1"]
    await room.take(room.channel, [wrote(kind="receipt", handle=going().id, fate="failed", id="v1", problem="No such number")])
    assert room.trail.types[1:] == ["hulk.channel.failed.v1"]
    assert {one.subject for one in room.trail.events} == {going().id}
