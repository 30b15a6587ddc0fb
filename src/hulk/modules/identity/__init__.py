"""Identity: tenants and their namespaces, people, service accounts, and the API keys by which callers are known.

What an account or key may do are its grants: a role in a namespace, or in all (`kernel.tenancy`). Nobody gives or takes more
than they hold, and a tenant keeps its last admin. A key is shown once, when it is made; only its SHA-256 is kept. On a loopback
address, who sends no key is the local admin of the default tenant. Every change is told to the audit trail.
"""

from hulk.modules.identity.domain import Account, AccountChange, ApiKey, Kind, Namespace, NewKey, Tenant, role_name
from hulk.modules.identity.usecases import OVERLAP, Identity, WantedKey

__all__ = ["OVERLAP", "Account", "AccountChange", "ApiKey", "Identity", "Kind", "Namespace", "NewKey", "Tenant", "WantedKey", "role_name"]
