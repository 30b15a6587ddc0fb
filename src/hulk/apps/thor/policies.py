"""`thor router policies`: which models may answer what, as a tenant says it of itself."""

from pathlib import Path
from typing import Annotated

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, LimitOption, ReasonOption, TenantOption, group, listed
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text

app = group(Text("Policies: which models may answer, and since when."))

VersionArgument = Annotated[str, typer.Argument(help=spoken(Text("The number of the version.")), metavar="VERSION")]


@app.command("list", help=spoken(Text("The policies that hold: those of the settings, then the tenant's own.")))
def listing(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False
) -> None:
    """All of them."""
    listed(config, data, lambda desk: desk.policies.show(tenant), as_json=as_json)


@app.command("versions", help=spoken(Text("The versions of the tenant's own policies, the newest first.")))
def versions(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The newest."""
    listed(config, data, lambda desk: desk.policies.versions(tenant, limit), as_json=as_json)


@app.command("show", help=spoken(Text("The tenant's own policies as they were in a version.")))
def shown(
    version: VersionArgument,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """One version."""
    listed(config, data, lambda desk: desk.policies.version(tenant, version), as_json=as_json)


@app.command("diff", help=spoken(Text("What is another from one version to the other.")))
def diff(
    before: VersionArgument, after: VersionArgument,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The changes."""
    listed(config, data, lambda desk: desk.policies.diff(tenant, before, after), as_json=as_json)


@app.command("apply", help=spoken(Text("Replace the tenant's own policies by those of a YAML file; a running Hulk heeds them within 2 s.")))
def apply(
    file: Annotated[Path, typer.Argument(help=spoken(Text("The file, with a list `policies:` as in the settings.")), metavar="FILE")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help=spoken(Text("Only tell what would be another.")))] = False,
    after: Annotated[
        int | None, typer.Option("--after", min=0, help=spoken(Text("Only if this is the version in force; 0: there is none yet.")))
    ] = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The changes."""
    listed(config, data, lambda desk: desk.policies.apply(tenant, file, reason, after, dry_run=dry_run), as_json=as_json)


@app.command("restore", help=spoken(Text("Put the policies of an old version in force again, as a new version.")))
def restore(
    version: VersionArgument,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The changes."""
    listed(config, data, lambda desk: desk.policies.restore(tenant, version, reason), as_json=as_json)


@app.command("check", help=spoken(Text("What would hold for a question, and which models could answer it.")))
def check(
    channel: Annotated[str | None, typer.Option("--channel", help=spoken(Text("The channel that it comes from.")))] = None,
    agent: Annotated[str | None, typer.Option("--agent", help=spoken(Text("The agent that asks.")))] = None,
    sensitivity: Annotated[
        str | None, typer.Option("--sensitivity", help=spoken(Text("p0 for what must stay in the company; else public.")))
    ] = None,
    at: Annotated[str | None, typer.Option("--at", help=spoken(Text("When, as 2026-11-21T22:00:00-03:00; now unless given.")))] = None,
    spent: Annotated[str | None, typer.Option("--spent", help=spoken(Text("The share of the month's budget that is used.")))] = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Policies, models, limits."""
    given = {"channel": channel, "agent": agent, "sensitivity": sensitivity, "at": at, "spent": spent}
    listed(config, data, lambda desk: desk.policies.check(tenant, given), as_json=as_json)
