"""The ticket service under fire: servers, database and workers are killed while tickets are made and done by many at once.

Nothing is lost, nothing is completed twice, and no write is taken from who holds a ticket no more.
"""

import asyncio
import itertools
import os
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, text

from hulk.modules.tickets.adapters.sql.tables import ticket_table
from hulk.runtime.store import Store, opened
from support.crowd import KIND, Crowd, diligent, dying, moody, session, zombie
from support.nats_cluster import a_nats
from support.patience import until_found
from support.postgres import Postgres, a_postgres
from support.program import Up, environment, launch, until_ready

TICKETS = int(os.environ.get("HULK_TEST_TICKETS", "400"))
"""How many; `make test-faults` has 100,000 done."""
SEED = int(os.environ.get("HULK_TEST_FIRST_SEED", "7"))


@dataclass(slots=True)
class Service:
    """Servers over one database, each of which is killed and started again."""

    folder: Path
    env: dict[str, str]
    postgres: Postgres
    url: str
    servers: list[Up] = field(default_factory=list)
    down: set[int] = field(default_factory=set)

    def urls(self) -> Sequence[str]:
        """Those that should answer."""
        return [up.url for place, up in enumerate(self.servers) if place not in self.down]

    async def start(self, place: int) -> None:
        """Start that server, on its own data folder, and wait until it is ready. It dies with the thread that started it."""
        up = launch("up", self.folder / f"up-{place}", cwd=self.folder, env=self.env)
        await asyncio.to_thread(until_ready, up)
        self.servers[place : place + 1] = [up]
        self.down.discard(place)

    async def kill_server(self, chance: random.Random) -> None:
        """kill -9 of a server, which is started again."""
        place = chance.randrange(len(self.servers))
        self.down.add(place)
        await asyncio.to_thread(self.servers[place].kill)
        await self.start(place)

    async def kill_database(self, _: random.Random) -> None:
        """kill -9 of PostgreSQL and all its processes, started again a moment later."""
        await asyncio.to_thread(self.postgres.kill)
        await asyncio.sleep(0.3)
        self.postgres.launch()
        await asyncio.to_thread(self.postgres.until_answers)


@asynccontextmanager
async def a_service(folder: Path, servers: int = 2) -> AsyncIterator[Service]:
    """The service, ready, with the kind of ticket that the crowd does."""
    with a_postgres() as postgres:
        async with a_nats(folder / "bus", servers=1) as nats:
            url = postgres.database()
            own = {
                "HULK_STORE__URL": url, "HULK_AUDIT__KEY": "the same for all", "HULK_BLOBS__PATH": str(folder / "blobs"),
                "HULK_ENGINE__QUEUES": "[]", "HULK_SERVER__RATE_LIMIT": "1000000",
            }  # fmt: skip
            service = Service(folder, environment(**nats.settings(), **own), postgres, url)
            try:
                for place in range(servers):
                    await service.start(place)
                async with session() as http, http.put(f"{service.urls()[0]}/v1/ticket-kinds/{KIND}", json={"attempts": 100}) as put:
                    assert put.status == 200, await put.text()
                yield service
            finally:
                for up in service.servers:
                    if up.process.poll() is None:
                        up.kill()


async def chaos(service: Service, crowd: Crowd) -> list[str]:
    """Kill something every few seconds until the crowd stops; what was killed."""
    happened: list[str] = []
    for act in itertools.cycle((service.kill_server, service.kill_database, service.kill_server)):
        if crowd.stopping.is_set():
            break
        await act(crowd.chance)
        happened.append(act.__name__)
        await asyncio.sleep(crowd.chance.uniform(0.2, 2))
    return happened


async def all_done(service: Service, crowd: Crowd) -> bool:
    """Whether every ticket that was said to be made is completed, as a server sees it: all other statuses in one look, since a ticket goes
    from running to ready and back."""
    if len(crowd.told.made) < TICKETS:
        return False
    try:
        async with session() as http:
            others = "&".join(f"status={one}" for one in ("open", "ready", "running", "failed", "skipped", "cancelled"))
            async with http.get(f"{service.urls()[0]}/v1/tickets?{others}&limit=1") as response:
                return response.status == 200 and not (await response.json())["tickets"]
    except (aiohttp.ClientError, TimeoutError, IndexError):
        return False


@pytest.mark.timeout(7200)
async def test_nothing_is_lost_or_done_twice_and_no_stale_write_is_taken(tmp_path: Path) -> None:
    async with a_service(tmp_path) as service:
        crowd = Crowd(service.urls, random.Random(SEED))
        habits = {f"diligent-{n}": diligent for n in range(4)} | {"dying": dying, "zombie-1": zombie, "zombie-2": zombie, "moody": moody}
        async with asyncio.TaskGroup() as group:
            making = group.create_task(crowd.make(TICKETS))
            for name, habit in habits.items():
                group.create_task(crowd.work(name, habit))
            killing = group.create_task(chaos(service, crowd))
            await making
            await until_found(lambda: all_done(service, crowd), within=3600)
            crowd.stopping.set()
        assert len(killing.result()) >= 2
        async with opened(service.url, tmp_path) as store:
            await check(store, crowd)
        print(f"\n{TICKETS} tickets, {Counter(killing.result())}, {crowd.told.refused} stale writes refused")


async def check(store: Store, crowd: Crowd) -> None:
    """What was told is what is."""
    tickets = await store.read(lambda connection: {row.id: row for row in connection.execute(select(ticket_table))})
    assert crowd.told.made == tickets.keys(), "none lost, none made twice"
    assert Counter(row.status for row in tickets.values()) == {"completed": TICKETS}
    assert crowd.told.late_and_taken == []
    for id_, marks in crowd.told.completed.items():
        assert marks == {tickets[id_].result["mark"]}, f"{id_}: who was told that it was taken, and what was kept"
    completed, last_leased = await store.read(_trail)
    assert Counter(one["id"] for one in completed) == dict.fromkeys(tickets, 1), "told to the trail once each"
    for one in completed:
        assert last_leased[one["id"]][-1] == (one["lease"], one["fence"]), "by who had taken it last"
    for id_, leases in last_leased.items():
        assert [fence for _, fence in leases] == list(range(1, len(leases) + 1)), f"{id_}: each lease has the next fence"


def _trail(connection: Any) -> tuple[list[dict[str, Any]], dict[str, list[tuple[str, int]]]]:
    rows = connection.execute(text("select type, subject, data from event where type like 'hulk.ticket.%' order by position")).all()
    completed = [{"id": row.subject, **row.data} for row in rows if row.type == "hulk.ticket.completed.v1"]
    leased: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in rows:
        if row.type == "hulk.ticket.leased.v1":
            for id_, fence in row.data["tickets"].items():
                leased[id_].append((row.subject, fence))
    return completed, leased
