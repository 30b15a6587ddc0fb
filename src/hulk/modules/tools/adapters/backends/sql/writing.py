"""A query as text again, without its comments, in words that all servers of the dialect know."""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp


def written(tree: "exp.Query", dialect: str) -> str:
    """`tree` in that dialect."""
    return tree.sql(dialect=_mariadb() if dialect == "mysql" else dialect, comments=False)


@cache
def _mariadb() -> Any:
    """MySQL's dialect, but that matches are written as the operator that MariaDB has, too: it has no REGEXP_LIKE."""
    from sqlglot import exp
    from sqlglot.dialects.mysql import MySQL
    from sqlglot.generators.mysql import MySQLGenerator

    class MariaDb(MySQL):
        class Generator(MySQLGenerator):
            TRANSFORMS = {**MySQLGenerator.TRANSFORMS, exp.RegexpLike: _rlike}  # noqa: RUF012  sqlglot's way

    return MariaDb


def _rlike(generator: Any, part: "exp.RegexpLike") -> str:
    from sqlglot import exp

    if part.args.get("flag"):
        return str(generator.func("REGEXP_LIKE", part.this, part.expression, part.args["flag"]))
    sides = [_side(generator, side) for side in (part.this, part.expression)]
    text = " RLIKE ".join(sides)
    alone = isinstance(part.parent, exp.Alias | exp.And | exp.Having | exp.Not | exp.Or | exp.Paren | exp.Select | exp.Where)
    return text if alone else f"({text})"


def _side(generator: Any, side: "exp.Expr") -> str:
    from sqlglot import exp

    loose = isinstance(side, exp.Binary | exp.Unary) and not isinstance(side, exp.Paren)
    return f"({generator.sql(side)})" if loose else str(generator.sql(side))
