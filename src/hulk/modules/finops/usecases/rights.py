"""Who may look at money and rule over it."""

from hulk.kernel.errors import Forbidden
from hulk.kernel.tenancy import DEFAULT_TENANT, Principal, Verb

ALL = "*"
"""In place of a tenant: all of them."""


def everywhere(by: Principal) -> bool:
    """Whether `by` may look at the money of all tenants: as an admin of `default`."""
    return by.tenant == DEFAULT_TENANT and by.may("manage", "costs")


def require(by: Principal, verb: Verb, tenant: str | None = None) -> None:
    """Raises `Forbidden` unless `by` may do that to the money of the tenant: of its own as its role says, of any as an admin of
    `default`."""
    allowed = by.may(verb, "costs") and (tenant in (None, by.tenant) or everywhere(by))
    if not allowed:
        raise Forbidden(
            "Costs and budgets are read by members of the tenant and changed by its admins; those of other tenants, and rates, are for"
            " admins of the tenant “default” only. Your roles are {roles}.",
            roles=by.roles or "—",
        )
