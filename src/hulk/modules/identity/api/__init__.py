"""Who may do what, over HTTP: oneself, namespaces, people, service accounts, keys, tenants."""

from fastapi import APIRouter

from hulk.modules.identity.api.accounts import people_routes, service_routes
from hulk.modules.identity.api.cookies import Cookies
from hulk.modules.identity.api.keys import key_routes
from hulk.modules.identity.api.logging_in import login_routes
from hulk.modules.identity.api.sessions import key_login_routes, session_routes
from hulk.modules.identity.api.tenants import me_routes, namespace_routes, tenant_routes
from hulk.modules.identity.usecases import Identity
from hulk.runtime.http import Browser

__all__ = ["Cookies", "browser", "routes"]


def browser(identity: Identity, url: str) -> Browser:
    """How browsers come in that reach us at `url`; empty: at whichever host they ask."""
    cookies = Cookies(url)
    return Browser(cookies.sent, cookies.origin, identity.resume)


def routes(identity: Identity, url: str = "") -> list[APIRouter]:
    """`/v1/me`, `/v1/namespaces`, `/v1/people`, `/v1/service-accounts`, `/v1/keys`, `/v1/tenants`, `/v1/login`, `/v1/logout` and
    `/v1/sessions`. `url` is where browsers reach us; empty: wherever they do."""
    of_accounts = [
        namespace_routes(identity),
        people_routes(identity),
        service_routes(identity),
        key_routes(identity),
        tenant_routes(identity),
    ]
    cookies = Cookies(url)
    of_browsers = [login_routes(identity, cookies), key_login_routes(identity, cookies), session_routes(identity, cookies)]
    return [me_routes(), *of_accounts, *of_browsers]
