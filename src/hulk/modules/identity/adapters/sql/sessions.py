"""Logins under way and sessions in the store."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound, Unavailable
from hulk.kernel.records import fields_of
from hulk.modules.identity.adapters.sql.tables import login_table, session_table
from hulk.modules.identity.domain import Login, Session
from hulk.runtime.store import Store, Transaction

MOST_LOGINS = 10_000
MOST_LISTED = 200
_SESSION = select(*(session_table.c[field.name].label(field.name) for field in fields(Session)))


class SqlSessions:
    """Keeps `Sessions`' promises in SQLite and PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, login: Login, now: datetime) -> Change[None]:
        """See `Sessions`."""

        def change(tx: Transaction) -> None:
            tx.execute(delete(login_table).where(login_table.c.expires <= now))
            if tx.execute(select(func.count()).select_from(login_table)).scalar_one() >= MOST_LOGINS:
                raise Unavailable("Too many people are logging in right now. Try again in a few minutes.", retry_after=60)
            tx.execute(insert(login_table).values(fields_of(Login, login)))

        return change

    def finish(self, id_: str, now: datetime) -> Change[Login | None]:
        """See `Sessions`."""

        def change(tx: Transaction) -> Login | None:
            row = tx.execute(select(login_table).where(login_table.c.id == id_, login_table.c.expires > now)).one_or_none()
            mine = tx.execute(delete(login_table).where(login_table.c.id == id_)).rowcount == 1
            return Login(**row._asdict()) if row is not None and mine else None

        return change

    def add(self, session: Session) -> Change[None]:
        """See `Sessions`."""

        def change(tx: Transaction) -> None:
            tx.execute(insert(session_table).values(fields_of(Session, session)))

        return change

    async def by_hash(self, hash_: str) -> Session | None:
        """See `Sessions`."""
        return next(iter(await self._all(_SESSION.where(session_table.c.hash == hash_))), None)

    async def of(self, tenant: str, holders: Collection[str]) -> Sequence[Session]:
        """See `Sessions`."""
        theirs = (session_table.c.tenant == tenant) & session_table.c.holder.in_(holders)
        newest = session_table.c.created.desc(), session_table.c.id.desc()
        return await self._all(_SESSION.where(theirs).order_by(*newest).limit(MOST_LISTED))

    async def _all(self, query: Select[Any]) -> Sequence[Session]:
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [Session(**row._asdict()) for row in rows]

    def touch(self, id_: str, at: datetime) -> Change[None]:
        """See `Sessions`."""

        def change(tx: Transaction) -> None:
            tx.execute(update(session_table).where(session_table.c.id == id_).values(seen=at))

        return change

    def end(self, tenant: str, holder: str, id_: str, at: datetime) -> Change[Session]:
        """See `Sessions`."""

        def change(tx: Transaction) -> Session:
            its = (session_table.c.id == id_) & (session_table.c.tenant == tenant) & (session_table.c.holder == holder)
            tx.execute(update(session_table).where(its & session_table.c.ended.is_(None)).values(ended=at))
            row = tx.execute(_SESSION.where(its)).one_or_none()
            if row is None:
                raise NotFound("There is no session {id} here.", id=id_)
            return Session(**row._asdict())

        return change

    def end_all(self, tenant: str, holder: str, at: datetime) -> Change[None]:
        """See `Sessions`."""

        def change(tx: Transaction) -> None:
            its = (session_table.c.tenant == tenant) & (session_table.c.holder == holder) & session_table.c.ended.is_(None)
            tx.execute(update(session_table).where(its).values(ended=at))

        return change
