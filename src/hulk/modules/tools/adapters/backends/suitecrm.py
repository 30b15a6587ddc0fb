"""SuiteCRM's V8 JSON:API: records of the modules that may be used (https://docs.suitecrm.com/developer/api/developer-setup-guide/json-api)."""

import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from hulk.kernel.errors import Conflict, Forbidden, HulkError, NotFound
from hulk.kernel.records import Json
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments, said
from hulk.modules.tools.adapters.backends.rest import Asking, Query, Reply, Rest, Shape, Token, Tokens, at, excerpt, path
from hulk.modules.tools.domain import Output
from hulk.modules.tools.ports import Calling

Module = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$", description="As `Accounts`, `Contacts`, `Cases`, `Leads`.")]
Name = Annotated[str, Field(pattern=r"^[a-z][A-Za-z0-9_]{0,63}$")]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,36}$")]
Value = str | int | float | bool | None
_OURS = uuid.UUID("6f0f6a0e-5f0e-4a53-9d52-2a3f0f2d7c11")
"""The namespace of the ids that we give (RFC 9562, version 5)."""


class Filter(Arguments):
    """A condition on a field. SuiteCRM has no other operators."""

    field: Name
    is_: Literal["eq", "neq", "gt", "gte", "lt", "lte"] = Field(default="eq", alias="is")
    value: str = Field(max_length=500)


class ListRecords(Arguments):
    """Records of a module that meet conditions."""

    module: Module
    filters: tuple[Filter, ...] = Field(default=(), max_length=10)
    any: bool = Field(default=False, description="Whether one condition is enough; else all must be met.")
    fields: tuple[Name, ...] = Field(default=(), max_length=50, description="Fields to show; empty for all.")
    sort: str = Field(default="", pattern=r"^(-?[a-z][A-Za-z0-9_]{0,63})?$", description="A field; with `-` the greatest first.")
    page: int = Field(default=1, ge=1, le=10_000)
    most: int = Field(default=20, ge=1, le=100, description="How many on a page.")


class Search(Arguments):
    """Records of a module where one of the fields is exactly the text."""

    module: Module
    text: str = Field(min_length=1, max_length=200)
    fields: tuple[Name, ...] = Field(default=("name",), min_length=1, max_length=5, description="As `name`, `last_name`, `email1`.")
    most: int = Field(default=20, ge=1, le=100, description="How many at most.")


class GetRecord(Arguments):
    """One record."""

    module: Module
    id: Id
    fields: tuple[Name, ...] = Field(default=(), max_length=50, description="Fields to show; empty for all.")


class CreateRecord(Arguments):
    """Make a record. Asked twice, it is made once."""

    module: Module
    attributes: dict[Name, Value] = Field(min_length=1, max_length=100)


class UpdateRecord(Arguments):
    """Change fields of a record; what is not said stays."""

    module: Module
    id: Id
    attributes: dict[Name, Value] = Field(min_length=1, max_length=100)


class Relate(Arguments):
    """Relate a record to another. Asked twice, they are related once."""

    module: Module
    id: Id
    to_module: Module
    to_id: Id


class Record(Shape):
    """A record."""

    type: str
    id: str
    attributes: dict[str, Any] = Field(default_factory=dict)


class One(Shape):
    """A document with one record."""

    data: Record


class Many(Shape):
    """A document with a page of records; without `data` when there are none."""

    data: list[Record] = Field(default_factory=list)
    meta: dict[str, Any] | None = None


