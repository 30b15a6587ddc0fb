"""Whether a tool may be given what somebody wants it to be given."""

from collections.abc import Mapping

from hulk.kernel.errors import Forbidden, Invalid
from hulk.kernel.records import Json, JsonObject
from hulk.modules.tools.domain import Tool
from hulk.modules.tools.domain.output import classified_arguments
from hulk.modules.tools.ports import Schemas


def require_fit(schemas: Schemas, tool: Tool, arguments: JsonObject, answers: Mapping[str, Json] | None = None) -> None:
    """`answers` are what was said to what the tool asked. Raises `Invalid` for what is not as the tool has it, `Forbidden` for what would
    leave the company and must not."""
    if wrong := schemas.wrong(tool.input, arguments):
        raise Invalid([(f"arguments.{place}" if place else "arguments", text) for place, text in wrong])
    for given in (arguments, answers or {}) if tool.outside else ():
        if (scan := classified_arguments(given)).sensitivity == "p0":
            raise Forbidden(
                "{tool} was not called: what it would be given leaves the company and holds what must not ({labels}).",
                tool=tool.name, labels=", ".join(scan.labels),
            )  # fmt: skip
