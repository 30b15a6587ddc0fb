"""A crowd around a ticket service: who makes tickets, workers of all kinds (diligent, dying, late), and what each was told."""

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

KIND = "job"
LEASE_SECONDS = 2.0
"""How long the workers ask to hold what they take."""
AWAY = (aiohttp.ClientError, TimeoutError)


@dataclass(slots=True)
class Told:
    """What the service said was taken of whom."""

    made: set[str] = field(default_factory=set)
    """Tickets that were said to be made."""
    completed: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of each ticket the marks of the results that were said to be taken."""
    refused: int = 0
    """Writes that were refused because they came from who holds the ticket no more."""
    late_and_taken: list[str] = field(default_factory=list)
    """Tickets of which a write was taken although its worker had surely lost the lease."""


@dataclass(slots=True)
class Crowd:
    """`urls` gives the addresses of the servers that should answer now."""

    urls: Callable[[], Sequence[str]]
    chance: random.Random
    told: Told = field(default_factory=Told)
    marks: "itertools.count[int]" = field(default_factory=itertools.count)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, http: aiohttp.ClientSession, path: str, body: Any, token: str = "") -> tuple[int, Any]:
        """Ask any server, and again until one answers: all that is asked here may be asked again."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        while True:
            with suppress(*AWAY, IndexError):
                async with http.post(self.chance.choice(self.urls()) + path, json=body, headers=headers) as response:
                    if response.status not in (500, 502, 503, 504):
                        return response.status, await response.json(content_type=None)
                    assert response.status != 500, await response.text()
            await asyncio.sleep(0.05)

    async def make(self, count: int, batch: int = 25) -> None:
        """Make `count` tickets; every third of a batch comes after the one before it."""
        async with session() as http:
            for first in range(0, count, batch):
                tickets = [_new(first + n, f"#{n - 1}" if n % 3 == 2 else None) for n in range(min(batch, count - first))]
                status, made = await self.ask(http, "/v1/tickets/batch", {"tickets": tickets})
                assert status == 201, made
                self.told.made |= {one["ticket_id"] for one in made["tickets"]}

    async def work(self, name: str, habit: Callable[["Crowd", aiohttp.ClientSession, dict[str, Any], list[dict[str, Any]]], Any]) -> None:
        """Take tickets until the crowd stops, and do with them as is its habit."""
        async with session() as http:
            while not self.stopping.is_set():
                body = {"worker": name, "kinds": [KIND], "most": self.chance.randint(1, 20), "lease_for": LEASE_SECONDS, "wait": 0.5}
                status, lease = await self.ask(http, "/v1/leases", {**body, "request_id": f"{name}-{next(self.marks)}"})
                assert status == 200, lease
                if lease["tickets"]:
                    await habit(self, http, lease, lease["tickets"])

    async def complete(
        self, http: aiohttp.ClientSession, lease: dict[str, Any], tickets: Sequence[dict[str, Any]], late: bool = False
    ) -> None:  # what is known of it
        """Say that they are done, each with a mark of its own. `late`: the lease has surely run out."""
        marks = {one["ticket_id"]: str(next(self.marks)) for one in tickets}
        done = [{"ticket_id": one["ticket_id"], "fence": one["fence"], "result": {"mark": marks[one["ticket_id"]]}} for one in tickets]
        status, answer = await self.ask(http, "/v1/leases/complete", {"completions": done}, lease["token"])
        if status == 401:  # the token ended with the lease
            self.told.refused += len(tickets)
            return
        assert status == 200, answer
        for id_ in answer["completed"]:
            self.told.completed[id_].add(marks[id_])
        self.told.refused += len(answer["refused"])
        self.told.late_and_taken += answer["completed"] if late else []


def session() -> aiohttp.ClientSession:
    """One caller's."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))


def _new(number: int, after: str | None) -> dict[str, Any]:
    return {
        "kind": KIND, "title": f"Job {number}", "input": {"n": number}, "request_id": f"job-{number}", "after": [after] if after else [],
    }  # fmt: skip


async def diligent(crowd: Crowd, http: aiohttp.ClientSession, lease: dict[str, Any], tickets: list[dict[str, Any]]) -> None:
    """Does all it took, some of it only after a heartbeat; sends now and then what it has sent already."""
    half = len(tickets) // 2
    await crowd.complete(http, lease, tickets[:half]) if half else None
    status, renewed = await crowd.ask(
        http, "/v1/leases/heartbeat", {"tickets": [one["ticket_id"] for one in tickets[half:]]}, lease["token"]
    )
    if status == 200:
        held = [one for one in tickets[half:] if one["ticket_id"] not in renewed["lost"]]
        await crowd.complete(http, renewed, held) if held else None


async def dying(_: Crowd, __: aiohttp.ClientSession, ___: dict[str, Any], ____: list[dict[str, Any]]) -> None:
    """Takes work and is never heard of again."""


async def zombie(crowd: Crowd, http: aiohttp.ClientSession, lease: dict[str, Any], tickets: list[dict[str, Any]]) -> None:
    """Wakes up long after its lease ran out, and goes on as if nothing had been."""
    await asyncio.sleep(LEASE_SECONDS + 1 + crowd.chance.random())
    await crowd.complete(http, lease, tickets, late=True)


async def moody(crowd: Crowd, http: aiohttp.ClientSession, lease: dict[str, Any], tickets: list[dict[str, Any]]) -> None:
    """Gives half of it back, and does the rest."""
    for one in tickets[::2]:
        body = {"ticket_id": one["ticket_id"], "fence": one["fence"], "code": "busy", "retry": True}
        await crowd.ask(http, "/v1/leases/fail", body, lease["token"])
    rest = tickets[1::2]
    await crowd.complete(http, lease, rest) if rest else None
