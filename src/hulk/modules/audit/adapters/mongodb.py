"""The archive in MongoDB: a document per entry, whose text is the event to the letter; what it is looked up by stands beside it.

Not the event as a document: BSON has no place for all that JSON has (keys with dots and dollars, integers of more than 64 bits,
200 levels), and what is hashed must come back as it went.

Tested against nx-27017, an independent implementation of the wire protocol, and not against mongod.
"""

import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.records import fields_of
from hulk.kernel.time import iso
from hulk.modules.audit.domain import BESIDE, Gap, Link, Wanted, beside
from hulk.runtime.telemetry import Metrics

if TYPE_CHECKING:  # 40 ms and 10 MB, only for who has a MongoDB
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.database import AsyncDatabase

Document: TypeAlias = dict[str, Any]
DATABASE = "hulk_audit"
"""Where the URL names none."""
BATCH = 1000
PATIENCE_MS = 5_000
TAKEN = 11000
"""MongoDB's code for a key that is there already (https://www.mongodb.com/docs/manual/reference/error-codes/)."""
FORWARD, BACKWARD = 1, -1
_INDEXES = ("subject", "intent", "time")


@contextlib.asynccontextmanager
async def connected(url: str, metrics: Metrics) -> AsyncIterator["MongoArchive"]:
    """The archive at that URL, to be used on this event loop. It need not answer yet; raises `Refused` without a driver or for no URL."""
    try:
        from pymongo import AsyncMongoClient  # see TYPE_CHECKING above
        from pymongo.errors import ConfigurationError
    except ImportError as error:
        raise Refused("audit.archive names MongoDB, whose driver is not installed: pip install 'hulk-ops[mongo]'.") from error
    try:
        client = AsyncMongoClient[Document](url, appname="hulk", **_defaults(url))
    except (ConfigurationError, ValueError) as error:
        raise Refused("audit.archive is no URL of a MongoDB: {reason}", reason=str(error)) from error
    async with client:
        yield MongoArchive(client.get_default_database(DATABASE), metrics)


def _defaults(url: str) -> dict[str, Any]:
    """How long a server may not answer, where the URL does not say: pymongo would wait for 30 s, and for ever."""
    wanted = {"serverSelectionTimeoutMS": PATIENCE_MS, "connectTimeoutMS": PATIENCE_MS, "socketTimeoutMS": 4 * PATIENCE_MS}
    return {name: value for name, value in wanted.items() if name.lower() not in url.lower()}


