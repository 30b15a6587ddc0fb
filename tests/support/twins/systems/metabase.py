"""Metabase's API with an API key (https://www.metabase.com/docs/latest/api)."""

import json
from typing import Any

from aiohttp import web

from support.twins.systems.serving import Answer, Route

_PARAMETERS = [
    {"id": "p1", "slug": "store", "name": "Store", "type": "string/=", "target": ["variable", ["template-tag", "store"]]},
    {"id": "p2", "slug": "since", "name": "Since", "type": "date/single", "target": ["variable", ["template-tag", "since"]],
     "required": True},
]  # fmt: skip
_ROWS = [["North", 120.5], ["South", 80.0], ["West", 44.25]]
_COLUMNS = [
    {"name": "store", "display_name": "Store", "base_type": "type/Text", "field_ref": ["field", "store", None]},
    {"name": "sum", "display_name": "Sum of sales", "base_type": "type/Float", "field_ref": ["aggregation", 0]},
]
_WORDS = {401: "Unauthenticated", 403: "You don't have permissions to do that.", 404: "Not found."}


class Twin:
    """Two collections with a question each, and a dashboard."""

    def __init__(self) -> None:
        self._rows = _ROWS
        self._cards = {
            1: _card(1, "Sales by store", 5, parameters=_PARAMETERS), 2: _card(2, "Salaries", 6),
            3: _card(3, "Old sales", 5, archived=True),
            4: _card(4, "Broken", 5),
        }  # fmt: skip

    def be(self, how: dict[str, Any]) -> None:
        """`rows`: so many of them."""
        self._rows = [["North", float(number)] for number in range(how["rows"])]

    def error(self, status: int) -> web.Response:
        """As Metabase tells of it: mostly plain text."""
        if status == 422:
            return web.json_response({"errors": {"id": "value must be an integer greater than zero."}}, status=status)
        return web.Response(text=_WORDS.get(status, "An error"), status=status)

    def routes(self) -> list[Route]:
        """What may be asked."""
        return [
            Route("GET", "/api/search/?", self._search),
            Route("GET", "/api/database/{id}", self._database),
            Route("GET", "/api/card/{id}", self._get_card),
            Route("POST", "/api/card/{id}/query", self._run),
            Route("POST", "/api/card/{id}/query/json", self._export),
            Route("GET", "/api/dashboard/{id}", self._dashboard),
        ]

    def _let(self, request: web.Request) -> None:
        key = request.headers.get("X-API-KEY")
        if key not in ("right", "weak"):
            raise Answer(self.error(401))
        if key == "weak":
            raise Answer(self.error(403))

    async def _database(self, request: web.Request, **_: str) -> web.Response:
        self._let(request)
        return web.json_response({"id": 1, "name": "Sample"})

    async def _search(self, request: web.Request) -> web.Response:
        self._let(request)
        words, kinds = request.query.get("q", "").lower(), request.query.getall("models", ["card", "dashboard"])
        found = [_result(one["id"], one["name"], "card", one["collection_id"]) for one in self._cards.values() if not one["archived"]]
        found.append(_result(9, "Sales board", "dashboard", 5))
        fitting = [one for one in found if one["model"] in kinds and words in one["name"].lower()]
        limit, offset = int(request.query.get("limit", 50)), int(request.query.get("offset", 0))
        page = fitting[offset : offset + limit]
        return web.json_response({"data": page, "total": len(fitting), "limit": limit, "offset": offset, "models": kinds})

    def _card(self, id_: str) -> dict[str, Any]:
        if not id_.isdecimal() or int(id_) not in self._cards:
            raise Answer(self.error(404))
        return self._cards[int(id_)]

    async def _get_card(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        return web.json_response(self._card(part["id"]))

    async def _run(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        card = self._card(part["id"])
        given = {one["id"]: one for one in (await request.json()).get("parameters", ())}
        if card["id"] == 4:
            return web.json_response(
                {"status": "failed", "error": 'relation "sales" does not exist', "data": {"rows": [], "cols": []}}, status=202
            )
        if any(one["target"] not in [known["target"] for known in card["parameters"]] for one in given.values()):
            raise Answer(self.error(422))
        rows = [row for row in self._rows if given.get("p1", {}).get("value", row[0]) in (row[0], [row[0]])]
        data = {"rows": rows[:2000], "cols": _COLUMNS, **({"rows_truncated": 2000} if len(rows) > 2000 else {})}
        return web.json_response({"status": "completed", "row_count": len(rows), "data": data, "running_time": 3}, status=202)

    async def _export(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        self._card(part["id"])
        assert json.loads((await request.post())["parameters"]) is None  # type: ignore[arg-type]  # text
        return web.json_response([{"Store": name, "Sum of sales": amount} for name, amount in self._rows])

    async def _dashboard(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        if part["id"] != "9":
            raise Answer(self.error(404))
        cards = [{"id": 1, "card_id": 1, "card": self._cards[1]}, {"id": 2, "card_id": None, "card": {"name": None}}]
        fixed = {"id": 9, "name": "Sales board", "description": None, "collection_id": 5, "parameters": [], "tabs": []}
        return web.json_response(fixed | {"dashcards": cards})


def _card(id_: int, name: str, collection: int, parameters: Any = (), *, archived: bool = False) -> dict[str, Any]:
    fixed = {"display": "table", "type": "question", "database_id": 1, "query_type": "native", "result_metadata": _COLUMNS}
    told = {"description": f"About {name.lower()}", "collection_id": collection, "archived": archived, "parameters": [*parameters]}
    return {"id": id_, "name": name, **told, **fixed, "dataset_query": {"type": "native", "native": {"query": "select …"}, "database": 1}}


def _result(id_: int, name: str, model: str, collection: int) -> dict[str, Any]:
    place = {"id": collection, "name": f"Collection {collection}", "authority_level": None}
    return {"id": id_, "name": name, "model": model, "description": None, "collection": place, "archived": False}
