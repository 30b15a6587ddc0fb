"""What is written about Hulk is true: every link, command, option, route, setting, metric, event and example in the pages."""

import asyncio
import json
import os
import re
import runpy
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main

from hulk.apps import hulk, thor
from hulk.apps.events import EVENTS
from hulk.apps.settings import SECTIONS
from hulk.modules.agents.wiring import agent_in
from hulk.runtime.bus import subject_of
from hulk.runtime.config import RUNTIME, keys
from hulk.runtime.outbox.relay import taken
from hulk.runtime.schemas import RustSchemas
from support.pages import ROOT, Page, page, pages, rows
from support.program import Up, calling, environment, run, started

SOURCES = sorted((ROOT / "src").rglob("*.py"))
READMES = ("README.md", "README.pt-BR.md")
every_page = pytest.mark.parametrize("read", [pytest.param(one, id=one.name) for one in pages()])


# Links -------------------------------------------------------------------------------------------------------------------------


@every_page
def test_links_and_pictures_lead_somewhere(read: Page) -> None:
    for target in read.links:
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (read.path.parent / path).resolve() if path else read.path
        assert found.exists(), f"{read.name} links to {target}"
        assert not anchor or anchor in Page(found).anchors, f"{read.name} links to {target}, and {found.name} has no such heading"


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.suffix != ".md" or not path.is_file():
            continue
        seen.add(path)
        waiting += [(path.parent / link.partition("#")[0]).resolve() for link in Page(path).links if not link.startswith(("http", "#"))]
    assert {one.path for one in pages()} <= seen


# Examples ----------------------------------------------------------------------------------------------------------------------


@every_page
def test_python_examples_compile_and_those_marked_run(read: Page, tmp_path: Path) -> None:
    for number, block in enumerate(one for one in read.blocks if one.language == "python"):
        file = tmp_path / f"example_{number}.py"
        file.write_text(block.text, encoding="utf-8")
        compile(block.text, f"{read.name}, Python example {number + 1}", "exec")
        if block.mark("runnable") is not None:
            runpy.run_path(str(file))


@every_page
def test_json_and_yaml_examples_can_be_parsed(read: Page) -> None:
    import yaml  # comes with pydantic-settings

    for block in read.blocks:
        if block.language == "json":
            json.loads(block.text)
        if block.language == "yaml" and block.mark("agent") is None:
            written = yaml.safe_load(block.text)
            assert set(_leaves(written)) <= _setting_keys(), f"{read.name}: a setting that there is not"


def test_the_agent_of_the_docs_can_be_used(tmp_path: Path) -> None:
    (block,) = (block for block in page("docs/agents.md").blocks if block.mark("agent") is not None)
    (tmp_path / "own.yaml").write_text(block.text, "utf-8")
    assert [one.name for one in agent_in(tmp_path / "own.yaml", RustSchemas()).playbooks] == ["stock-check"]


def _leaves(tree: Any, path: str = "") -> Iterator[str]:
    for name, value in tree.items():
        key = f"{path}.{name}" if path else str(name)
        if isinstance(value, dict):
            yield from _leaves(value, key)
        else:
            yield key


# Commands ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Command:
    """A command of `hulk` or `thor`, with the options it takes."""

    name: str
    options: frozenset[str]


def _commands() -> dict[str, _Command]:
    found: dict[str, _Command] = {}

    def walk(command: Any, name: str) -> None:
        if isinstance(inside := getattr(command, "commands", None), dict):
            for part, child in inside.items():
                walk(child, f"{name} {part}")
            if not command.invoke_without_command:
                return
        options = frozenset(option for one in command.params if one.param_type_name == "option" for option in one.opts)
        found[name] = _Command(name, options)

    for program, app in (("hulk", hulk.app), ("thor", thor.app)):
        walk(typer.main.get_command(app), program)
    return found


COMMANDS = _commands()