class SuiteCrm(Acts):
    """The tools `NAME.create_record` and so on, for `modules` only. With a `user` the password grant is used, else the client's own."""

    def __init__(
        self, name: str, about: About, *, url: str, client_id: str, client_secret: Callable[[], str], modules: tuple[str, ...],
        user: str = "", password: Callable[[], str] = str, seconds: float = 30.0,
    ) -> None:  # fmt: skip
        self._modules, self._client, self._secret, self._user, self._password = modules, client_id, client_secret, user, password
        self._rest = Rest(name="SuiteCRM", url=url, headers=_headers, failure=_failure, said=_said)
        self._tokens = Tokens(lambda: f"{client_id}\n{client_secret()}\n{user}\n{password()}", self._fetched)
        read = partial(Act, seconds=seconds)
        write = partial(Act, seconds=seconds, effect="write", idempotent=True)
        super().__init__(
            name,
            about,
            read("list_records", "List records", ListRecords, self._list_records),
            read("search", "Search records", Search, self._search),
            read("get_record", "Read a record", GetRecord, self._get_record),
            write("create_record", "Make a record", CreateRecord, self._create_record),
            write("update_record", "Change a record", UpdateRecord, self._update_record),
            write("relate", "Relate two records", Relate, self._relate),
        )

    async def _list_records(self, wanted: ListRecords, calling: Calling) -> Output:
        query: dict[str, str | int | None] = {
            "page[size]": wanted.most, "page[number]": wanted.page, "sort": wanted.sort or None, **_fields(wanted.module, wanted.fields),
        }  # fmt: skip
        if wanted.filters:
            query["filter[operator]"] = "or" if wanted.any else "and"
        query |= {f"filter[{one.field}][{one.is_}]": one.value for one in wanted.filters}
        return await self._listed(calling, wanted.module, query, wanted.page)

    async def _search(self, wanted: Search, calling: Calling) -> Output:
        same: Query = {f"filter[{field}][eq]": wanted.text for field in wanted.fields}
        query = {"page[size]": wanted.most, "page[number]": 1, "filter[operator]": "or", **same}
        return await self._listed(calling, wanted.module, query, 1)

    async def _listed(self, calling: Calling, module: str, query: Query, page: int) -> Output:
        asking = Asking(method="GET", path=self._module(module), query=query, writes=False, again=True)
        found = self._rest.shaped(await self._asked(calling, asking), Many)
        pages = at(found.meta, "total-pages")
        more = isinstance(pages, int | float) and pages > page
        return said({"records": [one.model_dump() for one in found.data]}, cut=f"This is page {page} of {pages}." if more else "")

    async def _get_record(self, wanted: GetRecord, calling: Calling) -> Output:
        return said((await self._record(wanted.module, wanted.id, wanted.fields, calling)).model_dump())

    async def _record(self, module: str, id_: str, fields: tuple[str, ...], calling: Calling) -> Record:
        asking = Asking(
            method="GET", path=self._module(module, id_), query=_fields(module, fields), writes=False, again=True
        )  # fmt: skip
        return self._rest.shaped(await self._asked(calling, asking), One).data

    async def _create_record(self, wanted: CreateRecord, calling: Calling) -> Output:
        """SuiteCRM takes the id that a new record is to have, and refuses one that is there: so the id is made of the key of the call."""
        id_ = str(uuid.uuid5(_OURS, f"{calling.tenant}\n{calling.key}\n{wanted.module}"))
        self._module(wanted.module)
        body: Json = {"data": {"type": wanted.module, "id": id_, "attributes": dict(wanted.attributes)}}
        try:
            reply = await self._asked(calling, Asking(method="POST", path="/V8/module", body=body, writes=True, again=True))
            record, already = self._rest.shaped(reply, One).data, False
        except Conflict:
            record, already = await self._record(wanted.module, id_, (), calling), True
        return said({**record.model_dump(), "already_there": already})

    async def _update_record(self, wanted: UpdateRecord, calling: Calling) -> Output:
        self._module(wanted.module)
        body: Json = {"data": {"type": wanted.module, "id": wanted.id, "attributes": dict(wanted.attributes)}}
        # The same values written twice leave the same record.
        reply = await self._asked(calling, Asking(method="PATCH", path="/V8/module", body=body, writes=True, again=True))
        return said(self._rest.shaped(reply, One).data.model_dump())

    async def _relate(self, wanted: Relate, calling: Calling) -> Output:
        self._module(wanted.to_module)
        where = self._module(wanted.module, wanted.id, "relationships")
        body: Json = {"data": {"type": wanted.to_module, "id": wanted.to_id}}
        reply = await self._asked(calling, Asking(method="POST", path=where, body=body, writes=True, again=True))
        return said({"related": True, "message": excerpt(at(reply.data, "meta", "message"))})

    def _module(self, module: str, *parts: str) -> str:
        """Raises `NotFound` for one that may not be used."""
        if module not in self._modules:
            allowed = ", ".join(self._modules) or "—"
            raise NotFound("There is no module “{module}” among those that may be used ({allowed}).", module=module, allowed=allowed)
        return path("V8", "module", module, *parts)

    async def _asked(self, calling: Calling, asking: Asking) -> Reply:
        return await self._tokens.shown(calling, lambda headers: self._rest.ask(calling, asking.shown(headers)))

    async def _fetched(self, calling: Calling) -> Token:
        """“Authentication”: the grants `client_credentials` and `password` (RFC 6749, sections 4.3 and 4.4)."""
        grant = "password" if self._user else "client_credentials"
        form = {"grant_type": grant, "client_id": self._client, "client_secret": self._secret()}
        form |= {"username": self._user, "password": self._password()} if self._user else {}
        asking = Asking(method="POST", path="/access_token", form=form, writes=False, again=True)
        given = self._rest.shaped(await self._rest.ask(calling, asking), _Given)
        return Token(text=given.access_token, seconds=given.expires_in)


class _Given(Shape):
    access_token: str = Field(min_length=1, pattern=r"^[!-~]+$")
    expires_in: float = Field(default=3600.0, ge=0)


def _headers() -> Mapping[str, str]:
    return {"Accept": "application/vnd.api+json"}


def _fields(module: str, fields: tuple[str, ...]) -> dict[str, str]:
    return {f"fields[{module}]": ",".join(fields)} if fields else {}


def _said(data: Any) -> object:
    return at(data, "errors", "detail") or at(data, "error_description") or at(data, "message")


def _failure(reply: Reply) -> HulkError | None:
    """SuiteCRM answers 400 to whatever it does not do: its sentence tells which it was (Api/V8/BeanDecorator/BeanManager.php,
    Api/V8/Service/ModuleService.php)."""
    detail = excerpt(at(reply.data, "errors", "detail"))
    if reply.status != 400 or not detail:
        return None
    if detail.endswith("is already exist"):
        return Conflict("SuiteCRM has it already (“{said}”).", said=detail)
    if detail.endswith(("is not found", "does not exist")) and "Filter field" not in detail:
        return NotFound("SuiteCRM has no such thing (“{said}”).", said=detail)
    if "Access" in detail and "denied" in detail.lower():
        return Forbidden("SuiteCRM does not allow this (“{said}”): check the roles of the client's user.", said=detail)
    return None
