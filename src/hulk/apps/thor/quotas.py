"""`thor quotas`: how much a tenant may do and keep."""

from typing import Annotated

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, ReasonOption, TenantOption, group, listed
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text

app = group(Text("Quotas: how much a tenant may do and keep."))


@app.command("show", help=spoken(Text("A tenant's quotas, with what is used and left.")))
def quotas_show(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False
) -> None:
    """The quotas."""
    listed(config, data, lambda desk: desk.limits.show(tenant), as_json=as_json)


@app.command("set", help=spoken(Text("Change a tenant's quotas: a number, “unlimited”, or “default” for what the settings say.")))
def quotas_set(
    intents: Annotated[str | None, typer.Option("--intents-per-minute", help=spoken(Text("Intents per minute.")))] = None,
    tickets: Annotated[str | None, typer.Option("--open-tickets", help=spoken(Text("Tickets that may be open at once.")))] = None,
    runs: Annotated[str | None, typer.Option("--concurrent-runs", help=spoken(Text("Runs at work, or waiting for a worker.")))] = None,
    spend: Annotated[str | None, typer.Option("--monthly-spend", help=spoken(Text("Money per month, in finops.currency.")))] = None,
    storage: Annotated[str | None, typer.Option("--storage", help=spoken(Text("Bytes of files sent.")))] = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Change them; what is not given stays."""
    options = {
        "intents_per_minute": intents, "open_tickets": tickets, "concurrent_runs": runs, "monthly_spend": spend, "storage": storage
    }  # fmt: skip
    given = {name: value for name, value in options.items() if value is not None}
    if not given:
        raise typer.BadParameter("--intents-per-minute | --open-tickets | --concurrent-runs | --monthly-spend | --storage")
    listed(config, data, lambda desk: desk.limits.change(tenant, given, reason), as_json=as_json)
