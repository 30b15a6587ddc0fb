"""Our own set: questions in Portuguese and English over Hulk's own tools, and what a right answer does; a file for each category.

    - id: choice-pt-overdue
      desk: support                           # which tools there are (`catalogue.DESKS`)
      say: Quais chamados estão atrasados?    # or `talk`: turns of a user, calls, and their results
      calls: [{tool: tickets.list, with: {overdue: true}, free: [most]}]

`calls`: what must be called, and nothing besides; empty is nothing. `has`, `some`, `lacks`: words and numbers of the answer. `never`:
tools that must not be called, or `writes` for all that change something.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from benchmarks.tool_use import asking, catalogue, checking
from benchmarks.tool_use.asking import Call, Failed, Said, Server, Taken
from benchmarks.tool_use.cases import Case, Described, Outcome
from benchmarks.tool_use.checking import Expected, Offer, Wanted
from hulk.modules.tools.domain import Tool
from hulk.runtime.language import voice
from hulk.runtime.schemas import RustSchemas

SET = "own"
FOLDER = Path(__file__).parent
LANGUAGES = {
    "pt": "Você atende uma empresa brasileira. Hoje é domingo, 22 de novembro de 2026. Use uma ferramenta só quando o pedido precisa dela."
    " Se falta um dado que a ferramenta exige, pergunte por ele. Responda em português.",
    "en": "You work for a company. Today is Sunday, 22 November 2026. Use a tool only when the request needs it."
    " If something that the tool requires is missing, ask for it. Answer in English.",
}
"""What a model is told first; the day is always the same, so that answers do not hang on when they are asked for."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CallSpec(_Part):
    """A call."""

    tool: str
    with_: Mapping[str, Any] = Field(default={}, alias="with")
    free: tuple[str, ...] = ()


class Turn(_Part):
    """What was said before: by a user, by the model as calls, by the tools as results of these in order."""

    user: str | None = None
    calls: Sequence[CallSpec] = ()
    result: Any = None


class Question(_Part):
    """One case."""

    id: str = Field(pattern=r"^[a-z]+-(pt|en)-[a-z]+$")
    desk: str
    say: str = ""
    talk: Sequence[Turn] = ()
    calls: Sequence[CallSpec] | None = None
    has: tuple[str | int | float, ...] = ()
    some: tuple[str | int | float, ...] = ()
    lacks: tuple[str, ...] = ()
    never: tuple[str, ...] | Literal["writes"] = ()

    @property
    def language(self) -> str:
        """Of the question."""
        return self.id.split("-")[1]

    @model_validator(mode="after")
    def _whole(self) -> "Question":
        if bool(self.say) == bool(self.talk):
            raise ValueError("a question is said, or is the end of a talk")
        return self


class Page(_Part):
    """A file of them."""

    category: str
    cases: Sequence[Question]


def questions(folder: Path = FOLDER) -> dict[str, tuple[str, Question]]:
    """All of them with their categories, by their ids. Raises `ValueError` for what is not as it should be."""
    pages = [Page.model_validate(yaml.safe_load(file.read_text())) for file in sorted(folder.glob("*.yaml"))]
    named = [(page.category, one) for page in pages for one in page.cases]
    found = {one.id: (category, one) for category, one in named}
    if len(found) < len(named):
        raise ValueError("two cases have one id")
    return found


