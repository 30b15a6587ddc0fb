"""Tenants, namespaces, accounts, keys and sessions in the store.

Whatever changes who may do what in a tenant locks the tenant's row first: so of two processes that each take away one of the
last two admins, the second sees what the first did."""

from hulk.modules.identity.adapters.sql.accounts import SqlAccounts
from hulk.modules.identity.adapters.sql.keys import SqlKeys
from hulk.modules.identity.adapters.sql.sessions import SqlSessions
from hulk.modules.identity.adapters.sql.tenants import SqlTenants

__all__ = ["SqlAccounts", "SqlKeys", "SqlSessions", "SqlTenants"]
