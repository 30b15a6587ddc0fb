"""How a backend of ours is written: a pydantic model for the arguments of each act, and a method that does it.

class ListIssues(Arguments):
    \"\"\"Issues of a repository, newest first.\"\"\"                # the tool's description, for models and people

    repository: str = Field(description="owner/name")
    most: int = Field(default=30, ge=1, le=100)

class GitHub(Acts):
    def __init__(self, ...) -> None:
        super().__init__(name, Act("list_issues", "List issues", ListIssues, self._list_issues), …, outside=True)
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from hulk.kernel.errors import NotFound
from hulk.kernel.records import JsonObject
from hulk.modules.tools.domain import Cost, DataClass, Effect, Output, Tool, Words
from hulk.modules.tools.ports import Calling
from hulk.runtime.validation import parsed


class Arguments(BaseModel):
    """What an act takes. Fields that are not there are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True)
class Act(Generic[A]):
    """One tool of a backend. What is not said here holds for all of its tools (`About`). `at` is where what a read gives may be read, after
    `hulk://` and the backend's name: empty, or a path with its arguments in it (`/{ticket}`); None: only by calling it."""

    name: str
    title: str
    takes: type[A]
    does: Callable[[A, Calling], Awaitable[Output]]
    effect: Effect = "read"
    idempotent: bool = False
    tags: tuple[str, ...] = ()
    amount: str = ""
    cost: Cost = "free"
    seconds: float = 30.0
    output: JsonObject | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What holds for all tools of a backend: see `Tool`."""

    outside: bool = True
    data: DataClass = "public"
    owner: str = ""
    tags: tuple[str, ...] = ()


class Acts:
    """`Backend` made of acts. It has no connection: what needs one opens it at the first call."""

    def __init__(self, name: str, about: About, *acts: Act[Any]) -> None:
        self._name = name
        self._acts = {f"{name}.{act.name}": act for act in acts}
        self._tools = [_tool(full, act, about) for full, act in self._acts.items()]

    @property
    def name(self) -> str:
        """See `Backend`."""
        return self._name

    async def tools(self) -> Sequence[Tool]:
        """See `Backend`."""
        return self._tools

    async def call(self, tool: Tool, arguments: JsonObject, calling: Calling) -> Output:
        """See `Backend`."""
        if (act := self._acts.get(tool.name)) is None:
            raise NotFound("There is no tool {name}.", name=tool.name)
        return await act.does(parsed(act.takes, arguments), calling)


def _tool(name: str, act: Act[Any], about: About) -> Tool:
    schema = act.takes.model_json_schema()
    schema.pop("title", None)
    description = str(schema.pop("description", "")).strip()
    same = {one: getattr(act, one) for one in ("title", "effect", "idempotent", "amount", "cost", "seconds", "output")}
    address = "" if act.at is None else f"hulk://{name.partition('.')[0]}{act.at}"
    tool = Tool(name=name, description=description, input=schema, address=address, **same)
    return replace(tool, outside=about.outside, data=about.data, owner=about.owner, tags=(*about.tags, *act.tags))


def listed(kind: str, found: Sequence[Any], most: int) -> Output:
    """The first `most` of what was found, under that name; it says when there are more."""
    return said({kind: found[:most]}, cut=f"There are more than {most}." if len(found) > most else "")


def said(data: Mapping[str, Any], *, cut: str = "") -> Output:
    """Data as an answer, with the same as text for those that read only text."""
    text = json.dumps(data, ensure_ascii=False, default=str)
    return Output(data=json.loads(text), pieces=(Words(text),), cut=cut)
