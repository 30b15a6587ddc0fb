"""Agents' files: those that come with Hulk can be used, and of others it is told what is wrong, where, and what is allowed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hulk.kernel.errors import HulkError, NotFound, Refused
from hulk.kernel.tenancy import Principal, everywhere
from hulk.modules.agents import rules_of
from hulk.modules.agents.adapters.files import book_of
from hulk.modules.agents.settings import AgentsSettings
from hulk.runtime.schemas import RustSchemas
from support.team import a_playbook

STEP = {"key": "look", "tool": "shop.list_orders"}
ALL = AgentsSettings().shipped


def written(folder: Path, name: str = "buyer", **said: Any) -> Path:
    """An agent's file."""
    file = {"name": name, "title": "Compras", "about": "Compra.", "persona": "Você compra.", **said}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(file, allow_unicode=True), "utf-8")
    return path


def of_folder(folder: Path, shipped: tuple[str, ...] = ()) -> Any:
    """The agents of that folder."""
    return book_of([folder], shipped, RustSchemas())


def test_the_agents_that_come_with_hulk_can_be_used() -> None:
    book = book_of([], ALL, RustSchemas())
    assert {agent.name for agent in book.agents} == set(ALL)
    assert {name for name in ALL if (agent := book.get(name)) and agent.playbooks} == {"agency", "commercial", "industrial", "retail"}


def test_none_that_comes_with_hulk_changes_anything_without_a_person() -> None:
    rules = [rule for agent in book_of([], ALL, RustSchemas()).agents for rule in rules_of(agent)]
    assert {rule.autonomy for rule in rules} == {"approve"}
    assert all(rule.agents for rule in rules)


def test_one_file_is_an_agent(tmp_path: Path) -> None:
    written(tmp_path, tools=[{"use": ["shop.*"], "autonomy": "act", "up_to": 50}], playbooks={"buy": a_playbook(STEP)})
    (agent,) = of_folder(tmp_path).agents
    (rule,) = rules_of(agent)
    assert (agent.name, [one.name for one in agent.playbooks]) == ("buyer", ["buy"])
    assert (rule.agents, rule.tools, rule.autonomy, str(rule.up_to)) == (("buyer",), ("shop.*",), "act", "50")


def test_one_of_ones_own_takes_the_place_of_the_one_of_its_name(tmp_path: Path) -> None:
    written(tmp_path, name="retail")
    own = of_folder(tmp_path, ALL).get("retail")
    assert own.origin == str(tmp_path / "retail.yaml")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a field that is not there": ({"tolls": []}, "line 5: tolls: there is no such field"),
    "a role that is not there": ({"roles": ["boss"]}, "roles.0.|roles.0|viewer, operator, approver, admin|'viewer'"),
    "an autonomy that is not there": ({"tools": [{"use": ["a.*"], "autonomy": "always"}]}, "tools.0..autonomy: allowed"),
    "no tokens at all": ({"limits": {"tokens": 0}}, "limits.tokens: it must be at least 1"),
    "two things in one step": ({"playbooks": {"buy": a_playbook({**STEP, "think": "x"})}}, "one of `tool`, `think` and `ask`"),
    "a thought for each": (
        {"playbooks": {"buy": a_playbook({"key": "a", "think": "x", "each": "${values.x}"})}},
        "a model thinks once",
    ),
    "a circle": (
        {"playbooks": {"buy": a_playbook({**STEP, "key": "a", "after": ["b"]}, {**STEP, "key": "b", "after": ["a"]})}},
        "a > b > a|b > a > b",
    ),
    "a step that is not there": ({"playbooks": {"buy": a_playbook({**STEP, "after": ["nothing"]})}}, "waits for “nothing”"),
    "an answer from nowhere": ({"playbooks": {"buy": a_playbook(STEP, answer="${other.x}")}}, "refers to “other”"),
    "a schema that is none": ({"playbooks": {"buy": a_playbook({**STEP, "gives": {"type": "thing"}})}}, r"steps\[0\].gives"),
    "two examples": ({"playbooks": {"buy": {**a_playbook(STEP), "examples": {"pt": ["a", "b"]}}}}, "at least 3 example sentences"),
    "a team of strangers": ({"team": ["nobody"]}, "there is no agent “nobody”"),
}


@pytest.mark.parametrize(("said", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_file_is_told_with_its_place(tmp_path: Path, said: dict[str, Any], told: str) -> None:
    path = written(tmp_path, **said)
    with pytest.raises(Refused) as caught:
        of_folder(tmp_path)
    assert str(path) in str(caught.value)
    assert any(part in str(caught.value) or _matches(part, str(caught.value)) for part in told.split("|"))


def _matches(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


@pytest.mark.parametrize("text", ["name: [", "- a\n- b", "name: a\nname: b\n"], ids=["no YAML", "a list", "a key twice"])
def test_what_is_no_settings_file_is_told_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "buyer.yaml").write_text(text, "utf-8")
    with pytest.raises(Refused, match=r"buyer\.yaml"):
        of_folder(tmp_path)


def test_two_of_one_name_are_told_apart(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "other.yaml").write_text((tmp_path / "buyer.yaml").read_text("utf-8"), "utf-8")
    with pytest.raises(Refused, match="another agent of the name “buyer”"):
        of_folder(tmp_path)


@pytest.mark.parametrize(("folder", "shipped"), [("nowhere", ()), ("", ("nobody",))], ids=["a folder", "one that should come with Hulk"])
def test_what_is_not_there_is_named(tmp_path: Path, folder: str, shipped: tuple[str, ...]) -> None:
    with pytest.raises(NotFound, match=folder or "nobody"):
        book_of([tmp_path / folder] if folder else [], shipped, RustSchemas())


@pytest.mark.parametrize(("role", "may"), [("operator", True), ("admin", True), ("viewer", False), ("approver", False)])
def test_an_agent_works_for_those_with_its_roles(tmp_path: Path, role: Any, may: bool) -> None:
    written(tmp_path)
    (agent,) = of_folder(tmp_path).agents
    assert agent.open_to(Principal(tenant="acme", actor="x", grants=everywhere(role))) is may


def test_errors_are_said_in_words_that_can_be_translated(tmp_path: Path) -> None:
    written(tmp_path, tolls=[])
    with pytest.raises(HulkError) as caught:
        of_folder(tmp_path)
    assert caught.value.text.to_json()
