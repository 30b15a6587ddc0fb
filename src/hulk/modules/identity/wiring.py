"""Identity over the store."""

from hulk.kernel.events import Trail
from hulk.kernel.time import Clock, utc_now
from hulk.modules.identity.adapters.sql import SqlKeys, SqlTenants
from hulk.modules.identity.usecases import Identity, acts
from hulk.runtime.store import Store


def identity(store: Store, trail: Trail, *, local: bool, clock: Clock = utc_now) -> Identity:
    """The module's acts. `local` is whether the server listens on a loopback address (`config.server.loopback`)."""
    return acts(SqlKeys(store), SqlTenants(store), trail, store.commit, clock, local=local)
