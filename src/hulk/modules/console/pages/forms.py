"""What is filled in on pages, as the API takes it."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hulk.kernel.errors import Refused
from hulk.kernel.time import iso


def moment_of(value: str, zone: ZoneInfo) -> str | None:
    """`2026-11-23T08:30`, as browsers give a time of the person's zone, or one with its offset, in RFC 3339. None for nothing; raises
    `Refused` for what is no time."""
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value)
        return iso(at if at.tzinfo else at.replace(tzinfo=zone))
    except (ValueError, OverflowError) as error:
        raise Refused("“{value}” is no time: write it as 2026-11-23T08:30.", value=value[:40]) from error


def number_of(value: str) -> int | None:
    """A whole number of nought or more; None for nothing. Raises `Refused` for anything else."""
    if not (written := value.strip()):
        return None
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        raise Refused("A whole number is expected, 0, 1, 2 …, not “{value}”.", value=value[:40])
    return int(written)


def json_of(value: str) -> Any:
    """A value of JSON; None for nothing. Raises `Refused` saying where it stops being JSON."""
    if not value.strip():
        return None
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise Refused(
            "The data is no JSON from line {line}, column {column} on: write a text as {text}, several values as {values}.",
            line=error.lineno, column=error.colno, text='"yes"', values='{"approved": true}',
        ) from error  # fmt: skip
    except RecursionError as error:
        raise Refused("The data is nested too deeply.") from error
