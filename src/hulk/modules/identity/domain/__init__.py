"""Tenants, accounts, keys and what each may do. Pure rules."""

from hulk.modules.identity.domain.accounts import (
    PREFIXES,
    Account,
    AccountChange,
    Kind,
    address,
    covers,
    fitting,
    granted,
    leads,
    require_another,
    role_name,
    within,
)
from hulk.modules.identity.domain.keys import ApiKey, NewKey, hashed, opens, prefix_of, written
from hulk.modules.identity.domain.tenants import Namespace, Tenant, label, namespace_name, require_known, require_unused, tenant_name

__all__ = [
    "PREFIXES",
    "Account",
    "AccountChange",
    "ApiKey",
    "Kind",
    "Namespace",
    "NewKey",
    "Tenant",
    "address",
    "covers",
    "fitting",
    "granted",
    "hashed",
    "label",
    "leads",
    "namespace_name",
    "opens",
    "prefix_of",
    "require_another",
    "require_known",
    "require_unused",
    "role_name",
    "tenant_name",
    "within",
    "written",
]
