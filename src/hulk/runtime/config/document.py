"""A YAML settings file, read with the line on which each value stands."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.text import Text
from hulk.runtime.validation import lines

_DEEPEST = 12
_MANY = 2000
"""From how many brackets in a text, or characters in a line, on values in it may be nested too deeply for libyaml."""
_FAST = getattr(yaml, "CSafeLoader", None)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's `values`, and the line of each by its dotted path (`models.provider[0].url`)."""

    file: Path
    values: Mapping[str, Any]
    places: Mapping[str, int]

    def place(self, path: str) -> Text:
        """Where `path` stands, or the nearest value around it."""
        while path and path not in self.places:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return Text("{file}, line {line}", file=str(self.file), line=self.places.get(path, 1))


def read(file: Path) -> Document:
    """The settings in `file`. Raises `NotFound`, or `Refused` naming line and column of what is no YAML and of keys written twice."""
    text = _text(file)
    try:
        node, values = _parsed(text)
    except yaml.MarkedYAMLError as error:
        raise _broken(file, error) from error
    except yaml.YAMLError as error:
        raise Refused("{file} is not valid YAML: {reason}.", file=str(file), reason=str(error)) from error
    if node is None or values is None:
        return Document(file, {}, {})
    if not isinstance(values, dict):
        raise Refused("{file} must hold sections such as “server:”, each with its keys.", file=str(file))
    return Document(file, values, _places(file, node))


def _parsed(text: str) -> tuple[yaml.Node | None, Any]:
    """The nodes of a document, and the values that they stand for: by libyaml, in a tenth of the time, where PyYAML was built with it.

    What that refuses is told in PyYAML's own words, the same everywhere. Left to PyYAML is also what has tabs, of which libyaml takes more,
    and what may be nested deeply: libyaml has no bound, and would take the stack with it."""
    if _FAST is None or "\t" in text or not _shallow(text):
        return _by(yaml.SafeLoader, text)
    try:
        return _by(_FAST, text)
    except yaml.YAMLError:
        return _by(yaml.SafeLoader, text)


def _shallow(text: str) -> bool:
    """Whether nothing in it can be nested deeply: each level takes a bracket, or a column or two of a line."""
    return text.count("[") + text.count("{") < _MANY and all(len(line) < _MANY for line in text.splitlines())


def _by(kind: Any, text: str) -> tuple[yaml.Node | None, Any]:
    loader = kind(text)
    try:
        node = loader.get_single_node()
        return node, None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError as error:
        raise NotFound(
            "There is no settings file {file}. Check the path, or leave the option out to use the defaults.", file=str(file)
        ) from error
    except UnicodeDecodeError as error:
        raise Refused("{file} is not UTF-8 text (byte {position}). Save it as UTF-8.", file=str(file), position=error.start) from error
    except OSError as error:
        raise Refused("{file} cannot be read: {reason}.", file=str(file), reason=error.strerror) from error


def _broken(file: Path, error: yaml.MarkedYAMLError) -> Refused:
    mark = error.problem_mark or error.context_mark
    return Refused(
        "{file}, line {line}, column {column}: this is not valid YAML: {reason}.",
        file=str(file),
        line=mark.line + 1 if mark else 1,
        column=mark.column + 1 if mark else 1,
        reason=error.problem or error.context or "?",
    )


def _places(file: Path, node: yaml.Node) -> Mapping[str, int]:
    found = list(_walk(node, "", 0))
    twice = [path for path, count in Counter(path for path, _ in found).items() if count > 1]
    if twice:
        at = {path: [line for other, line in found if other == path] for path in twice}
        raise Refused(
            lines([Text("{file}, line {line}: {key} is written twice; keep one.", file=str(file), line=at[p][-1], key=p) for p in twice])
        )
    return dict(found)


def _walk(node: yaml.Node, path: str, depth: int) -> Iterator[tuple[str, int]]:
    if depth > _DEEPEST:
        return
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            inner = f"{path}.{name.value}".removeprefix(".")
            yield inner, name.start_mark.line + 1
            yield from _walk(value, inner, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield f"{path}[{index}]", value.start_mark.line + 1
            yield from _walk(value, f"{path}[{index}]", depth + 1)
