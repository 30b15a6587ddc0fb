"""A file of 1 GB in bounded memory and time."""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

ROWS = 14_200_000
ONE = """
import asyncio, json, resource, sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from support.tables import asked
from hulk.modules.skills.domain.anomalies import ANOMALIES
from hulk.modules.skills.domain.profile import PROFILE
skill = {{"data.profile": PROFILE, "data.anomalies": ANOMALIES}}[{skill!r}]
base, began, cpu = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic(), time.process_time()
found = asyncio.run(asked(skill, Path({path!r}), Path({scratch!r})))
print(json.dumps({{
    "growth_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1024,
    "seconds": time.monotonic() - began, "cpu": time.process_time() - cpu,
    "answer": found.answer.markdown,
}}))
"""


@pytest.fixture(scope="module")
def gigabyte(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight shops, one row every four seconds each: 0.95 GB of CSV, with one spike."""
    path = tmp_path_factory.mktemp("large") / "large.csv"
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as connection:
        connection.execute("SELECT setseed(0.42)")
        connection.execute(
            f"""COPY (SELECT i AS pedido_id, TIMESTAMP '2025-01-01' + to_seconds((i // 8) * 4) AS momento, (i % 8) + 1 AS loja,
            CASE WHEN i = 7000000 THEN 90 ELSE random() * 3 + random() * 3 + random() * 3 END::DECIMAL(10, 4) AS temperatura,
            CASE WHEN random() < 0.02 THEN NULL ELSE (exp(random() * 6))::DECIMAL(12, 2) END AS valor,
            (['norte', 'sul', 'leste', 'oeste', 'centro'])[1 + (random() * 5)::INT % 5] AS regiao,
            'cliente ' || (random() * 1e6)::INT AS cliente,
            CASE WHEN random() < 0.001 THEN 'N/A' ELSE (random() * 100)::INT::VARCHAR END AS estoque
            FROM range({ROWS}) t(i)) TO '{path}' (HEADER)"""
        )
    return path


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("skill", "says"), [("data.profile", "14,200,000"), ("data.anomalies", "One anomaly found")])
def test_a_gigabyte_is_read_in_less_than_700_mb(gigabyte: Path, tmp_path: Path, skill: str, says: str) -> None:
    tests = str(Path(__file__).parents[2])
    program = ONE.format(tests=tests, skill=skill, path=str(gigabyte), scratch=str(tmp_path / "scratch"))
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    print({name: round(value, 1) for name, value in found.items() if name != "answer"})
    assert gigabyte.stat().st_size > 0.9e9
    assert found["growth_mb"] < 700
    assert says in found["answer"]
