"""What DuckDB says about a file, in words for the person who sent it. No raw engine text gets out."""

import json
import re
from itertools import islice
from pathlib import Path

from hulk.kernel.errors import HulkError, Refused, Unavailable
from hulk.modules.tools.adapters.tables.encoding import Broken, opened

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_FIELDS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_JSON = re.compile(r"Malformed JSON .*? in (?:line|record/value) (\d+)", re.DOTALL)


def explained(error: Exception, path: Path) -> HulkError | None:
    """The error to raise instead of DuckDB's; None when it is a bug of ours and should pass through."""
    message = str(error)
    for judge in (_of_machine, _of_csv, _of_json, _of_parquet, _of_packing):
        known = judge(message, path)
        if known:
            return known
    kind = type(error).__name__
    if kind in ("InvalidInputException", "IOException", "SerializationException", "ConversionException") and path.exists():
        return Refused("{file} is damaged or not what its name says: it cannot be read to its end.", file=path.name)
    return None


def is_encoding(error: Exception) -> bool:
    """Whether the engine met bytes that are no UTF-8."""
    return "Invalid unicode" in str(error) or "invalid UTF-8" in str(error)


def broken_encoding(broken: Broken, path: Path) -> Refused:
    """The file is neither UTF-8 nor plainly Latin-1."""
    return Refused(
        "{file} is not valid UTF-8: line {line} has the byte 0x{byte} at position {offset}, and the file is not plainly Latin-1 either. "
        "Save it again as UTF-8.",
        file=path.name,
        line=broken.line,
        byte=f"{broken.byte:02X}",
        offset=broken.offset,
    )


def _of_machine(message: str, path: Path) -> HulkError | None:
    if "Out of Memory" in message or "failed to allocate" in message:
        return Unavailable("{file} needs more memory than tables may use; raise the memory limit of the tables tool.", file=path.name)
    if "No space left" in message or "max_temp_directory_size" in message:
        return Unavailable("There is no disk space left to work on {file}; free some and ask again.", file=path.name)
    return None


def _of_csv(message: str, path: Path) -> HulkError | None:
    line = _LINE.search(message)
    fields = _FIELDS.search(message)
    if line and fields:
        return Refused(
            "Line {line} of {file} has {found} fields where {expected} are expected. Correct that line (a missing or extra delimiter, "
            "or a text with a delimiter that is not in quotes) and ask again.",
            file=path.name,
            line=int(line[1]),
            expected=int(fields[1]),
            found=int(fields[2]),
        )
    if line and "unterminated quote" in message:
        return Refused(
            "Line {line} of {file} opens a quote that is never closed. Close it, or write a quote inside a text twice.",
            file=path.name,
            line=int(line[1]),
        )
    if line and "Maximum line size" in message:
        return Refused("Line {line} of {file} is longer than 2 MB; is a quote missing?", file=path.name, line=int(line[1]))
    if line:
        return Refused(
            "{file} is not a well-formed CSV file: its line ends are mixed, or a text in quotes is followed by something other than a "
            "delimiter (line {line}).",
            file=path.name,
            line=int(line[1]),
        )
    if "state machine reached an invalid state" in message:
        return Refused(
            "{file} is not a well-formed CSV file: its line ends are mixed, or a text in quotes is followed by something other than a "
            "delimiter.",
            file=path.name,
        )
    return None


def _of_json(message: str, path: Path) -> HulkError | None:
    found = _JSON.search(message)
    if not found and "Malformed JSON" not in message:
        return None
    return Refused(
        "Line {line} of {file} is not valid JSON. Each line must be one JSON object, such as {example}.",
        line=_broken_line(path, int(found[1]) if found else 1),
        file=path.name,
        example='{"a": 1}',
    )


def _broken_line(path: Path, about: int) -> int:
    """The engine counts from one line to two too far; the first line near there that is no JSON is meant."""
    if path.suffix.lower() == ".zst":
        return max(1, about - 1)
    start = max(0, about - 3)
    with opened(path) as file:
        for number, line in enumerate(islice(file, start, about + 1), start + 1):
            try:
                json.loads(line)
            except ValueError:
                if line.strip():
                    return number
    return max(1, about - 1)


def _of_parquet(message: str, path: Path) -> HulkError | None:
    if "No magic bytes" in message or "too small to be a Parquet" in message:
        return Refused("{file} is not a Parquet file, although its name says so.", file=path.name)
    return None


def _of_packing(message: str, path: Path) -> HulkError | None:
    if path.suffix.lower() in (".gz", ".zst") and ("GZIP" in message or "frame descriptor" in message or "ZSTD" in message.upper()):
        return Refused(
            "{file} is not a {packing} file, although its name says so, or it is damaged.", file=path.name, packing=path.suffix.lstrip(".")
        )
    return None
