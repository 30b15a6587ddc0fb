"""The same program on PostgreSQL: nothing but `store.url` changes."""

import json
from collections.abc import Callable
from pathlib import Path

from support.postgres import Postgres
from support.program import environment, run, started
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
        listed = json.loads(run("thor", "intents", "--data", data, "--json", cwd=tmp_path, env=env).stdout)
    assert [(one["intent_id"], one["status"]) for one in listed] == [(json.loads(done.stdout)["intent_id"], "completed")]
    verified = run("thor", "audit", "verify", "--data", data, "--json", cwd=tmp_path, env=env)
    assert json.loads(verified.stdout)[0]["whole"] is True
