"""Whether a tool may be given what somebody wants it to be given."""

import json
from collections.abc import Mapping
from typing import Any

from hulk.kernel.errors import Forbidden, Invalid
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.text import Text
from hulk.modules.tools.domain import Tool
from hulk.modules.tools.domain.output import classified_arguments
from hulk.modules.tools.ports import Schemas

DEEPEST = 64
"""Levels of arguments."""


def require_fit(schemas: Schemas, tool: Tool, arguments: JsonObject, answers: Mapping[str, Json] | None = None) -> None:
    """`answers` are what was said to what the tool asked. Raises `Invalid` for what is not as the tool has it, `Forbidden` for what would
    leave the company and must not."""
    if not _can_be_kept(arguments):
        raise Invalid([("arguments", Text("NaN, Infinity, half of a UTF-16 pair or deep nesting cannot be kept as JSON"))])
    if wrong := schemas.wrong(tool.input, arguments):
        raise Invalid([(f"arguments.{place}" if place else "arguments", text) for place, text in wrong])
    for given in (arguments, answers or {}) if tool.outside else ():
        if (scan := classified_arguments(given)).sensitivity == "p0":
            raise Forbidden(
                "{tool} was not called: what it would be given leaves the company and holds what must not ({labels}).",
                tool=tool.name, labels=", ".join(scan.labels),
            )  # fmt: skip


def _can_be_kept(value: JsonObject) -> bool:
    """Whether every store keeps it, and every part of Hulk reads it, as it is."""
    return _shallow(value, DEEPEST) and _writable(value)


def _shallow(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_shallow(one, levels - 1) for one in inner)


def _writable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return False
    return True
