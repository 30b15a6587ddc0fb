"""Finding tickets among a million: every kind of search, on PostgreSQL, by somebody who may read all or one namespace."""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from hulk.apps.schema import prepare
from hulk.kernel import ids
from hulk.kernel.text import Text
from hulk.modules.tickets.adapters.sql import SqlBoard
from hulk.modules.tickets.domain import PRIORITIES, Assignee, Filter, Ticket
from hulk.runtime.store import Store, opened
from support.postgres import a_postgres

MANY = 1_000_000
CHUNK = 5_000
TIMES = 40
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS = [f"{a}{b}" for a in ("pedido", "relatorio", "nota", "cliente", "estoque", "backup", "deploy", "alerta") for b in range(1000)]


def tickets(count: int, seed: int) -> Iterator[Ticket]:
    """Tickets as an operations team might have them: few words are in many, many words in few."""
    chance = random.Random(seed)
    for number in range(count):
        said = [_WORDS[min(int(chance.paretovariate(0.6)), len(_WORDS) - 1)] for _ in range(6)]
        yield Ticket(
            id=ids.new("tkt"), plan=ids.derived("pln", str(number // 7)), intent=ids.derived("int", str(number // 7)),
            tenant="rival" if number % 10 == 0 else "acme", key="", kind=f"kind.k{int(chance.paretovariate(0.8)) % 40}",
            title=Text("{title}", title=" ".join(said[:4])), status="open", input={"text": " ".join(said[4:]), "serial": f"serial{number}"},
            owner="worker", priority=chance.choices(PRIORITIES, (5, 80, 12, 3))[0], created=_BEGIN + timedelta(seconds=number),
            namespace=chance.choice(("default", "prod", "test")),
            labels={"env": chance.choice(("prod", "test")), "team": f"t{number % 50}"},
            assignee=Assignee("worker_group", f"g{number % 20}") if number % 3 == 0 else None,
        )  # fmt: skip


def searches(chance: random.Random) -> Mapping[str, Filter]:
    """One of each kind."""
    number = chance.randrange(MANY)
    filters: dict[str, dict[str, Any]] = {
        "newest": {},
        "by plan": {"plan": ids.derived("pln", str(number // 7))},
        "by intent": {"intent": ids.derived("int", str(number // 7))},
        "by status": {"statuses": ("running",)},
        "by priority": {"priorities": ("urgent",)},
        "by common kind": {"kinds": ("kind.k1",)},
        "by rare kind": {"kinds": (f"kind.k{chance.randrange(20, 40)}",)},
        "by label": {"labels": {"team": f"t{chance.randrange(50)}"}},
        "by two labels": {"labels": {"team": f"t{chance.randrange(50)}", "env": "prod"}},
        "by a common word": {"text": _WORDS[1]},
        "by a rare word": {"text": _WORDS[chance.randrange(2000, 6000)]},
        "by one ticket's word": {"text": f"serial{number}"},
        "by two common words": {"text": f"{_WORDS[1]} {_WORDS[2]}"},
        "by status, kind and label": {"statuses": ("ready",), "kinds": ("kind.k2",), "labels": {"env": "test"}},
        "by a word, a label and priority": {"text": _WORDS[3], "labels": {"env": "prod"}, "priorities": ("high",)},
        "of one namespace": {"namespaces": frozenset({"prod"}), "text": _WORDS[2]},
        "by assignee": {"assignee": Assignee("worker_group", f"g{chance.randrange(20)}")},
    }
    return {name: Filter(tenant="acme", **fields) for name, fields in filters.items()}


async def filled(store: Store, count: int) -> None:
    """Keep that many; some of them are running, most have ended."""
    chunk: list[Ticket] = []
    board = SqlBoard(store)
    for ticket in tickets(count, 7):
        chunk.append(ticket)
        if len(chunk) == CHUNK:
            await store.commit(board.create(chunk))
            chunk = []
    if chunk:
        await store.commit(board.create(chunk))
    statements = (
        "update ticket set status = 'completed', ended = created where right(id, 1) not in ('0', '1', '2')",
        "update ticket set status = 'running' where right(id, 1) = '1' and status = 'ready'",
        "analyze ticket", "analyze ticket_search",
    )  # fmt: skip
    for statement in statements:
        await store.commit(lambda tx, statement=statement: tx.execute(text(statement)))  # type: ignore[misc]  # a plain statement


async def measured(count: int = MANY) -> dict[str, list[float]]:
    """Milliseconds of each search, by its kind."""
    with a_postgres() as server, tempfile.TemporaryDirectory() as folder:
        async with opened(server.database(), Path(folder)) as store:
            prepare(store.engine)
            begun = time.monotonic()
            await filled(store, count)
            sys.stdout.write(f"filled {count} in {time.monotonic() - begun:.0f} s\n")
            board, found = SqlBoard(store), dict[str, list[float]]()
            for turn in range(TIMES):
                for name, wanted in searches(random.Random(turn)).items():
                    begun = time.perf_counter()
                    await board.find(wanted, 50)
                    found.setdefault(name, []).append(1000 * (time.perf_counter() - begun))
            return found


def main() -> None:
    """Measure and print."""
    found = asyncio.run(measured(int(sys.argv[1]) if len(sys.argv) > 1 else MANY))
    everything = sorted(one for times in found.values() for one in times)
    for name, times in {**found, "all": everything}.items():
        p95 = statistics.quantiles(times, n=20)[-1]
        sys.stdout.write(f"{name:32} p50 {statistics.median(times):8.2f} ms   p95 {p95:8.2f} ms   max {max(times):8.2f} ms\n")


if __name__ == "__main__":
    main()
