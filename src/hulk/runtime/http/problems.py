"""Errors as problem details (RFC 9457), in the caller's language: the one place that knows which error is which status."""

import http
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from hulk.kernel.errors import (
    Cancelled,
    Conflict,
    Exhausted,
    Forbidden,
    HulkError,
    Invalid,
    NotFound,
    OverQuota,
    Refused,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from hulk.kernel.text import Text, Voice, writable
from hulk.runtime.http.request import request_id, state, voice_of
from hulk.runtime.validation import dotted, expected, lines

MEDIA_TYPE = "application/problem+json"
_MOST = 20


class TimedOut(Unavailable):
    """The request took longer than it may. It may still have had its effect."""

    code = "timed_out"


STATUS: Mapping[type[HulkError], int] = {
    TimedOut: 504,
    Exhausted: 429,
    Unavailable: 503,
    Unauthenticated: 401,
    Forbidden: 403,
    TooLarge: 413,
    Refused: 422,
    NotFound: 404,
    Conflict: 409,
    Cancelled: 409,
}
"""Of each error its status; a class comes before what it derives from."""

_TITLES: Mapping[int, Text] = {
    400: Text("Not understood"),
    401: Text("Not authenticated"),
    403: Text("Not allowed"),
    404: Text("Not found"),
    405: Text("Method not allowed"),
    409: Text("Conflict"),
    413: Text("Too large"),
    415: Text("Media type not taken"),
    422: Text("Refused"),
    429: Text("Limit used up"),
    500: Text("Internal error"),
    503: Text("Not available right now"),
    504: Text("Took too long"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem before it is put into a language."""

    code: str
    status: int
    detail: Text
    retry_after: float | None = None
    fields: Sequence[tuple[str, Text]] = ()
    headers: Mapping[str, str] | None = None
    members: Mapping[str, object] = field(default_factory=dict)
    """What it says of itself besides, for programs."""


Shape: TypeAlias = Callable[[Problem, Voice, str], tuple[int, Mapping[str, object]]]
"""How a problem is told where programs expect another form than ours: its status and body, from the problem and the request's id."""


Face: TypeAlias = Callable[[Scope, Problem, Voice], Response]
"""How a problem is shown where people look at pages."""


def of_error(error: HulkError) -> Problem:
    """The problem that a kernel error is."""
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)
    retry_after = error.retry_after if isinstance(error, Unavailable) else None
    fields = error.fields[:_MOST] if isinstance(error, Invalid) else ()
    members = {"quota": error.quota, "limit": error.limit, "left": error.left} if isinstance(error, OverQuota) else {}
    return Problem(code=error.code, status=status, detail=error.text, retry_after=retry_after, fields=fields, members=members)


def of_http(error: HTTPException) -> Problem:
    """The problem that a framework's own refusal is (no such route, wrong method, body cut off); an error of ours inside comes first."""
    if isinstance(error.__cause__, HulkError):
        return of_error(error.__cause__)
    phrase = http.HTTPStatus(error.status_code).phrase
    details = {
        416: Text("The file has no such range (header Range)."),
        404: Text("There is nothing at this address. See /docs for all there is."),
        405: Text("This address does not take that method. See /docs for those it takes."),
        400: Text("The request cannot be read: {reason}.", reason=str(error.detail).rstrip(".")),
    }
    return Problem(
        code=phrase.lower().replace(" ", "_").replace("-", "_"),
        status=error.status_code,
        detail=details.get(error.status_code, Text("{reason}", reason=str(error.detail))),
        headers=dict(error.headers or {}),
    )


def of_validation(error: RequestValidationError) -> Problem:
    """What is wrong with a request, field by field: where, and what is allowed. What was sent is not repeated."""
    fields = [(_field(detail["loc"]), expected(detail)) for detail in error.errors()[:_MOST]]
    detail = lines([Text("{field}: {expected}.", field=field, expected=text) for field, text in fields])
    return Problem(code="invalid", status=422, detail=detail, fields=fields)


def of_bug() -> Problem:
    """What is said when Hulk itself is at fault: nothing of its insides."""
    return Problem(
        code="internal",
        status=500,
        detail=Text("Something went wrong inside Hulk. The log has the details under this request's id; asking again may help."),
    )


def response(scope: Scope, problem: Problem) -> Response:
    """The problem in the caller's language; `instance` is the request's id, which the log has too."""
    voice, shape, face = voice_of(scope), state(scope).get("shape"), state(scope).get("face")
    if face is not None:
        shown: Response = face(scope, problem, voice)
        return shown
    status, said = shape(problem, voice, request_id(scope)) if shape else (problem.status, _body(scope, problem, voice))
    headers = {
        **state(scope).get("told", {}),
        **(problem.headers or {}),
        "cache-control": "no-store",
        "vary": "Accept-Language",
        "content-language": voice.language,
    }
    if problem.retry_after is not None:
        headers["retry-after"] = str(max(1, round(problem.retry_after)))
    if problem.status == 401:
        headers["www-authenticate"] = state(scope).get("challenge", 'Bearer realm="hulk"')
    if problem.status == 413:
        headers["connection"] = "close"  # what is still being sent is not read
    body = writable(json.dumps(said, ensure_ascii=False))  # a detail may repeat what was sent
    return Response(body, status, headers, "application/json" if shape else MEDIA_TYPE)


def _body(scope: Scope, problem: Problem, voice: Voice) -> dict[str, object]:
    body: dict[str, object] = {
        "type": f"urn:hulk:problem:{problem.code}",
        "title": voice.say(_TITLES.get(problem.status, Text("Not possible"))),
        "status": problem.status,
        "detail": voice.say(problem.detail),
        "instance": request_id(scope),
        **problem.members,
    }
    if problem.retry_after is not None:
        body["retry_after"] = problem.retry_after
    if problem.fields:
        body["errors"] = [{"field": field, "detail": voice.say(text)} for field, text in problem.fields]
    return body


def _field(place: Sequence[int | str]) -> str:
    """`("body", "sources", 0, "path")` as `body.sources[0].path`; a position in broken JSON is left out."""
    first, *path = place
    return dotted((first,)) if len(path) == 1 and first == "body" and isinstance(path[0], int) else dotted(place)
