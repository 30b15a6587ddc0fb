"""Identity over the store."""

from hulk.kernel.events import Trail
from hulk.kernel.time import Clock, utc_now
from hulk.modules.identity.adapters.sql import SqlAccounts, SqlKeys, SqlTenants
from hulk.modules.identity.usecases import Identity, Places, acts
from hulk.runtime.store import Store


def identity(store: Store, trail: Trail, *, local: bool, clock: Clock = utc_now) -> Identity:
    """The module's acts. `local` is whether the server listens on a loopback address (`config.server.loopback`)."""
    places = Places(keys=SqlKeys(store), tenants=SqlTenants(store), accounts=SqlAccounts(store))
    return acts(places, trail, store.commit, clock, local=local)
