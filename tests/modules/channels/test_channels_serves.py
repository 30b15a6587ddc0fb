"""What everything promises to which others connect (`ports.Serves`), each asked by the official client of its protocol."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from wyoming.asr import Transcript
from wyoming.client import AsyncTcpClient

from hulk.kernel.errors import Unavailable
from hulk.modules.channels.adapters.wyoming import Allowed, WyomingServes
from hulk.modules.channels.domain import Arrival, Outgoing
from hulk.modules.channels.ports import Reply, Serves, Told
from hulk.runtime.language import voice
from support.channels import NOW
from support.lines import serving


@dataclass
class Hears:
    """Keeps what is told, and answers it (see `Told`): at once with what was said in capitals, or with what it is given. While it is
    `silent` nothing is answered; it may be `away`. `out` are the answers that were heard, `lost` those of which nobody knows that."""

    arrivals: list[Arrival] = field(default_factory=list)
    out: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    seconds: set[float] = field(default_factory=set)
    reply: Reply | None = None
    away: bool = False
    silent: bool = False
    _rung: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def told(self, arrival: Arrival, seconds: float) -> AsyncIterator[Reply]:
        """See `Told`."""
        if self.away:
            raise Unavailable("The store is away.")
        self.arrivals.append(arrival)
        self.seconds.add(seconds)
        self.rings()
        await self.until(lambda: not self.silent)
        try:
            yield self.reply or Reply(answer(arrival.text.upper()))
        except BaseException:
            self.lost.append(arrival.text)
            self.rings()
            raise
        self.out.append(arrival.text)
        self.rings()

    def rings(self) -> None:
        """Something has changed."""
        self._rung.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for that to be so."""
        while not true():
            self._rung.clear()
            await self._rung.wait()


def answer(text: str) -> Outgoing:
    """One that is given in the response."""
    return Outgoing(id="msg_1", tenant="default", channel="home", address="home", text=text, language="pt", created=NOW, due=NOW)


@dataclass(frozen=True)
class House:
    """What is served at a port, which it is while `served`. `says` has somebody connect and say that; it gives what they are answered and
    whether it was taken up, and raises `ConnectionError` when they are not. `leaves` is the same for who hangs up once it is heard."""

    serves: Serves
    served: Callable[[Told], AbstractAsyncContextManager[None]]
    says: Callable[[str], Coroutine[Any, Any, tuple[str, bool]]]
    leaves: Callable[[str, Hears], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Assistant:
    """Who speaks Wyoming."""

    port: int

    async def says(self, text: str) -> tuple[str, bool]:
        """See `House`."""
        async with self._client() as client:
            await client.write_event(Transcript(text).event())
            event = await client.read_event()
        if event is None:
            raise ConnectionResetError
        return str(event.data["text"]), event.type == "handled"

    async def leaves(self, text: str, hears: Hears) -> None:
        """See `House`."""
        async with self._client() as client:
            await client.write_event(Transcript(text).event())
            await hears.until(lambda: bool(hears.arrivals))

    def _client(self) -> AsyncTcpClient:
        return AsyncTcpClient("127.0.0.1", self.port)


def _wyoming(port: int) -> House:
    speaks = Assistant(port)
    serves = WyomingServes("127.0.0.1", port, Allowed(), voice, lambda: NOW, wait=3.0)
    return House(serves, partial(serving, serves), speaks.says, speaks.leaves)


KINDS: dict[str, Callable[[int], House]] = {"wyoming": _wyoming}


@pytest.fixture(params=sorted(KINDS))
def house(request: pytest.FixtureRequest, unused_tcp_port: int) -> House:
    return KINDS[request.param](unused_tcp_port)


@pytest.fixture
def hears() -> Hears:
    return Hears()


async def test_what_is_said_is_told_and_its_answer_given(house: House, hears: Hears) -> None:
    async with house.served(hears.told):
        assert await house.says("Quantos pedidos?") == ("QUANTOS PEDIDOS?", True)
        await hears.until(lambda: hears.out == ["Quantos pedidos?"])
    [arrival] = hears.arrivals
    assert (arrival.text, arrival.kind, arrival.at) == ("Quantos pedidos?", "message", NOW)
    assert arrival.key
    assert arrival.address
    assert arrival.sender.id
    assert hears.seconds == {3.0}
    assert not hears.lost


async def test_each_is_told_once_and_apart_from_others(house: House, hears: Hears) -> None:
    said = [f"{place} שלום." for place in range(9)]
    async with house.served(hears.told):
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(house.says(text)) for text in said]
        assert [one.result()[0] for one in asking] == [text.upper() for text in said]
    assert sorted(one.text for one in hears.arrivals) == said
    assert len({one.key for one in hears.arrivals}) == len(said)


