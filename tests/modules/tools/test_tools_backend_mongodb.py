"""Collections of a MongoDB: what is found, aggregated and counted, and that nothing passes which could write or run code.

The server speaks MongoDB's protocol and is not mongod; what is proved of pipelines is what the judge lets pass."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import bson
import pytest
from bson import Binary, DatetimeMS, Decimal128, Int64, ObjectId
from bson.codec_options import CodecOptions, DatetimeConversion
from hypothesis import given
from hypothesis import strategies as st
from pymongo import MongoClient

from hulk.kernel.errors import Forbidden, Refused, Unavailable
from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.mongodb import MongoDb
from hulk.modules.tools.adapters.backends.mongodb.stages import OPERATORS, STAGES, require_filter, require_pipeline
from hulk.modules.tools.adapters.backends.plain import plain
from hulk.modules.tools.ports import Uncertain
from hulk.modules.tools.settings.mongodb import MongoDbSettings
from hulk.runtime.validation import parsed
from support.asking import a_calling, ask, told
from support.mongo import Mongo
from support.ports import free_port

ID = ObjectId("65a000000000000000000001")
WHEN = datetime(2026, 1, 2, 10, 30, tzinfo=UTC)
ALLOWED = ("orders", "customers", "many")


@pytest.fixture(scope="module")
def shop(mongo: Callable[[], Mongo]) -> Iterator[str]:
    """The URL of a database with some collections."""
    url = mongo().url("shop")
    with MongoClient[dict[str, Any]](url, tz_aware=True, uuidRepresentation="standard") as client:
        database = client.shop
        database.orders.insert_many(
            [
                {"_id": ID, "customer": 1, "total": 12.5, "at": WHEN, "tags": ["a", "b"]},
                {"customer": 1, "total": 2, "at": WHEN, "n": 2**40},
                {"customer": 2, "total": 1, "at": WHEN, "deep": {"er": {"x": 1}}},
            ]
        )
        database.customers.insert_many([{"_id": 1, "name": "Ana"}, {"_id": 2, "name": "João"}])
        database.many.insert_many([{"_id": i, "text": "x" * 100} for i in range(100)])
        database.secrets.insert_one({"key": "hush"})
        yield url
        client.drop_database("shop")


def over(url: str, most: Bounds | None = None) -> MongoDb:
    return MongoDb("shop", url, lambda: "", collections=ALLOWED, about=About(outside=False), most=most or Bounds())


async def test_collections_are_listed_but_those_that_may_not_be_read(shop: str) -> None:
    listed = await told(over(shop), "list_collections")
    assert [one["collection"] for one in listed["collections"]] == sorted(ALLOWED)


async def test_documents_are_found_and_are_json(shop: str) -> None:
    found = await told(over(shop), "find", collection="orders", filter={"_id": {"$oid": str(ID)}})
    (document,) = found["documents"]
    assert document == {"_id": str(ID), "customer": 1, "total": 12.5, "at": "2026-01-02T10:30:00+00:00", "tags": ["a", "b"]}


def test_values_that_json_lacks_are_told_as_text() -> None:
    values = {
        "decimal": Decimal128("12.50"), "bytes": b"\x00\xff", "uuid": Binary.from_uuid(UUID(int=5)), "long": Int64(2**40), "at": WHEN,
        "far": DatetimeMS(2**60), "never": None, "nested": {"list": [{"id": ID}]}, "nan": float("nan"),
    }  # fmt: skip
    options = CodecOptions[dict[str, Any]](tz_aware=True, uuid_representation=4, datetime_conversion=DatetimeConversion.DATETIME_AUTO)
    assert plain(bson.decode(bson.encode(values), options)) == {
        "decimal": "12.50", "bytes": "(2 bytes)", "uuid": str(UUID(int=5)), "long": 2**40, "at": "2026-01-02T10:30:00+00:00",
        "far": str(DatetimeMS(2**60)), "never": None, "nested": {"list": [{"id": str(ID)}]}, "nan": "nan",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        pytest.param({}, 3, id="all"),
        pytest.param({"customer": 1}, 2, id="a value"),
        pytest.param({"customer": {"$in": [2, 3]}}, 1, id="an operator"),
        pytest.param({"$or": [{"customer": 2}, {"tags": "a"}]}, 2, id="either"),
        pytest.param({"at": {"$gte": {"$date": "2026-01-01T00:00:00Z"}}}, 3, id="a moment"),
        pytest.param({"at": {"$lt": {"$date": "2026-01-01"}}}, 0, id="a day"),
        pytest.param({"n": {"$numberLong": str(2**40)}}, 1, id="a large number"),
        pytest.param({"deep.er.x": {"$exists": True}}, 1, id="a path"),
    ],
)
async def test_filters_find_and_count(shop: str, wanted: dict[str, Any], count: int) -> None:
    assert (await told(over(shop), "count", collection="orders", filter=wanted))["count"] == count
    assert (await told(over(shop), "find", collection="orders", filter=wanted))["count"] == count


async def test_fields_order_and_skip_are_as_asked(shop: str) -> None:
    found = await told(over(shop), "find", collection="many", fields={"text": 0}, sort={"_id": -1}, skip=2, rows=2)
    assert found["documents"] == [{"_id": 97}, {"_id": 96}]


async def test_pipelines_aggregate(shop: str) -> None:
    pipeline: list[dict[str, Any]] = [
        {"$match": {"customer": {"$gte": 1}}},
        {"$group": {"_id": "$customer", "n": {"$sum": 1}}},
        {"$lookup": {"from": "customers", "localField": "_id", "foreignField": "_id", "as": "who"}},
        {"$unwind": "$who"},
        {"$sort": {"_id": 1}},
        {"$project": {"_id": 0, "name": "$who.name", "n": 1}},
    ]
    found = await told(over(shop), "aggregate", collection="orders", pipeline=pipeline)
    assert [(one["name"], one["n"]) for one in found["documents"]] == [("Ana", 2), ("João", 1)]


async def test_answers_are_bounded_by_number_and_by_bytes(shop: str) -> None:
    few = await ask(over(shop), "find", collection="many", rows=7)
    assert few.data is not None
    assert (few.data["count"], few.cut) == (7, "more than 7 documents: only the first 7 documents are here")
    small = await ask(over(shop, Bounds(size=1000)), "aggregate", collection="many", pipeline=[{"$sort": {"_id": 1}}])
    assert small.data is not None
    assert 5 <= int(str(small.data["count"])) <= 9
    assert "more than 1000 bytes" in small.cut


HOSTILE_STAGES: tuple[Mapping[str, Any], ...] = (
    {"$out": "stolen"},
    {"$out": {"db": "other", "coll": "stolen"}},
    {"$merge": "orders"},
    {"$merge": {"into": {"db": "other", "coll": "x"}, "whenMatched": "replace"}},
    {"$function": {"body": "function() {}", "args": [], "lang": "js"}},
    {"$currentOp": {}},
    {"$listSessions": {}},
    {"$listLocalSessions": {}},
    {"$collStats": {}},
    {"$indexStats": {}},
    {"$planCacheStats": {}},
    {"$changeStream": {}},
    {"$listSearchIndexes": {}},
    {"$shardedDataDistribution": {}},
    {"$documents": [{"a": 1}]},
    {"$queryStats": {}},
    {"$search": {}},
    {"$unknown": {}},
    {"match": {}},
    {},
    {"$match": {}, "$out": "stolen"},
    {"$match": {"$where": "sleep(1000)"}},
    {"$match": {"$or": [{"a": {"$not": {"$where": "1"}}}]}},
    {"$match": {"$expr": {"$function": {"body": "x", "args": [], "lang": "js"}}}},
    {"$match": {"$expr": {"$and": [True, {"$cond": [{"$function": {}}, 1, 2]}]}}},
    {"$project": {"x": {"$function": {"body": "x", "args": [], "lang": "js"}}}},
    {"$addFields": {"x": {"$map": {"input": "$a", "in": {"$function": {}}}}}},
    {"$group": {"_id": None, "x": {"$accumulator": {"init": "x", "accumulate": "x"}}}},
    {"$group": {"_id": {"$function": {}}}},
    {"$setWindowFields": {"output": {"x": {"$accumulator": {}}}}},
    {"$bucket": {"groupBy": "$a", "boundaries": [0], "output": {"x": {"$accumulator": {}}}}},
    {"$lookup": {"from": "secrets", "localField": "a", "foreignField": "b", "as": "x"}},
    {"$lookup": {"from": {"db": "other", "coll": "orders"}, "pipeline": [], "as": "x"}},
    {"$lookup": {"from": "system.users", "pipeline": [], "as": "x"}},
    {"$lookup": {"from": "customers", "pipeline": [{"$out": "stolen"}], "as": "x"}},
    {"$lookup": {"from": "customers", "pipeline": [{"$lookup": {"from": "secrets", "pipeline": [], "as": "y"}}], "as": "x"}},
    {"$lookup": {"from": "customers", "let": {"v": {"$function": {}}}, "pipeline": [], "as": "x"}},
    {"$lookup": {"pipeline": [{"$match": {}}], "as": "x"}},
    {"$lookup": {"from": "customers", "pipeline": "x", "as": "x"}},
    {"$graphLookup": {"from": "secrets", "startWith": "$a", "connectFromField": "a", "connectToField": "b", "as": "x"}},
    {"$graphLookup": {"from": "customers", "startWith": {"$function": {}}, "connectFromField": "a", "connectToField": "b", "as": "x"}},
    {"$graphLookup": {"from": "customers", "startWith": "$a", "restrictSearchWithMatch": {"$where": "1"}, "as": "x"}},
    {"$unionWith": "secrets"},
    {"$unionWith": {"coll": "secrets"}},
    {"$unionWith": {"coll": "customers", "pipeline": [{"$merge": "x"}]}},
    {"$unionWith": {"pipeline": [{"$documents": []}]}},
    {"$facet": {"a": [{"$out": "stolen"}]}},
    {"$facet": {"a": [{"$match": {}}], "b": [{"$match": {"$where": "1"}}]}},
    {"$facet": {"a": [{"$lookup": {"from": "customers", "pipeline": [{"$unionWith": "secrets"}], "as": "x"}}]}},
    {"$facet": [{"$out": "x"}]},
    {"$redact": {"$cond": [{"$function": {}}, "$$KEEP", "$$PRUNE"]}},
    {"$replaceRoot": {"newRoot": {"$mergeObjects": [{"$function": {}}]}}},
    {"$geoNear": {"near": [0, 0], "query": {"$where": "1"}, "distanceField": "d"}},
    {"$sort": {"$where": 1}},
)


@pytest.mark.parametrize("stage", [pytest.param(stage, id=str(stage)[:60]) for stage in HOSTILE_STAGES])
async def test_hostile_stages_do_not_pass(shop: str, stage: dict[str, Any]) -> None:
    backend = over(shop)
    for pipeline in (
        [stage],
        [{"$match": {}}, stage],
        [{"$facet": {"x": [stage]}}],
        [{"$unionWith": {"coll": "orders", "pipeline": [stage]}}],
    ):
        with pytest.raises(Refused):
            await ask(backend, "aggregate", collection="orders", pipeline=pipeline)
    with MongoClient[dict[str, Any]](shop) as client:
        assert "stolen" not in client.shop.list_collection_names()
        assert client.shop.orders.count_documents({}) == 3


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"$where": "1"}, id="code"),
        pytest.param({"a": {"$elemMatch": {"$where": "1"}}}, id="code within"),
        pytest.param({"$expr": {"$function": {}}}, id="a function"),
        pytest.param({"$comment": "x"}, id="what is not known"),
        pytest.param({"a": {"$oid": "no"}}, id="no id"),
        pytest.param({"a": {"$date": "no"}}, id="no date"),
        pytest.param({"a": {"$numberDecimal": "no"}}, id="no number"),
        pytest.param({"a": {"$date": {"$where": "1"}}}, id="code as a date"),
        pytest.param({"a": {"$code": "x"}}, id="code as a value"),
    ],
)
async def test_hostile_filters_do_not_pass(shop: str, wanted: dict[str, Any]) -> None:
    for act in ("find", "count"):
        with pytest.raises(Refused):
            await ask(over(shop), act, collection="orders", filter=wanted)
    with pytest.raises(Refused):
        await ask(over(shop), "find", collection="orders", fields={"x": {"$function": {}}})


def test_what_is_too_deep_or_too_large_is_refused() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = {"a": deep}
    pipeline: list[Any] = []
    for _ in range(10):
        pipeline = [{"$facet": {"x": pipeline}}]
    with pytest.raises(Refused, match="at most 40 levels"):
        require_filter(deep)
    with pytest.raises(Refused, match="more than 5000 parts"):
        require_filter({"a": [1] * 6000})
    with pytest.raises(Refused, match="at most 50 stages"):
        require_pipeline(pipeline, lambda _: None)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "$where", "$function", "$out", "$gt", "$and"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["a", "$match", "$expr", "$and"]), _JSON, max_size=3))
def test_no_filter_that_passes_holds_an_operator_that_is_not_known(wanted: dict[str, Any]) -> None:
    try:
        require_filter(wanted)
    except Refused:
        return
    assert not any(f"'{bad}'" in repr(list(_keys(wanted))) for bad in ("$where", "$function", "$out", "$match"))


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def test_nothing_that_writes_or_runs_code_is_on_the_lists() -> None:
    assert not (STAGES | OPERATORS) & {"$out", "$merge", "$function", "$accumulator", "$where", "$currentOp", "$listSessions", "$collStats"}


async def test_collections_that_are_not_listed_are_forbidden(shop: str) -> None:
    for act in ("find", "count", "aggregate"):
        for collection in ("secrets", "system.users", "orders.$cmd", "$cmd", "admin.orders"):
            more: dict[str, Any] = {"pipeline": []} if act == "aggregate" else {}
            with pytest.raises(Forbidden, match="orders, customers, many"):
                await ask(over(shop), act, a_calling(), collection=collection, **more)


async def test_a_server_that_does_not_answer_is_unavailable_and_tells_no_secret() -> None:
    url = f"mongodb://reader@127.0.0.1:{free_port()}/shop"
    backend = MongoDb("shop", url, lambda: "hush", collections=("*",), about=About(), most=Bounds())
    with pytest.raises(Unavailable) as told_:
        await ask(backend, "count", a_calling(seconds=0.5), collection="orders")
    assert not isinstance(told_.value, Uncertain)
    assert "hush" not in str(told_.value)
    with pytest.raises(Unavailable, match="was over"):
        await ask(backend, "count", a_calling(seconds=-1), collection="orders")


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"url": "mongodb://a:b@host/shop"}, id="a password in the address"),
        pytest.param({"url": "mongodb://host"}, id="no database"),
        pytest.param({"url": "http://host/shop"}, id="no MongoDB"),
        pytest.param({"url": "mongodb://host/shop", "collections": []}, id="nothing to read"),
    ],
)
def test_settings_that_make_no_sense_are_refused(odd: dict[str, object]) -> None:
    with pytest.raises(Refused):
        parsed(MongoDbSettings, {"name": "shop", **odd})
