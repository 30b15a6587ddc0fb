"""Adds an entry to a list in a YAML settings file, and leaves all else in it as it is: comments, order, blank lines.

    text = added(file.read_text(), "models", "providers", {"name": "small", "kind": "openai", "model": "gpt-5-nano"})

The text is changed where the parser says that the list ends; what comes out is read again and must hold what was there and the entry.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from hulk.kernel.errors import Refused

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
"""A word that needs no quotes, unless YAML reads it as something else, such as `true`."""


def added(text: str, section: str, key: str, entry: Mapping[str, Any]) -> str:
    """`text` with the entry at the end of the list `section.key`. Raises `Refused`, with what to write by hand, where it cannot be done
    without changing something else."""
    try:
        written = _written(text, section, key, entry)
        if yaml.safe_load(written) == _expected(text, section, key, entry):
            return written
    except yaml.YAMLError:
        pass
    raise Refused(
        "The settings file is written in a way in which nothing can be added to {key} for you. Add by hand:\n{entry}",
        key=f"{section}.{key}", entry=_section(section, key, entry),
    )  # fmt: skip


def _expected(text: str, section: str, key: str, entry: Mapping[str, Any]) -> Any:
    values = yaml.safe_load(text) or {}
    inside = values.get(section) or {}
    return {**values, section: {**inside, key: [*(inside.get(key) or ()), dict(entry)]}}


def _written(text: str, section: str, key: str, entry: Mapping[str, Any]) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = _value(root, section)
    if found is None:
        return f"{_ended(text)}{_section(section, key, entry)}"
    name, inside = found
    within = _value(inside, key)
    if within is None:
        indent = _indent(inside, name)
        return _after(text, name.end_mark.line, [f"{indent}{key}:", *_item(entry, f"{indent}  ")])
    listed_name, listed = within
    if not isinstance(listed, yaml.SequenceNode):  # empty: nothing stands behind its name
        return _after(text, listed_name.end_mark.line, _item(entry, " " * (listed_name.start_mark.column + 2)))
    return _into(text, listed, entry)


def _into(text: str, listed: yaml.SequenceNode, entry: Mapping[str, Any]) -> str:
    if not listed.flow_style:
        return _after(text, _last_line(listed), _item(entry, " " * listed.start_mark.column))
    close = listed.end_mark.index - 1
    return f"{text[:close].rstrip()}{', ' if listed.value else ''}{{{', '.join(_pairs(entry))}}}{text[close:]}"


def _value(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    """The key's own node, and that of its value."""
    pairs: Sequence[tuple[yaml.Node, yaml.Node]] = node.value if isinstance(node, yaml.MappingNode) else ()
    return next(((name, value) for name, value in pairs if name.value == key), None)


def _indent(inside: yaml.Node, name: yaml.Node) -> str:
    """As the section's other keys are indented, which come first where there are any."""
    block = isinstance(inside, yaml.MappingNode) and not inside.flow_style and inside.value
    return " " * (inside.start_mark.column if block else name.start_mark.column + 2)


def _last_line(node: yaml.Node) -> int:
    """The last line on which something of it stands: the parser lets a block end where the next thing begins."""
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        return _last_line(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return _last_line(node.value[-1])
    mark = node.end_mark
    return int(mark.line - 1 if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">") else mark.line)


def _after(text: str, line: int, new: Sequence[str]) -> str:
    lines = _ended(text).splitlines()
    return "\n".join([*lines[: line + 1], *new, *lines[line + 1 :]]) + "\n"


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _section(section: str, key: str, entry: Mapping[str, Any]) -> str:
    return "\n".join([f"{section}:", f"  {key}:", *_item(entry, "    ")]) + "\n"


def _item(entry: Mapping[str, Any], indent: str) -> list[str]:
    first, *more = _pairs(entry)
    return [f"{indent}- {first}", *(f"{indent}  {pair}" for pair in more)]


def _pairs(entry: Mapping[str, Any]) -> list[str]:
    return [f"{name}: {_scalar(value)}" for name, value in entry.items()]


def _scalar(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    quoted: str = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=10_000)
    return quoted.strip()
