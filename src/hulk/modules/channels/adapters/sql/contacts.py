"""Who was heard, in the store."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, or_, select, tuple_, update

from hulk.kernel.durable import Change
from hulk.kernel.records import fields_of
from hulk.modules.channels.adapters.sql.pages import going_on, of_channels
from hulk.modules.channels.adapters.sql.tables import code_table, contact_table
from hulk.modules.channels.domain import Contact, Ended, Invitation
from hulk.modules.channels.ports import ANYBODY, Sought
from hulk.runtime.store import Store, Transaction

_ONE = select(contact_table).where(contact_table.c.channel == bindparam("at"), contact_table.c.sender == bindparam("who"))
_CHANGE = update(contact_table).where(contact_table.c.channel == bindparam("at"), contact_table.c.sender == bindparam("who"))
_STAYS = ("tenant", "person", "blocked")
_CODE = select(code_table.c.person).where(
    code_table.c.tenant == bindparam("of"), code_table.c.code == bindparam("said"), code_table.c.until > bindparam("now")
)
_REDEEM = (
    update(code_table)
    .where(code_table.c.tenant == bindparam("of"), code_table.c.code == bindparam("said"), code_table.c.until > bindparam("now"))
    .where(or_(code_table.c.used_by == "", code_table.c.used_by == bindparam("who")))
    .values(used_by=bindparam("who"))
)


class SqlContacts:
    """`Contacts` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, channel: str, sender: str) -> Contact | None:
        """See `Contacts`."""
        return await self._store.read(lambda connection: contact_of(connection, channel, sender))

    def put(self, contact: Contact) -> Change[None]:
        """See `Contacts`."""
        row = fields_of(Contact, contact)
        return lambda tx: tx.put(contact_table, row, stays=_STAYS)

    def link(self, channel: str, sender: str, person: str | None) -> Change[bool]:
        """See `Contacts`."""
        return self._changed(channel, sender, person=person)

    def block(self, channel: str, sender: str, blocked: bool) -> Change[bool]:  # the port's
        """See `Contacts`."""
        return self._changed(channel, sender, blocked=blocked)

    def _changed(self, channel: str, sender: str, **values: Any) -> Change[bool]:
        return lambda tx: tx.execute(_CHANGE.values(**values), {"at": channel, "who": sender}).rowcount == 1

    def move(self, channel: str, sender: str, to: str) -> Change[None]:
        """See `Contacts`."""
        at, gone = contact_table.c, _CHANGE.values(person=None)

        def change(tx: Transaction) -> None:
            row = tx.execute(_ONE, {"at": channel, "who": sender}).one_or_none()
            if row is not None:
                if not tx.insert_new(contact_table, {**fields_of(Contact, row), "sender": to}):
                    too = _CHANGE.values(person=func.coalesce(at.person, row.person), blocked=or_(at.blocked, row.blocked))
                    tx.execute(too, {"at": channel, "who": to})
                tx.execute(gone, {"at": channel, "who": sender})

        return change

    def invite(self, tenant: str, code: str, person: str, until: datetime) -> Change[None]:
        """See `Contacts`."""
        row = {"tenant": tenant, "code": code, "person": person, "until": until, "used_by": ""}
        return lambda tx: tx.put(code_table, row)

    def redeem(self, tenant: str, code: str, now: datetime, by: str) -> Change[str | None]:
        """See `Contacts`."""
        at = {"of": tenant, "said": code, "now": now, "who": by}

        def change(tx: Transaction) -> str | None:
            if tx.execute(_REDEEM, at).rowcount == 0:
                return None
            return str(tx.execute(_CODE, {"of": tenant, "said": code, "now": now}).scalar_one())

        return change

    def spend(self, tenant: str, by: str) -> Change[int]:
        """See `Contacts`."""
        gone = delete(code_table).where(code_table.c.tenant == tenant, code_table.c.used_by == by)
        return lambda tx: tx.execute(gone).rowcount

    async def of_tenant(
        self, tenant: str, channel: str | None, limit: int, before: datetime | None = None, among: Collection[str] | None = None,
        after: Ended | None = None, sought: Sought = ANYBODY,
    ) -> Sequence[Contact]:  # fmt: skip
        """See `Contacts`."""
        query = _seeking(of_channels(contact_table, tenant, channel, among), sought)
        query = query if before is None else query.where(contact_table.c.seen < before)
        return await self._all(going_on(query, contact_table.c.seen, (contact_table.c.channel, contact_table.c.sender), limit, after), {})

    async def invitations(self, tenant: str, limit: int) -> Sequence[Invitation]:
        """See `Contacts`."""
        query = select(code_table).where(code_table.c.tenant == tenant).order_by(code_table.c.until.desc(), code_table.c.code).limit(limit)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [Invitation(person=row.person, until=row.until, used_by=row.used_by) for row in rows]

    def uninvite(self, tenant: str, person: str) -> Change[int]:
        """See `Contacts`."""
        gone = delete(code_table).where(code_table.c.tenant == tenant, code_table.c.person == person, code_table.c.used_by == "")
        return lambda tx: tx.execute(gone).rowcount

    def prune_codes(self, before: datetime, most: int) -> Change[int]:
        """See `Contacts`."""
        key = (code_table.c.tenant, code_table.c.code)
        old = select(*key).where(code_table.c.until < before).order_by(code_table.c.until).limit(most)
        return lambda tx: tx.execute(delete(code_table).where(tuple_(*key).in_(old))).rowcount

    async def of_person(self, tenant: str, person: str) -> Sequence[Contact]:
        """See `Contacts`."""
        query = select(contact_table).where(contact_table.c.tenant == tenant, contact_table.c.person == person)
        return await self._all(query.order_by(contact_table.c.seen.desc(), contact_table.c.sender), {})

    async def names(self, of: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """See `Contacts`."""
        key = (contact_table.c.channel, contact_table.c.sender)
        query = select(*key, contact_table.c.name).where(tuple_(*key).in_(sorted(of)), contact_table.c.name != "")
        rows = await self._store.read(lambda connection: connection.execute(query).all()) if of else []
        return {(row.channel, row.sender): row.name for row in rows}

    async def _all(self, query: Select[Any], values: dict[str, Any]) -> list[Contact]:
        return await self._store.read(lambda connection: [_contact(row) for row in connection.execute(query, values)])


def _seeking(query: Select[Any], sought: Sought) -> Select[Any]:
    at = contact_table.c
    query = query if sought.person is None else query.where(at.person == sought.person)
    query = query.where(at.person.is_not(None)) if sought.known else query
    query = query if sought.blocked is None else query.where(at.blocked.is_(sought.blocked))
    words = (func.lower(column).contains(sought.text.lower(), autoescape=True) for column in (at.name, at.sender, at.phone, at.email))
    return query.where(or_(*words)) if sought.text else query


def contact_of(connection: Connection, channel: str, sender: str) -> Contact | None:
    """Them, on a connection that reads more."""
    row = connection.execute(_ONE, {"at": channel, "who": sender}).one_or_none()
    return None if row is None else _contact(row)


def _contact(row: Row[Any]) -> Contact:
    return Contact(**fields_of(Contact, row))