def _invoked(words: list[str]) -> _Command | None:
    """The command that the words begin with; None for a bare program name and for `--help`."""
    name = next((" ".join(words[:size]) for size in (4, 3, 2) if " ".join(words[:size]) in COMMANDS), None)
    return COMMANDS.get(name or "")


def _is_group(words: list[str]) -> bool:
    return any(name.startswith(" ".join(words) + " ") for name in COMMANDS)


def _written_commands(read: Page) -> Iterator[list[str]]:
    """All shell lines and inline code that begin with `hulk` or `thor`."""
    for block in read.blocks:
        if block.language == "sh":
            yield from (words for words in block.commands if words[0] in ("hulk", "thor"))
    for code in read.inline:
        if code.startswith(("hulk ", "thor ")):
            yield shlex.split(code)


@every_page
def test_commands_and_options_that_are_named_exist(read: Page) -> None:
    for words in _written_commands(read):
        plain = [word for word in words if word != "--help"]
        command = _invoked(plain)
        assert command or _is_group(plain), f"{read.name}: there is no command “{' '.join(words)}”"
        if command is not None:
            given = {word.partition("=")[0] for word in plain if word.startswith("--")}
            assert given <= command.options, f"{read.name}: {command.name} has no {given - command.options}"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name.startswith("hulk ")])
def test_each_command_of_hulk_has_a_section_with_exactly_its_options(name: str) -> None:
    section = page("docs/cli.md").section(f"`{name}`")
    listed = [cells[0].strip("`") for cells in rows(section) if cells[0].startswith("`--")]
    assert sorted(listed) == sorted(COMMANDS[name].options)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name.startswith("thor ")])
def test_each_command_of_thor_has_a_row_with_its_options(name: str) -> None:
    section = page("docs/cli.md").section("`thor`")
    row = next((cells for cells in rows(section) if cells[0] == f"`{name}`"), None)
    assert row, f"docs/cli.md does not tell of {name}"
    told = set(re.findall(r"`(--[a-z-]+)`", " ".join(row)))
    shared = {"--config", "--data", "--json"}
    assert COMMANDS[name].options - shared <= told <= COMMANDS[name].options
    assert "--json" in COMMANDS[name].options


@pytest.mark.parametrize("name", [*COMMANDS, "hulk", "thor"])
def test_help_of_each_command_says_what_each_option_does(name: str) -> None:
    command: Any = typer.main.get_command({"hulk": hulk.app, "thor": thor.app}[name.split()[0]])
    for part in name.split()[1:]:
        command = command.commands[part]
    assert command.get_short_help_str(200)
    assert all(getattr(one, "help", None) for one in command.params if one.name != "help"), name


@every_page
def test_make_targets_that_are_named_exist(read: Page) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    written = [shlex.split(code) for code in read.inline if code.startswith("make ")]
    written += [words for block in read.blocks if block.language == "sh" for words in block.commands if words[0] == "make"]
    for words in written:
        assert words[1] in targets, f"{read.name}: there is no target {words[1]}"


# Settings ----------------------------------------------------------------------------------------------------------------------


def _setting_keys() -> set[str]:
    return {one.name for one in keys({**RUNTIME, **SECTIONS})}


def test_every_setting_is_documented_and_nothing_else() -> None:
    text = page("docs/configuration.md").text
    listed = {cells[0].strip("`") for cells in rows(text) if cells[0].startswith("`")}
    assert listed == _setting_keys()


@every_page
def test_settings_that_are_named_exist(read: Page) -> None:
    known = {key.replace("[]", "") for key in _setting_keys()}
    sections = {key.partition(".")[0] for key in known}
    tables = {"audit.key"}  # also a file in the data folder
    for code in read.inline:
        if re.fullmatch(r"[a-z]+(\.[a-z_]+)+", code) and code.partition(".")[0] in sections and code not in tables:
            is_file = re.search(r"\.(py|db|md|log|json|yaml|csv|conf)$", code) is not None
            assert is_file or code in known or any(key.startswith(f"{code}.") for key in known), f"{read.name}: no setting {code}"


