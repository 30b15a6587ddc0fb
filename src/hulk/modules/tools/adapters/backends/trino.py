"""Trino and Presto by their client protocol over aiohttp: https://trino.io/docs/current/develop/client-protocol.html.

Not by a package: `trino` waits in threads and brings requests, lz4, zstandard and tzlocal; aiotrino has stood still since March 2025;
and the protocol is one POST and some GETs. Each query is asked in the name of the person for whom it is, and is called off at the
server when nobody waits for it any longer. What may be asked is judged as for every database (`sql.statements`); the server's own
hold is the access control that it has for that person.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from hulk.kernel.errors import Forbidden, HulkError, Refused, TooLarge, Unavailable
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.sql.backend import Described, Listed
from hulk.modules.tools.adapters.backends.sql.names import Place, Reach
from hulk.modules.tools.adapters.backends.sql.rows import Answer, Column, Tally
from hulk.modules.tools.adapters.backends.sql.statements import Dialect, Statement

if TYPE_CHECKING:
    from aiohttp import ClientSession

AT_ONCE = 4
PATIENCE = 5.0
"""Seconds that a connection may take."""
GRACE = 2.0
"""Seconds that the server has to say that the time is over before it is left; also to hear that it is called off."""
LARGEST_PAGE = 64_000_000
"""Bytes of one page: Trino means to send 16 MB at most."""
_BUSY = (429, 502, 503, 504)
"""To be asked again (protocol, “Overview of query processing”)."""
_PAUSE = 0.1
_SPEAKING = frozenset(
    {"SYNTAX_ERROR", "TABLE_NOT_FOUND", "COLUMN_NOT_FOUND", "SCHEMA_NOT_FOUND", "CATALOG_NOT_FOUND", "FUNCTION_NOT_FOUND", "TYPE_MISMATCH"}
    | {"AMBIGUOUS_NAME", "EXPRESSION_NOT_AGGREGATE", "EXPRESSION_NOT_SCALAR", "NOT_SUPPORTED", "INVALID_ARGUMENTS", "TYPE_NOT_FOUND"}
    | {"MISSING_COLUMN_NAME", "INVALID_COLUMN_REFERENCE", "NESTED_AGGREGATION", "NESTED_WINDOW", "INVALID_LIMIT_CLAUSE"}
)
"""Errors of which the text speaks of the query, and not of what is in the tables."""
_OVER = frozenset({"EXCEEDED_TIME_LIMIT", "EXCEEDED_CPU_LIMIT", "EXCEEDED_SCAN_LIMIT", "USER_CANCELED", "ADMINISTRATIVELY_KILLED"})
_TABLES = """
    SELECT table_schema, table_name, table_type FROM {catalog}.information_schema.tables
    WHERE table_schema <> 'information_schema' ORDER BY 1, 2 LIMIT {most}
