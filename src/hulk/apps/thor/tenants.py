"""`thor namespaces` and `thor tenants`."""

from typing import Annotated

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, ReasonOption, TenantOption, group, listed
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text

namespaces = group(Text("Namespaces: parts of a tenant, in which rights are given apart."))
tenants = group(Text("Tenants: to whom work, keys and costs belong."))

NamespaceArgument = Annotated[str, typer.Argument(help=spoken(Text("Its name: 1 to 63 small letters, digits and hyphens.")))]


@namespaces.command("list", help=spoken(Text("All namespaces.")))
def namespaces_list(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False
) -> None:
    """All namespaces."""
    listed(config, data, lambda desk: desk.members.namespaces(tenant), as_json=as_json)


@namespaces.command("add", help=spoken(Text("Make a namespace.")))
def namespaces_add(
    name: NamespaceArgument,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make a namespace."""
    listed(config, data, lambda desk: desk.members.add_namespace(tenant, name, reason), as_json=as_json)


@namespaces.command("remove", help=spoken(Text("Remove a namespace in which nobody is granted anything; shows those that are left.")))
def namespaces_remove(
    name: NamespaceArgument,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Remove a namespace."""
    listed(config, data, lambda desk: desk.members.remove_namespace(tenant, name, reason), as_json=as_json)


@tenants.command("list", help=spoken(Text("All tenants.")))
def tenants_list(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """All tenants."""
    listed(config, data, lambda desk: desk.members.tenants(), as_json=as_json)


@tenants.command("add", help=spoken(Text("Make a tenant with a key for its first admin; the secret is shown once.")))
def tenants_add(
    name: NamespaceArgument, config: ConfigOption = None, data: DataOption = None, reason: ReasonOption = "", as_json: JsonOption = False
) -> None:
    """Make a tenant."""
    listed(config, data, lambda desk: desk.members.add_tenant(name, reason), as_json=as_json)
