# ruff: noqa: S608  names and paths are quoted by `identifier` and `quoted`, and the engine can reach nothing but the file
"""From a file to something SQL can count: its format, its columns, and how each value is read.

Texts are read as texts and judged here, not by the engine: one odd value in the last row must be counted, not end the look.
"""

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hulk.kernel.errors import HulkError, Refused
from hulk.kernel.text import Text, writable
from hulk.modules.skills import Column, Format, Layout, Sort, Type, personal, terms, words
from hulk.modules.tools.adapters.tables import dialect as dialects
from hulk.modules.tools.adapters.tables import encoding as encodings
from hulk.modules.tools.adapters.tables import kinds
from hulk.modules.tools.adapters.tables.encoding import Broken, Encoding
from hulk.modules.tools.adapters.tables.failures import broken_encoding, explained
from hulk.modules.tools.adapters.tables.session import Session, identifier, quoted
from hulk.modules.tools.adapters.tables.table import Field, Table, checked, format_of

MOST_COLUMNS = 2000
SAMPLED_CELLS, FEWEST_ROWS, MOST_ROWS = 150_000, 500, 5000
_PHONE_NAMES = terms("telefone fone tel celular cel phone mobile whatsapp fax contato")
_TRIMMED, _BARED = "nullif(trim({raw}), '')", "nullif(trim({raw}, e' \\t\\r\\n\u00a0'), '')"  # the second takes three times as long
_NATIVE: Mapping[str, Type] = {"DATE": "date", "BOOLEAN": "yesno", "FLOAT": "decimal", "DOUBLE": "decimal"}


def opened(session: Session, path: Path, coded: Encoding | None = None) -> Table:
    """Find out how the file reads; `coded` overrides the encoding judged by its beginning.

    Raises `Refused` when it is no table or has no rows."""
    form = format_of(checked(path))
    table = {"csv": _csv, "json": _json, "parquet": _parquet}[form](session, path, coded)
    if len(table.fields) > MOST_COLUMNS:
        raise Refused("{file} has {count} columns; at most {most} are read.", file=path.name, count=len(table.fields), most=MOST_COLUMNS)
    return table


def _sampled(columns: int) -> int:
    """How many rows are looked at to judge types: fewer of a wide table."""
    return min(MOST_ROWS, max(FEWEST_ROWS, SAMPLED_CELLS // columns))


def _no_rows(path: Path) -> HulkError:
    return Refused("{file} has a header but no rows.", file=path.name)


def _csv(session: Session, path: Path, coded: Encoding | None) -> Table:
    start = _head(session, path)
    found: Encoding | Broken = coded or encodings.encoding(path, start)
    if isinstance(found, Broken):
        raise broken_encoding(found, path)
    if b"\x00" in start and found != "utf-16":
        raise Refused("{file} is not a text file, although its name says so.", file=path.name)
    dialect = dialects.dialect(_text(start, found))
    if dialect is None:
        raise Refused("{file} is empty: there is nothing but blank lines in it.", file=path.name)
    scan = _csv_scan(path, dialect, found)
    names = dialect.names
    raws = [f"c{index}" for index in range(len(names))]
    rows = session.rows(f"SELECT {', '.join(raws)} FROM {scan} LIMIT {_sampled(len(names))}")
    if not rows:
        raise _no_rows(path)
    samples = [kinds.sample(row[index] for row in rows) for index in range(len(names))]
    readings = _readings(names, samples, dialect.delimiter == ";")
    fields = [_text_field(*parts) for parts in zip(names, raws, readings, samples, strict=True)]
    notes = (*dialect.notes, *_encoding_notes(found))
    return Table(path=path, layout=_layout("csv", path, fields, notes), scan=scan, fields=tuple(fields))


def _head(session: Session, path: Path) -> bytes:
    if path.suffix.lower() == ".zst":
        return _unpacked_zst(session, path)
    try:
        return encodings.head(path)
    except (OSError, EOFError, zlib.error) as error:
        raise explained(OSError("GZIP"), path) or error from error


def _unpacked_zst(session: Session, path: Path) -> bytes:
    """The first lines of a .zst file, by the engine: Python has no Zstandard before 3.14."""
    lines = session.rows(
        f"SELECT l FROM read_csv({quoted(str(path))}, auto_detect=false, delim=e'\\x01', quote='', escape='', header=false,"
        " columns={'l': 'VARCHAR'}, strict_mode=false) LIMIT 5000"
    )
    return "".join(f"{line or ''}\n" for (line,) in lines).encode()


def _text(start: bytes, coded: Encoding) -> str:
    """The beginning as whole lines."""
    text = start.decode(coded if coded != "utf-8" else "utf-8-sig", errors="ignore")
    return text if len(start) < encodings.HEAD or "\n" not in text else text[: text.rindex("\n") + 1]


def _csv_scan(path: Path, dialect: dialects.Dialect, coded: Encoding) -> str:
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(dialect.names)))
    options = {
        "auto_detect": "false",
        "delim": quoted(dialect.delimiter),
        "quote": "'\"'",
        "escape": quoted(dialect.escape),
        "header": str(dialect.header).lower(),
        "skip": str(dialect.skip),
        "encoding": quoted(coded),
        "strict_mode": str(dialect.strict).lower(),
        "columns": f"{{{columns}}}",
    }
    return f"read_csv({quoted(str(path))}, {', '.join(f'{name}={value}' for name, value in options.items())})"


