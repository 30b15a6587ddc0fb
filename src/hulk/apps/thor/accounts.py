"""`thor people` and `thor accounts`: who may do what."""

from typing import Annotated, Any, Literal, TypeAlias

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, ReasonOption, TenantOption, group, listed
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text

people = group(Text("People: who may log in, and what they may do."))
services = group(Text("Service accounts: programs, known by their keys."))

Kind: TypeAlias = Literal["person", "service"]
AccountArgument = Annotated[str, typer.Argument(help=spoken(Text("The account's id (usr_… or svc_…).")), metavar="ID")]
NameOption = Annotated[str | None, typer.Option(help=spoken(Text("What it is called.")))]
EmailOption = Annotated[str | None, typer.Option(help=spoken(Text("The e-mail address with which the person logs in.")))]
GrantOption = Annotated[
    list[str] | None,
    typer.Option("--grant", help=spoken(Text("What it may do: operator, or operator@prod for one namespace; may be given again."))),
]
GroupOption = Annotated[
    list[str] | None, typer.Option("--group", help=spoken(Text("A worker group that it may take work for; may be given again.")))
]
DisableOption = Annotated[bool, typer.Option("--disable", help=spoken(Text("Let its keys and sessions open no more.")))]
EnableOption = Annotated[bool, typer.Option("--enable", help=spoken(Text("Let its keys and sessions open again.")))]


@people.command("add", help=spoken(Text("Let a person log in.")))
def people_add(
    email: Annotated[str, typer.Argument(help=spoken(Text("The e-mail address with which the person logs in.")))],
    name: NameOption = None, grant: GrantOption = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make a person."""
    given = {"name": name or email, "email": email, "grants": grant or []}
    listed(config, data, lambda desk: desk.members.add_account(tenant, "person", given, reason), as_json=as_json)


@people.command("change", help=spoken(Text("Change a person; what is not given stays.")))
def people_change(
    account: AccountArgument, name: NameOption = None, email: EmailOption = None, grant: GrantOption = None,
    disable: DisableOption = False, enable: EnableOption = False,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Change a person."""
    given = _given(name=name, email=email, grants=grant or None, disabled=disable or (False if enable else None))
    listed(config, data, lambda desk: desk.members.change_account(tenant, "person", account, given, reason), as_json=as_json)


@services.command("add", help=spoken(Text("Make a service account.")))
def services_add(
    name: Annotated[str, typer.Argument(help=spoken(Text("What it is called.")))],
    grant: GrantOption = None, group: GroupOption = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make a service account."""
    given = {"name": name, "groups": group or [], "grants": grant or []}
    listed(config, data, lambda desk: desk.members.add_account(tenant, "service", given, reason), as_json=as_json)


@services.command("change", help=spoken(Text("Change a service account; what is not given stays.")))
def services_change(
    account: AccountArgument, name: NameOption = None, grant: GrantOption = None, group: GroupOption = None,
    disable: DisableOption = False, enable: EnableOption = False,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Change a service account."""
    given = _given(name=name, groups=group or None, grants=grant or None, disabled=disable or (False if enable else None))
    listed(config, data, lambda desk: desk.members.change_account(tenant, "service", account, given, reason), as_json=as_json)


def _given(**options: Any) -> dict[str, Any]:
    """Those options that were given; raises `BadParameter` when none was."""
    given = {name: value for name, value in options.items() if value is not None}
    if not given:
        raise typer.BadParameter(" | ".join(f"--{name}" for name in ("name", "grant", "disable", "enable")))
    return given


def _common(app: typer.Typer, kind: Kind, all_: Text, remove: Text) -> None:
    @app.command("list", help=spoken(all_))
    def show(
        config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False
    ) -> None:
        listed(config, data, lambda desk: desk.members.accounts(tenant, kind), as_json=as_json)

    @app.command("remove", help=spoken(remove))
    def removed(
        account: AccountArgument,
        config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
        as_json: JsonOption = False,
    ) -> None:  # fmt: skip
        listed(config, data, lambda desk: desk.members.remove_account(tenant, kind, account, reason), as_json=as_json)


_common(people, "person", Text("All people."), Text("Remove a person; their keys and sessions open no more."))
_common(services, "service", Text("All service accounts."), Text("Remove a service account; its keys open no more."))
