"""Errors as OpenAI tells them, so that its clients know what to do: https://platform.openai.com/docs/guides/error-codes.

A text goes into `message`, our own stable name into `code`. What may work later keeps its status and `retry-after`; what was refused is
400, as OpenAI's is."""

from collections.abc import Mapping
from typing import Any

from hulk.kernel.errors import HulkError
from hulk.kernel.text import Voice
from hulk.runtime.http import Problem, of_error

_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_CODES: Mapping[str, str] = {"exhausted": "insufficient_quota", "not_found": "model_not_found"}

_TEXT = {"type": "string"}
_ERROR = {
    "type": "object",
    "properties": {"message": _TEXT, "type": _TEXT, "param": {"type": ["string", "null"]}, "code": {"type": ["string", "null"]}},
    "required": ["message", "type", "param", "code"],
}
_BODY = {"type": "object", "properties": {"error": _ERROR, "request_id": _TEXT}, "required": ["error"]}
ERRORS: dict[int | str, dict[str, Any]] = {
    kind: {"description": "Error", "content": {"application/json": {"schema": _BODY}}} for kind in ("4XX", "5XX")
}
"""What the document says of them."""


def shaped(problem: Problem, voice: Voice, request: str) -> tuple[int, Mapping[str, object]]:
    """`Shape`: the status, and the body."""
    status = 400 if problem.status in (409, 422) else problem.status
    param = problem.fields[0][0].removeprefix("body.") if problem.fields else None
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    code = _CODES.get(problem.code, problem.code)
    return status, {"error": {"message": voice.say(problem.detail), "type": kind, "param": param, "code": code}, "request_id": request}


def told(error: HulkError, voice: Voice) -> Mapping[str, object]:
    """The body, for an error in the middle of a stream."""
    return shaped(of_error(error), voice, "")[1]
