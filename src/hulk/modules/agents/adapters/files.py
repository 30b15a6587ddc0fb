"""Agents from files: those that come with Hulk, and those in the folders that `agents.folders` lists."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.text import Text
from hulk.modules.agents.domain.agent import Agent, AgentBook
from hulk.modules.agents.domain.plan import Plan, require_sound
from hulk.modules.agents.ports import Schemas
from hulk.modules.agents.settings import AgentFile
from hulk.runtime.config import document
from hulk.runtime.validation import dotted, expected, lines

SHIPPED = Path(__file__).parents[1] / "shipped"


def book_of(folders: Sequence[Path], shipped: Sequence[str], schemas: Schemas) -> AgentBook:
    """All agents. Raises `NotFound` and `Refused`, naming file, line and what is allowed there."""
    own = [agent_in(file, schemas) for folder in folders for file in _files(folder)]
    named = {agent.name: agent for agent in own}
    if len(named) < len(own):
        twice = next(one for one in own if sum(other.name == one.name for other in own) > 1)
        raise Refused("{file}: there is another agent of the name “{name}”. Rename one.", file=twice.origin, name=twice.name)
    others = [agent_in(SHIPPED / f"{name}.yaml", schemas) for name in shipped if name not in named]
    book = AgentBook(sorted([*own, *others], key=lambda agent: agent.name))
    for agent in book.agents:
        _require_team(agent, book)
    return book


def agent_in(file: Path, schemas: Schemas) -> Agent:
    """The agent of one file. Raises as `book_of`."""
    if not file.is_file():
        raise NotFound("There is no agent's file {file}.", file=str(file))
    read = document.read(file)
    try:
        found = AgentFile.model_validate(read.values)
    except ValidationError as error:
        raise Refused(lines([_told(read, dotted(one["loc"]), expected(one)) for one in error.errors(include_url=False)])) from error
    agent = found.agent(str(file), hashlib.sha256(file.read_bytes()).hexdigest())
    for place, problem in _wrong(agent, schemas):
        raise Refused(_told(read, place, problem))
    return agent


def _told(read: document.Document, place: str, problem: Text) -> Text:
    return Text("{where}: {key}: {problem}.", where=read.place(place), key=place or "—", problem=problem)


def _wrong(agent: Agent, schemas: Schemas) -> Iterator[tuple[str, Text]]:
    yield from _wrong_cases(agent)
    for playbook in agent.playbooks:
        plan = Plan(agent=agent.name, origin="playbook", nodes=playbook.nodes, answer=playbook.answer)
        try:
            require_sound(_owned(plan, agent.name), {agent.name: ()}, agent.limits.nodes)
        except Refused as error:
            yield f"playbooks.{playbook.name}.steps", error.text
        for place, node in enumerate(playbook.nodes):
            for key, schema in (("takes", node.input), ("gives", node.output), ("accept", node.accept)):
                try:
                    schemas.require_schema(schema)
                except Refused as error:
                    yield f"playbooks.{playbook.name}.steps[{place}].{key}", error.text


def _wrong_cases(agent: Agent) -> Iterator[tuple[str, Text]]:
    for case in agent.cases:
        if case.playbook and agent.playbook(case.playbook) is None:
            known = ", ".join(one.name for one in agent.playbooks) or "—"
            yield f"evaluation.{case.name}.playbook", Text("there is no such playbook; there are: {known}", known=known)
        for place, name in enumerate(case.files):
            if not beside(agent, name).is_file():
                yield f"evaluation.{case.name}.files[{place}]", Text("there is no file {file}", file=str(beside(agent, name)))


def beside(agent: Agent, name: str) -> Path:
    """Where a file of its evaluation set lies."""
    return Path(agent.origin).parent / name


def _owned(plan: Plan, agent: str) -> Plan:
    return replace(plan, nodes=tuple(replace(node, agent=agent) for node in plan.nodes))


def _require_team(agent: Agent, book: AgentBook) -> None:
    for member in agent.team:
        if book.get(member) is None:
            known = ", ".join(one.name for one in book.agents)
            raise Refused(
                "{file}: team: there is no agent “{member}”; there are: {known}.", file=agent.origin, member=member, known=known
            )  # fmt: skip


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise NotFound("The agents' folder {folder} does not exist (agents.folders).", folder=str(folder))
    return sorted(file for file in folder.iterdir() if file.suffix in (".yaml", ".yml") and not file.name.startswith(("_", ".")))
