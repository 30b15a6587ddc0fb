"""People and service accounts, what they may do, and who may give that to whom.

Roles form a lattice: viewer below operator and approver, both below admin. So what two grants allow both is a grant
too, and a key can be cut to less than its account has.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from hulk.kernel.errors import Conflict, Refused
from hulk.kernel.tenancy import EVERYWHERE, PERMISSIONS, Grant, Principal, Role
from hulk.modules.identity.domain.tenants import label

Kind: TypeAlias = Literal["person", "service"]
PREFIXES: dict[Kind, str] = {"person": "usr", "service": "svc"}
MOST_GRANTS = 100
MOST_GROUPS = 50
_ADDRESS = re.compile(r"[^\s@<>\"\x00-\x1f\x7f]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,188}[a-z0-9])?")
_GROUP = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who may ask: a person, known by an e-mail address, or a service account, known by its keys.

    `groups` are the worker groups that a service account may take work for; `subject` is how the issuer of OIDC names a person,
    kept at the first login."""

    id: str
    tenant: str
    kind: Kind
    name: str
    email: str | None = None
    subject: str | None = None
    groups: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    disabled: datetime | None = None
    created: datetime

    @property
    def actor(self) -> str:
        """As the trail names it: it stays the same when a key is rotated."""
        return f"person:{self.email}" if self.kind == "person" else f"service:{self.id}"

    def principal(self, cut: Sequence[Grant] = ()) -> Principal:
        """Whoever uses it, cut to those grants when there are any."""
        grants = within(self.grants, cut) if cut else self.grants
        return Principal(tenant=self.tenant, actor=self.actor, grants=grants, groups=self.groups, account=self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What changes about an account; None stays as it is."""

    name: str | None = None
    email: str | None = None
    groups: tuple[str, ...] | None = None
    grants: tuple[Grant, ...] | None = None
    disabled: bool | None = None

    @property
    def only_grants(self) -> bool:
        """Whether nothing but what the account may do changes."""
        return (self.name, self.email, self.groups, self.disabled) == (None,) * 4

    def applied(self, before: Account, now: datetime) -> Account:
        """The account after it; raises `Refused` for what no account may have."""
        disabled = before.disabled if self.disabled is None else (before.disabled or now) if self.disabled else None
        after = replace(
            before,
            name=label(before.name if self.name is None else self.name),
            email=before.email if self.email is None else address(self.email),
            groups=before.groups if self.groups is None else groups(self.groups),
            grants=before.grants if self.grants is None else granted(self.grants),
            disabled=disabled,
        )
        return fitting(after)


def fitting(account: Account) -> Account:
    """The account, if it has what its kind has; raises `Refused`."""
    if account.kind == "person" and account.email is None:
        raise Refused("A person needs an e-mail address, by which Hulk knows who logs in.")
    if account.kind == "service" and account.email is not None:
        raise Refused("A service account has no e-mail address: it is known by its keys.")
    if account.kind == "person" and account.groups:
        raise Refused("Worker groups are for service accounts; a person takes work of any group.")
    return account


def within(grants: Iterable[Grant], cut: Iterable[Grant]) -> tuple[Grant, ...]:
    """What both allow."""
    both = (_meet(one, other) for one in grants for other in cut)
    return tuple(dict.fromkeys(grant for grant in both if grant is not None))


def _meet(one: Grant, other: Grant) -> Grant | None:
    if EVERYWHERE not in (one.namespace, other.namespace) and one.namespace != other.namespace:
        return None
    namespace = other.namespace if one.namespace == EVERYWHERE else one.namespace
    return Grant(_lower(one.role, other.role), namespace)


def _lower(one: Role, other: Role) -> Role:
    """The role that may what both may."""
    if one == other or other == "admin":
        return one
    return other if one == "admin" else "viewer"


def covers(held: Iterable[Grant], wanted: Grant) -> bool:
    """Whether who holds those grants may do all that `wanted` allows, everywhere it does."""
    there = (PERMISSIONS[grant.role] for grant in held if grant.namespace in (EVERYWHERE, wanted.namespace))
    return PERMISSIONS[wanted.role] <= frozenset[tuple[str, str]]().union(*there)


def leads(account: Account | None) -> bool:
    """Whether it may do all in its tenant."""
    return account is not None and account.disabled is None and Grant("admin") in account.grants


def require_another(before: Account, after: Account | None, others: Iterable[Account]) -> None:
    """Raises `Conflict` when the tenant would be left without the last account that may do all in it."""
    if leads(before) and not leads(after) and not any(leads(one) for one in others if one.id != before.id):
        raise Conflict("{name} is the last admin of this tenant: make somebody else an admin first.", name=before.name)


def granted(grants: Sequence[Grant]) -> tuple[Grant, ...]:
    """The grants, each once; raises `Refused` for too many."""
    if len(grants) > MOST_GRANTS:
        raise Refused(
            "{count} grants are too many; at most {most} are taken. Use “*” for all namespaces.", count=len(grants), most=MOST_GRANTS
        )
    return tuple(dict.fromkeys(grants))


def groups(names: Sequence[str]) -> tuple[str, ...]:
    """The worker groups, each once; raises `Refused`."""
    if len(names) > MOST_GROUPS:
        raise Refused("{count} worker groups are too many; at most {most} are taken.", count=len(names), most=MOST_GROUPS)
    return tuple(dict.fromkeys(group(name) for name in names))


def group(name: str) -> str:
    """`name` if a worker group may be called so; raises `Refused`."""
    if _GROUP.fullmatch(name) is None:
        raise Refused(
            "“{name}” is no name for a worker group: 1 to 63 small letters, digits, dots, hyphens and underscores.", name=name[:80]
        )
    return name


def address(email: str) -> str:
    """The address as it is compared, in small letters; raises `Refused` for what is none."""
    found = email.strip().lower()
    if _ADDRESS.fullmatch(found) is None or len(found) > 110:
        raise Refused("“{value}” is not an e-mail address, such as ana@example.com.", value=email[:80])
    return found


def role_name(name: str) -> Role:
    """`name` if it is a role; raises `Refused`."""
    for role in get_args(Role):
        if role == name:
            return role  # type: ignore[no-any-return]  # get_args gives Any
    raise Refused("There is no role “{name}”; allowed: {allowed}.", name=name[:80], allowed=", ".join(get_args(Role)))