class MongoArchive:
    """`ports.Archive` in the collections `entries` and `gaps`: written with the majority of the servers, and read as that has it.

    A link is inserted, never put in another's place: the unique index says what is there already. That is one round trip for a batch,
    and an upsert per link costs its server seven times as much (measured with nx-27017)."""

    def __init__(self, database: "AsyncDatabase[Document]", metrics: Metrics) -> None:
        self._entries = _majority(database, "entries")
        self._gaps = _majority(database, "gaps")
        self._operations = metrics.counter("mongodb_operations_total", "Operations asked of MongoDB.", ["operation", "outcome"])
        self._indexed = False

    async def append(self, links: Sequence[Link]) -> Sequence[Link]:
        """See `Archive`."""
        await self._prepare()
        waiting, others = list(links), list[Link]()
        while waiting and not await self._inserted(waiting):
            there = {(link.tenant, link.position): link for link in await self._there(waiting)}
            found = [link for link in waiting if (link.tenant, link.position) in there]
            others += [link for link in found if not there[link.tenant, link.position].says(link)]
            waiting = [link for link in waiting if (link.tenant, link.position) not in there]
        return others

    async def _inserted(self, links: Sequence[Link]) -> bool:
        """Whether none of them was there; if one was, the others may be in or not."""
        try:
            with self._counted("insert"):
                await self._entries.insert_many([_document(link) for link in links], ordered=False)
        except _Taken:
            return False
        return True

    async def _there(self, links: Sequence[Link]) -> list[Link]:
        """What stands from the first to the last place of each tenant's links."""
        found: list[Link] = []
        for tenant, some in itertools.groupby(sorted(links, key=lambda link: (link.tenant, link.position)), key=lambda link: link.tenant):
            places = [link.position for link in some]
            found += await self._found({"tenant": tenant, "position": {"$gte": places[0], "$lte": places[-1]}})
        return found

    async def tenants(self) -> Sequence[str]:
        """See `Archive`."""
        await self._prepare()
        with self._counted("distinct"):
            return sorted(map(str, await self._entries.distinct("tenant")))

    async def end(self, tenant: str) -> Link | None:
        """See `Archive`."""
        await self._prepare()
        with self._counted("find"):
            found = await self._entries.find_one({"tenant": tenant}, sort=[("position", -1)])
        return None if found is None else _link(found)

    async def links(self, tenant: str, after: int, until: int | None = None) -> AsyncIterator[Sequence[Link]]:
        """See `Archive`; a thousand at a time, each by itself, so that no cursor waits at the server for a slow reader."""
        await self._prepare()
        most = {} if until is None else {"$lte": until}
        while links := await self._found({"tenant": tenant, "position": {"$gt": after, **most}}, BATCH):
            yield links
            after = links[-1].position

    async def search(self, wanted: Wanted, below: int | None, most: int) -> Sequence[Link]:
        """See `Archive`."""
        await self._prepare()
        fitting: Document = {"tenant": wanted.tenant, **wanted.exactly}
        between = {"$gte": wanted.since and iso(wanted.since), "$lt": wanted.before and iso(wanted.before)}
        if limits := {name: moment for name, moment in between.items() if moment}:
            fitting["time"] = limits
        if below is not None:
            fitting["position"] = {"$lt": below}
        return await self._found(fitting, most, BACKWARD)

    async def remove(self, gap: Gap) -> None:
        """See `Archive`. What it says is there before the first entry goes."""
        await self._prepare()
        told = {name: value for name, value in fields_of(Gap, gap).items() if name not in ("tenant", "first")}
        with self._counted("update"):
            await self._gaps.update_one({"tenant": gap.tenant, "first": gap.first}, {"$setOnInsert": told}, upsert=True)
        with self._counted("delete"):
            await self._entries.delete_many({"tenant": gap.tenant, "position": {"$gte": gap.first, "$lte": gap.last}})

    async def gaps(self, tenant: str) -> Sequence[Gap]:
        """See `Archive`."""
        await self._prepare()
        with self._counted("find"):
            found = [one async for one in self._gaps.find({"tenant": tenant}, sort=[("first", FORWARD)])]
        return [Gap(**{name: one[name] for name in Gap.__dataclass_fields__}) for one in found]

    async def _found(self, wanted: Mapping[str, Any], most: int = 0, order: int = FORWARD) -> list[Link]:
        with self._counted("find"):
            return [_link(one) async for one in self._entries.find(wanted, sort=[("position", order)], limit=most)]

    async def _prepare(self) -> None:
        """The indexes, without which a link could be there twice."""
        if not self._indexed:
            with self._counted("create_index"):
                await self._entries.create_index([("tenant", FORWARD), ("position", FORWARD)], unique=True)
                await self._gaps.create_index([("tenant", FORWARD), ("first", FORWARD)], unique=True)
                for name in _INDEXES:
                    await self._entries.create_index([("tenant", FORWARD), (name, FORWARD)])
            self._indexed = True

    @contextlib.contextmanager
    def _counted(self, operation: str) -> Iterator[None]:
        """Count the operation by how it went; a driver's error becomes one of ours."""
        from pymongo.errors import BulkWriteError, PyMongoError  # see TYPE_CHECKING above

        try:
            yield
        except PyMongoError as error:
            taken = isinstance(error, BulkWriteError) and _only_taken(error.details)
            self._operations.labels(operation, "taken" if taken else "failed").inc()
            raise (_Taken if taken else _away(error)) from error
        self._operations.labels(operation, "ok").inc()


def _majority(database: "AsyncDatabase[Document]", name: str) -> "AsyncCollection[Document]":
    from pymongo.read_concern import ReadConcern  # see TYPE_CHECKING above
    from pymongo.write_concern import WriteConcern

    return database.get_collection(name, write_concern=WriteConcern("majority", wtimeout=10_000), read_concern=ReadConcern("majority"))


class _Taken(Exception):
    """Of what was to be inserted some was there."""


def _only_taken(details: Mapping[str, Any]) -> bool:
    """Whether nothing else is wrong, such as servers of the majority that did not answer."""
    return not details.get("writeConcernErrors") and all(one["code"] == TAKEN for one in details.get("writeErrors", ()))


def _away(error: Exception) -> Unavailable:
    return Unavailable(
        "The audit archive (MongoDB) cannot do now what was asked: {reason}.", reason=str(error).split(", full error")[0][:300]
    )


def _document(link: Link) -> Document:
    assert link.text is not None  # noqa: S101  # what cannot be read is not archived
    return {"tenant": link.tenant, "position": link.position, "hash": link.hash, "text": link.text, **beside(link)}


def _link(document: Mapping[str, Any]) -> Link:
    """A collection keeps anything in any field: what is no text cannot be read."""
    written = document.get("text")
    stands = {name: document.get(name) for name in BESIDE}
    return Link(
        tenant=str(document["tenant"]), position=int(document["position"]), hash=str(document.get("hash")),
        text=written if isinstance(written, str) else None, beside=stands,
    )  # fmt: skip
