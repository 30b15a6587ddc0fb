"""The audit module, put together."""

from hulk.modules.audit.adapters.sql import SqlChains
from hulk.modules.audit.usecases import VerifyTrail
from hulk.runtime.store import Store


def wired(store: Store, key: bytes) -> VerifyTrail:
    """The act that proves the trail of that store; `key` is the installation's audit key."""
    return VerifyTrail(SqlChains(store), key)
