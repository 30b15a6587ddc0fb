"""Settings from file, environment and options, in this order of rank, checked whole before anything starts."""

import difflib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text
from hulk.runtime.config.config import Config, Origin, masked
from hulk.runtime.config.document import Document, read
from hulk.runtime.config.keys import Key, Tree, inner, keys
from hulk.runtime.config.references import parsed, secrets_in
from hulk.runtime.config.sections import Modules
from hulk.runtime.config.settings import RUNTIME
from hulk.runtime.validation import Explained, dotted, expected, lines

_MOST = 20
TOKEN = "secrets.bitwarden.access_token"  # noqa: S105 - a setting's name


@dataclass(frozen=True, slots=True)
class Given:
    """A value that somebody has set, with where: the document for a file, otherwise the name of variable or option."""

    value: object
    origin: Origin
    source: Document | str

    def place(self, path: str) -> Text:
        """Where it was set, in words."""
        if isinstance(self.source, Document):
            return self.source.place(path)
        if self.origin == "env":
            return Text("environment variable {name}", name=self.source)
        return Text("option {name}", name=self.source)


def load(
    sections: Tree,
    file: Path | None = None,
    environ: Mapping[str, str] = MappingProxyType({}),
    overrides: Mapping[str, object] = MappingProxyType({}),
) -> Config:
    """The settings of the runtime and of `sections`: from `file`, the variables `HULK_SECTION__KEY` of `environ`, and `overrides`.

    Raises `NotFound` for a missing file, `Refused` naming every wrong key and value at once."""
    document = None if file is None else read(file)
    everything = {**dict.fromkeys(RUNTIME), **dict.fromkeys(sections)}
    named = {*RUNTIME, *_named(document, environ, overrides)}
    wanted = [name for name in everything if name in named]
    values, given, mistakes = _read(_only(wanted, sections), document, environ, overrides)
    if mistakes:  # what is wrong is told by all the settings that there are
        _, _, mistakes = _read(_only(everything, sections), document, environ, overrides)
        raise Refused(lines(mistakes[:_MOST]))
    runtime: dict[str, Any] = {name: values.pop(name) for name in RUNTIME}
    origins = MappingProxyType({name: it.origin for name, it in given.items()})
    return Config(**runtime, modules=Modules(sections, values), origins=origins, file=file and file.absolute())


def _named(document: Document | None, environ: Mapping[str, str], overrides: Mapping[str, object]) -> set[str]:
    """The sections of which somebody has said something."""
    variables = (name.removeprefix("HULK_").partition("__")[0].lower() for name in environ if name.startswith("HULK_"))
    return {*map(str, document.values if document else ()), *variables, *(name.partition(".")[0] for name in overrides)}


def _only(names: Iterable[str], sections: Tree) -> Tree:
    return {name: RUNTIME[name] if name in RUNTIME else sections[name] for name in names}


def _read(
    tree: Tree, document: Document | None, environ: Mapping[str, str], overrides: Mapping[str, object]
) -> tuple[dict[str, BaseModel], Mapping[str, Given], list[Text]]:
    """The sections of `tree`, what was given for them, and what is wrong with it."""
    known = {key.name: key for key in keys(tree)}
    mistakes: list[Text] = []
    given = {} if document is None else _from_file(document, tree, mistakes)
    given |= _from_environment(environ, known, mistakes)
    given |= _from_options(overrides, known, mistakes)
    values = _validated(tree, given, known, mistakes)
    return values, given, [*mistakes, *_misreferred(values, given)]


def _from_file(document: Document, tree: Tree, mistakes: list[Text]) -> dict[str, Given]:
    found: dict[str, Given] = {}
    for name, content in document.values.items():
        section = tree.get(str(name))
        if section is None:
            mistakes.append(_unknown(str(name), document.place(str(name)), tree))
        else:
            found |= _from_section(document, section, str(name), content, mistakes)
    return found


def _from_section(document: Document, section: type[BaseModel], path: str, content: object, mistakes: list[Text]) -> dict[str, Given]:
    if content is None:
        return {}
    if not isinstance(content, dict):
        allowed = ", ".join(field.alias or name for name, field in section.model_fields.items())
        mistakes.append(
            Text("{place}: {key} is a section; its keys are: {allowed}.", place=document.place(path), key=path, allowed=allowed)
        )
        return {}
    fields = {field.alias or name: field for name, field in section.model_fields.items()}
    found: dict[str, Given] = {}
    for name, value in content.items():
        inside = f"{path}.{name}"
        if name not in fields:
            mistakes.append(_unknown(inside, document.place(inside), [f"{path}.{other}" for other in fields]))
        elif deeper := inner(fields[name]):
            found |= _from_section(document, deeper, inside, value, mistakes)
        else:
            found[inside] = Given(value, "file", document)
    return found


