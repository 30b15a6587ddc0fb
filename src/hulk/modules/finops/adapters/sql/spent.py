"""What was spent as a relation: the sums of days and what is still reserved, or the charges themselves where sums do not tell.

All of it is one statement, so that a call which ends meanwhile is neither told twice nor left out."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, String, Subquery, case, cast, func, literal, null, select, union_all

from hulk.modules.finops.adapters.sql.tables import charge_table, cost_table
from hulk.modules.finops.domain import By
from hulk.modules.finops.domain.daily import DONE

Named: TypeAlias = Callable[[str], ColumnElement[str]]
"""What rows of either kind have by that name; empty, or null, where a call has no such name."""
Where: TypeAlias = Callable[[Named], Sequence[ColumnElement[bool]]]
"""Which rows are meant."""
TOKENS = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
_NAMED: frozenset[By] = frozenset({"day", "tenant", "agent", "model", "channel"})
_PERSONAL: frozenset[By] = frozenset({"day", "tenant", "person"})
"""What sums tell."""
_its, _sums = charge_table.c, cost_table.c
_INDEXED = ("day", "tenant", "intent", "person")
_WAITING, _DONE = _its.status == "reserved", _its.status.in_(DONE)


def name_of(named: Named, by: By) -> ColumnElement[str]:
    """By what rows are added up."""
    return named("provider") + "/" + named("model") if by == "model" else named(by)


def spent(by: Sequence[By], about: Iterable[By], where: Where) -> Subquery:
    """What was spent, with its names of `by`; `about` are those of which `where` says something."""
    asked = {*by, *about}
    personal = "person" in asked
    if asked <= (_PERSONAL if personal else _NAMED):
        return union_all(_ended(by, where, personal=personal), _charges(by).where(_WAITING, *where(_of_few))).subquery("spent")
    return _charges(by).where(*where(_of_charges)).subquery("spent")


def _ended(by: Sequence[By], where: Where, *, personal: bool) -> Select[Any]:
    sums = [_sums.calls, _sums.settled, _sums.assumed, cast(null(), String).label("reserved"), *(_sums[name] for name in TOKENS)]
    columns: list[ColumnElement[Any]] = [*_keys(_of_sums, by), *sums]
    return select(*columns).where(_sums.personal.is_(personal), *where(_of_sums))


def _charges(by: Sequence[By]) -> Select[Any]:
    """Of calls of models, but for those that were released."""
    amounts = [case((_DONE, _its.amount)), case((_its.status == "assumed", _its.amount)), case((_WAITING, _its.reserved))]
    named = [one.label(name) for one, name in zip(amounts, ("settled", "assumed", "reserved"), strict=True)]
    cached = (_its.cached_read_tokens + _its.cached_write_tokens).label("cached_tokens")
    tokens = [_its.input_tokens, _its.output_tokens, cached, _its.reasoning_tokens]
    columns: list[ColumnElement[Any]] = [*_keys(_of_few, by), literal(1).label("calls"), *named, *tokens]
    return select(*columns).where(_its.kind == "model", _its.status != "released")


def is_called(named: Named, by: By, value: str) -> ColumnElement[bool]:
    """Whether that is its name; empty: whether it has none."""
    return name_of(named, by) == value if value else func.coalesce(name_of(named, by), literal("", String)) == ""


def _keys(named: Named, by: Sequence[By]) -> list[ColumnElement[str]]:
    return [*(name_of(named, name).label(f"by_{name}") for name in by), named("currency").label("currency")]


def _of_sums(name: str) -> ColumnElement[str]:
    return _sums[name]


def _of_charges(name: str) -> ColumnElement[str]:
    return _its[name] if name in _INDEXED else _of_few(name)


def _of_few(name: str) -> ColumnElement[str]:
    """In a way that no index is taken for: what is reserved is little and found by its status, all of a month is much."""
    return func.coalesce(_its[name], literal("", String))
