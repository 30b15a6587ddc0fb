"""The tables of tenants, namespaces, accounts, keys, logins and sessions."""

from typing import Any

from sqlalchemy import Column, Index, String, Table, UniqueConstraint, bindparam, select
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator

from hulk.kernel.tenancy import Grant
from hulk.runtime.store import Document, Moment, Transaction, metadata


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
    Column("account", String(64), key="holder", nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("agent", String(200), nullable=False),
    Column("created", Moment, nullable=False),
    Column("seen", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("ended", Moment),
    Index("ix_session_account_created", "holder", "created"),
)


def hold(tx: Transaction, tenant: str) -> None:
    """Let no other process change who may do what in the tenant until this transaction ends."""
    tx.execute(_HOLD, {"of": tenant})


_HOLD = select(tenant_table.c.id).where(tenant_table.c.id == bindparam("of")).with_for_update()
