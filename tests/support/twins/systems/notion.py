"""Notion's API of the version 2025-09-03 (https://developers.notion.com/reference)."""

import itertools
import uuid
from typing import Any

from aiohttp import web

from support.twins.systems.serving import Answer, Route

PAGE, CHILD, SOURCE, DATABASE, SEVERAL = (f"{number:08d}-0000-4000-8000-000000000000" for number in range(1, 6))
_NOW = "2026-11-20T10:00:00.000Z"
_CODES = {
    400: "validation_error", 401: "unauthorized", 403: "restricted_resource", 404: "object_not_found", 409: "conflict_error",
    422: "validation_error", 429: "rate_limited", 500: "internal_server_error", 503: "service_unavailable",
}  # fmt: skip


class Twin:
    """A page with blocks, and a database of tasks."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._rows = [_row(f"Task {number}", number) for number in range(1, 4)]
        deeper = _block("paragraph", "Within")
        listed = _block("bulleted_list_item", "Tills", children=[deeper])
        words = [
            _block("heading_1", "Plan"),
            _block("paragraph", "Faster tills", bold=True),
            listed,
            _block("code", "a = 1", language="python"),
        ]
        self._children: dict[str, list[dict[str, Any]]] = {PAGE: [*words, {**_fixed("divider"), "divider": {}}], listed["id"]: [deeper]}
        self._pages = {PAGE: _page(PAGE, "Sprint 12"), CHILD: _page(CHILD, "Retrospective")}

    def be(self, how: dict[str, Any]) -> None:
        """`rows` of the data source, `blocks` of the page, or a page so `deep`."""
        self._rows = [_row(f"Task {number}", number) for number in range(how.get("rows", 3))]
        if "blocks" in how:
            self._children[PAGE] = [_block("paragraph", f"line {number}") for number in range(how["blocks"])]
        if "deep" in how:
            inner: list[dict[str, Any]] = []
            for number in range(how["deep"]):
                outer = _block("toggle", f"level {how['deep'] - number}", children=inner)
                self._children[outer["id"]] = inner
                inner = [outer]
            self._children[PAGE] = inner

    def error(self, status: int, said: str = "Something went wrong.") -> web.Response:
        """As Notion tells of it (“Status codes”)."""
        body = {"object": "error", "status": status, "code": _CODES.get(status, "error"), "message": said, "request_id": str(uuid.uuid4())}
        return web.json_response(body, status=status)

    def routes(self) -> list[Route]:
        """What may be asked."""
        return [
            Route("POST", "/v1/search", self._search),
            Route("GET", "/v1/pages/{id}", self._get_page),
            Route("POST", "/v1/pages", self._create),
            Route("GET", "/v1/blocks/{id}/children", self._list_children),
            Route("PATCH", "/v1/blocks/{id}/children", self._append),
            Route("GET", "/v1/databases/{id}", self._database),
            Route("GET", "/v1/data_sources/{id}", self._source),
            Route("POST", "/v1/data_sources/{id}/query", self._query),
        ]

    def _let(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != "Bearer right":
            raise Answer(self.error(401, "API token is invalid."))
        if "Notion-Version" not in request.headers:
            raise Answer(self.error(400, "Notion-Version header failed validation."))

    async def _search(self, request: web.Request) -> web.Response:
        self._let(request)
        body = await request.json()
        kind = body.get("filter", {}).get("value")
        if kind not in (None, "page", "data_source"):
            raise Answer(self.error(400, "body.filter.value should be page or data_source"))
        things = [*self._pages.values(), _data_source()]
        found = [one for one in things if kind in (None, one["object"]) and body.get("query", "").lower() in str(one).lower()]
        return self._paged(found, body)

    async def _get_page(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        return web.json_response(self._pages.get(part["id"]) or self._missing("page", part["id"]))

    def _missing(self, kind: str, id_: str) -> Any:
        raise Answer(self.error(404, f"Could not find {kind} with ID: {id_}. Make sure it is shared with your integration."))

    async def _create(self, request: web.Request) -> web.Response:
        self._let(request)
        body = await request.json()
        known = {"page_id": (PAGE, CHILD), "data_source_id": (SOURCE,)}
        ((kind, parent),) = body["parent"].items()
        if parent not in known.get(kind, ()):
            self._missing(kind.removesuffix("_id"), parent)
        if any(one.get("type") not in one for one in body["children"]) or len(body["children"]) > 100:
            raise Answer(self.error(400, "body failed validation"))
        if kind == "data_source_id" and set(body["properties"]) - set(_data_source()["properties"]):
            raise Answer(self.error(400, "is not a property that exists."))
        id_ = f"{next(self._numbers):08d}-1111-4000-8000-000000000000"
        title = next(one["title"][0]["text"]["content"] for one in body["properties"].values() if "title" in one)
        self._pages[id_], self._children[id_] = _page(id_, title), [_stored(one) for one in body["children"]]
        return web.json_response(self._pages[id_])

    async def _list_children(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        if part["id"] not in self._children:
            self._missing("block", part["id"])
        return self._paged(self._children[part["id"]], request.query)

    async def _append(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        added = [_stored(one) for one in (await request.json())["children"]]
        self._children.setdefault(part["id"], []).extend(added)
        return self._paged(added, {})

    async def _database(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        sources = {DATABASE: [{"id": SOURCE, "name": "Tasks"}], SEVERAL: [{"id": SOURCE, "name": "Tasks"}, {"id": CHILD, "name": "More"}]}
        if part["id"] not in sources:
            self._missing("database", part["id"])
        return web.json_response({"object": "database", "id": part["id"], "data_sources": sources[part["id"]]})

    async def _source(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        return web.json_response(_data_source() if part["id"] == SOURCE else self._missing("data_source", part["id"]))

    async def _query(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        if part["id"] != SOURCE:
            self._missing("data_source", part["id"])
        body = await request.json()
        wanted = body.get("filter", {}).get("status", {}).get("equals")
        found = [one for one in self._rows if wanted in (None, one["properties"]["Status"]["status"]["name"])]
        if body.get("sorts", [{}])[0].get("direction") == "descending":
            found.reverse()
        return self._paged(found, body)

    def _paged(self, found: list[Any], asked: Any) -> web.Response:
        """“Pagination”: at most 100 a page; the cursor is opaque."""
        size, begin = int(asked.get("page_size", 100)), int(str(asked.get("start_cursor") or "cursor-0").removeprefix("cursor-"))
        if size > 100:
            raise Answer(self.error(400, "page_size should be ≤ 100"))
        more = begin + size < len(found)
        page = {"object": "list", "results": found[begin : begin + size], "has_more": more}
        return web.json_response(page | {"next_cursor": f"cursor-{begin + size}" if more else None})


def _rich(text: str, **marks: bool) -> list[dict[str, Any]]:
    annotations = {name: marks.get(name, False) for name in ("bold", "italic", "strikethrough", "underline", "code")}
    told = {"type": "text", "text": {"content": text, "link": None}, "annotations": {**annotations, "color": "default"}}
    return [{**told, "plain_text": text, "href": None}]


def _fixed(kind: str) -> dict[str, Any]:
    moments = {"created_time": _NOW, "last_edited_time": _NOW, "in_trash": False, "has_children": False}
    return {"object": "block", "id": str(uuid.uuid4()), "type": kind, **moments}


def _block(kind: str, text: str, children: Any = (), language: str = "", **marks: bool) -> dict[str, Any]:
    content = {"rich_text": _rich(text, **marks), **({"language": language} if language else {})}
    return _fixed(kind) | {"has_children": bool(children), kind: content}


def _stored(block: dict[str, Any]) -> dict[str, Any]:
    kind = block["type"]
    text = "".join(one["text"]["content"] for one in block[kind].get("rich_text", ()))
    return _fixed(kind) | {kind: {**block[kind], **({"rich_text": _rich(text)} if text else {})}}


def _page(id_: str, title: str) -> dict[str, Any]:
    titled = {"title": {"id": "title", "type": "title", "title": _rich(title)}}
    return {
        "object": "page",
        "id": id_,
        "url": f"https://www.notion.so/{id_}",
        "last_edited_time": _NOW,
        "in_trash": False,
        "properties": titled,
    }


def _row(title: str, number: int) -> dict[str, Any]:
    properties = {
        "Task": {"id": "title", "type": "title", "title": _rich(title)},
        "Status": {"id": "s", "type": "status", "status": {"name": "Done" if number % 2 else "Open"}},
        "Due": {"id": "d", "type": "date", "date": {"start": "2026-11-30", "end": None}},
        "Points": {"id": "p", "type": "number", "number": number},
        "Tags": {"id": "t", "type": "multi_select", "multi_select": [{"name": "till"}]},
    }
    return _page(str(uuid.uuid4()), title) | {"properties": properties, "parent": {"type": "data_source_id", "data_source_id": SOURCE}}


def _data_source() -> dict[str, Any]:
    properties = {"Task": {"id": "title", "type": "title", "title": {}}, "Points": {"id": "p", "type": "number", "number": {}}}
    return {"object": "data_source", "id": SOURCE, "title": _rich("Tasks"), "properties": properties, "url": None, "last_edited_time": _NOW}
