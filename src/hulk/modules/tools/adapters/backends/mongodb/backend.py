"""The acts on collections, by pymongo's own asynchronous client: a connection for each call, so that a changed password is used at once."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pydantic import Field

from hulk.kernel.errors import Forbidden, HulkError, Refused, Unavailable
from hulk.kernel.records import Json
from hulk.kernel.time import Clock, utc_now
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments, said
from hulk.modules.tools.adapters.backends.bounds import Bounds, seconds_left
from hulk.modules.tools.adapters.backends.mongodb.extended import unwrapped
from hulk.modules.tools.adapters.backends.mongodb.stages import require_filter, require_pipeline
from hulk.modules.tools.adapters.backends.plain import plain
from hulk.modules.tools.domain import Output
from hulk.modules.tools.domain.permission import any_of
from hulk.modules.tools.ports import Calling

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

AT_ONCE = 4
PATIENCE = 5.0
"""Seconds that a connection may take."""
MOST_COLLECTIONS = 1000
_PAGE = 100
_SPEAKING = (2, 9, 14, 168, 15952, 16410, 31002, 40323, 40324)
"""Errors of which the text speaks of the query, and not of what is in the collections."""
_COLLECTION = Field(min_length=1, max_length=255, description="The collection, as `list_collections` names it.")
_ROWS = Field(default=100, ge=1, le=10_000, description="Most documents wanted.")
_EXTENDED = 'Dates and ids as {"$date": "2026-01-01T00:00:00Z"} and {"$oid": "…"}.'


class ListCollections(Arguments):
    """The collections that can be read."""


class Find(Arguments):
    """Documents of a collection that match a filter."""

    collection: str = _COLLECTION
    filter: dict[str, Any] = Field(default={}, description=f"As MongoDB's find takes it. {_EXTENDED}")
    fields: dict[str, Any] = Field(default={}, description='Which fields are wanted (`{"name": 1}`) or not (`{"_id": 0}`).')
    sort: dict[str, int] = Field(default={}, description="By which fields, in this order: 1 upwards, -1 downwards.")
    skip: int = Field(default=0, ge=0, le=100_000, description="How many are passed over.")
    rows: int = _ROWS


class Aggregate(Arguments):
    """What a pipeline makes of a collection. Stages that write or run code are refused."""

    collection: str = _COLLECTION
    pipeline: list[dict[str, Any]] = Field(max_length=50, description=f"Stages, as MongoDB's aggregate takes them. {_EXTENDED}")
    rows: int = _ROWS


class Count(Arguments):
    """How many documents match a filter."""

    collection: str = _COLLECTION
    filter: dict[str, Any] = Field(default={}, description=f"As MongoDB's find takes it. {_EXTENDED}")


class MongoDb(Acts):
    """`Backend` over the database at `url` (`mongodb://reader@host/shop?authSource=admin`), with the password that `password` gives at
    each call. `collections` are patterns of those that may be read."""

    def __init__(
        self,
        name: str,
        url: str,
        password: Callable[[], str],
        *,
        collections: tuple[str, ...],
        about: About,
        most: Bounds,
        clock: Clock = utc_now,
    ) -> None:
        self._url, self._password, self._collections, self._most, self._clock = url, password, collections, most, clock
        self._turns = asyncio.Semaphore(AT_ONCE)
        same: dict[str, Any] = {"seconds": most.seconds, "tags": ("documents",)}
        super().__init__(
            name,
            about,
            Act("list_collections", "List collections", ListCollections, self._list, **same),
            Act("find", "Find documents", Find, self._find, **same),
            Act("aggregate", "Aggregate documents", Aggregate, self._aggregate, **same),
            Act("count", "Count documents", Count, self._count, **same),
        )

    async def _list(self, _: ListCollections, calling: Calling) -> Output:
        async with self._reading(calling) as (database, _seconds):
            found = [one async for one in await database.list_collections()]
        listed = sorted((one["name"], one.get("type", "collection")) for one in found if self._reads(one["name"]))
        cut = f"more than {MOST_COLLECTIONS} collections" if len(listed) > MOST_COLLECTIONS else ""
        return said({"collections": [{"collection": name, "kind": kind} for name, kind in listed[:MOST_COLLECTIONS]]}, cut=cut)

    async def _find(self, wanted: Find, calling: Calling) -> Output:
        self._require(wanted.collection)
        require_filter(wanted.filter)
        require_filter(wanted.fields)
        require_filter(wanted.sort)
        most = min(wanted.rows, self._most.rows)
        async with self._reading(calling) as (database, seconds):
            found = database[wanted.collection].find(
                unwrapped(wanted.filter), unwrapped(wanted.fields) or None, sort=list(wanted.sort.items()) or None, skip=wanted.skip,
                limit=most + 1, batch_size=min(most + 1, _PAGE), max_time_ms=int(seconds * 1000), allow_disk_use=False,
            )  # fmt: skip
            return await self._taken(found, most)

    async def _aggregate(self, wanted: Aggregate, calling: Calling) -> Output:
        self._require(wanted.collection)
        require_pipeline(wanted.pipeline, self._require)
        most = min(wanted.rows, self._most.rows)
        async with self._reading(calling) as (database, seconds):
            stages = [*unwrapped(wanted.pipeline), {"$limit": most + 1}]
            found = await database[wanted.collection].aggregate(
                stages, maxTimeMS=int(seconds * 1000), allowDiskUse=False, batchSize=min(most + 1, _PAGE)
            )
            async with found:
                return await self._taken(found, most)

    async def _count(self, wanted: Count, calling: Calling) -> Output:
        self._require(wanted.collection)
        require_filter(wanted.filter)
        async with self._reading(calling) as (database, seconds):
            count = await database[wanted.collection].count_documents(unwrapped(wanted.filter), maxTimeMS=int(seconds * 1000))
        return said({"count": count})

    async def _taken(self, found: AsyncIterator[Mapping[str, Any]], most: int) -> Output:
        documents: list[Json] = []
        size, cut = 0, ""
        async for document in found:
            shown = plain(document)
            size += len(json.dumps(shown, ensure_ascii=False).encode(errors="replace"))
            if len(documents) >= most or size > self._most.size:
                bound = f"{most} documents" if len(documents) >= most else f"{self._most.size} bytes"
                cut = f"more than {bound}: only the first {len(documents)} documents are here"
                break
            documents.append(shown)
        return said({"documents": documents, "count": len(documents)}, cut=cut)

    def _reads(self, collection: str) -> bool:
        return not collection.startswith("system.") and any_of(collection, self._collections)

    def _require(self, collection: str) -> None:
        if not self._reads(collection):
            allowed = ", ".join(self._collections)[:200]
            raise Forbidden("The collection {name} may not be read here; allowed are {allowed}.", name=collection[:120], allowed=allowed)

    @contextlib.asynccontextmanager
    async def _reading(self, calling: Calling) -> "AsyncIterator[tuple[AsyncDatabase[dict[str, Any]], float]]":
        """The database, and how many seconds there are."""
        # 40 ms and 10 MB: loaded when the first question is put.
        from pymongo import AsyncMongoClient
        from pymongo.errors import PyMongoError

        left = seconds_left(calling, self._clock, self._most.seconds, self.name)
        reached = False
        try:
            async with asyncio.timeout(left), self._turns, AsyncMongoClient[dict[str, Any]](self._url, **self._options(left)) as client:
                database = client.get_default_database()
                await database.command("ping")
                reached = True
                yield database, left
        except TimeoutError as late:
            if reached:
                raise Refused("The query took longer than {seconds} seconds: ask for less.", seconds=round(left, 1)) from late
            raise Unavailable("MongoDB did not answer within {seconds} seconds.", seconds=round(left, 1)) from late
        except PyMongoError as error:
            raise _explained(error, left) from None  # its text may quote data

    def _options(self, left: float) -> dict[str, Any]:
        wait = int(min(PATIENCE, 0.8 * left) * 1000)
        who = unquote(urlsplit(self._url).username or "")
        secret = {"username": who, "password": self._password()} if who else {}
        return {
            "appname": "hulk", "tz_aware": True,
            "uuidRepresentation": "standard", "datetime_conversion": "DATETIME_AUTO", "retryReads": False,
            "serverSelectionTimeoutMS": wait, "connectTimeoutMS": wait, "maxPoolSize": 1, **secret,
        }  # fmt: skip


def _explained(error: Exception, seconds: float) -> HulkError:
    from pymongo import errors  # see MongoDb._reading

    if isinstance(error, errors.ExecutionTimeout):
        return Refused("The query took longer than {seconds} seconds: ask for less.", seconds=round(seconds, 1))
    if isinstance(error, errors.OperationFailure):
        return _refused(error.code or 0, error.details or {})
    if isinstance(error, errors.InvalidOperation | errors.InvalidName | errors.ConfigurationError):
        return Refused("MongoDB cannot be asked this: {reason}.", reason=type(error).__name__)
    return Unavailable("MongoDB cannot be asked now ({reason}).", reason=type(error).__name__)


def _refused(code: int, details: Mapping[str, Any]) -> HulkError:
    if code in (13, 18, 8000):  # Unauthorized, AuthenticationFailed, and both of Atlas
        return Forbidden("MongoDB does not allow it to Hulk's account (error {code}).", code=code)
    told = str(details.get("errmsg", "")) if code in _SPEAKING else str(details.get("codeName", ""))
    return Refused("MongoDB refuses the query: {reason} (error {code}).", reason=told[:200], code=code)
