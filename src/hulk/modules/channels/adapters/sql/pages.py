"""Pages of what came in and went out: from the newest back, or on from one that is known."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, Table, select


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


def _place(table: Table, id_: str) -> Any:
    return select(table.c.place).where(table.c.id == id_).scalar_subquery()
