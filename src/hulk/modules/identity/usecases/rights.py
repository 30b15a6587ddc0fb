"""Who may see and change which accounts and keys, beyond the table of roles."""

from collections.abc import Sequence

from hulk.kernel.errors import Forbidden
from hulk.kernel.tenancy import EVERYWHERE, Grant, Principal, Resource, Verb
from hulk.modules.identity.domain import covers


def require(by: Principal, verb: Verb, resource: Resource, namespace: str = EVERYWHERE) -> None:
    """Raises `Forbidden` unless `by` may do that there."""
    if not by.may(verb, resource, namespace):
        raise Forbidden(
            "You may not do this: it needs “{verb}” on {resource}, and your roles are {roles}. Ask an admin for a role that has it.",
            verb=verb, resource=resource, roles=by.roles or "—",
        )  # fmt: skip


def require_anywhere(by: Principal, verb: Verb, resource: Resource) -> None:
    """Raises `Forbidden` unless `by` may do that in some namespace."""
    if by.namespaces(verb, resource) == frozenset():
        require(by, verb, resource)


def require_giving(by: Principal, resource: Resource, grants: Sequence[Grant]) -> None:
    """Raises `Forbidden` unless `by` manages `resource` wherever the grants hold, and holds each of them: nobody gives away, or
    takes, more than they have."""
    for grant in grants:
        require(by, "manage", resource, grant.namespace)
        if not covers(by.grants, grant):
            raise Forbidden(
                "You may not give or take {role}@{namespace}, which is more than you hold ({roles}).",
                role=grant.role, namespace=grant.namespace, roles=by.roles,
            )  # fmt: skip


def seen(by: Principal, grants: Sequence[Grant]) -> tuple[Grant, ...]:
    """Those of an account's grants that `by` may know of: an admin of a namespace sees that namespace's."""
    return tuple(grant for grant in grants if by.may("read", "members", grant.namespace))


def sees_key(by: Principal, grants: Sequence[Grant]) -> bool:
    """Whether a key that reaches as far as these grants is `by`'s to see: all of it lies where `by` may read keys."""
    return all(by.may("read", "keys", grant.namespace) for grant in grants) if grants else by.may("read", "keys")
