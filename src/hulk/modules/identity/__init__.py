"""Identity: tenants, and the API keys by which callers are known.

A key is shown once, when it is made; only its SHA-256 is kept. On a loopback address, who sends no key is the local
admin of the default tenant. Making and revoking keys is told to the audit trail.
"""

from hulk.modules.identity.domain import ApiKey, NewKey, Tenant
from hulk.modules.identity.usecases import Identity

__all__ = ["ApiKey", "Identity", "NewKey", "Tenant"]