"""
_COLUMNS = """
    SELECT column_name, data_type, is_nullable FROM {catalog}.information_schema.columns
    WHERE table_schema = {schema} AND table_name = {table} ORDER BY ordinal_position LIMIT {most}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trino:
    """`Database` at `url` (`https://trino.example.com:8443`). `account` and its password are how Hulk shows who it is, if the server wants
    that; the query runs as the person who asks, and as `account` when nobody is named. `allowed` are patterns such as `hive.sales.*`."""

    url: str
    catalog: str
    schema: str
    account: str
    password: Callable[[], str]
    allowed: tuple[str, ...] = ()
    flavour: Literal["trino", "presto"] = "trino"
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def dialect(self) -> Dialect:
        """See `Database`."""
        return "trino"

    async def reach(self) -> Reach:
        """See `Database`."""
        home = (self.catalog, self.schema)
        return Reach(patterns=self.allowed or (f"{self.catalog}.{self.schema}.*",), home=home)

    async def tables(self, reach: Reach, bounds: Bounds, person: str) -> Sequence[Listed]:
        """See `Database`: of the catalogues that the patterns name without a star."""
        named = [pattern.split(".")[0] for pattern in reach.patterns if pattern.count(".") > 1]
        found: list[Listed] = []
        for catalog in dict.fromkeys([self.catalog, *(name for name in named if "*" not in name)]):
            sql = _TABLES.format(catalog=_identifier(catalog), most=bounds.rows + 1)
            rows = await self._asked(sql, bounds, person)
            found += [
                Listed(place=(catalog, str(schema), str(name)), kind="view" if "VIEW" in str(kind) else "table")
                for schema, name, kind in rows
            ]
        return found

    async def columns(self, place: Place, bounds: Bounds, person: str) -> Sequence[Described]:
        """See `Database`."""
        catalog, schema, table = place
        sql = _COLUMNS.format(catalog=_identifier(catalog), schema=_text(schema), table=_text(table), most=bounds.rows + 1)
        rows = await self._asked(sql, bounds, person)
        return [Described(name=str(name), type=str(kind), nullable=null == "YES") for name, kind, null in rows]

    async def rows(self, statement: Statement, bounds: Bounds, person: str) -> Answer:
        """See `Database`."""
        return await self._answered(statement.sql, bounds, person)

    async def _asked(self, sql: str, bounds: Bounds, person: str) -> Sequence[Sequence[Any]]:
        return (await self._answered(sql, Bounds(rows=bounds.rows + 1, size=LARGEST_PAGE, seconds=bounds.seconds), person)).rows

    async def _answered(self, sql: str, bounds: Bounds, person: str) -> Answer:
        tally, columns = Tally(bounds), list[Column]()
        async with contextlib.aclosing(self._pages(sql, bounds, person)) as pages:
            async for page in pages:
                columns = columns or [Column(name=str(one["name"]), type=str(one["type"])) for one in page.get("columns") or ()]
                rows = ([_value(value, column.type) for value, column in zip(row, columns, strict=False)] for row in page.get("data") or ())
                if not tally.takes(rows):
                    break
        return tally.answer(columns)

    async def _pages(self, sql: str, bounds: Bounds, person: str) -> AsyncGenerator[Mapping[str, Any], None]:
        """Each page of the answer. The query is called off when it is not read to its end."""
        # aiohttp costs 0.25 s of CPU and 20 MB to import: only who asks pays.
        import aiohttp

        try:
            async with asyncio.timeout(bounds.seconds + GRACE), self.turns, self._session(bounds, person) as session:
                query = _Query(session, self.url)
                try:
                    page: Mapping[str, Any] | None = await query.started(sql)
                    while page is not None:
                        yield page
                        page = await query.more()
                finally:
                    await query.called_off()
        except TimeoutError as late:
            raise Unavailable("Trino did not answer within {seconds} seconds.", seconds=round(bounds.seconds, 1)) from late
        except aiohttp.ClientError as error:
            raise Unavailable("Trino cannot be asked now ({reason}).", reason=type(error).__name__) from None

    def _session(self, bounds: Bounds, person: str) -> "ClientSession":
        from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, encode_basic_auth  # see _pages

        secret = self.password()
        known = {"Authorization": encode_basic_auth(self.account, secret, "utf-8")} if secret else {}
        headers = {**self._headers(bounds, person), **known, "User-Agent": "hulk-ops", "Accept-Encoding": "identity"}
        waits = ClientTimeout(total=None, connect=PATIENCE)
        return ClientSession(headers=headers, timeout=waits, cookie_jar=DummyCookieJar(), auto_decompress=False)

    def _headers(self, bounds: Bounds, person: str) -> Mapping[str, str]:
        """Who asks, where, and how long it may take (protocol, “Client request headers”)."""
        limit = quote(f"{max(1, int(bounds.seconds * 1000))}ms", safe="")
        limits = f"query_max_run_time={limit},query_max_execution_time={limit}"
        said = {"User": _plain(person or self.account), "Source": "hulk", "Catalog": self.catalog, "Schema": self.schema, "Session": limits}
        return {f"X-{self.flavour.title()}-{name}": value for name, value in said.items()}


