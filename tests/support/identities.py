"""Each place where tenants, accounts and keys may be kept, with the acts over it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from hulk.kernel.durable import Commit
from hulk.kernel.tenancy import Grant, Principal, everywhere
from hulk.modules.identity.adapters.memory import MemoryAccounts, MemoryKeys, MemorySessions, MemoryTenants
from hulk.modules.identity.adapters.sql import SqlAccounts, SqlKeys, SqlSessions, SqlTenants
from hulk.modules.identity.domain import LoginRules, Spans
from hulk.modules.identity.ports import Accounts, Keys, Provider, Sessions, Tenants
from hulk.modules.identity.usecases import Identity, Places, WantedKey, acts
from support.memory import Told, at_once
from support.postgres import Postgres
from support.stores import Kind, a_store

SPANS = Spans()
START = datetime(2026, 11, 21, tzinfo=UTC)
ADMIN = Principal(tenant="acme", actor="local", grants=everywhere("admin"))


@dataclass
class Now:
    """A clock that is moved by hand."""

    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment


@dataclass
class Place:
    """A place where tenants, accounts and keys are kept, with the acts over it."""

    keys: Keys
    tenants: Tenants
    accounts: Accounts
    sessions: Sessions
    commit: Commit
    now: Now = field(default_factory=Now)
    told: Told = field(default_factory=Told)

    def acts(self, *, local: bool = False, oidc: tuple[Provider, LoginRules] | None = None, spans: Spans = SPANS) -> Identity:
        """The acts of one process."""
        places = Places(keys=self.keys, tenants=self.tenants, accounts=self.accounts, sessions=self.sessions)
        return acts(places, self.told, self.commit, self.now, local=local, oidc=oidc, spans=spans)


@asynccontextmanager
async def a_place(kind: str, folder: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place]:
    """The place of that kind: in memory, or a store."""
    if kind == "memory":
        keys, accounts = MemoryKeys(), MemoryAccounts()
        yield Place(keys, MemoryTenants(keys, accounts), accounts, MemorySessions(), at_once)
        return
    async with a_store(cast("Kind", kind), folder, postgres) as store:
        yield Place(SqlKeys(store), SqlTenants(store), SqlAccounts(store), SqlSessions(store), store.commit)


def wanted(name: str = "ci", *grants: Grant, account: str | None = None, expires: datetime | None = None) -> WantedKey:
    """A key to ask for: an operator's, unless grants or an account are named."""
    return WantedKey(name=name, grants=grants or (() if account else everywhere("operator")), account=account, expires=expires)
