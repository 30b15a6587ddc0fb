"""What JetStream's answers mean to whoever asked."""

import json
from collections.abc import Mapping
from typing import Any

from nats.aio.msg import Msg
from nats.js.api import Header

from hulk.kernel.errors import Exhausted, HulkError, Refused, Unavailable
from hulk.kernel.records import JsonObject

SOON = 1.0
"""Seconds after which asking again makes sense when the bus was away or full."""

FULL = frozenset({10002, 10023, 10028, 10047, 10077})
"""Server error codes for: account, server, memory or storage at its limit, stream full (nats-server, server/errors.json)."""

NO_SPACE = "no space left on device"
"""How its machine words it, after what could not be written. The code is then that of what was asked for, such as a consumer's 10012 with
status 500, which may as well be a mistake in it."""

SHORTLY = frozenset({10005, 10008, 10158})
"""Server error codes of a cluster for: not enough servers are up for that many replicas, there is no leader yet, a message of the
same id is just being copied to the other servers (which may still come to nothing)."""


class Rejected(Refused):
    """JetStream understood and said no."""

    def __init__(self, subject: str, reason: str, number: int) -> None:
        super().__init__("The bus rejected {subject}: {reason}", subject=subject, reason=reason)
        self.reason = reason
        self.number = number


class NoSuch(Rejected):
    """There is no such stream or consumer."""


def checked(subject: str, answer: Msg) -> JsonObject:
    """The body of JetStream's answer; raises what its error means to the caller."""
    if answer.headers and answer.headers.get(Header.STATUS.value) == "503":
        raise Unavailable(
            "No stream takes {subject}: JetStream is starting, its servers choose a new leader, or the stream was deleted.",
            retry_after=SOON, subject=subject,
        )  # fmt: skip
    body: JsonObject = json.loads(answer.data)
    if "error" in body:
        raise _meaning(subject, body["error"])
    return body


def _meaning(subject: str, error: Mapping[str, Any]) -> HulkError:
    number, code, reason = int(error.get("err_code", 0)), int(error.get("code", 0)), str(error.get("description", ""))
    if number in FULL or reason.endswith(NO_SPACE):
        return Exhausted(
            "The bus is full: {subject} takes no more ({reason}). Try again later.", retry_after=SOON, subject=subject, reason=reason
        )
    if code == 404:
        return NoSuch(subject, reason, number)
    if code == 503 or number in SHORTLY:
        return Unavailable("The bus cannot take {subject} now ({reason}).", retry_after=SOON, subject=subject, reason=reason)
    return Rejected(subject, reason, number)
