"""Notion: pages as Markdown, databases as rows, and new pages (https://developers.notion.com/reference)."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.records import Json, JsonObject
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments, said
from hulk.modules.tools.adapters.backends.notion.markdown import Block, blocks_of, rich, written
from hulk.modules.tools.adapters.backends.notion.shapes import Database, Listed, Thing, Things
from hulk.modules.tools.adapters.backends.rest import Rest, at, path
from hulk.modules.tools.domain import Output, Words
from hulk.modules.tools.ports import Calling

__all__ = ["Notion"]

VERSION = "2025-09-03"
MOST_BLOCKS = 1000
MOST_DEPTH = 4
MOST_REQUESTS = 30
_PAGE = 100
"""Most that Notion gives, and takes, at once (“Pagination”, “Request limits”)."""
Id = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$", description="As `search` gives it.")]
Markdown = Annotated[str, Field(max_length=100_000, description="Headings, lists, tasks, quotes and code are kept; all else is text.")]


class Search(Arguments):
    """Pages and data sources whose title holds the words, the last changed first."""

    query: str = Field(default="", max_length=200)
    kind: Literal["", "page", "data_source"] = ""
    most: int = Field(default=20, ge=1, le=100, description="How many at most.")


class ReadPage(Arguments):
    """A page as Markdown, with its properties."""

    page: Id


class Query(Arguments):
    """Rows of a data source, or of a database that has only one."""

    source: Id
    filter: dict[str, Any] | None = Field(default=None, max_length=10, description="As Notion's “Filter database entries” has it.")
    sort_by: str = Field(default="", max_length=200, description="A property.")
    descending: bool = False
    most: int = Field(default=50, ge=1, le=500, description="How many at most.")


class CreatePage(Arguments):
    """Make a page under a page, or a row in a data source."""

    parent: Id
    parent_kind: Literal["page", "data_source"] = "page"
    title: str = Field(min_length=1, max_length=2000)
    properties: dict[str, Any] = Field(default_factory=dict, max_length=50, description="Of a row, as Notion's “Page properties” has them.")
    markdown: Markdown = ""


class Append(Arguments):
    """Add to the end of a page."""

    page: Id
    markdown: Markdown = Field(min_length=1)


class Notion(Acts):
    """The tools `NAME.read_page` and so on, for what was shared with the integration. Writing goes only under `parents`."""

    def __init__(
        self, name: str, about: About, *, url: str, token: Callable[[], str], parents: tuple[str, ...] = (), seconds: float = 30.0
    ) -> None:
        self._parents = frozenset(map(_bare, parents))
        self._rest = Rest(name="Notion", url=url, headers=lambda: {"Authorization": f"Bearer {token()}", "Notion-Version": VERSION})
        read = partial(Act, seconds=seconds)
        write = partial(Act, seconds=seconds, effect="write")
        super().__init__(
            name,
            about,
            read("search", "Search pages", Search, self._search),
            read("read_page", "Read a page", ReadPage, self._read_page, at="/{page}"),
            read("query", "Query a database", Query, self._query),
            write("create_page", "Make a page", CreatePage, self._create_page),
            write("append", "Add to a page", Append, self._append),
        )

    async def _search(self, wanted: Search, calling: Calling) -> Output:
        body: JsonObject = {"query": wanted.query, "page_size": wanted.most}
        body |= {"filter": {"property": "object", "value": wanted.kind}} if wanted.kind else {}
        body |= {"sort": {"direction": "descending", "timestamp": "last_edited_time"}}
        listed = self._rest.shaped(await self._rest.read(calling, "/v1/search", body=body), Things)
        found = [one.told() for one in listed.results]
        return said({"found": found}, cut=f"There are more than {wanted.most}: search by other words." if listed.has_more else "")

    async def _read_page(self, wanted: ReadPage, calling: Calling) -> Output:
        page = self._rest.shaped(await self._rest.read(calling, path("v1", "pages", wanted.page)), Thing)
        reading = Reading(self._rest, calling)
        text = written(await reading.within(wanted.page, 1))
        told = {**page.told(), "properties": page.values()}
        return Output(data=told, pieces=(Words(f"# {page.name}\n\n{text}\n\n{page.url or ''}"),), cut=reading.cut)

    async def _query(self, wanted: Query, calling: Calling) -> Output:
        source = await self._source(wanted.source, calling)
        body: JsonObject = {"filter": wanted.filter} if wanted.filter else {}
        if wanted.sort_by:
            body["sorts"] = [{"property": wanted.sort_by, "direction": "descending" if wanted.descending else "ascending"}]
        rows: list[Thing] = []
        cursor: str | None = None
        more = True
        while more and len(rows) < wanted.most:
            page = body | {"page_size": min(_PAGE, wanted.most - len(rows))} | ({"start_cursor": cursor} if cursor else {})
            listed = self._rest.shaped(await self._rest.read(calling, path("v1", "data_sources", source, "query"), body=page), Things)
            rows += listed.results
            cursor = listed.next_cursor
            more = listed.has_more and cursor is not None and bool(listed.results)
        told = [{**one.told(), "properties": one.values()} for one in rows]
        return said({"rows": told}, cut=f"There are more than {wanted.most} rows." if more else "")

    async def _source(self, id_: str, calling: Calling) -> str:
        """The data source of that id, or the only one of the database of that id."""
        try:
            database = self._rest.shaped(await self._rest.read(calling, path("v1", "databases", id_)), Database)
        except NotFound:
            return id_
        if len(database.data_sources) != 1:
            there = ", ".join(f"{at(one, 'name')} ({at(one, 'id')})" for one in database.data_sources[:20]) or "—"
            raise Refused("The database has several data sources: name one of {there}.", there=there)
        return str(at(database.data_sources, 0, "id"))

    async def _create_page(self, wanted: CreatePage, calling: Calling) -> Output:
        self._require_allowed(wanted.parent)
        blocks = _fitting(wanted.markdown)
        parent = {f"{wanted.parent_kind}_id": wanted.parent}
        titled: JsonObject = {"title": {"title": rich(wanted.title)}}
        if wanted.parent_kind == "data_source":
            titled = {await self._title(wanted.parent, calling): {"title": rich(wanted.title)}}
        body: Json = {"parent": parent, "properties": {**wanted.properties, **titled}, "children": blocks}
        reply = await self._rest.write(calling, "POST", "/v1/pages", body)
        return said(self._rest.shaped(reply, Thing).told())

    async def _title(self, source: str, calling: Calling) -> str:
        """What the property that holds the title is called there."""
        thing = self._rest.shaped(await self._rest.read(calling, path("v1", "data_sources", source)), Thing)
        return next((name for name, one in thing.properties.items() if at(one, "type") == "title"), "Name")

    async def _append(self, wanted: Append, calling: Calling) -> Output:
        self._require_allowed(wanted.page)
        reply = await self._rest.write(
            calling, "PATCH", path("v1", "blocks", wanted.page, "children"), {"children": _fitting(wanted.markdown)}
        )
        return said({"added": len(self._rest.shaped(reply, Listed).results)})

    def _require_allowed(self, id_: str) -> None:
        if _bare(id_) not in self._parents:
            raise NotFound("There is no page {id} among those that may be written to (`parents` in the settings).", id=id_)


class Reading:
    """Blocks below a block, as deep and as many as are read; `cut` tells what was left out."""

    def __init__(self, rest: Rest, calling: Calling) -> None:
        self._rest = rest
        self._calling = calling
        self._blocks = self._requests = 0
        self.cut = ""

    async def within(self, id_: str, depth: int) -> list[Block]:
        """Those below that one."""
        blocks: list[Block] = []
        cursor: str | None = None
        more = True
        while more and self._may_go_on():
            self._requests += 1
            where = path("v1", "blocks", id_, "children")
            reply = await self._rest.read(self._calling, where, {"page_size": _PAGE, "start_cursor": cursor})
            listed = self._rest.shaped(reply, Listed)
            self._blocks += len(listed.results)
            blocks += [Block(one, await self._below(one, depth)) for one in listed.results]
            cursor = listed.next_cursor
            more = listed.has_more and cursor is not None
        return blocks

    async def _below(self, block: JsonObject, depth: int) -> list[Block]:
        if not block.get("has_children") or block.get("type") in ("child_page", "child_database"):
            return []
        if depth >= MOST_DEPTH:
            self.cut = f"What stands more than {MOST_DEPTH} deep is not shown."
            return []
        return await self.within(str(block.get("id")), depth + 1)

    def _may_go_on(self) -> bool:
        if self._blocks < MOST_BLOCKS and self._requests < MOST_REQUESTS:
            return True
        self.cut = f"Only the first {self._blocks} blocks are shown."
        return False


def _fitting(markdown: str) -> list[JsonObject]:
    """In one request, so that it is there whole or not at all."""
    blocks = blocks_of(markdown)
    if len(blocks) > _PAGE:
        raise Refused("Notion takes {most} blocks at once, and this is {count}: write it in parts.", most=_PAGE, count=len(blocks))
    return blocks


def _bare(id_: str) -> str:
    return id_.replace("-", "").lower()