def _encoding_notes(coded: Encoding) -> Iterable[Text]:
    if coded == "latin-1":
        yield Text("The file is not UTF-8 and was read as Latin-1 (ISO 8859-1); check the accents.")


def _readings(names: Sequence[str], samples: Sequence[kinds.Sample], semicolon: bool) -> list[kinds.Reading]:
    """A column alone may be ambiguous (1.234): the others tell which decimal mark the file uses."""
    values = [value for sample in samples for value in sample.values[:200]]
    commas = sum(1 for value in values if re.fullmatch(r"[+-]?[\d.]+,\d{1,2}|[+-]?\d+,\d{4,}", kinds.undressed(value)))
    dots = sum(1 for value in values if re.fullmatch(r"[+-]?[\d,]+\.\d{1,2}|[+-]?\d+\.\d{4,}", kinds.undressed(value)))
    hints = kinds.Hints(comma=commas > dots or (semicolon and not dots), day_first=commas >= dots or semicolon)
    return [kinds.reading(name, sample.values, hints) for name, sample in zip(names, samples, strict=True)]


def _text_field(name: str, raw: str, reading: kinds.Reading, sample: kinds.Sample) -> Field:
    text = (_BARED if sample.odd else _TRIMMED).format(raw=raw)
    return Field(
        column=Column(name=name, type=reading.type, disguised=reading.disguised),
        raw=raw,
        text=text,
        value=reading.sql.format(t=text),
        as_text=True,
        sample=sample.values,
        personal=_personal(name, sample.values),
    )


def _personal(name: str, sample: Sequence[str]) -> Sort | None:
    if (
        _PHONE_NAMES & set(words(name))
        and sample
        and sum(1 for value in sample if 8 <= sum(c.isdigit() for c in value) <= 13) >= 0.5 * len(sample)
    ):
        return "phone"
    return personal.found(sample)


def _json(session: Session, path: Path, _: Encoding | None) -> Table:
    start = _head(session, path).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise Refused("{file} has no rows.", file=path.name)
    if not start.removeprefix(b"[").lstrip().startswith((b"{", b"]")):
        raise Refused("Each line of {file} must be a JSON object with named values; its lines are something else.", file=path.name)
    source = f"read_json({quoted(str(path))}, sample_size=20480)"
    described = session.rows(f"DESCRIBE SELECT * FROM {source}")
    names = _speakable([str(name) for name, *_ in described], path)
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
    scan = f"read_json({quoted(str(path))}, columns={{{columns}}})"
    rows = session.rows(f"SELECT {', '.join(map(identifier, names))} FROM {scan} LIMIT {_sampled(len(names))}")
    if not rows:
        raise Refused("{file} has no rows.", file=path.name)
    samples = [kinds.sample(row[index] for row in rows) for index in range(len(names))]
    readings = _readings(names, samples, semicolon=False)
    fields = [
        _json_field(name, str(row[1]), reading, sample)
        for name, row, reading, sample in zip(names, described, readings, samples, strict=True)
    ]
    return Table(path=path, layout=_layout("json", path, fields, ()), scan=scan, fields=tuple(fields))


