"""What we read of Notion's answers (https://developers.notion.com/reference)."""

from typing import Any

from pydantic import Field

from hulk.modules.tools.adapters.backends.notion.markdown import bare
from hulk.modules.tools.adapters.backends.rest import Shape, at


class Listed(Shape):
    """A page of a list."""

    results: list[dict[str, Any]]
    has_more: bool = False
    next_cursor: str | None = None


class Thing(Shape):
    """A page, or a data source."""

    object: str
    id: str
    url: str | None = None
    last_edited_time: str | None = None
    in_trash: bool = False
    parent: dict[str, Any] = Field(default_factory=dict)
    properties: dict[str, Any] = Field(default_factory=dict)
    title: list[dict[str, Any]] | None = None

    def told(self) -> dict[str, Any]:
        """What is handed on, without the properties."""
        return {"kind": self.object, "id": self.id, "title": self.name, "url": self.url, "last_edited_time": self.last_edited_time}

    @property
    def name(self) -> str:
        """Its title: a page's is the property of that type."""
        titled = self.title or next((at(one, "title") for one in self.properties.values() if at(one, "type") == "title"), None)
        return bare(titled)

    def values(self) -> dict[str, Any]:
        """Its properties as plain values."""
        return {name: value_of(one) for name, one in self.properties.items()}


class Things(Shape):
    """A page of a list of pages and data sources."""

    results: list[Thing]
    has_more: bool = False
    next_cursor: str | None = None


class Database(Shape):
    """A database, which holds data sources since the version 2025-09-03."""

    data_sources: list[dict[str, Any]] = Field(default_factory=list)


def value_of(one: Any) -> Any:
    """A property's value: text, number, list of names, or `start` and `end` of a date."""
    kind = str(at(one, "type"))
    value = at(one, kind)
    if kind in ("title", "rich_text"):
        return bare(value)
    if kind in ("select", "status"):
        return at(value, "name")
    if kind in ("multi_select", "people", "files"):
        return [at(each, "name") or at(each, "id") for each in value or ()]
    if kind == "relation":
        return [at(each, "id") for each in value or ()]
    if kind == "date":
        return {"start": at(value, "start"), "end": at(value, "end")} if value else None
    if kind in ("formula", "unique_id"):
        return value_of(value) if kind == "formula" else at(value, "number")
    return value if isinstance(value, str | int | float | bool) else None
