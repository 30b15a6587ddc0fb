"""What the trail is told of each change: who, why, and how it was before and after. No secret, and no hash of one."""

from collections.abc import Sequence
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.events import Event, Trail, changed
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Grant, Principal
from hulk.kernel.time import iso
from hulk.modules.identity.domain import Account, ApiKey, Namespace, Tenant

Thing = Account | ApiKey | Namespace | Tenant


def fact(kind: str, by: Principal, reason: str, before: Thing | None, after: Thing | None) -> Event:
    """The event of a change to the thing, which was so before and is so after it."""
    thing = after or before
    assert thing is not None  # noqa: S101  # a change is one of something
    data = changed(reason, None if before is None else plain(before), None if after is None else plain(after))
    tenant = thing.id if isinstance(thing, Tenant) else thing.tenant
    return Event(type=kind, subject=thing.name if isinstance(thing, Namespace) else thing.id, tenant=tenant, actor=by.actor, data=data)


def telling(trail: Trail, kind: str, by: Principal, reason: str, before: Thing | None, after: Thing | None) -> Change[None]:
    """The change that tells it."""
    return trail.append(fact(kind, by, reason, before, after))


def plain(thing: Thing) -> JsonObject:
    """What may be known of it."""
    if isinstance(thing, Tenant):
        return {"tenant": thing.id}
    if isinstance(thing, Namespace):
        return {"namespace": thing.name}
    return _account(thing) if isinstance(thing, Account) else _key(thing)


def _account(account: Account) -> JsonObject:
    return {
        "name": account.name, "email": account.email, "groups": list(account.groups), "grants": grants_of(account.grants),
        "disabled": account.disabled and iso(account.disabled),
    }  # fmt: skip


def _key(key: ApiKey) -> JsonObject:
    return {
        "prefix": key.prefix, "name": key.name, "account": key.account, "grants": grants_of(key.grants),
        "expires": key.expires and iso(key.expires), "revoked": key.revoked and iso(key.revoked),
    }  # fmt: skip


def grants_of(grants: Sequence[Grant]) -> list[Any]:
    """Grants as JSON."""
    return [{"role": grant.role, "namespace": grant.namespace} for grant in grants]
