"""At most one leads at any moment: through kills, processes that were stopped and wake up, and a broker that is away."""

import asyncio
import itertools
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from hulk.kernel.errors import Conflict, Unavailable
from hulk.runtime.bus import Address, Bus, connect, embedded
from hulk.runtime.state import Bucket, Lease, acquire, leader
from support.patience import until

TESTS = Path(__file__).parents[2]
SECOND = timedelta(seconds=1)


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[Address]:
    async with embedded(tmp_path / "nats") as server:
        yield server.address


@pytest.fixture
async def bus(address: Address) -> AsyncIterator[Bus]:
    async with connect(address) as made:
        yield made


@pytest.fixture
def leases(bus: Bus) -> Bucket[str]:
    return Bucket(bus, "leases", str)


async def test_a_lease_is_one_holders_until_it_is_released(leases: Bucket[str]) -> None:
    first = await acquire(leases, "a", "one", SECOND * 5)
    with pytest.raises(Conflict):
        await acquire(leases, "a", "two", SECOND * 5)
    held = first.held
    await first.release()
    assert (held, first.held) == (True, False)
    second = await acquire(leases, "a", "two", SECOND * 5)
    assert second.token > first.token


async def test_a_renewed_lease_lasts_and_one_that_is_not_passes_on(leases: Bucket[str]) -> None:
    first = await acquire(leases, "a", "one", SECOND)
    for _ in range(4):
        await asyncio.sleep(0.5)
        await first.renew()
        assert first.held
    second = await taken(leases, "two")
    assert not first.held
    with pytest.raises(Conflict):
        await first.renew()
    with pytest.raises(Conflict):
        await first.release()
    assert (second.held, second.token > first.token) == (True, True)


async def taken(leases: Bucket[str], holder: str, within: float = 5) -> Lease:
    deadline = time.monotonic() + within
    while True:
        try:
            return await acquire(leases, "a", holder, SECOND)
        except Conflict:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


async def test_a_renewal_whose_answer_was_lost_is_still_ours(leases: Bucket[str]) -> None:
    lease = await acquire(leases, "a", "one", SECOND * 5)
    await leases.put("a", "one", SECOND * 5, revision=lease.revision)  # kept, but we never heard
    await lease.renew()
    assert lease.held


async def test_one_leads_and_another_follows_when_it_leaves(leases: Bucket[str]) -> None:
    async with AsyncExitStack() as later:
        async with leader(leases, "chief", ttl=SECOND) as first:
            token = await first.won()
            second = await later.enter_async_context(leader(leases, "chief", ttl=SECOND))
            await asyncio.sleep(1.5)
            assert (first.held, second.held) == (True, False)
        async with asyncio.timeout(2):
            assert await second.won() > token


async def test_who_cannot_reach_the_bus_leads_no_more(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack, AsyncExitStack() as broker:
        server = await broker.enter_async_context(embedded(tmp_path / "nats"))
        bus = await stack.enter_async_context(connect(server.address))
        async with leader(Bucket(bus, "leases", str), "chief", ttl=SECOND) as office:
            await office.won()
            await broker.aclose()
            begun = time.monotonic()
            await until(lambda: not office.held)
            assert time.monotonic() - begun <= 1.1
            with pytest.raises(Unavailable):
                await acquire(Bucket(bus, "leases", str), "chief", "other", SECOND)


# Processes ---------------------------------------------------------------------------------------------------------------------


@dataclass
class Candidate:
    """A process that stands, and what it has said: (token, moment) for each act as leader."""

    process: subprocess.Popen[str]
    acts: list[tuple[int, float]] = field(default_factory=list)
    stands: bool = False

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            words = line.split()
            self.stands = self.stands or words[:1] == ["stands"]
            if words[:1] == ["leads"]:
                self.acts.append((int(words[1]), float(words[2])))


@contextmanager
def candidate(address: Address) -> Iterator[Candidate]:
    words = [address.urls[0], address.user or "", address.password or "", "1"]
    command = [sys.executable, "-m", "support.candidate", *words]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        made = Candidate(process)
        thread = Thread(target=made.listen)
        thread.start()
        try:
            yield made
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()
            thread.join()


def leads(candidates: list[Candidate], than: int = 0) -> Candidate | None:
    """Who acted under the greatest token, if that is greater than `than`."""
    found = [one for one in candidates if one.acts and one.acts[-1][0] > than]
    return max(found, key=lambda one: one.acts[-1][0], default=None)


Fault = Callable[[Candidate], Awaitable[None]]


async def killed(one: Candidate) -> None:
    one.process.kill()


async def stopped(one: Candidate) -> None:
    one.process.send_signal(signal.SIGSTOP)


@pytest.mark.parametrize("fault", [pytest.param(killed, id="kill -9"), pytest.param(stopped, id="SIGSTOP")])
async def test_another_leads_soon_and_no_two_at_once(address: Address, fault: Fault) -> None:
    with ExitStack() as stack:
        candidates = [stack.enter_context(candidate(address)) for _ in range(3)]
        await until(lambda: all(one.stands for one in candidates))
        await until(lambda: leads(candidates) is not None)
        for _ in range(2):
            before = leads(candidates)
            assert before is not None
            token = before.acts[-1][0]
            await fault(before)
            took = await until(lambda token=token: leads(candidates, token) is not None)  # type: ignore[misc]  # a lambda's default
            assert took < 3, f"{took} s"
        await asyncio.sleep(0.3)
        for one in candidates:
            one.process.send_signal(signal.SIGCONT)
        await asyncio.sleep(1.5)
    disjoint([act for one in candidates for act in one.acts])


def disjoint(acts: list[tuple[int, float]]) -> None:
    """In the order of time no act comes under a lower token than one before it."""
    tokens = [token for token, _ in sorted(acts, key=lambda act: act[1])]
    assert len(set(tokens)) >= 3
    assert all(earlier <= later for earlier, later in itertools.pairwise(tokens))
