"""`thor keys`: API keys."""

from datetime import timedelta
from typing import Annotated, cast, get_args

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, TenantOption, group, listed
from hulk.kernel.tenancy import DEFAULT_TENANT, Role
from hulk.kernel.text import Text

app = group(Text("API keys."))


@app.command("create", help=spoken(Text("Make an API key; its secret is shown once.")))
def keys_create(
    name: Annotated[str, typer.Argument(help=spoken(Text("What it is for.")))],
    role: Annotated[str, typer.Option(help=spoken(Text("viewer, operator, approver or admin.")))] = "operator",
    days: Annotated[int | None, typer.Option(help=spoken(Text("Days until it expires (default: never).")), min=1)] = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make a key."""
    if role not in get_args(Role):
        raise typer.BadParameter(", ".join(get_args(Role)), param_hint="--role")
    lifetime = None if days is None else timedelta(days=days)
    listed(config, data, lambda desk: desk.create_key(tenant, name, cast("Role", role), lifetime), as_json=as_json)


@app.command("list", help=spoken(Text("All API keys, without their secrets.")))
def keys_list(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False
) -> None:
    """All keys."""
    listed(config, data, lambda desk: desk.keys(tenant), as_json=as_json)


@app.command("revoke", help=spoken(Text("Take an API key back.")))
def keys_revoke(
    key: Annotated[str, typer.Argument(help=spoken(Text("The key's id (key_…), from `thor keys list`.")))],
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Take a key back."""
    listed(config, data, lambda desk: desk.revoke_key(tenant, key), as_json=as_json)