async def test_who_waits_does_not_keep_others_waiting(house: House, hears: Hears) -> None:
    async with house.served(hears.told), asyncio.TaskGroup() as group:
        hears.silent = True
        first = group.create_task(house.says("um."))
        await hears.until(lambda: len(hears.arrivals) == 1)
        second = group.create_task(house.says("dois."))
        await hears.until(lambda: len(hears.arrivals) == 2)
        hears.silent = False
        hears.rings()
        assert [await first, await second] == [("UM.", True), ("DOIS.", True)]


async def test_an_answer_that_nobody_was_there_to_hear_is_known_as_that(house: House, hears: Hears) -> None:
    async with house.served(hears.told):
        hears.silent = True
        await house.leaves("Quantos pedidos?", hears)
        hears.silent = False
        hears.rings()
        await hears.until(lambda: bool(hears.lost or hears.out))
        assert (hears.lost, hears.out) == (["Quantos pedidos?"], [])
        assert (await house.says("um."))[0] == "UM."


async def test_where_there_is_nothing_to_say_nothing_is_said(house: House, hears: Hears) -> None:
    hears.reply = Reply(None)
    async with house.served(hears.told):
        assert await house.says("Quantos pedidos?") == ("", True)


async def test_what_hulk_did_not_take_up_is_said_so(house: House, hears: Hears) -> None:
    hears.reply = Reply(answer("Quem é?"), taken=False)
    async with house.served(hears.told):
        assert await house.says("Quantos pedidos?") == ("Quem é?", False)


async def test_what_could_not_be_kept_is_said_so_and_it_goes_on(house: House, hears: Hears) -> None:
    async with house.served(hears.told):
        hears.away = True
        text, taken = await house.says("Quantos pedidos?")
        assert text
        assert not taken
        hears.away = False
        assert await house.says("um.") == ("UM.", True)
    assert [one.text for one in hears.arrivals] == ["um."]


async def test_it_is_served_until_cancelled_and_may_be_again(house: House, hears: Hears) -> None:
    for _ in range(2):
        async with house.served(hears.told):
            assert (await house.says("um."))[0] == "UM."
        with pytest.raises(ConnectionRefusedError):
            await house.says("um.")


async def test_who_waits_when_it_ends_is_cut_off_and_nobody_says_that_they_heard_it(house: House, hears: Hears) -> None:
    hears.silent = True
    async with asyncio.TaskGroup() as group, house.served(hears.told):
        group.create_task(_cut_off(house))
        await hears.until(lambda: bool(hears.arrivals))
    assert not hears.out


async def _cut_off(house: House) -> None:
    with pytest.raises(ConnectionError):
        await house.says("um.")


@pytest.fixture
def taken(unused_tcp_port: int) -> Iterator[None]:
    """Somebody else is at that port."""
    with socket.create_server(("127.0.0.1", unused_tcp_port)):
        yield


@pytest.mark.usefixtures("taken")
async def test_where_somebody_else_is_it_is_begun_again_later(house: House, hears: Hears) -> None:
    with pytest.raises(Unavailable):
        await house.serves.serve(hears.told)
    assert not hears.arrivals
