"""SuiteCRM's V8 API as its source has it (Api/V8 in salesagility/SuiteCRM 7.14): all refusals are 400, with a sentence."""

import itertools
import math
import uuid
from typing import Any

from aiohttp import web

from support.twins.systems.serving import Answer, Route

_FIELDS = {
    "Accounts": ("name", "industry", "phone_office", "date_modified"), "Contacts": ("last_name", "email1", "date_modified"),
    "Users": ("user_name",),
}  # fmt: skip
_OBJECTS = {"Accounts": "Account", "Contacts": "Contact", "Users": "User"}
_OPERATORS = {
    "eq": lambda a, b: a == b, "neq": lambda a, b: a != b, "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b,
}  # fmt: skip


class Twin:
    """Accounts and contacts."""

    def __init__(self) -> None:
        self._given = itertools.count(1)
        self._tokens: set[str] = set()
        self._related: set[tuple[str, str, str]] = set()
        self._secret = "right"  # a twin's
        accounts = {f"a{number}": {"name": f"Shop {number}", "industry": "Retail"} for number in range(1, 6)}
        self._records = {"Accounts": accounts, "Contacts": {"c1": {"last_name": "Souza", "email1": "s@example.com"}}, "Users": {}}

    def be(self, how: dict[str, Any]) -> None:
        """`forget` all tokens; have another `secret`."""
        if "forget" in how:
            self._tokens.clear()
        self._secret = how.get("secret", self._secret)

    def error(self, status: int) -> web.Response:
        """As whatever stands before it, or the OAuth2 server, tells of it."""
        if status == 401:
            said = {"error": "access_denied", "error_description": "The resource owner or authorization server denied the request."}
            return web.json_response(said, status=401)
        return _document({"errors": {"status": status, "title": None, "detail": "Error"}}, status)

    def routes(self) -> list[Route]:
        """What may be asked."""
        return [
            Route("POST", "/Api/access_token", self._token),
            Route("GET", "/Api/V8/module/{module}", self._list),
            Route("GET", "/Api/V8/module/{module}/{id}", self._get),
            Route("POST", "/Api/V8/module", self._create),
            Route("PATCH", "/Api/V8/module", self._update),
            Route("POST", "/Api/V8/module/{module}/{id}/relationships", self._relate),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        known = form.get("client_id") == "hulk" and form.get("client_secret") == self._secret
        person = form.get("grant_type") == "password" and (form.get("username"), form.get("password")) == ("maria", "right")
        if form.get("grant_type") not in ("client_credentials", "password"):
            raise Answer(web.json_response({"error": "unsupported_grant_type"}, status=400))
        if not known or (form.get("grant_type") == "password" and not person):
            said = {"error": "invalid_client", "error_description": "Client authentication failed"}
            raise Answer(web.json_response(said, status=401))
        token = f"given-{next(self._given)}"
        self._tokens.add(token)
        return web.json_response({"token_type": "Bearer", "expires_in": 3600, "access_token": token})

    def _let(self, request: web.Request, module: str) -> dict[str, Any]:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            raise Answer(self.error(401))
        if module not in self._records:
            raise Answer(_refused(f"Module {module} does not exist"))
        if module == "Users":
            raise Answer(_refused("Access denied"))
        return self._records[module]

    def _kept(self, request: web.Request, module: str, id_: str) -> dict[str, Any]:
        records = self._let(request, module)
        if id_ not in records:
            raise Answer(_refused(f"{module} module with id {id_} is not found"))
        return dict(records[id_])

    async def _list(self, request: web.Request, module: str) -> web.Response:
        records, query = self._let(request, module), request.query
        conditions = [(*_bracketed(name), value) for name, value in query.items() if name.startswith("filter[") and name.count("[") == 2]
        for field, operator, _ in conditions:
            if field not in _FIELDS[module]:
                raise Answer(_refused(f"Filter field {field} in {_OBJECTS[module]} module is not found"))
            if operator not in _OPERATORS:
                raise Answer(_refused(f"Filter operator {operator} is invalid"))
        how = any if query.get("filter[operator]", "and") == "or" else all
        found = [
            (id_, kept) for id_, kept in records.items()
            if not conditions or how(_OPERATORS[operator](kept.get(field, ""), value) for field, operator, value in conditions)
        ]  # fmt: skip
        size, number = int(query.get("page[size]", 20)), int(query.get("page[number]", 1))
        page = found[(number - 1) * size : number * size]
        data = [_data(module, id_, kept, query.get(f"fields[{module}]")) for id_, kept in page]
        meta = {"meta": {"total-pages": math.ceil(len(found) / size), "records-on-this-page": len(data)}} if data else {}
        return _document({**meta, "data": data})

    async def _get(self, request: web.Request, module: str, **part: str) -> web.Response:
        kept = self._kept(request, module, part["id"])
        return _document({"data": _data(module, part["id"], kept, request.query.get(f"fields[{module}]"))})

    async def _create(self, request: web.Request) -> web.Response:
        told = (await request.json())["data"]
        records, id_ = self._let(request, told["type"]), told.get("id") or str(uuid.uuid4())
        if id_ in records:
            raise Answer(_refused(f"Bean {told['type']} with id {id_} is already exist"))
        records[str(uuid.UUID(id_))] = told["attributes"]
        return _document({"data": _data(told["type"], id_, told["attributes"], None)})

    async def _update(self, request: web.Request) -> web.Response:
        told = (await request.json())["data"]
        kept = self._kept(request, told["type"], told["id"]) | told["attributes"]
        self._records[told["type"]][told["id"]] = kept
        return _document({"data": _data(told["type"], told["id"], kept, None)})

    async def _relate(self, request: web.Request, module: str, **part: str) -> web.Response:
        told = (await request.json())["data"]
        self._kept(request, module, part["id"])
        self._kept(request, told["type"], told["id"])
        self._related.add((part["id"], told["type"], told["id"]))
        of, to = _OBJECTS[told["type"]], _OBJECTS[module]
        return _document({"meta": {"message": f"{of} with id {told['id']} has been added to {to} with id {part['id']}"}})


def _bracketed(name: str) -> tuple[str, str]:
    """`filter[name][eq]` as ("name", "eq")."""
    field, operator = name.removeprefix("filter[").removesuffix("]").split("][")
    return field, operator


def _document(body: Any, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, content_type="application/vnd.api+json")


def _refused(detail: str) -> web.Response:
    return _document({"errors": {"status": 400, "title": None, "detail": detail}}, 400)


def _data(module: str, id_: str, kept: dict[str, Any], fields: str | None) -> dict[str, Any]:
    shown = {name: value for name, value in kept.items() if fields is None or name in fields.split(",")}
    return {"type": _OBJECTS[module], "id": id_, "attributes": shown, "relationships": {}}
