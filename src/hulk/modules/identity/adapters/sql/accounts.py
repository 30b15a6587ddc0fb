"""People and service accounts in the store."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Select, delete, insert, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, NotFound
from hulk.kernel.records import fields_of
from hulk.modules.identity.adapters.sql.tables import account_table, hold
from hulk.modules.identity.domain import Account, require_another
from hulk.runtime.store import Store, Transaction


class SqlAccounts:
    """Keeps `Accounts`' promises in SQLite and PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, tenant: str, id_: str) -> Account | None:
        """See `Accounts`."""
        return next(iter(await self._all(_of(tenant).where(account_table.c.id == id_))), None)

    async def of_tenant(self, tenant: str) -> Sequence[Account]:
        """See `Accounts`."""
        return await self._all(_of(tenant).order_by(account_table.c.id))

    async def by_email(self, tenant: str, email: str) -> Account | None:
        """See `Accounts`."""
        return next(iter(await self._all(_of(tenant).where(account_table.c.email == email))), None)

    async def _all(self, query: Select[Any]) -> Sequence[Account]:
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [Account(**row._asdict()) for row in rows]

    async def by_subject(self, tenant: str, subject: str) -> Account | None:
        """See `Accounts`."""
        return next(iter(await self._all(_of(tenant).where(account_table.c.subject == subject))), None)

    def add(self, account: Account) -> Change[None]:
        """See `Accounts`."""

        def change(tx: Transaction) -> None:
            hold(tx, account.tenant)
            _require_alone(tx, account)
            tx.execute(insert(account_table).values(fields_of(Account, account)))

        return change

    def change(self, tenant: str, id_: str, act: Callable[[Account], Account]) -> Change[tuple[Account, Account]]:
        """See `Accounts`."""

        def change(tx: Transaction) -> tuple[Account, Account]:
            before = _the_account(tx, tenant, id_)
            after = act(before)
            if after.email != before.email:
                _require_alone(tx, after)
            require_another(before, after, _accounts(tx, tenant))
            tx.execute(update(account_table).where(account_table.c.id == id_).values(fields_of(Account, after)))
            return before, after

        return change

    def remove(self, tenant: str, id_: str) -> Change[Account]:
        """See `Accounts`."""

        def change(tx: Transaction) -> Account:
            before = _the_account(tx, tenant, id_)
            require_another(before, None, _accounts(tx, tenant))
            tx.execute(delete(account_table).where(account_table.c.id == id_))
            return before

        return change


def _of(tenant: str) -> Select[Any]:
    return select(account_table).where(account_table.c.tenant == tenant)


def _accounts(tx: Transaction, tenant: str) -> list[Account]:
    return [Account(**row._asdict()) for row in tx.execute(_of(tenant))]


def _the_account(tx: Transaction, tenant: str, id_: str) -> Account:
    hold(tx, tenant)
    row = tx.execute(_of(tenant).where(account_table.c.id == id_)).one_or_none()
    if row is None:
        raise NotFound("There is no account {id} here.", id=id_)
    return Account(**row._asdict())


def _require_alone(tx: Transaction, account: Account) -> None:
    if account.email is None:
        return
    taken = tx.execute(_of(account.tenant).where(account_table.c.email == account.email, account_table.c.id != account.id)).first()
    if taken is not None:
        raise Conflict("There is a person with the address {email} already.", email=account.email)
