"""Who may do what with agents, what they remember and what they concluded."""

from hulk.kernel.errors import Forbidden
from hulk.kernel.tenancy import EVERYWHERE, Principal, Verb


def require(by: Principal, verb: Verb, namespace: str = EVERYWHERE) -> None:
    """Raises `Forbidden` unless `by` may do that with agents there."""
    if not by.may(verb, "agents", namespace):
        raise forbidden(by, verb)


def readable(by: Principal) -> frozenset[str] | None:
    """The namespaces in which `by` may read, None for all; raises `Forbidden` when there is none."""
    found = by.namespaces("read", "agents")
    if found == frozenset():
        raise forbidden(by, "read")
    return found


def forbidden(by: Principal, verb: Verb) -> Forbidden:
    """What is said to who may not."""
    return Forbidden(
        "You may not do this: it needs “{verb}” on {resource}, and your roles are {roles}. Ask an admin for a role that has it.",
        verb=verb, resource="agents", roles=by.roles or "—",
    )  # fmt: skip


def is_one(by: Principal, *actors: str) -> bool:
    """Whether `by` is one of these, by the name that the trail has or by account."""
    return any(actor in actors for actor in (by.actor, by.account) if actor)


def sees_p0(by: Principal, namespace: str, *actors: str) -> bool:
    """Whether `by` may see what must not leave the company: approvers and admins, and whose own it is."""
    return by.may("approve", "agents", namespace) or is_one(by, *actors)
