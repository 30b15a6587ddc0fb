"""Whom work belongs to, who asks for it, and what they may do: role x namespace x resource x verb."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["viewer", "operator", "approver", "admin"]
"""viewer reads; operator also asks for work and does it; approver also decides on people's tickets; admin may all in the tenant."""

Verb: TypeAlias = Literal["read", "write", "work", "approve", "manage"]
"""write: make and change; work: take work and finish it; approve: decide on what waits for a person; manage: make the rules."""

Resource: TypeAlias = Literal[
    "intents", "files", "tickets", "kinds", "runs", "queues", "schedules", "costs", "namespaces", "members", "keys", "quotas", "audit",
    "router", "tools", "agents", "channels", "platform",
]  # fmt: skip
"""`platform` is what all tenants share: queues at rest, the log level, breakers, caches, the tenants themselves. `router`: feedback on
answers (write), experiments and policies (manage). `tools`: calling those that change something (write), who may use which (manage).
`agents`: having them work, contesting what they concluded (write), settling that (approve), having them forget (manage).
`channels`: trying them, answering in their conversations, deciding on what was not sent (write), who is who there (manage)."""

DEFAULT_TENANT = "default"
"""The tenant of whoever runs the installation: only its admins may touch the platform."""
DEFAULT_NAMESPACE = "default"
EVERYWHERE = "*"
"""In place of a namespace: all of the tenant's, and what belongs to none."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

_WORK: tuple[Resource, ...] = ("intents", "files", "tickets", "runs", "schedules", "router", "tools", "agents", "channels")
_SEEN: tuple[Resource, ...] = (*_WORK, "kinds", "queues", "costs", "namespaces", "quotas")
_ALL: tuple[Resource, ...] = (*_SEEN, "members", "keys", "audit", "platform")
_READS = frozenset((resource, "read") for resource in _SEEN)
_WRITES = frozenset((resource, "write") for resource in _WORK) | {("tickets", "work")}
_APPROVALS = frozenset({("tickets", "approve"), ("agents", "approve")})

PERMISSIONS: Mapping[Role, frozenset[tuple[str, str]]] = {
    "viewer": _READS,
    "operator": _READS | _WRITES,
    "approver": _READS | _APPROVALS,
    "admin": _READS | _WRITES | _APPROVALS | {(resource, verb) for resource in _ALL for verb in ("read", "manage")},
}
"""What each role may do, as (resource, verb)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in a namespace, or in all."""

    role: Role
    namespace: str = EVERYWHERE

    def allows(self, verb: Verb, resource: Resource, namespace: str) -> bool:
        """Whether it lets one do that there."""
        return (resource, verb) in PERMISSIONS[self.role] and self.namespace in (EVERYWHERE, namespace)


def is_name(text: str) -> bool:
    """Whether a tenant or a namespace may be called so: 1 to 63 small letters, digits and hyphens, no hyphen at the ends (RFC 1123)."""
    return _NAME.fullmatch(text) is not None


def everywhere(role: Role) -> tuple[Grant, ...]:
    """That role in all of a tenant."""
    return (Grant(role),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks: `actor` is what the audit trail names (`key:ab12cd`, `person:ana@example.com`, `local`)."""

    tenant: str
    actor: str
    grants: tuple[Grant, ...]
    groups: tuple[str, ...] = ()
    """The worker groups that it may take work for; none: any."""
    account: str | None = None
    """The person or service account behind it (`usr_…`, `svc_…`); None for a key of no account, and for whoever uses this machine."""
    lease: str = field(default="", repr=False)
    """The lease token that was shown, by whose holder; all that it may do is to go on with what the lease holds."""

    def may(self, verb: Verb, resource: Resource, namespace: str = EVERYWHERE) -> bool:
        """Whether this principal may do that to what lies in `namespace`; to what lies in none, by default."""
        if resource == "platform" and self.tenant != DEFAULT_TENANT:
            return False
        return any(grant.allows(verb, resource, namespace) for grant in self.grants)

    def namespaces(self, verb: Verb, resource: Resource) -> frozenset[str] | None:
        """Those namespaces in which it may do that; None for all."""
        where = {grant.namespace for grant in self.grants if (resource, verb) in PERMISSIONS[grant.role]}
        return None if EVERYWHERE in where else frozenset(where)

    def somewhere(self, verb: Verb, resource: Resource) -> bool:
        """Whether there is any namespace in which it may do that."""
        return self.namespaces(verb, resource) != frozenset()

    @property
    def roles(self) -> str:
        """Its roles as people read them: `viewer, operator@prod`."""
        named = (grant.role if grant.namespace == EVERYWHERE else f"{grant.role}@{grant.namespace}" for grant in self.grants)
        return ", ".join(named)