def _from_environment(environ: Mapping[str, str], known: Mapping[str, Key], mistakes: list[Text]) -> dict[str, Given]:
    variables = {key.variable: key for key in known.values() if not key.entry}
    found: dict[str, Given] = {}
    for name, value in environ.items():
        if not name.startswith("HULK_") or "__" not in name:
            continue
        if name not in variables:
            mistakes.append(_unknown(name, Text("environment"), variables))
        elif value or variables[name].kind == "text":
            found[variables[name].name] = Given(_parsed(value, variables[name]), "env", name)
    return found


def _from_options(overrides: Mapping[str, object], known: Mapping[str, Key], mistakes: list[Text]) -> dict[str, Given]:
    found: dict[str, Given] = {}
    for name, value in overrides.items():
        if name not in known or known[name].entry:
            mistakes.append(_unknown(name, Text("option {name}", name=name), [key.name for key in known.values() if not key.entry]))
        else:
            found[name] = Given(_parsed(value, known[name]) if isinstance(value, str) else value, "option", name)
    return found


def _parsed(value: str, key: Key) -> object:
    """A list may be given as JSON or with commas, a mapping as JSON; all else is parsed by its settings class."""
    if not (key.listing or key.mapping):
        return value
    if key.mapping or value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return [part.strip() for part in value.split(",") if part.strip()]


def _validated(tree: Tree, given: Mapping[str, Given], known: Mapping[str, Key], mistakes: list[Text]) -> dict[str, BaseModel]:
    values: dict[str, BaseModel] = {}
    for name, section in tree.items():
        try:
            values[name] = section.model_validate(_nested(name, given))
        except ValidationError as error:
            mistakes.extend(_mistake(name, detail, given, known) for detail in error.errors(include_url=False))
    return values


def _misreferred(values: Mapping[str, BaseModel], given: Mapping[str, Given]) -> Iterator[Text]:
    """What begins like a reference to a secret and is none."""
    for path, value in secrets_in(values):
        if wrong := _wrong_reference(path, value):
            yield Text("{place}: {key}: {expected}.", place=_source(path, given).place(path), key=path, expected=wrong)


def _wrong_reference(path: str, value: str) -> Text | None:
    try:
        reference = parsed(value)
    except Explained as error:
        return error.text
    if path == TOKEN and reference is not None and reference.kind == "bitwarden":
        return Text("what opens Bitwarden cannot be kept there; use file:, credential: or env:")
    return None


def _source(path: str, given: Mapping[str, Given]) -> Given:
    return given[next(name for name in given if path == name or path.startswith((f"{name}.", f"{name}[")))]


def _nested(section: str, given: Mapping[str, Given]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for name, it in given.items():
        first, *path = name.split(".")
        if first != section:
            continue
        inside = root
        for part in path[:-1]:
            inside = inside.setdefault(part, {})
        inside[path[-1]] = it.value
    return root


def _mistake(section: str, error: ErrorDetails, given: Mapping[str, Given], known: Mapping[str, Key]) -> Text:
    path = f"{section}.{dotted(error['loc'])}"
    general = re.sub(r"\[\d+\]", "[]", path)
    place = _source(path, given).place(path)
    if error["type"] == "extra_forbidden":
        return _unknown(path, place, [name for name in known if name.rpartition(".")[0] == general.rpartition(".")[0]])
    secret = general in known and known[general].secret
    if secret or error["type"] == "missing" or not isinstance(error["input"], str | int | float):
        return Text("{place}: {key}: {expected}.", place=place, key=path, expected=expected(error))
    return Text("{place}: {key} = {value}: {expected}.", place=place, key=path, value=_short(error["input"]), expected=expected(error))


def _unknown(name: str, place: Text, known: Collection[str]) -> Text:
    allowed = ", ".join(sorted(other.rpartition(".")[2] for other in known))
    closest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    if closest:
        return Text("{place}: there is no setting {key}. Did you mean {closest}?", place=place, key=name, closest=closest[0])
    return Text("{place}: there is no setting {key}. Allowed: {allowed}.", place=place, key=name, allowed=allowed)


def _short(value: object) -> str:
    written = masked(str(value).lower() if isinstance(value, bool) else str(value))
    return written if len(written) <= 60 else written[:59] + "…"
