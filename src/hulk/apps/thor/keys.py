"""`thor keys`: API keys."""

from datetime import timedelta
from typing import Annotated, get_args

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, ReasonOption, TenantOption, group, listed
from hulk.kernel.tenancy import DEFAULT_TENANT, EVERYWHERE, Role
from hulk.kernel.text import Text

app = group(Text("API keys."))

KeyArgument = Annotated[str, typer.Argument(help=spoken(Text("The key's id (key_…), from `thor keys list`.")))]


@app.command("create", help=spoken(Text("Make an API key; its secret is shown once.")))
def keys_create(
    name: Annotated[str, typer.Argument(help=spoken(Text("What it is for.")))],
    role: Annotated[
        str | None, typer.Option(help=spoken(Text("viewer, operator (default), approver or admin; what an --account is cut to.")))
    ] = None,
    namespace: Annotated[str, typer.Option(help=spoken(Text("The namespace it is for; “*” is all.")))] = EVERYWHERE,
    account: Annotated[
        str | None, typer.Option(help=spoken(Text("The person or service account (usr_…, svc_…) whose key it is.")))
    ] = None,
    days: Annotated[int | None, typer.Option(help=spoken(Text("Days until it expires (default: never).")), min=1)] = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make a key."""
    if role is not None and role not in get_args(Role):
        raise typer.BadParameter(", ".join(get_args(Role)), param_hint="--role")
    if role is None and account is not None and namespace != EVERYWHERE:
        raise typer.BadParameter(spoken(Text("it cuts an account's rights only together with --role")), param_hint="--namespace")
    lifetime = None if days is None else timedelta(days=days)
    chosen = role or (None if account else "operator")
    grants = [f"{chosen}@{namespace}"] if chosen else []
    listed(config, data, lambda desk: desk.members.create_key(tenant, name, grants, account, lifetime, reason), as_json=as_json)


@app.command("list", help=spoken(Text("All API keys, without their secrets.")))
def keys_list(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False
) -> None:
    """All keys."""
    listed(config, data, lambda desk: desk.members.keys(tenant), as_json=as_json)


@app.command("rotate", help=spoken(Text("Make an API key in the place of another, which lives on for a while.")))
def keys_rotate(
    key: KeyArgument,
    hours: Annotated[float, typer.Option(help=spoken(Text("Hours that the old key goes on working.")), min=0)] = 24,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Renew a key."""
    listed(config, data, lambda desk: desk.members.rotate_key(tenant, key, timedelta(hours=hours), reason), as_json=as_json)


@app.command("revoke", help=spoken(Text("Take an API key back.")))
def keys_revoke(
    key: KeyArgument,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Take a key back."""
    listed(config, data, lambda desk: desk.members.revoke_key(tenant, key, reason), as_json=as_json)
