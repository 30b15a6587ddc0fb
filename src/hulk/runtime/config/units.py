"""Durations (`20s`, `1m30s`, `500ms`) and sizes (`2MB`, `4GB`) as people write them in a settings file."""

import contextlib
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, PlainSerializer

from hulk.kernel.text import Text
from hulk.runtime.validation import Explained

_SECONDS: Mapping[str, float] = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES: Mapping[str, int] = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
MB = 10**6
GB = 10**9
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?I?B)?", re.IGNORECASE)


def duration(value: object) -> timedelta:
    """`"1m30s"` or a number of seconds as a timedelta; raises `Explained` for anything else, and for what is negative."""
    if isinstance(value, timedelta):
        return value
    with contextlib.suppress(OverflowError):  # longer than 2.7 million years
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return timedelta(seconds=value)
        if isinstance(value, str) and _DURATION.fullmatch(value.strip()):
            return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(value)))
    raise Explained(Text("a duration is expected, such as 500ms, 20s, 1m30s or 1h"))


def size(value: object) -> int:
    """`"2MB"` or a number as bytes (MB is 10^6, MiB is 2^20); raises `Explained` for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match and (match[2] or "B").upper() in _BYTES:
        return int(float(match[1]) * _BYTES[(match[2] or "B").upper()])
    raise Explained(Text("a size is expected, such as 512KB, 2MB or 4GB"))


def written_duration(value: timedelta) -> str:
    """The reverse of `duration`: `1m30s`."""
    milliseconds = round(value / timedelta(milliseconds=1))
    written = ""
    for unit, length in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, length)
        written += f"{count}{unit}" if count else ""
    return written or "0s"


def written_size(value: int) -> str:
    """The reverse of `size`, in the largest unit that divides it: `2MB`."""
    fitting = [unit for unit in ("TB", "GB", "MB", "KB") if value and value % _BYTES[unit] == 0]
    return f"{value // _BYTES[fitting[0]]}{fitting[0]}" if fitting else str(value)


Duration: TypeAlias = Annotated[timedelta, BeforeValidator(duration), PlainSerializer(written_duration, when_used="json")]
"""A duration in a settings class."""

Size: TypeAlias = Annotated[int, BeforeValidator(size), PlainSerializer(written_size, when_used="json")]
"""A number of bytes in a settings class."""