# Metrics and events ------------------------------------------------------------------------------------------------------------


def test_every_metric_is_documented_and_nothing_else() -> None:
    call = re.compile(r"\.(?:counter|gauge|histogram|tally)\(\s*\"([a-z_]+)\"")
    made = {name for file in SOURCES for name in call.findall(file.read_text())}
    listed = {cells[0].strip("`") for cells in rows(page("docs/operations.md").section("Metrics"))}
    assert listed == made


def _event_patterns() -> set[str]:
    """The event types in the sources; what is filled in at run time as `*`."""
    literal = re.compile(r"\"(hulk\.[a-z.{}_]+\.v\d+)\"")
    files = [file for file in SOURCES if file.name != "events.py"]
    return {re.sub(r"\{[^}]*\}", "*", name) for file in files for name in literal.findall(file.read_text())}


def test_every_event_is_documented_and_nothing_else() -> None:
    listed = {cells[0].strip("`"): set(re.findall(r"`([^`]+)`", cells[2])) for cells in _event_rows()}
    assert listed == {one.type: set(one.data) for one in EVENTS}


def _event_rows() -> Iterator[list[str]]:
    return (cells for cells in rows(page("docs/events.md").text) if re.search(r"\.v\d+`$", cells[0]))


@every_page
def test_events_that_are_named_exist(read: Page) -> None:
    declared = {one.type for one in EVENTS}
    assert {code for code in read.inline if re.fullmatch(r"hulk\.[a-z.]+\.v\d+", code)} <= declared


def test_events_in_the_sources_are_declared() -> None:
    declared = {one.type for one in EVENTS}
    patterns = _event_patterns()
    for pattern in patterns:
        fitting = re.escape(pattern).replace(r"\*", r"[a-z_]+")
        assert any(re.fullmatch(fitting, name) for name in declared), f"{pattern} is not in hulk.apps.events"
    for name in declared:
        assert any(re.fullmatch(re.escape(pattern).replace(r"\*", "[a-z_]+"), name) for pattern in patterns), f"nothing tells {name}"


def test_streams_take_all_that_is_declared() -> None:
    assert [one.type for one in EVENTS if not taken(subject_of(one.type))] == []


def test_the_asyncapi_document_is_what_the_code_says() -> None:
    checking = [sys.executable, str(ROOT / "tools/asyncapi.py"), "--check"]
    assert subprocess.run(checking, check=False).returncode == 0


# The running program -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The OpenAPI document of a started Hulk."""
    folder = tmp_path_factory.mktemp("described")
    with started(folder / "data", cwd=folder) as up:
        return asyncio.run(_described(up))


async def _described(up: Up) -> Any:
    async with calling(up) as caller:
        status, body, _ = await caller.call("GET", "/openapi.json")
    assert status == 200
    return body


def test_every_route_is_documented_and_nothing_else(description: Any) -> None:
    served = {f"{method.upper()} {path}" for path, methods in description["paths"].items() for method in methods}
    listed = {cells[0].strip("`") for cells in rows(page("docs/http.md").text) if re.match(r"`[A-Z]+ /", cells[0])}
    assert listed == served


def test_query_parameters_are_documented(description: Any) -> None:
    listed = {cells[0].strip("`"): set(re.findall(r"`([^`]+)`", cells[1])) for cells in rows(page("docs/http.md").text)}
    for path, methods in description["paths"].items():
        for method, route in methods.items():
            query = {one["name"] for one in route.get("parameters", ()) if one["in"] == "query"}
            assert query <= listed[f"{method.upper()} {path}"], path


