"""How the API shows accounts, keys, sessions and where they belong. No secret, but that of a key just made."""

from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import iso
from hulk.modules.identity.domain import Account, ApiKey, Namespace, NewKey, Session, Tenant
from hulk.modules.identity.usecases import grants_of


def me_view(caller: Principal) -> JsonObject:
    """Who asks, as the API shows it."""
    return {
        "tenant": caller.tenant, "actor": caller.actor, "account_id": caller.account, "grants": grants_of(caller.grants),
        "groups": list(caller.groups),
    }  # fmt: skip


def namespace_view(namespace: Namespace) -> JsonObject:
    """A namespace as the API shows it."""
    return {"namespace": namespace.name, "created": iso(namespace.created)}


def tenant_view(tenant: Tenant) -> JsonObject:
    """A tenant as the API shows it."""
    return {"tenant": tenant.id, "created": iso(tenant.created)}


def account_view(account: Account) -> JsonObject:
    """An account as the API shows it."""
    own: JsonObject = {"email": account.email} if account.kind == "person" else {"groups": list(account.groups)}
    return {
        "account_id": account.id, "name": account.name, **own, "grants": grants_of(account.grants),
        "disabled": account.disabled and iso(account.disabled), "created": iso(account.created),
    }  # fmt: skip


def key_view(key: ApiKey) -> JsonObject:
    """A key as the API shows it."""
    return {
        "key_id": key.id, "name": key.name, "prefix": key.prefix, "account_id": key.account, "grants": grants_of(key.grants),
        "created": iso(key.created), "expires": key.expires and iso(key.expires), "revoked": key.revoked and iso(key.revoked),
        "last_use": key.last_use and iso(key.last_use),
    }  # fmt: skip


def new_key_view(new: NewKey) -> JsonObject:
    """A key that was just made, with its secret."""
    return {**key_view(new.key), "secret": new.secret}


def session_view(session: Session, current: str) -> JsonObject:
    """A session as the API shows it; `current` is the hash of the one that asks."""
    return {
        "session_id": session.id, "agent": session.agent, "current": session.hash == current, "created": iso(session.created),
        "seen": iso(session.seen), "expires": iso(session.expires), "ended": session.ended and iso(session.ended),
    }  # fmt: skip
