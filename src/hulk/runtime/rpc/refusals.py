"""Errors as gRPC's codes with google.rpc details (https://google.aip.dev/193): the one place that knows which error is which code.

The status' message is English, for logs and developers; LocalizedMessage is for people. Both are cut: a client that is given more than
8 KB of metadata (its default limit) would see none of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details
from google.rpc import status_pb2
from grpc import StatusCode

from hulk.kernel.errors import (
    Cancelled,
    Conflict,
    Exhausted,
    Forbidden,
    HulkError,
    Invalid,
    NotFound,
    Refused,
    Unauthenticated,
    Unavailable,
)
from hulk.kernel.text import Text, Voice, writable
from hulk.runtime.http import TimedOut

DOMAIN = "hulk"
"""Of `ErrorInfo`: whose error it is."""

CODES: Mapping[type[HulkError], StatusCode] = {
    TimedOut: StatusCode.DEADLINE_EXCEEDED,
    Exhausted: StatusCode.RESOURCE_EXHAUSTED,
    Unavailable: StatusCode.UNAVAILABLE,
    Unauthenticated: StatusCode.UNAUTHENTICATED,
    Forbidden: StatusCode.PERMISSION_DENIED,
    Refused: StatusCode.INVALID_ARGUMENT,
    NotFound: StatusCode.NOT_FOUND,
    Conflict: StatusCode.ABORTED,
    Cancelled: StatusCode.CANCELLED,
}
"""Of each error its code; a class comes before what it derives from."""

_LANGUAGES = {"pt": "pt-BR", "en": "en"}
_LONGEST_MESSAGE = 250
_LONGEST_FIELD = 160
_MOST_FIELDS = 20
_LARGEST = 2500
"""Bytes of all details, before they are put into base 64."""
_KEY = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a call ends that did not succeed."""

    code: StatusCode
    message: str
    metadata: tuple[tuple[str, str | bytes], ...]


def of_error(error: HulkError, request_id: str, voice: Voice) -> Refusal:
    """The refusal that a kernel error is."""
    code = next((code for kind, code in CODES.items() if isinstance(error, kind)), StatusCode.INTERNAL)
    return _refusal(code, error.code, error.text, request_id, voice, _more(error, voice))


def of_bug(request_id: str, voice: Voice) -> Refusal:
    """What is said when Hulk itself is at fault: nothing of its insides."""
    text = Text("Something went wrong inside Hulk. The log has the details under this request's id; asking again may help.")
    return _refusal(StatusCode.INTERNAL, "internal", text, request_id, voice, iter(()))


def _refusal(code: StatusCode, reason: str, text: Text, request_id: str, voice: Voice, more: Iterator[Message]) -> Refusal:
    message = _cut(str(text), _LONGEST_MESSAGE)
    status = status_pb2.Status(code=int(code.value[0]), message=message)
    told = details.LocalizedMessage(locale=_LANGUAGES[voice.language], message=_cut(voice.say(text), 2 * _LONGEST_MESSAGE))
    for detail in (details.ErrorInfo(reason=reason, domain=DOMAIN), details.RequestInfo(request_id=request_id), told, *more):
        packed = AnyMessage()
        packed.Pack(detail)
        if status.ByteSize() + packed.ByteSize() <= _LARGEST:
            status.details.append(packed)
    return Refusal(code, message, (("x-request-id", request_id), (_KEY, status.SerializeToString())))


def _more(error: HulkError, voice: Voice) -> Iterator[Message]:
    if isinstance(error, Invalid):
        yield _violations(error, voice)
    if isinstance(error, Unavailable) and error.retry_after is not None:
        yield details.RetryInfo(retry_delay=_duration(error.retry_after))


def _violations(error: Invalid, voice: Voice) -> details.BadRequest:
    """As many as there is room for, the first ones."""
    found, room = details.BadRequest(), 1000
    for field, text in error.fields[:_MOST_FIELDS]:
        one = details.BadRequest.FieldViolation(field=_cut(field, _LONGEST_FIELD), description=_cut(voice.say(text), _LONGEST_FIELD))
        room -= one.ByteSize() + 4
        if room < 0:
            break
        found.field_violations.append(one)
    return found


def _duration(seconds: float) -> Duration:
    return Duration(seconds=int(seconds), nanos=int(seconds % 1 * 1e9))


def _cut(text: str, most: int) -> str:
    """At most so many characters, without what no metadata can carry."""
    plain = writable(text)
    return plain if len(plain) <= most else plain[: most - 1] + "…"
