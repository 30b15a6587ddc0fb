"""What may be asked of a database: exactly one query that reads tables which may be read, by functions that only compute.

The text is parsed, each part of it must be one that is known to be harmless (`syntax`, `functions`), and what is sent is not the text
but what was understood of it, written anew: no comment, hint or second meaning comes through. What was written is read and judged once
more, and must come out the same.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from hulk.kernel.errors import Forbidden, Refused
from hulk.modules.tools.adapters.backends.sql.functions import KNOWN, NAMED
from hulk.modules.tools.adapters.backends.sql.names import Place, settled
from hulk.modules.tools.adapters.backends.sql.syntax import ONLY, PARTS, TYPES
from hulk.modules.tools.adapters.backends.sql.writing import written

if TYPE_CHECKING:
    from sqlglot import exp

Dialect: TypeAlias = Literal["duckdb", "mysql", "postgres", "spark", "trino"]
LONGEST = 20_000
"""Characters of a statement."""
MOST_PARTS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What may be sent. `tables` are those that it reads."""

    sql: str
    tables: frozenset[Place]


def query(text: str, dialect: Dialect, reach: Callable[[Place], Place], most: int) -> Statement:
    """`text` as one query of at most `most` rows, unless it has a limit of its own. `reach` says which table a name means.

    Raises `Refused` for what is no query or too long, and `Forbidden`, also from `reach`, for what may not be read or used."""
    if len(text) > LONGEST:
        raise Refused("The query has {count} characters; at most {most} are read.", count=len(text), most=LONGEST)
    if any(letter < " " and letter not in "\t\n\r" for letter in text):
        raise Refused("The query holds a control character: leave it out.")
    try:
        return _judged(text, dialect, reach, most)
    except RecursionError as error:
        raise Refused("The query is nested too deeply: write it in fewer levels.") from error


def _judged(text: str, dialect: Dialect, reach: Callable[[Place], Place], most: int) -> Statement:
    tree = _parsed(text, dialect)
    _require_reading(tree, dialect)
    tables = settled(tree, dialect, reach)
    sent = written(_limited(tree, most), dialect)
    again = _parsed(sent, dialect)
    _require_reading(again, dialect)
    if settled(again, dialect, reach) != tables or written(again, dialect) != sent:
        raise Refused("This query can be read in more than one way: write it in plainer SQL.")
    return Statement(sql=sent, tables=tables)


def _limited(tree: "exp.Query", most: int) -> "exp.Query":
    """The query with a limit of `most`, unless its own is a smaller number, or none (FETCH, a parameter)."""
    own = tree.args.get("limit")
    said = own.args.get("expression") if own else None
    larger = said is not None and said.is_int and int(said.name) > most
    return tree.limit(most, copy=False) if own is None or larger else tree


def _parsed(text: str, dialect: Dialect) -> "exp.Query":
    # sqlglot costs 0.1 s of CPU and 15 MB to import: only who asks a database pays.
    import sqlglot
    from sqlglot import exp

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # it would tell whole statements
    try:
        found = [one for one in sqlglot.parse(text, dialect=dialect) if one is not None and not isinstance(one, exp.Semicolon)]
    except (sqlglot.errors.SqlglotError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise Refused("This is not SQL that can be read: {reason}.", reason=_reason(error)) from error
    if len(found) != 1:
        raise Refused("Exactly one statement is taken at a time; here are {count}.", count=len(found))
    if not isinstance(found[0], exp.Query):
        raise Forbidden("Only queries are taken (SELECT, WITH … SELECT, UNION and its kin), not {what}.", what=_called(found[0]))
    return _bare(found[0])


def _bare(tree: "exp.Query") -> "exp.Query":
    """Without parentheses around all of it."""
    from sqlglot import exp

    around = isinstance(tree, exp.Subquery) and not any(value for name, value in tree.args.items() if name != "this")
    return _bare(tree.this) if around and isinstance(tree.this, exp.Query) else tree


def _reason(error: Exception) -> str:
    told = getattr(error, "errors", None)
    if not told:
        return "it cannot be taken apart"
    return f"line {told[0].get('line')}, column {told[0].get('col')}: {told[0].get('description')}"[:200].rstrip(".")


def _require_reading(tree: "exp.Query", dialect: Dialect) -> None:
    for count, part in enumerate(tree.walk()):
        if count > MOST_PARTS:
            raise Refused("The query has more than {most} parts: ask for less at once.", most=MOST_PARTS)
        if what := _harm(part, dialect):
            raise Forbidden("Not allowed in a query here: {what}. Queries may read tables and compute, and nothing else.", what=what)


def _harm(part: "exp.Expr", dialect: Dialect) -> str:
    """What is not known to be harmless in this part, its own parts aside; nothing if all is."""
    from sqlglot import exp

    name = type(part).__name__
    if isinstance(part, exp.Anonymous):
        return "" if isinstance(part.this, str) and part.this.lower() in NAMED[dialect] else f"the function {part.name[:60]}"
    if name not in PARTS and name not in KNOWN:
        return _called(part)
    if name in ONLY and (odd := sorted(arg for arg, value in part.args.items() if value and arg not in ONLY[name])):
        return ", ".join(odd).upper().replace("_", "")
    if isinstance(part, exp.Select) and not part.expressions:
        return "SELECT of nothing"
    if isinstance(part, exp.DataType):
        return "" if _type(part) in TYPES else f"the type {part.sql(dialect=dialect)[:60]}"
    if isinstance(part, exp.Dot):
        return "a function of a schema" if isinstance(part.expression, exp.Func) else ""
    if isinstance(part, exp.TableSample):
        return "" if part.text("method").upper() in ("", "BERNOULLI", "RESERVOIR", "SYSTEM") else "a way to sample of the database's own"
    return _harm_of_table(part) if isinstance(part, exp.Table) else ""


def _harm_of_table(table: "exp.Table") -> str:
    """A table is named, or comes from a function that is no schema's."""
    from sqlglot import exp

    if isinstance(table.this, exp.Func):
        return "a function of a schema" if table.args.get("db") else ""
    names = [table.args.get(part) for part in ("this", "db", "catalog")]
    return "" if all(isinstance(name, exp.Identifier) for name in names if name is not None) else "a name of more than three parts"


def _type(kind: "exp.DataType") -> str:
    from sqlglot import exp

    return kind.this.name if isinstance(kind.this, exp.DataType.Type) else type(kind.this).__name__.upper()


def _called(part: "exp.Expr") -> str:
    from sqlglot import exp

    if isinstance(part, exp.Func):
        return f"the function {part.sql_name()}"
    return str(part.this)[:30].upper() if isinstance(part, exp.Command) else part.key.upper()
