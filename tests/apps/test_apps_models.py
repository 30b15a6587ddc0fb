"""`thor models add`: what it writes into the settings file, and what it does not."""

from pathlib import Path

import pytest
import yaml

from support.program import environment, run

BEFORE = "# ours\nmodels:\n  providers:\n    - name: one  # the first\n      kind: ollama\n      model: qwen3\nlocale:\n  language: en\n"


def add(folder: Path, *options: str) -> tuple[int, str]:
    """The exit code, and what it said."""
    done = run("thor", "models", "add", *options, cwd=folder, env=environment(OPENAI_KEY="sk-secret"))
    return done.returncode, done.stdout + done.stderr


def test_a_model_is_written_behind_those_that_are_there_with_where_its_key_is(tmp_path: Path) -> None:
    (tmp_path / "hulk.yaml").write_text(BEFORE)
    (tmp_path / "hulk.yaml").chmod(0o640)
    assert add(tmp_path, "small", "--kind", "openai", "--model", "gpt-5-nano", "--key-env", "OPENAI_KEY")[0] == 0
    entry = '    - name: small\n      kind: openai\n      model: gpt-5-nano\n      api_key: "env:OPENAI_KEY"\n'
    assert (tmp_path / "hulk.yaml").read_text() == BEFORE.replace("locale:", f"{entry}locale:")
    assert (tmp_path / "hulk.yaml").stat().st_mode & 0o777 == 0o640
    listed = run("thor", "models", "list", "--json", cwd=tmp_path, env=environment(OPENAI_KEY="sk-secret"))
    assert '"key": "env:OPENAI_KEY"' in listed.stdout
    assert "sk-secret" not in listed.stdout
    absent = run("thor", "models", "list", "--json", cwd=tmp_path, env=environment())
    assert "refers to env:OPENAI_KEY: There is no environment variable OPENAI_KEY" in absent.stdout


def test_without_a_settings_file_one_is_made(tmp_path: Path) -> None:
    assert add(tmp_path, "house", "--model", "qwen3", "--url", "http://10.0.0.5:8000/v1", "--local")[0] == 0
    written = yaml.safe_load((tmp_path / "hulk.yaml").read_text())
    entry = {"name": "house", "kind": "compatible", "url": "http://10.0.0.5:8000/v1", "model": "qwen3", "local": True}
    assert written == {"models": {"providers": [entry]}}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["one", "--kind", "ollama", "--model", "x"], "one is used twice", id="a name that is taken"),
        pytest.param(["two", "--model", "x"], "a compatible server needs its url", id="no address"),
        pytest.param(["two", "--kind", "opnai", "--model", "x"], "kind: ", id="no such kind"),
        pytest.param(["two", "--kind", "openai", "--model", "x", "--key", "sk-secret"], "never the key itself", id="the key itself"),
    ],
)
def test_what_makes_no_model_is_refused_and_the_file_stays(tmp_path: Path, options: list[str], said: str) -> None:
    (tmp_path / "hulk.yaml").write_text(BEFORE)
    code, told = add(tmp_path, *options)
    assert (code, said in told) == (2, True), told
    assert "sk-secret" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["hulk.yaml"]
    assert (tmp_path / "hulk.yaml").read_text() == BEFORE
