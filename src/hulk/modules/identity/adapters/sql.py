"""Tenants, namespaces, accounts and keys in the store.

Whatever changes who may do what in a tenant locks the tenant's row first: so of two processes that each take away one of the
last two admins, the second sees what the first did."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Row, Select, String, Table, UniqueConstraint, bindparam, delete, func, insert, select, update
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, NotFound, Unavailable
from hulk.kernel.records import fields_of
from hulk.kernel.tenancy import Grant
from hulk.modules.identity.domain import Account, ApiKey, Login, Namespace, Session, Tenant, require_another, require_known, require_unused
from hulk.runtime.store import Document, Moment, Store, Transaction, metadata


class Grants(TypeDecorator[tuple[Grant, ...]]):
    """Grants as JSON: `[["operator", "prod"]]`."""

    impl = Document
    cache_ok = True

    def process_bind_param(self, value: tuple[Grant, ...] | None, dialect: Dialect) -> Any:  # noqa: ARG002  # SQLAlchemy's
        """To pairs."""
        return None if value is None else [[grant.role, grant.namespace] for grant in value]

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[Grant, ...] | None:  # noqa: ARG002  # SQLAlchemy's
        """From pairs."""
        return None if value is None else tuple(Grant(role, namespace) for role, namespace in value)


class Names(TypeDecorator[tuple[str, ...]]):
    """Names as JSON."""

    impl = Document
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> Any:  # noqa: ARG002  # SQLAlchemy's
        """To a list."""
        return None if value is None else list(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002  # SQLAlchemy's
        """From a list."""
        return None if value is None else tuple(value)


tenant_table = Table(
    "tenant",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("created", Moment, nullable=False),
)

namespace_table = Table(
    "namespace",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("created", Moment, nullable=False),
)

account_table = Table(
    "account",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("name", String(100), nullable=False),
    Column("email", String(110)),
    Column("subject", String(400)),
    Column("groups", Names, nullable=False),
    Column("grants", Grants, nullable=False),
    Column("disabled", Moment),
    Column("created", Moment, nullable=False),
    UniqueConstraint("tenant", "email"),
    UniqueConstraint("tenant", "subject", name="uq_account_tenant_subject"),
    Index("ix_account_tenant_id", "tenant", "id"),
)

key_table = Table(
    "api_key",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("grants", Grants, nullable=False),
    Column("account", String(64)),
    Column("prefix", String(8), nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment),
    Column("revoked", Moment),
    Column("last_use", Moment),
)

_COLUMNS = [key_table.c[field.name] for field in fields(ApiKey)]
_BY_PREFIX = select(*_COLUMNS).where(key_table.c.prefix == bindparam("at"))
_TOUCH = update(key_table).where(key_table.c.id == bindparam("at"))
_HOLD = select(tenant_table.c.id).where(tenant_table.c.id == bindparam("of")).with_for_update()


login_table = Table(
    "login",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(64), nullable=False),
    Column("place", String(600), nullable=False),
    Column("expires", Moment, nullable=False, index=True),
)
"""Logins under way; a row is removed by whoever finishes it."""

session_table = Table(
    "session",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("account", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("agent", String(200), nullable=False),
    Column("created", Moment, nullable=False),
    Column("seen", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("ended", Moment),
    Index("ix_session_account_created", "account", "created"),
)

MOST_LOGINS = 10_000


class SqlKeys:
    """Keeps `Keys`' promises in SQLite and PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def by_prefix(self, prefix: str) -> ApiKey | None:
        """See `Keys`."""
        row = await self._store.read(lambda connection: connection.execute(_BY_PREFIX, {"at": prefix}).one_or_none())
        return _key(row) if row is not None else None

    async def of_tenant(self, tenant: str) -> Sequence[ApiKey]:
        """See `Keys`."""
        query = select(*_COLUMNS).where(key_table.c.tenant == tenant).order_by(key_table.c.id)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [_key(row) for row in rows]

    def add(self, key: ApiKey) -> Change[None]:
        """See `Keys`."""

        def change(tx: Transaction) -> None:
            tx.execute(insert(key_table).values(_values(key)))

        return change

    def revoke(self, tenant: str, id_: str, at: datetime) -> Change[ApiKey]:
        """See `Keys`."""

        def change(tx: Transaction) -> ApiKey:
            its = (key_table.c.id == id_) & (key_table.c.tenant == tenant)
            tx.execute(update(key_table).where(its & key_table.c.revoked.is_(None)).values(revoked=at))
            return _the_key(tx, tenant, id_)

        return change

    def expire(self, tenant: str, id_: str, at: datetime) -> Change[ApiKey]:
        """See `Keys`."""

        def change(tx: Transaction) -> ApiKey:
            key = _the_key(tx, tenant, id_).ending(at)
            tx.execute(update(key_table).where(key_table.c.id == id_).values(expires=key.expires))
            return key

        return change

    def touch(self, id_: str, at: datetime) -> Change[None]:
        """See `Keys`."""

        def change(tx: Transaction) -> None:
            tx.execute(_TOUCH, {"at": id_, "last_use": at})

        return change


