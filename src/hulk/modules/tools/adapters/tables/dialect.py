"""How a CSV file is written, found out from its beginning: delimiter, header, preamble, line ends, escapes.

DuckDB's own detection falls back to one column when a line is ragged and then reads the file without a word; here the usual number
of fields wins, so that the ragged line is reported with its number.
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hulk.kernel.text import Text
from hulk.modules.skills import PLACEHOLDERS

DELIMITERS = (",", ";", "\t", "|")
_LINES = 2000
_MOST_PREAMBLE = 20
_VALUE = re.compile(
    r"[-+]?(R\$|US\$|\$|€)?\s?[\d.,]*\d[\d.,]*\s?%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{1,2}:\d{2}.*|true|false", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How to read a CSV file. `names` are unique; `skip` lines come before the table; `strict` is off for mixed line ends."""

    delimiter: str
    names: tuple[str, ...]
    header: bool
    skip: int = 0
    escape: str = '"'
    strict: bool = True
    notes: tuple[Text, ...] = ()


def dialect(head: str) -> Dialect | None:
    """The dialect of a file that begins with `head` (whole lines, or the whole file); None when there is no line in it."""
    escape = "\\" if '\\"' in head and '""' not in head else '"'
    lines = head.splitlines(keepends=True)[:_LINES]
    if not any(line.strip() for line in lines):
        return None
    delimiter = max(DELIMITERS, key=lambda mark: _fit(_records(lines, mark, escape)))
    records = _records(lines, delimiter, escape)
    width = _usual_width(records)
    skip, first = _start(records, width)
    rows = [record for _, record in records[first:] if record]
    header = _is_header(rows[0], rows[1:])
    notes = _notes(skip, header)
    return Dialect(
        delimiter=delimiter,
        names=_unique(rows[0]) if header else tuple(f"column{number}" for number in range(1, len(rows[0]) + 1)),
        header=header,
        skip=skip,
        escape=escape,
        strict=not _mixed_ends(head),
        notes=notes,
    )


def _records(lines: Sequence[str], delimiter: str, escape: str) -> list[tuple[int, list[str]]]:
    doubled = escape == '"'
    reader = csv.reader(lines, delimiter=delimiter, doublequote=doubled, escapechar=None if doubled else escape)
    records: list[tuple[int, list[str]]] = []
    before = 0
    try:
        for record in reader:
            records.append((before, record))
            before = reader.line_num
    except csv.Error:  # a field longer than the csv module takes: what was read so far says enough
        pass
    return records


def _fit(records: Sequence[tuple[int, list[str]]]) -> tuple[bool, float, int]:
    widths = [len(record) for _, record in records if record]
    if not widths:
        return (False, 0.0, 0)
    width, count = Counter(widths).most_common(1)[0]
    return (width > 1, count / len(widths), width)


def _usual_width(records: Sequence[tuple[int, list[str]]]) -> int:
    return Counter(len(record) for _, record in records if record).most_common(1)[0][0]


def _start(records: Sequence[tuple[int, list[str]]], width: int) -> tuple[int, int]:
    """How many lines and records come before the table: titles of one field above a table of several, and blank lines."""
    for index, (before, record) in enumerate(records[:_MOST_PREAMBLE]):
        if len(record) == width or (record and (width == 1 or len([field for field in record if field.strip()]) > 1)):
            return before, index
    first = next(index for index, (_, record) in enumerate(records) if record)
    return records[first][0], first


def _is_header(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Names: nothing that looks like a value, no name twice in the data's own column; a blank is allowed (an index has none)."""
    named = [field.strip() for field in first]
    if not any(named) or any(_VALUE.fullmatch(field) for field in named if field):
        return False
    columns = [[row[index].strip() for row in rows[:500] if len(row) > index] for index in range(len(named))]
    if any(values and all(_VALUE.fullmatch(v) or not v or v.lower() in PLACEHOLDERS for v in values) and any(values) for values in columns):
        return True
    return not any(field in values for field, values in zip(named, columns, strict=True) if field)


def _unique(fields: Sequence[str]) -> tuple[str, ...]:
    names: list[str] = []
    for number, field in enumerate(fields, 1):
        name = " ".join(field.split()) or f"column{number}"
        same = sum(1 for other in names if other == name or re.fullmatch(re.escape(name) + r"_\d+", other))
        names.append(f"{name}_{same + 1}" if name in names else name)
    return tuple(names)


def _mixed_ends(head: str) -> bool:
    windows = head.count("\r\n")
    return 0 < windows < head.count("\n") or (head.count("\r") > windows > 0)


def _notes(skip: int, header: bool) -> tuple[Text, ...]:
    notes = []
    if skip:
        notes.append(Text("The first {count} lines are not part of the table and were skipped.", count=skip))
    if not header:
        notes.append(Text("The file has no header line; its columns are called column1, column2, …"))
    return tuple(notes)
