"""To whom things belong, and how that may be called."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from hulk.kernel.errors import Conflict, Refused
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, EVERYWHERE, is_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """To whom work, keys and costs belong. `id` is a name in small letters, digits and hyphens."""

    id: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A part of a tenant's work, such as `prod`: who may do what there is granted apart."""

    tenant: str
    name: str
    created: datetime


def tenant_name(name: str) -> str:
    """`name` if a tenant may be called so; raises `Refused`."""
    if not is_name(name):
        raise Refused("“{name}” is no name for a tenant: 1 to 63 small letters, digits and hyphens, no hyphen at the ends.", name=name[:80])
    return name


def namespace_name(name: str) -> str:
    """`name` if a namespace may be called so; raises `Refused`."""
    if not is_name(name):
        raise Refused(
            "“{name}” is no name for a namespace: 1 to 63 small letters, digits and hyphens, no hyphen at the ends.", name=name[:80]
        )
    return name


def label(name: str) -> str:
    """`name` if a key, a person or a service account may be called so; raises `Refused`."""
    trimmed = name.strip()
    if not 0 < len(trimmed) <= 100 or not trimmed.isprintable():
        raise Refused("A name has 1 to 100 printable characters; this one has {count}.", count=len(trimmed))
    return trimmed


def require_unused(name: str, granted: Collection[str]) -> None:
    """Raises `Conflict` while somebody is granted something in the namespace; `granted` are those of all grants."""
    if count := sum(one == name for one in granted):
        raise Conflict("“{name}” is named in {count} grants of accounts and keys: take those back first.", name=name, count=count)


def require_known(names: Collection[str], known: Collection[str]) -> None:
    """Raises `Refused` naming the first namespace that is not among those of the tenant; `default` and `*` always are."""
    for name in names:
        if name not in (DEFAULT_NAMESPACE, EVERYWHERE, *known):
            allowed = ", ".join(sorted({DEFAULT_NAMESPACE, EVERYWHERE, *known}))
            raise Refused("There is no namespace “{name}” here. Make it first, or use one of: {allowed}.", name=name[:80], allowed=allowed)
