"""What may be asked of a MongoDB: filters and pipelines of which each stage and operator is known to read and compute, and nothing else.

Allow-lists, so that what runs code ($where, $function, $accumulator), writes ($out, $merge), looks into the server ($currentOp,
$listSessions, $collStats) or is not known yet is kept out (https://www.mongodb.com/docs/manual/reference/operator/).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hulk.kernel.errors import Forbidden, Refused

MOST_STAGES = 50
MOST_PARTS = 5000
DEEPEST = 40
MOST_LEVELS = 5


def _names(text: str) -> frozenset[str]:
    return frozenset(f"${name}" for name in text.split())


STAGES = _names(
    """
    addFields bucket bucketAuto count densify facet fill geoNear graphLookup group limit lookup match project redact replaceRoot
    replaceWith sample set setWindowFields skip sort sortByCount unionWith unset unwind
    """
)
OPERATORS = _names(
    """
    abs acos acosh add addToSet all allElementsTrue and anyElementTrue arrayElemAt arrayToObject asin asinh atan atan2 atanh avg
    binarySize bitAnd bitNot bitOr bitXor bitsAllClear bitsAllSet bitsAnyClear bitsAnySet bottom bottomN box bsonSize ceil center
    centerSphere cmp concat concatArrays cond convert cos cosh count covariancePop covarianceSamp dateAdd dateDiff dateFromParts
    dateFromString dateSubtract dateToParts dateToString dateTrunc dayOfMonth dayOfWeek dayOfYear degreesToRadians denseRank derivative
    divide documentNumber elemMatch eq exists exp expMovingAvg expr filter first firstN floor geoIntersects geoWithin geometry getField
    gt gte hour ifNull in indexOfArray indexOfBytes indexOfCP integral isArray isNumber isoDayOfWeek isoWeek isoWeekYear jsonSchema last
    lastN let linearFill literal ln locf log log10 lt lte ltrim map max maxDistance maxN maxScaled median mergeObjects meta millisecond
    min minDistance minN minScaled minute mod month multiply ne near nearSphere nin nor not objectToArray options or percentile polygon
    pow push radiansToDegrees rand range rank reduce regex regexFind regexFindAll regexMatch replaceAll replaceOne reverseArray round
    rtrim sampleRate second setDifference setEquals setField setIntersection setIsSubset setUnion shift sigmoid sin sinh size slice
    sortArray split sqrt stdDevPop stdDevSamp strLenBytes strLenCP strcasecmp substr substrBytes substrCP subtract sum switch tan tanh
    toBool toDate toDecimal toDouble toHashedIndexKey toInt toLong toLower toObjectId toString toUUID toUpper top topN trim trunc
    tsIncrement tsSecond type unsetField week year zip
    """
)
"""In filters, expressions and groups; and of the stages' own names, those that stand for an operator, too."""
VALUES = _names("oid date numberLong numberInt numberDouble numberDecimal uuid")
"""Of MongoDB Extended JSON: values that JSON lacks."""
Readable = Callable[[str], None]
"""Raises `Forbidden` for a collection that may not be read."""


def require_filter(wanted: Mapping[str, Any]) -> None:
    """Raise `Forbidden` for an operator that is not known to be harmless, `Refused` for what is too large."""
    for count, (key, _) in enumerate(_parts(wanted, 0)):
        if count > MOST_PARTS:
            raise Refused("The query has more than {most} parts: ask for less at once.", most=MOST_PARTS)
        if key.startswith("$") and key not in OPERATORS and key not in VALUES:
            raise _forbidden(key)


def require_pipeline(stages: Sequence[Any], readable: Readable, level: int = 0) -> None:
    """The same for a pipeline; `readable` is asked of each collection that it joins."""
    if len(stages) > MOST_STAGES or level > MOST_LEVELS:
        raise Refused(
            "A pipeline has at most {most} stages, and pipelines stand in others at most {levels} levels deep.",
            most=MOST_STAGES,
            levels=MOST_LEVELS,
        )
    for stage in stages:
        if not isinstance(stage, Mapping) or len(stage) != 1:
            raise Refused("Each stage of a pipeline is an object with one key, such as {example}.", example='{"$match": {"a": 1}}')
        ((name, body),) = stage.items()
        if name not in STAGES:
            raise _forbidden(str(name))
        _require_stage(str(name), body, readable, level)


def _require_stage(name: str, body: Any, readable: Readable, level: int) -> None:
    if name == "$facet":
        for inner in _object(name, body).values():
            require_pipeline(_list(name, inner), readable, level + 1)
    elif name in ("$lookup", "$graphLookup", "$unionWith"):
        _require_join(name, {"coll": body} if isinstance(body, str) else _object(name, body), readable, level)
    else:
        require_filter({"": body})


def _require_join(name: str, body: Mapping[str, Any], readable: Readable, level: int) -> None:
    source = body.get("coll" if name == "$unionWith" else "from")
    if not isinstance(source, str):
        raise Forbidden("{stage} joins a collection of this database, named by a text.", stage=name)
    readable(source)
    require_pipeline(_list(name, body.get("pipeline", [])), readable, level + 1)
    require_filter({key: value for key, value in body.items() if key != "pipeline"})


def _parts(value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Each key at any depth, with what it is of."""
    if depth > DEEPEST:
        raise Refused("The query is nested too deeply: at most {most} levels are read.", most=DEEPEST)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key), inner
            yield from _parts(inner, depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for inner in value:
            yield "", inner
            yield from _parts(inner, depth + 1)


def _object(name: str, body: Any) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise Refused("{stage} takes an object.", stage=name)
    return body


def _list(name: str, body: Any) -> Sequence[Any]:
    if not isinstance(body, list | tuple):
        raise Refused("The pipeline in {stage} is a list of stages.", stage=name)
    return body


def _forbidden(name: str) -> Forbidden:
    return Forbidden("Not allowed in a query here: {what}. Queries may read and compute, and nothing else.", what=name[:60])