@every_page
def test_addresses_in_curl_examples_are_routes(read: Page, description: Any) -> None:
    for block in read.blocks:
        if block.language == "sh":
            for words in (words for words in block.commands if words[0] == "curl"):
                path = (
                    next(word for word in words if word.startswith("http://127.0.0.1:8080"))
                    .removeprefix("http://127.0.0.1:8080")
                    .partition("?")[0]
                )
                assert any(re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", route), path) for route in description["paths"]), path


@pytest.mark.parametrize("name", READMES)
def test_the_own_skill_of_the_readme_answers(name: str, tmp_path: Path) -> None:
    read = page(name)
    for block in read.blocks:
        if file := block.mark("own-skill"):
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(block.text, encoding="utf-8")
    commands = [words for block in read.blocks if block.language == "sh" and block.mark("own-skill") == "" for words in block.commands]
    listed, asked = (run(*words, "--json", cwd=tmp_path, env=_env(tmp_path)) for words in commands)
    assert {one["name"] for one in json.loads(listed.stdout)} >= {"disk.free", "code.churn", "data.profile", "data.anomalies"}
    answer = json.loads(asked.stdout)
    assert asked.returncode == 0, asked.stderr
    assert answer["decision"]["name"] == "disk.free"
    assert " GB**" in answer["answer"]


@pytest.mark.parametrize("name", READMES)
def test_the_first_intent_of_the_readme_finds_what_it_shows(name: str, tmp_path: Path) -> None:
    shell = next(block for block in page(name).blocks if "--file" in block.text)
    words = next(words for words in shell.commands if words[0] == "hulk")
    asked = run(*words, "--json", cwd=ROOT, env=_env(tmp_path))
    assert asked.returncode == 0, asked.stderr
    shown = next(block.text for block in page(name).blocks if block.language == "text")
    assert {one["kind"] for one in json.loads(asked.stdout)["tickets"]} >= {"series.detect", "data.anomaly"}
    for cell in ("Centro", "Norte", "35.2" if name == "README.md" else "35,2"):
        assert cell in shown
        assert cell in json.loads(asked.stdout)["answer"]
    _told_as_declared(tmp_path)


def _env(folder: Path) -> dict[str, str]:
    return environment(XDG_DATA_HOME=str(folder), PATH=os.environ["PATH"])


def _told_as_declared(folder: Path) -> None:
    """What stands in the trail has the kinds and keys that are documented."""
    declared = {one.type: set(one.data) for one in EVENTS}
    with closing(sqlite3.connect(folder / "hulk" / "hulk.db")) as store:
        found = store.execute("select type, data from event").fetchall()
    assert found
    for kind, data in found:
        assert set(json.loads(data)) == declared[kind], kind


# Two languages, and the decisions ----------------------------------------------------------------------------------------------


def test_both_readmes_have_the_same_shape() -> None:
    english, portuguese = (page(name) for name in READMES)
    assert [level for level, _ in english.headings] == [level for level, _ in portuguese.headings]
    assert len(english.links) == len(portuguese.links)
    assert [_bare(one) for one in english.blocks] == [_bare(one) for one in portuguese.blocks]


def _bare(block: Any) -> tuple[str, tuple[str, ...], str]:
    """A block without its prose: comments, quoted text, the example file, and what a program has answered."""
    text = "" if block.language == "text" else re.sub(r"\"\"\".*?\"\"\"|f?\"[^\"\n]*\"|\s+# .*", "…", block.text)
    return block.language, block.marks, re.sub(r"examples/\w+\.csv", "examples/….csv", text)


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    files = sorted((ROOT / "docs/decisions").glob("0*.md"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    assert [link for link in page("docs/decisions/README.md").links if link[0] == "0"] == [file.name for file in files]


@pytest.mark.parametrize("file", sorted((ROOT / "docs/decisions").glob("0*.md")), ids=lambda file: file.stem)
def test_a_decision_has_its_four_parts_on_one_page(file: Path) -> None:
    read = Page(file)
    assert [words for level, words in read.headings if level == 2] == ["Context", "Decision", "Alternatives", "Consequences"]
    assert re.match(rf"# {int(file.name[:4])}\. ", read.text)
    assert "- Bad: " in read.section("Consequences")
    assert len(read.text.splitlines()) <= 60
