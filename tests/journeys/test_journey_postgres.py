"""The same program on PostgreSQL: nothing but `store.url` changes."""

import json
from collections.abc import Callable
from pathlib import Path

from support.postgres import Postgres
from support.program import environment, run, started, thor
from support.worlds import repository


def test_an_intent_on_postgresql_survives_a_restart(tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    repository(tmp_path / "shop")
    env = environment(HULK_STORE__URL=postgres().database())
    data = str(tmp_path / "data")
    with started(tmp_path / "data", cwd=tmp_path, env=env):
        done = run(
            "hulk",
            "ask",
            "Quais arquivos mais mudaram nos últimos 30 dias?",
            "--repo",
            "shop",
            "--json",
            "--data",
            data,
            cwd=tmp_path,
            env=env,
        )
        assert done.returncode == 0, done.stderr
    with started(tmp_path / "data", cwd=tmp_path, env=env):
        listed = thor(tmp_path / "data", "intents", env=env)
    assert [(one["intent_id"], one["status"]) for one in listed] == [(json.loads(done.stdout)["intent_id"], "completed")]
    assert thor(tmp_path / "data", "audit", "verify", env=env)[0]["whole"] is True
