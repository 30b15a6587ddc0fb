"""Identity over the store, and the provider of OpenID Connect, where one is set up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hulk.kernel.errors import Refused
from hulk.kernel.events import Trail
from hulk.kernel.tenancy import Grant
from hulk.kernel.time import Clock, utc_now
from hulk.modules.identity.adapters.oidc import OidcProvider, Registered
from hulk.modules.identity.adapters.sql import SqlAccounts, SqlKeys, SqlSessions, SqlTenants
from hulk.modules.identity.domain import CALLBACK, ClaimGrant, LoginRules, Spans
from hulk.modules.identity.ports import Provider
from hulk.modules.identity.settings import IdentitySettings
from hulk.modules.identity.usecases import Identity, Places, acts
from hulk.runtime.store import Store


def identity(
    store: Store, trail: Trail, *, local: bool, clock: Clock = utc_now, oidc: tuple[Provider, LoginRules] | None = None,
    settings: IdentitySettings | None = None,
) -> Identity:  # fmt: skip
    """The module's acts. `local` is whether the server listens on a loopback address (`config.server.loopback`); `settings` say how long
    sessions last."""
    found = settings or IdentitySettings()
    places = Places(keys=SqlKeys(store), tenants=SqlTenants(store), accounts=SqlAccounts(store), sessions=SqlSessions(store))
    return acts(places, trail, store.commit, clock, local=local, oidc=oidc, spans=Spans(found.idle, found.lifetime))


@asynccontextmanager
async def provider(settings: IdentitySettings) -> AsyncIterator[tuple[Provider, LoginRules] | None]:
    """The provider of the settings, with who may log in; None when there is none. Raises `Refused` naming a setting that is missing."""
    if not settings.issuer:
        yield None
        return
    for name in ("client_id", "url"):
        if not getattr(settings, name):
            raise Refused("identity.issuer is set, so identity.{name} is needed too.", name=name)
    import aiohttp  # a Hulk without logins has no use for it

    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield OidcProvider(session, _registered(settings)), rules_of(settings)


def _registered(settings: IdentitySettings) -> Registered:
    return Registered(
        issuer=settings.issuer, client=settings.client_id, secret=settings.client_secret.get_secret_value(), scopes=settings.scopes,
        redirect=settings.url.rstrip("/") + CALLBACK, timeout=settings.timeout,
    )  # fmt: skip


def rules_of(settings: IdentitySettings) -> LoginRules:
    """Who may log in, and as what, as the settings say."""
    return LoginRules(
        issuer=settings.issuer, client=settings.client_id, tenant=settings.tenant, domains=tuple(map(str.lower, settings.domains)),
        trust_email=settings.trust_email, claim=settings.claim,
        grants=tuple(ClaimGrant(value=one.value, grant=Grant(one.role, one.namespace)) for one in settings.grants),
    )  # fmt: skip