@dataclass(frozen=True, slots=True)
class Own:
    """The set over Hulk's tools as they are now."""

    tools: Mapping[str, Tool]
    questions: Mapping[str, tuple[str, Question]]

    @classmethod
    async def loaded(cls) -> "Own":
        """From its files. Raises `KeyError` for a tool that Hulk does not have (any more)."""
        found = cls(await catalogue.catalogue(), questions())
        for _, question in found.questions.values():
            found.expected(question)
        return found

    def described(self) -> Described:
        """The set. Its version is a hash of the cases and of the tools: an answer to another description is another answer."""
        told = [
            json.dumps({name: asdict(tool) for name, tool in self.tools.items()}, sort_keys=True, default=str),
            *(one.model_dump_json() for _, one in self.questions.values()),
            json.dumps(LANGUAGES),
        ]
        version = hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]
        cases = [Case(SET, category, f"{one.language} {one.desk}", one.id) for category, one in self.questions.values()]
        return Described(cases, version)

    def asked(self, question: Question) -> dict[str, Any]:
        """The request."""
        turns = [*_turns(question.talk), *([{"role": "user", "content": question.say}] if question.say else [])]
        messages = [{"role": "system", "content": LANGUAGES[question.language]}, *turns]
        return {"messages": messages, "tools": catalogue.offered(self._desk(question)), "temperature": 0}

    def expected(self, question: Question) -> Expected:
        """What a right answer is."""
        either = () if question.calls is None else (tuple(self._wanted(one) for one in question.calls),)
        never = self._writes(question) if question.never == "writes" else tuple(self.tools[one].name for one in question.never)
        return Expected(either=either, has=question.has, some=question.some, lacks=question.lacks, never=never)

    def why(self, question: Question, said: Said) -> str:
        """Why an answer is wrong; empty when it is right."""
        names = {catalogue.sent(name): name for name in self.tools}
        calls = tuple(Call(names.get(call.tool, call.tool), call.arguments) for call in said.calls)
        offers = {tool.name: _offer(tool) for tool in self._desk(question)}
        return checking.wrong(self.expected(question), Said(said.text, calls), offers)

    def judged(self, outcome: Outcome) -> Outcome:
        """An outcome by the rules as they are now, from what was said."""
        if outcome.verdict == "error":
            return outcome
        calls = tuple(Call(one["tool"], one["arguments"]) for one in outcome.said["calls"])
        why = self.why(self.questions[outcome.case][1], Said(outcome.said["text"], calls))
        return replace(outcome, verdict="wrong" if why else "right", why=why)

    def _desk(self, question: Question) -> list[Tool]:
        return catalogue.desk(self.tools, question.desk)

    def _wanted(self, spec: CallSpec) -> Wanted:
        return Wanted(tool=self.tools[spec.tool].name, arguments=spec.with_, free=spec.free)

    def _writes(self, question: Question) -> tuple[str, ...]:
        return tuple(tool.name for tool in self._desk(question) if tool.writes)


def _turns(talk: Sequence[Turn]) -> Iterator[dict[str, Any]]:
    ids: list[str] = []
    for turn in talk:
        if turn.user is not None:
            yield {"role": "user", "content": turn.user}
        elif turn.calls:
            ids = [f"call_{place}" for place in range(len(turn.calls))]
            calls = zip(ids, turn.calls, strict=True)
            yield asking.called([{"id": id_, "name": catalogue.sent(one.tool), "arguments": dict(one.with_)} for id_, one in calls])
        else:
            yield {"role": "tool", "tool_call_id": ids.pop(0), "content": json.dumps(turn.result, ensure_ascii=False)}


def _offer(tool: Tool) -> Offer:
    """What it takes when nothing is said: what its schema tells, and no fields, or no items, where it tells nothing."""
    properties = {name: one for name, one in tool.input.get("properties", {}).items() if name not in tool.input.get("required", ())}
    empty = {name: _EMPTY[one["type"]] for name, one in properties.items() if one.get("type") in _EMPTY}
    return Offer(tool.name, empty | {name: one["default"] for name, one in properties.items() if "default" in one}, partial(_faults, tool))


_EMPTY: Mapping[str, Any] = {"object": {}, "array": []}


def _faults(tool: Tool, arguments: Mapping[str, Any]) -> list[str]:
    return [f"{place}: {voice('en').say(text)}" for place, text in RustSchemas().wrong(tool.input, dict(arguments))]


@dataclass(frozen=True, slots=True)
class OwnAsking:
    """See `Asking`."""

    own: Own
    server: Server

    async def ask(self, case: Case) -> Outcome:
        """See `Asking`."""
        taken, (_, question) = Taken(), self.own.questions[case.id]
        try:
            said = Said.of(await self.server.complete(self.own.asked(question), taken))
        except Failed as error:
            return Outcome.of(case, "error", str(error), taken, None)
        why = self.own.why(question, said)
        return Outcome.of(case, "wrong" if why else "right", why, taken, asdict(said))
