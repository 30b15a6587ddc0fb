"""Which tables a query reads. A name that a WITH of the query gives is none; any other is made whole, so that nothing is left for the
server to guess (a PostgreSQL looks for `pg_authid` in its catalogue first, whatever the search path says)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeAlias

from hulk.kernel.errors import Forbidden

if TYPE_CHECKING:
    from sqlglot import exp

Place: TypeAlias = tuple[str, ...]
"""A table's name, its schema or catalogue and schema before it: `("public", "orders")`."""
CLOSED = frozenset(
    {"information_schema", "jdbc", "metadata", "mysql", "performance_schema", "pg_catalog", "pg_temp", "pg_toast", "runtime", "sys"}
)
"""Schemas of the servers' own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which tables may be read: `patterns` such as `public.*`. `home` is where a table of which only the name is said lies."""

    patterns: tuple[str, ...]
    home: Place

    def __call__(self, place: Place) -> Place:
        """The whole name of the table meant. Raises `Forbidden` when it may not be read."""
        whole = (*self.home[: max(0, len(self.home) + 1 - len(place))], *place)
        if not self.has(whole):
            shown, allowed = ".".join(place)[:120], ", ".join(self.patterns)[:200]
            raise Forbidden(
                "The table {table} may not be read here; allowed are {allowed}. Ask for the list of tables.", table=shown, allowed=allowed
            )
        return whole

    def has(self, whole: Place) -> bool:
        """Whether that table may be read."""
        closed = len(whole) > 1 and (whole[-2].lower() in CLOSED or whole[-2].lower().startswith("pg_"))
        return not closed and any(self._fits(pattern.split("."), whole) for pattern in self.patterns)

    def _fits(self, pattern: list[str], whole: Place) -> bool:
        parts = [*self.home[: max(0, len(self.home) + 1 - len(pattern))], *pattern]
        return len(parts) == len(whole) and all(_matches(name, part) for name, part in zip(whole, parts, strict=True))


def _matches(name: str, pattern: str) -> bool:
    """Without regard to case. A `$` is to be said: Trino keeps what it knows of a table in `orders$files` and its kin."""
    return fnmatchcase(name.lower(), pattern.lower()) and ("$" not in name or "$" in pattern)


def settled(tree: "exp.Query", dialect: str, reach: Callable[[Place], Place]) -> frozenset[Place]:
    """Write into `tree` which table each name means, as `reach` says, and give them all. Raises what `reach` raises."""
    from sqlglot import exp

    found = set[Place]()
    for table in list(_outside(tree, {}, dialect)):
        place = reach(_place(table, dialect))
        for part, name in zip(("this", "db", "catalog"), reversed(place), strict=False):
            table.set(part, exp.to_identifier(name, quoted=True))
        found.add(place)
    return frozenset(found)


def _outside(part: "exp.Expr", named: Mapping[str, "exp.Identifier"], dialect: str) -> Iterator["exp.Table"]:
    """The tables of `part` that none of `named` is: what a WITH names is seen where the server sees it."""
    from sqlglot import exp

    given = part.args.get("with_")
    itself = bool(given and given.args.get("recursive"))
    for cte in given.expressions if given else ():
        name = {_folded(cte.args["alias"].this, dialect): cte.args["alias"].this}
        yield from _outside(cte.this, {**named, **name} if itself else named, dialect)
        named = {**named, **name}
    if isinstance(part, exp.Table) and isinstance(part.this, exp.Identifier):
        meant = None if part.args.get("db") else named.get(_folded(part.this, dialect))
        if meant is None:
            yield part
        else:
            part.set("this", meant.copy())
    for child in part.iter_expressions():
        if child is not given:
            yield from _outside(child, named, dialect)


def _folded(name: "exp.Identifier", dialect: str) -> str:
    """How the server compares names: PostgreSQL by their letters when quoted, MySQL always, the others never."""
    as_written = dialect == "mysql" or (dialect == "postgres" and name.args.get("quoted"))
    return str(name.this) if as_written else str(name.this).lower()


def _place(table: "exp.Table", dialect: str) -> Place:
    parts = [part for part in (table.args.get(which) for which in ("catalog", "db", "this")) if part is not None]
    return tuple(_folded(part, dialect) if dialect == "postgres" else str(part.this) for part in parts)
