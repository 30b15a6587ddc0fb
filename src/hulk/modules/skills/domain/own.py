"""A user's own skill: one function, its parameters typed by annotations, its examples given beside it.

@skill("disk.free", pt=["Quanto espaço livre há no disco?"], en=["How much free disk space is left?"])
def disk_free(top: int = 5, when: Period | None = None) -> str:
    \"\"\"Free space on the disks.\"\"\"
    return "…"                                   # Markdown
"""

import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text, writable
from hulk.modules.skills.domain.reading import Period
from hulk.modules.skills.domain.skill import Answer, Arguments, Kind, Parameter, Report, Skill
from hulk.modules.tickets import Draft

Function: TypeAlias = Callable[..., Any]
F = TypeVar("F", bound=Function)
LONGEST_NAME = 50
"""Characters of a skill's name: with `skill.` before it, it is the kind of a ticket."""
FEWEST_EXAMPLES = 3
"""Per skill, over both languages: with fewer, nothing can be said about what is meant."""


class Table(type(Path())):  # type: ignore[misc]  # Path is instantiable by subclass only through its concrete type before 3.12
    """The path of a CSV, Parquet or JSON-lines file that the intent is about."""


class Repository(type(Path())):  # type: ignore[misc]  # as above
    """The path of a git repository that the intent is about."""


KINDS: Mapping[Any, Kind] = {
    int: "count", float: "number", bool: "switch", str: "text", Period: "period", Table: "table", Repository: "repository",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OwnSkill:
    """A function as a skill: `function` is called with the arguments that `skill.parameters` describe."""

    skill: Skill
    function: Function
    kind: str


def skill(name: str, *, pt: Sequence[str] = (), en: Sequence[str] = (), title: str | None = None, reads: bool = False) -> Callable[[F], F]:
    """Make a function a skill. `pt` and `en` are sentences that should lead to it: the more unlike, the better it is found. `reads` says
    that it only looks: else its tool counts as one that changes something, and is put to a person where rules say so.

    Raises `Refused` for too few examples and for a parameter whose type cannot be read from a sentence."""

    def made(function: F) -> F:
        function.__hulk_skill__ = _own(name, title, tuple(pt), tuple(en), function, reads)  # type: ignore[attr-defined]  # how the loader finds it
        return function

    return made


def _own(name: str, title: str | None, pt: tuple[str, ...], en: tuple[str, ...], function: Function, reads: bool) -> OwnSkill:
    if len(pt) + len(en) < FEWEST_EXAMPLES:
        raise Refused(
            "The skill “{name}” has {count} example sentences; at least {least} are needed.",
            name=name,
            count=len(pt) + len(en),
            least=FEWEST_EXAMPLES,
        )
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
        raise Refused(
            "The name of the skill “{name}” has {count} characters; 1 to {most} printable ones are taken.",
            name=writable(name)[:80],
            count=len(name),
            most=LONGEST_NAME,
        )
    about = Text((inspect.getdoc(function) or name).splitlines()[0].replace("{", "{{").replace("}", "}}"))
    kind = f"skill.{name}"
    heading = about if title is None else Text(title.replace("{", "{{").replace("}", "}}"))
    made = Skill(
        name=name,
        title=heading,
        about=about,
        examples={"pt": pt, "en": en},
        parameters=parameters(name, function),
        plan=lambda arguments: (Draft(key="work", kind=kind, title=heading, input={"arguments": dict(arguments)}),),
        answer=_said,
        tags=("own",),
        reads=reads,
    )
    return OwnSkill(made, function, kind)


def _said(report: Report) -> Answer:
    return Answer(markdown=str(report.results["work"]["markdown"]))


def parameters(name: str, function: Function) -> tuple[Parameter, ...]:
    """The function's parameters as a skill's; raises `Refused` for a type that no sentence can give."""
    hints = typing.get_type_hints(function)
    return tuple(_parameter(name, hints.get(one.name, str), one) for one in inspect.signature(function).parameters.values())


def _parameter(name: str, hint: Any, given: inspect.Parameter) -> Parameter:
    kinds = [KINDS[one] for one in _alternatives(hint) if one in KINDS]
    if len(kinds) != 1:
        raise Refused(
            "Parameter “{parameter}” of skill “{name}” has a type that cannot be read from a sentence; allowed: {allowed}.",
            parameter=given.name, name=name, allowed=", ".join(kind.__name__ for kind in KINDS),
        )  # fmt: skip
    required = given.default is inspect.Parameter.empty
    return Parameter(
        name=given.name,
        kind=kinds[0],
        about=Text(given.name),
        required=required,
        default=None if required else given.default,
        words=(given.name,),
    )


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)


def called_with(own: OwnSkill, arguments: Arguments, sources: Mapping[str, Path]) -> dict[str, Any]:
    """The keyword arguments for the function: days as dates, sources as the paths they were resolved to."""
    return {one.name: _value(one, arguments.get(one.name), sources) for one in own.skill.parameters if arguments.get(one.name) is not None}


def _value(parameter: Parameter, value: Any, sources: Mapping[str, Path]) -> Any:
    match parameter.kind:
        case "period":
            return Period(since=date.fromisoformat(value["since"]), until=date.fromisoformat(value["until"]))
        case "table":
            return Table(sources[parameter.name])
        case "repository":
            return Repository(sources[parameter.name])
        case _:
            return value
