"""Pages of what came in and went out, from the newest back or on from one that is known; and emptying them of what was said."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, bindparam, or_, select, tuple_, update

from hulk.kernel.durable import Change
from hulk.modules.channels.domain import Ended
from hulk.runtime.store import Transaction


def emptied(table: Table, name: str, *which: ColumnElement[bool], **left: object) -> Change[int]:
    """Of those rows nothing but `left` stands in these fields of the document called `name`; how many they are."""
    document = table.c[name]
    rows = select(table).where(*which)
    empty = update(table).where(table.c.id == bindparam("one")).values({document: bindparam("left", type_=document.type)})

    def change(tx: Transaction) -> int:
        found = tx.execute(rows).all()
        for row in found:
            tx.execute(empty, {"one": row.id, "left": {**getattr(row, name), **left}})
        return len(found)

    return change


def of_channels(table: Table, tenant: str, channel: str | None, among: Collection[str] | None) -> Select[Any]:
    """All of a tenant's, of a channel where one is named, and of those `among` which it must be."""
    query = select(table).where(table.c.tenant == tenant)
    query = query if channel is None else query.where(table.c.channel == channel)
    return query if among is None else query.where(table.c.channel.in_(among))


def paged(query: Select[Any], table: Table, limit: int, after: str, before: str) -> Select[Any]:
    """The newest first, with `before` of those before that id; with `after` those after that id, oldest first."""
    if after:
        return query.where(table.c.place > _place(table, after)).order_by(table.c.place).limit(limit)
    query = query.where(table.c.place < _place(table, before)) if before else query
    return query.order_by(table.c.place.desc()).limit(limit)


def going_on(query: Select[Any], moment: Column[Any], ids: Sequence[Column[Any]], limit: int, after: Ended | None) -> Select[Any]:
    """Those of the last moment first, with `after` those that come after that end of a page; `ids` tell those of a moment apart."""
    if after is not None:
        last = tuple(after.id.split(" ", len(ids) - 1))
        behind = tuple_(*ids) > last if len(last) == len(ids) else tuple_(*ids) > (after.id, *("" for _ in ids[1:]))
        query = query.where(moment <= after.at, or_(moment < after.at, behind))
    return query.order_by(moment.desc(), *ids).limit(limit)


def _place(table: Table, id_: str) -> Any:
    return select(table.c.place).where(table.c.id == id_).scalar_subquery()