def _speakable(names: list[str], path: Path) -> list[str]:
    """`names` if each can stand in a query; raises `Refused` naming one that cannot."""
    unspeakable = next((name for name in names if "\0" in name), None)
    if unspeakable is not None:
        raise Refused("The name of a column of {file} holds a NUL: “{name}”. Rename it.", file=path.name, name=writable(unspeakable)[:80])
    return names


def _json_field(name: str, stored: str, reading: kinds.Reading, sample: kinds.Sample) -> Field:
    if stored.startswith(("STRUCT", "MAP")) or stored.endswith("]"):
        reading = kinds.Reading(type="nested")
    elif stored == "VARCHAR" and reading.type in ("whole", "decimal"):
        reading = kinds.Reading(type=reading.type, sql=reading.sql, disguised=True)
    return _text_field(name, identifier(name), reading, sample)


def _parquet(session: Session, path: Path, _: Encoding | None) -> Table:
    scan = f"read_parquet({quoted(str(path))})"
    described = session.rows(f"DESCRIBE SELECT * FROM {scan}")
    names = _speakable([str(name) for name, *_ in described], path)
    texts = ", ".join(f"CAST({identifier(name)} AS VARCHAR)" for name in names)
    rows = session.rows(f"SELECT {texts} FROM {scan} LIMIT {_sampled(len(names))}")
    if not rows:
        raise Refused("{file} has no rows.", file=path.name)
    samples = [kinds.sample(row[index] for row in rows) for index in range(len(names))]
    fields = [_parquet_field(name, str(row[1]), sample) for name, row, sample in zip(names, described, samples, strict=True)]
    return Table(path=path, layout=_layout("parquet", path, fields, ()), scan=scan, fields=tuple(fields))


def _parquet_field(name: str, stored: str, sample: kinds.Sample) -> Field:
    if stored in ("VARCHAR", "BLOB") or stored.startswith("ENUM"):
        read = kinds.reading(name, sample.values)
        disguised = read.type in ("whole", "decimal")
        return _text_field(
            name, f"CAST({identifier(name)} AS VARCHAR)", kinds.Reading(type=read.type, sql=read.sql, disguised=disguised), sample
        )
    type_ = _native_type(stored)
    column = identifier(name)
    casts: dict[Type, str] = {"date": f"CAST({column} AS TIMESTAMP)", "moment": f"CAST({column} AS TIMESTAMP)"}
    number = f"CAST({column} AS DOUBLE)"
    value = (
        f"CASE WHEN isfinite({number}) THEN {number} END"
        if type_ in ("whole", "decimal")
        else casts.get(type_, f"CAST({column} AS VARCHAR)")
    )
    text = f"CAST({column} AS VARCHAR)"
    found = personal.found(sample.values) if type_ == "whole" else None
    return Field(
        column=Column(name=name, type=type_), raw=text, text=text, value=value, as_text=False, sample=sample.values, personal=found
    )


def _native_type(stored: str) -> Type:
    if stored.startswith("TIMESTAMP"):
        return "moment"
    if stored.startswith("DECIMAL"):
        return "whole" if stored.endswith(",0)") else "decimal"
    if "INT" in stored and "[" not in stored and "(" not in stored:
        return "whole"
    if stored.startswith(("STRUCT", "MAP", "UNION")) or stored.endswith("]"):
        return "nested"
    return _NATIVE.get(stored, "text")


def _layout(form: Format, path: Path, fields: Iterable[Field], notes: Iterable[Text]) -> Layout:
    return Layout(format=form, size=path.stat().st_size, columns=tuple(field.column for field in fields), notes=tuple(notes))