class SqlTenants:
    """Keeps `Tenants`' promises in SQLite and PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ensure(self, tenant: Tenant) -> Change[bool]:
        """See `Tenants`."""

        def change(tx: Transaction) -> bool:
            return tx.insert_new(tenant_table, _values(tenant))

        return change

    async def get(self, id_: str) -> Tenant | None:
        """See `Tenants`."""
        query = select(tenant_table).where(tenant_table.c.id == id_)
        row = await self._store.read(lambda connection: connection.execute(query).one_or_none())
        return Tenant(id=row.id, created=row.created) if row is not None else None

    async def all(self) -> Sequence[Tenant]:
        """See `Tenants`."""
        query = select(tenant_table).order_by(tenant_table.c.id)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [Tenant(id=row.id, created=row.created) for row in rows]

    async def namespaces(self, tenant: str) -> Sequence[Namespace]:
        """See `Tenants`."""
        query = select(namespace_table).where(namespace_table.c.tenant == tenant).order_by(namespace_table.c.name)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [Namespace(**row._asdict()) for row in rows]

    def add_namespace(self, namespace: Namespace) -> Change[bool]:
        """See `Tenants`."""

        def change(tx: Transaction) -> bool:
            _hold(tx, namespace.tenant)
            return tx.insert_new(namespace_table, _values(namespace))

        return change

    def remove_namespace(self, tenant: str, name: str) -> Change[Namespace]:
        """See `Tenants`."""

        def change(tx: Transaction) -> Namespace:
            _hold(tx, tenant)
            its = (namespace_table.c.tenant == tenant) & (namespace_table.c.name == name)
            row = tx.execute(select(namespace_table).where(its)).one_or_none()
            if row is None:
                raise NotFound("There is no namespace “{name}” here.", name=name[:80])
            _require_ungranted(tx, tenant, name)
            tx.execute(delete(namespace_table).where(its))
            return Namespace(**row._asdict())

        return change

    def require_namespaces(self, tenant: str, names: Collection[str]) -> Change[None]:
        """See `Tenants`."""

        def change(tx: Transaction) -> None:
            _hold(tx, tenant)
            query = select(namespace_table.c.name).where(namespace_table.c.tenant == tenant)
            require_known(names, tx.execute(query).scalars().all())

        return change


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
            _hold(tx, account.tenant)
            _require_alone(tx, account)
            tx.execute(insert(account_table).values(_values(account)))

        return change

    def change(self, tenant: str, id_: str, act: Callable[[Account], Account]) -> Change[tuple[Account, Account]]:
        """See `Accounts`."""

        def change(tx: Transaction) -> tuple[Account, Account]:
            before = _the_account(tx, tenant, id_)
            after = act(before)
            if after.email != before.email:
                _require_alone(tx, after)
            require_another(before, after, _accounts(tx, tenant))
            tx.execute(update(account_table).where(account_table.c.id == id_).values(_values(after)))
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
            tx.execute(insert(login_table).values(_values(login)))

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
            tx.execute(insert(session_table).values(_values(session)))

        return change

    async def by_hash(self, hash_: str) -> Session | None:
        """See `Sessions`."""
        return next(iter(await self._all(select(session_table).where(session_table.c.hash == hash_))), None)

    async def of_account(self, tenant: str, account: str) -> Sequence[Session]:
        """See `Sessions`."""
        its = (session_table.c.tenant == tenant) & (session_table.c.account == account)
        return await self._all(select(session_table).where(its).order_by(session_table.c.created.desc(), session_table.c.id.desc()))

    async def _all(self, query: Select[Any]) -> Sequence[Session]:
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return [Session(**row._asdict()) for row in rows]

    def touch(self, id_: str, at: datetime) -> Change[None]:
        """See `Sessions`."""

        def change(tx: Transaction) -> None:
            tx.execute(update(session_table).where(session_table.c.id == id_).values(seen=at))

        return change

    def end(self, tenant: str, account: str, id_: str, at: datetime) -> Change[Session]:
        """See `Sessions`."""

        def change(tx: Transaction) -> Session:
            its = (session_table.c.id == id_) & (session_table.c.tenant == tenant) & (session_table.c.account == account)
            tx.execute(update(session_table).where(its & session_table.c.ended.is_(None)).values(ended=at))
            row = tx.execute(select(session_table).where(its)).one_or_none()
            if row is None:
                raise NotFound("There is no session {id} here.", id=id_)
            return Session(**row._asdict())

        return change

    def end_all(self, tenant: str, account: str, at: datetime) -> Change[None]:
        """See `Sessions`."""

        def change(tx: Transaction) -> None:
            its = (session_table.c.tenant == tenant) & (session_table.c.account == account) & session_table.c.ended.is_(None)
            tx.execute(update(session_table).where(its).values(ended=at))

        return change


def _hold(tx: Transaction, tenant: str) -> None:
    """Let no other process change who may do what in the tenant until this transaction ends."""
    tx.execute(_HOLD, {"of": tenant})


def _of(tenant: str) -> Select[Any]:
    return select(account_table).where(account_table.c.tenant == tenant)


def _accounts(tx: Transaction, tenant: str) -> list[Account]:
    return [Account(**row._asdict()) for row in tx.execute(_of(tenant))]


def _the_account(tx: Transaction, tenant: str, id_: str) -> Account:
    _hold(tx, tenant)
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


def _require_ungranted(tx: Transaction, tenant: str, name: str) -> None:
    keys = select(key_table.c.grants).where(key_table.c.tenant == tenant, key_table.c.revoked.is_(None))
    accounts = select(account_table.c.grants).where(account_table.c.tenant == tenant)
    granted = [grant.namespace for query in (keys, accounts) for grants in tx.execute(query).scalars() for grant in grants]
    require_unused(name, granted)


def _the_key(tx: Transaction, tenant: str, id_: str) -> ApiKey:
    row = tx.execute(select(*_COLUMNS).where(key_table.c.id == id_, key_table.c.tenant == tenant)).one_or_none()
    if row is None:
        raise NotFound("There is no key {id} here.", id=id_)
    return _key(row)


def _values(one: Account | ApiKey | Login | Namespace | Session | Tenant) -> dict[str, Any]:
    """Its fields as they are; `asdict` would take grants apart."""
    return fields_of(type(one), one)


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(**row._asdict())