class _Query:
    """One query at the server, from its POST to its last page. What comes next is asked of the server that was configured, wherever the
    answer points: a secret goes nowhere else."""

    def __init__(self, session: "ClientSession", url: str) -> None:
        self._session, self._url = session, url.rstrip("/")
        self._next = ""

    async def started(self, sql: str) -> Mapping[str, Any]:
        """The first page."""
        return await self._page("POST", f"{self._url}/v1/statement", sql.encode())

    async def more(self) -> Mapping[str, Any] | None:
        """The next page, if there is one."""
        return await self._page("GET", self._next) if self._next else None

    async def called_off(self) -> None:
        """Tell the server that no more is wanted, if there is more."""
        import aiohttp  # see Trino._pages

        if self._next:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with asyncio.timeout(GRACE), self._session.delete(self._next, allow_redirects=False):
                    self._next = ""

    async def _page(self, method: str, url: str, body: bytes | None = None) -> Mapping[str, Any]:
        page = await self._got(method, url, body)
        following = page.get("nextUri")
        self._next = self._here(str(following)) if following else ""
        if isinstance(error := page.get("error"), Mapping):
            raise _explained(error)
        return page

    async def _got(self, method: str, url: str, body: bytes | None) -> Mapping[str, Any]:
        while True:
            async with self._session.request(method, url, data=body, allow_redirects=False) as answer:
                if answer.status not in _BUSY:
                    _require_success(answer.status)
                    return _object(await _read(answer.content))
                wait = answer.headers.get("Retry-After", "")
            await asyncio.sleep(min(float(wait), PATIENCE) if wait.isascii() and wait.isdigit() else _PAUSE)

    def _here(self, told: str) -> str:
        base, parts = urlsplit(self._url), urlsplit(told)
        return urlunsplit((base.scheme, base.netloc, parts.path, parts.query, ""))


async def _read(content: Any) -> bytes:
    data = bytearray()
    async for chunk in content.iter_chunked(1 << 16):
        data += chunk
        if len(data) > LARGEST_PAGE:
            raise TooLarge("Trino sent a page of more than {most} bytes: ask for fewer or shorter columns.", most=LARGEST_PAGE)
    return bytes(data)


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        page = json.loads(data)
    except ValueError as error:
        raise Unavailable("Trino's answer is no JSON: is the address that of a Trino?") from error
    if not isinstance(page, dict):
        raise Unavailable("Trino's answer is not what its protocol says.")
    return page


def _require_success(status: int) -> None:
    if status in (401, 403):
        raise Forbidden("Trino does not take Hulk's account, or does not let it ask for this person (status {status}).", status=status)
    if status != 200:
        raise Unavailable("Trino does not answer as it should (status {status}).", status=status)


def _explained(error: Mapping[str, Any]) -> HulkError:
    name, kind = str(error.get("errorName", ""))[:60], str(error.get("errorType", ""))
    if name in _OVER:
        return Refused("The query took too long or too much, and was ended ({reason}): ask for less.", reason=name)
    if name in ("PERMISSION_DENIED", "ACCESS_DENIED"):
        return Forbidden("Trino does not allow it to this person.")
    if kind == "USER_ERROR":
        told = str(error.get("message", "")).partition("\n")[0][:200].rstrip(".") if name in _SPEAKING else ""
        return Refused("Trino refuses the query: {reason}.", reason=f"{name}: {told}" if told else name)
    return Unavailable("Trino could not finish the query ({reason}).", reason=name or kind)


def _value(value: Any, kind: str) -> Any:
    """Moments as ISO 8601 (Trino has a blank between day and time); bytes, which come in base64, as a note of how many."""
    if isinstance(value, str) and kind == "varbinary":
        return b"\0" * (len(value) * 3 // 4 - value[-2:].count("="))
    return value.replace(" ", "T", 1) if isinstance(value, str) and kind.startswith("timestamp") else value


def _plain(name: str) -> str:
    """What may stand in a header."""
    if not name.isprintable() or not name.isascii():
        return quote(name, safe="@ ")
    return name


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
