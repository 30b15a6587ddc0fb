"""Values that JSON lacks, as MongoDB writes them in JSON: `{"$oid": …}`, `{"$date": …}` and a few more
(https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/)."""

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hulk.kernel.errors import Refused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def unwrapped(value: Any) -> Any:
    """`value` with each such object as what it stands for; raises `Refused` for one that stands for nothing."""
    if isinstance(value, Mapping):
        if len(value) == 1 and (make := _makers().get(next(iter(value)))):
            return _made(make, value)
        return {key: unwrapped(inner) for key, inner in value.items()}
    return [unwrapped(inner) for inner in value] if isinstance(value, list | tuple) else value


def _made(make: Callable[[Any], Any], value: Mapping[str, Any]) -> Any:
    from bson.errors import BSONError  # loaded already: see _makers

    ((name, inner),) = value.items()
    try:
        return make(inner)
    except (BSONError, ArithmeticError, ValueError, TypeError, AttributeError) as error:
        raise Refused("{value} is no value of the kind {kind}.", value=str(inner)[:60], kind=name) from error


def _makers() -> Mapping[str, Callable[[Any], Any]]:
    # pymongo's package: 40 ms and 10 MB, loaded when the first question is put.
    from bson import Decimal128, Int64, ObjectId

    return {
        "$oid": ObjectId,
        "$date": _moment,
        "$numberLong": lambda text: Int64(int(text)),
        "$numberInt": int,
        "$numberDouble": float,
        "$numberDecimal": Decimal128,
        "$uuid": uuid.UUID,
    }


def _moment(told: Any) -> datetime:
    """From ISO 8601, in UTC where it says no other, or from milliseconds since 1970."""
    if isinstance(told, Mapping):
        told = int(told["$numberLong"])
    if isinstance(told, int):
        return _EPOCH + timedelta(milliseconds=told)
    moment = datetime.fromisoformat(told)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
