"""What a skill's tool takes: the skill's typed parameters as a pydantic model, and what was given as the skill wants it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import PurePath
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, create_model, model_validator

from hulk.kernel.addresses import address_name, require_no_password
from hulk.kernel.errors import Refused
from hulk.kernel.records import to_json
from hulk.kernel.text import Text
from hulk.modules.skills import Arguments as Read
from hulk.modules.skills import Kind, Parameter, Period, Skill, Source
from hulk.modules.tools.adapters.backends.acts import Arguments
from hulk.runtime.validation import Explained

Files: TypeAlias = Literal["named", "inline", "kept"]
FILES = "files"
"""The one argument that is the tool's and not the skill's."""
_EXAMPLES = 2
"""Sentences of each language that a tool is described with: so it is found by people's words too."""
_MOST_COLUMNS = 20
_Path = Annotated[str, Field(max_length=4096)]


class Days(Arguments):
    """Days from one to another, both included."""

    since: date = Field(description="The first day.")
    until: date = Field(description="The last day.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since > self.until:
            raise Explained(Text("`since` is after `until`: give the earlier day first"))
        return self


class Ahead(Arguments):
    """How far ahead: so many points of the series, or units of time."""

    count: int = Field(ge=1, le=100_000)
    unit: Literal["step", "minute", "hour", "day", "week", "month"] = "step"


class Repository(Arguments):
    """A git repository: exactly one of `path` and `blob`."""

    path: _Path = Field(default="", description="A path on the server, under one of tools.files.roots.")
    blob: str = Field(default="", max_length=64, description="The id of a git bundle sent to /v1/files.")
    name: str = Field(default="", max_length=255, description="What people call it.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        places = [name for name in ("path", "blob", "url") if name in type(self).model_fields]
        if sum(bool(getattr(self, name)) for name in places) != 1:
            raise Explained(Text("exactly one of {places} is expected", places=", ".join(places)))
        return self


class DataFile(Repository):
    """A CSV, Parquet or JSON-lines file: exactly one of `path`, `blob` and `url`."""

    blob: str = Field(default="", max_length=64, description="The id of a file sent to /v1/files.")
    url: str = Field(default="", max_length=4096, description="Its http or https address, of a host in tools.http.allow.")


_Text = Annotated[str, Field(min_length=1, max_length=200)]
_TYPES: Mapping[Kind, Any] = {
    "period": Days, "column": _Text, "columns": Annotated[list[_Text], Field(min_length=1, max_length=_MOST_COLUMNS)], "table": DataFile,
    "repository": Repository, "text": _Text, "switch": bool, "horizon": Ahead,
}  # fmt: skip


def taken_by(skill: Skill) -> type[Arguments]:
    """The model of what its tool takes. Raises `Refused` for a parameter that has the name of the tool's own."""
    if any(one.name == FILES for one in skill.parameters):
        raise Refused(
            "The skill “{name}” has a parameter “{parameter}”, which its tool needs: rename it.", name=skill.name, parameter=FILES
        )
    fields: dict[str, Any] = {_field(place): (_type(one), _said(one)) for place, one in enumerate(skill.parameters)}
    fields["given_files"] = (Files, Field(default="named", alias=FILES, description=_FILES))
    return create_model("Given", __base__=Arguments, __doc__=_described(skill), **fields)


def _field(place: int) -> str:
    """What a parameter is called in the model: its own name may be one that models have a use for."""
    return f"given_{place}"


def _described(skill: Skill) -> str:
    examples = [f"“{sentence}”" for sentences in skill.examples.values() for sentence in sentences[:_EXAMPLES]]
    return f"{skill.about} {' '.join(examples)}"


def _said(one: Parameter) -> Any:
    if one.required and one.default is None:
        return Field(alias=one.name, description=str(one.about))
    return Field(default=None, alias=one.name, description=str(one.about), json_schema_extra=_without_default)


def _without_default(schema: dict[str, Any]) -> None:
    """Nothing is given by leaving it out: null is not taken."""
    schema.pop("default", None)


def _type(one: Parameter) -> Any:
    match one.kind:
        case "count":
            return Annotated[int, Field(ge=1 if one.least is None else one.least, le=one.most)]
        case "number":
            return Annotated[float, Field(ge=one.least, le=one.most, allow_inf_nan=False)]
        case kind:
            return _TYPES[kind]


def wanted_files(given: Arguments, otherwise: Files) -> Files:
    """What becomes of the files that are made, `otherwise` where the call does not say."""
    found: Files = getattr(given, "given_files")  # noqa: B009  # the model is made at run time
    return found if "given_files" in given.model_fields_set else otherwise


def read_from(skill: Skill, given: Arguments, today: date) -> Read:
    """The parameters as a sentence would have given them. Raises `Refused` for an address with a password in it."""
    return dict(_values(skill.parameters, given, today))


def _values(parameters: Sequence[Parameter], given: Arguments, today: date) -> Iterator[tuple[str, Any]]:
    for place, one in enumerate(parameters):
        value = getattr(given, _field(place))
        yield one.name, _default(one, today) if value is None else _plain(value)


def _plain(value: Any) -> Any:
    match value:
        case Days():
            return to_json(Period(since=value.since, until=value.until))
        case Ahead():
            return value.model_dump()
        case DataFile():
            return to_json(_file(value))
        case Repository():
            name = value.name or PurePath(value.path or value.blob).name
            return to_json(Source(kind="repository", name=name, path=value.path or None, blob=value.blob or None))
        case _:
            return value


def _file(value: DataFile) -> Source:
    require_no_password(value.url)
    name = value.name or (address_name(value.url) if value.url else PurePath(value.path or value.blob).name)
    return Source(kind="file", name=name, path=value.path or None, blob=value.blob or None, url=value.url or None)


def _default(one: Parameter, today: date) -> Any:
    """As where the sentence says nothing: the last so many days, or what is meant when a count is not asked for at all."""
    match one.default:
        case {"days": int(days)}:
            return to_json(Period(since=today - timedelta(days=days), until=today))
        case {"absent": absent}:
            return absent
        case default:
            return default


_FILES = (
    "What becomes of the charts and CSV files that it makes. `named`: they are only named; `inline`: they come with the answer as far as"
    " they fit, for who may see what cannot be scanned; `kept`: they are kept among the tenant's files, to be given on as a blob."
)
