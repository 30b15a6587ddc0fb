"""Column types that mean the same in SQLite and PostgreSQL, and the one `MetaData` that all tables join."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any, Self

from sqlalchemy import ARRAY, JSON, BigInteger, Boolean, ColumnElement, DateTime, Integer, MetaData, String, Text, bindparam
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from hulk.kernel.time import from_iso, iso

dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

_decode = json.JSONDecoder().decode


def loads(text: str | bytes) -> Any:
    """What the JSON says; of bytes, which are taken to be UTF-8, `json.loads` would ask first what they are."""
    return _decode(text if isinstance(text, str) else text.decode())


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


class Document(TypeDecorator[Any]):
    """A JSON document, kept to the letter: text in SQLite, `json` in PostgreSQL; None is SQL's null.

    Not `jsonb`, which reads 1e16 back as an integer and -0.0 as 0.0, so that an event would no longer have the hash it was kept
    with, and refuses text with a NUL in it. Nor SQLite's `JSON`, which is of numeric affinity and does the like to bare numbers."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`json` where there is one."""
        return dialect.type_descriptor(JSON(none_as_null=True) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """To text; raises `ValueError` for what is not JSON, such as NaN."""
        return value if value is None or dialect.name == "postgresql" else dumps(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """From text."""
        return value if value is None or dialect.name == "postgresql" else loads(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """None, which costs nothing, where the driver has made of it what it is."""
        return None if dialect.name == "postgresql" else super().result_processor(dialect, coltype)


class Moment(TypeDecorator[datetime]):
    """An aware moment in UTC: `timestamptz` in PostgreSQL, sortable RFC 3339 text in SQLite."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`timestamptz` where there is one."""
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To UTC; a naive moment is a bug and raises."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive moment cannot be stored: {value!r}")
        return value.astimezone(UTC) if dialect.name == "postgresql" else iso(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Aware and in UTC, from both."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else from_iso(value)


class Exact(TypeDecorator[Decimal]):
    """A decimal of any size, to its last digit: text, since SQLite has no such number."""

    impl = String(64)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        """As plain digits, never in exponents."""
        return None if value is None else exact(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002  # SQLAlchemy's signature
        """The reverse."""
        return None if value is None else Decimal(value)


def exact(value: Decimal) -> str:
    """A decimal as it is kept."""
    return f"{value:f}"


class sum_exact(FunctionElement[Decimal]):  # noqa: N801  # reads as `sum` does
    """The sum of an `Exact` column, to its last digit; null of no rows."""

    inherit_cache = True
    name = "sum_exact"
    type = Exact()


@compiles(sum_exact, "postgresql")
def _sum_numeric(element: sum_exact, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(SUM(CAST({compiler.process(element.clauses, **options)} AS numeric)) AS text)"


@compiles(sum_exact, "sqlite")
def _sum_decimals(element: sum_exact, compiler: SQLCompiler, **options: Any) -> str:
    return f"sum_exact({compiler.process(element.clauses, **options)})"


class SumExact:
    """`sum_exact` for SQLite, row by row."""

    def __init__(self) -> None:
        self._sum: Decimal | None = None

    def step(self, value: str | None) -> None:
        """One more."""
        if value is not None:
            self._sum = _EXACT.add(self._sum or _NOTHING, Decimal(value))

    def finalize(self) -> str | None:
        """All of them."""
        return None if self._sum is None else exact(self._sum)


class add_exact(FunctionElement[Decimal]):  # noqa: N801  # reads as `sum_exact` does
    """Two `Exact` values as one, to its last digit; null where one is."""

    inherit_cache = True
    name = "add_exact"
    type = Exact()


@compiles(add_exact, "postgresql")
def _add_numeric(element: add_exact, compiler: SQLCompiler, **options: Any) -> str:
    one, other = (f"CAST({compiler.process(part, **options)} AS numeric)" for part in element.clauses)
    return f"CAST({one} + {other} AS text)"


@compiles(add_exact, "sqlite")
def _add_decimals(element: add_exact, compiler: SQLCompiler, **options: Any) -> str:
    return f"add_exact({compiler.process(element.clauses, **options)})"


def added_exact(one: str | None, other: str | None) -> str | None:
    """`add_exact` for SQLite."""
    return None if one is None or other is None else exact(_EXACT.add(Decimal(one), Decimal(other)))


_EXACT, _NOTHING = Context(prec=100), Decimal(0)


class Texts(TypeDecorator[Sequence[str]]):
    """Many texts as one parameter: an array in PostgreSQL, JSON in SQLite. For `among`."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`text[]` where there is one."""
        return dialect.type_descriptor(ARRAY(Text()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """To a list, or its JSON."""
        return list(value) if dialect.name == "postgresql" else dumps(list(value))


class Integers(Texts):
    """The same of integers: `bigint[]` in PostgreSQL."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`bigint[]` where there is one."""
        return dialect.type_descriptor(ARRAY(BigInteger()) if dialect.name == "postgresql" else Text())


class among(FunctionElement[bool]):  # noqa: N801  # reads as `in_` does
    """Whether `column` is one of the texts of the parameter `name`, or of the integers: the same statement for any number of them, unlike
    `in_`, so it is compiled once and planned once."""

    inherit_cache = True
    name = "among"
    type = Boolean()

    def __init__(self, column: ColumnElement[str] | ColumnElement[int], name: str) -> None:
        super().__init__(column, bindparam(name, type_=Integers() if isinstance(column.type, Integer) else Texts()))

    def self_group(self, against: Any = None) -> Self:  # noqa: ARG002  # SQLAlchemy's
        """Itself: `= 1` behind it would keep SQLite from its index."""
        return self


@compiles(among, "sqlite")
def _among_json(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, many = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({many}))"  # noqa: S608  # the compiler's own words


@compiles(among, "postgresql")
def _among_array(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, many = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY ({many})"
