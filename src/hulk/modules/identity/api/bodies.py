"""What is sent to the routes, parsed once."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hulk.kernel.tenancy import EVERYWHERE, Grant, Role
from hulk.modules.identity.domain import AccountChange
from hulk.modules.identity.usecases import OVERLAP, WantedKey
from hulk.runtime.http import Reasoned
from hulk.runtime.validation import Moment


class Body(BaseModel):
    """What knows only its own fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GrantBody(Body):
    """A role in a namespace."""

    role: Role
    namespace: str = Field(default=EVERYWHERE, max_length=63, description="“*” is all, and what belongs to none.")

    def grant(self) -> Grant:
        """As the domain has it."""
        return Grant(self.role, self.namespace)


Given = Annotated[tuple[GrantBody, ...], Field(max_length=100)]


class NamespaceBody(Reasoned):
    """A new namespace."""

    name: str = Field(max_length=63, description="1 to 63 small letters, digits and hyphens.")


class TenantBody(Reasoned):
    """A new tenant."""

    tenant: str = Field(max_length=63, description="1 to 63 small letters, digits and hyphens.")


class PersonBody(Reasoned):
    """A new person."""

    name: str = Field(max_length=200)
    email: str = Field(max_length=200, description="By which Hulk knows who logs in.")
    grants: Given = ()

    def wanted(self) -> AccountChange:
        """As the domain has it."""
        return AccountChange(name=self.name, email=self.email, grants=_grants(self.grants))


class ServiceBody(Reasoned):
    """A new service account."""

    name: str = Field(max_length=200)
    groups: tuple[str, ...] = Field(default=(), max_length=50, description="Worker groups that it may take work for; none: any.")
    grants: Given = ()

    def wanted(self) -> AccountChange:
        """As the domain has it."""
        return AccountChange(name=self.name, groups=self.groups, grants=_grants(self.grants))


class ChangePersonBody(Reasoned):
    """What changes about a person; what is not given stays."""

    name: str | None = Field(default=None, max_length=200)
    email: str | None = Field(default=None, max_length=200)
    grants: Given | None = None
    disabled: bool | None = Field(default=None, description="Whose sessions and keys open no more.")

    def wanted(self) -> AccountChange:
        """As the domain has it."""
        grants = None if self.grants is None else _grants(self.grants)
        return AccountChange(name=self.name, email=self.email, grants=grants, disabled=self.disabled)


class ChangeServiceBody(Reasoned):
    """What changes about a service account; what is not given stays."""

    name: str | None = Field(default=None, max_length=200)
    groups: tuple[str, ...] | None = Field(default=None, max_length=50)
    grants: Given | None = None
    disabled: bool | None = Field(default=None, description="Whose keys open no more.")

    def wanted(self) -> AccountChange:
        """As the domain has it."""
        grants = None if self.grants is None else _grants(self.grants)
        return AccountChange(name=self.name, groups=self.groups, grants=grants, disabled=self.disabled)


class KeyBody(Reasoned):
    """A new API key: with grants of its own, or of an account, cut to the grants when there are any."""

    name: str = Field(max_length=200)
    grants: Given = ()
    account: str | None = Field(default=None, max_length=64, description="A person's or service account's id.")
    expires: Moment | None = None

    def wanted(self) -> WantedKey:
        """As the domain has it."""
        return WantedKey(name=self.name, grants=_grants(self.grants), account=self.account, expires=self.expires)


class RotateBody(Reasoned):
    """How a key is rotated."""

    overlap: float = Field(
        default=OVERLAP.total_seconds(), ge=0, le=90 * 86_400, description="Seconds that the old key goes on working.", allow_inf_nan=False
    )


def _grants(bodies: Sequence[GrantBody]) -> tuple[Grant, ...]:
    return tuple(body.grant() for body in bodies)
