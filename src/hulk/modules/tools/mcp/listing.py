"""Tools as MCP lists them: what the caller may use now, page by page in the order of their names."""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import mcp_types as types
from mcp.shared.exceptions import MCPError

from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text, Voice
from hulk.modules.tools.domain import Allowed, Tool

T = TypeVar("T", bound=tuple[Any, ...])
"""Something, with its name first."""
PAGE = 250
"""Tools on a page."""

Named = Sequence[tuple[str, Tool, Allowed]]
"""Tools with what they are called here, and how far the caller may go with them."""


class BadCursor(ValueError):
    """It is not one that we gave."""


def paged(things: Sequence[T], cursor: str | None, size: int = PAGE) -> tuple[Sequence[T], str | None]:
    """The page that the cursor stands for, and the cursor of the next. The cursor is the name after which the page begins, so that what
    comes and goes in between shifts nothing. Raises `BadCursor`."""
    after = "" if cursor is None else _decoded(cursor)
    rest = sorted((one for one in things if one[0] > after), key=lambda one: str(one[0]))
    page = rest[:size]
    return page, _encoded(page[-1][0]) if len(rest) > size else None


def on_page(things: Sequence[T], params: types.PaginatedRequestParams | None, voice: Voice) -> tuple[Sequence[T], str | None]:
    """The page that is asked for. Raises `MCPError`."""
    try:
        return paged(things, params.cursor if params else None)
    except BadCursor as error:
        raise MCPError(types.INVALID_PARAMS, voice.say(Text("This cursor is not one that was given here."))) from error


def _encoded(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _decoded(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor.encode("ascii")).decode()
    except (binascii.Error, ValueError) as error:
        raise BadCursor(cursor[:100]) from error


def tool_of(name: str, tool: Tool, allowed: Allowed) -> types.Tool:
    """A tool as MCP has it (2025-11-25 and 2026-07-28, “Tools”). What it gives is promised only where the promise is kept: a call that
    changes something may have to wait for a person first."""
    return types.Tool(
        name=name, title=tool.title or None, description=tool.description, input_schema=objective(tool.input), output_schema=promised(tool),
        annotations=types.ToolAnnotations(
            title=tool.title or None, read_only_hint=not tool.writes, destructive_hint=tool.effect == "destroy",
            idempotent_hint=tool.idempotent or not tool.writes, open_world_hint=tool.outside,
        ),
        _meta=_more(tool, allowed),
    )  # fmt: skip


def objective(schema: JsonObject) -> JsonObject:
    """The schema with the type at its root that MCP wants there."""
    return schema if schema.get("type") == "object" else {"type": "object", **schema}


def promised(tool: Tool) -> JsonObject | None:
    """The schema of what it gives, if every answer that is no error keeps to it."""
    fits = not tool.writes and tool.output is not None and tool.output.get("type") == "object"
    return tool.output if fits else None


def _more(tool: Tool, allowed: Allowed) -> dict[str, object]:
    found: dict[str, object] = {"hulk/tool": tool.name}
    return found | {"hulk/autonomy": allowed.autonomy} if tool.writes else found


def named(found: Iterable[tuple[Tool, Allowed]], called: Mapping[str, Tool] | None) -> Named:
    """The tools with what they are called: by `called`, else by their own names."""
    if called is None:
        return [(tool.name, tool, allowed) for tool, allowed in found]
    names = {tool.name: name for name, tool in called.items()}
    return [(names[tool.name], tool, allowed) for tool, allowed in found if tool.name in names]


def said(text: Text, voice: Voice) -> types.TextContent:
    """A sentence of ours in an answer."""
    return types.TextContent(text=voice.say(text))
