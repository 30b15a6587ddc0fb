"""`thor costs`, `thor budgets`, `thor rates`: what was spent, how much may be, and at which rates."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from hulk.apps.terminal import FAILED, spoken
from hulk.apps.thor.commands import (
    ConfigOption,
    DataOption,
    JsonOption,
    LimitOption,
    ReasonOption,
    TenantOption,
    alone,
    at_desk,
    group,
    listed,
    show,
)
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text

costs = group(Text("Costs: what calls to models cost."), bare=True)
budgets = group(Text("Budgets: how much calls to models may cost."))
rates = group(Text("Rates between currencies."))

WhoseOption = Annotated[str, typer.Option("--tenant", help=spoken(Text("Whose; * for all.")))]
SinceOption = Annotated[str | None, typer.Option("--since", help=spoken(Text("First day (UTC): 2026-11-01.")))]
UntilOption = Annotated[str | None, typer.Option("--until", help=spoken(Text("Last day (UTC).")))]
AgentOption = Annotated[str | None, typer.Option("--agent", help=spoken(Text("Only of this agent.")))]
ChannelOption = Annotated[str | None, typer.Option("--channel", help=spoken(Text("Only from this channel.")))]
PersonOption = Annotated[str | None, typer.Option("--person", help=spoken(Text("Only of this person.")))]
ModelOption = Annotated[str | None, typer.Option("--model", help=spoken(Text("Only with this model.")))]


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("2026-11-21") from error


@costs.callback(help=spoken(Text("Costs: what calls to models cost.")))
def costs_show(
    context: typer.Context,
    by: Annotated[
        list[str] | None, typer.Option("--by", help=spoken(Text("Add up by day, tenant, agent, model, intent, channel or person.")))
    ] = None,
    since: SinceOption = None, until: UntilOption = None,
    agent: AgentOption = None, channel: ChannelOption = None, person: PersonOption = None, model: ModelOption = None,
    config: ConfigOption = None, data: DataOption = None, tenant: WhoseOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """What was spent."""
    if not alone(context):
        return
    first, last = _day(since), _day(until)
    named = {"agent": agent, "channel": channel, "person": person, "model": model}
    only = {name: value for name, value in named.items() if value is not None}
    listed(config, data, lambda desk: desk.money.costs(tenant, by or ["model"], first, last, only), as_json=as_json)


@costs.command("report", help=spoken(Text("Write the report of a month: Markdown, CSV and a chart.")))
def costs_report(
    month: Annotated[str, typer.Argument(help=spoken(Text("The month: 2026-11.")))],
    out: Annotated[Path, typer.Option("--out", help=spoken(Text("The folder to write to.")))] = Path(),
    config: ConfigOption = None, data: DataOption = None, tenant: WhoseOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Write a report."""
    listed(config, data, lambda desk: desk.money.report(tenant, month, out), as_json=as_json)


@costs.command(
    "verify", help=spoken(Text("Prove that the sums of days are what the calls did cost; exit code 1, and which days, where they are not."))
)
def costs_verify(
    since: SinceOption = None, until: UntilOption = None, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Prove the sums, of all tenants."""
    first, last = _day(since), _day(until)

    async def act(desk: Any) -> int:
        found = await desk.money.verify(first, last)
        show(found, as_json=as_json)
        return FAILED if found else 0

    at_desk(config, data, act)


@costs.command("mend", help=spoken(Text("Make sums of days anew that are not what the calls did cost; calls wait meanwhile.")))
def costs_mend(
    since: SinceOption = None, until: UntilOption = None, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Mend the sums, of all tenants."""
    first, last = _day(since), _day(until)
    listed(config, data, lambda desk: desk.money.mend(first, last), as_json=as_json)


@budgets.command("list", help=spoken(Text("The budgets, with what is used and left.")))
def budgets_list(
    config: ConfigOption = None, data: DataOption = None, tenant: WhoseOption = DEFAULT_TENANT, as_json: JsonOption = False
) -> None:
    """All of them."""
    listed(config, data, lambda desk: desk.money.budgets(tenant), as_json=as_json)


@budgets.command("set", help=spoken(Text("Make or change a budget; what it does not name may be any, * is each by itself.")))
def budgets_set(
    name: Annotated[str, typer.Argument(help=spoken(Text("What the budget is called.")))],
    daily: Annotated[str | None, typer.Option("--daily", help=spoken(Text("Most in a day (UTC), in finops.currency.")))] = None,
    monthly: Annotated[str | None, typer.Option("--monthly", help=spoken(Text("Most in a month (UTC).")))] = None,
    agent: AgentOption = None, channel: ChannelOption = None, person: PersonOption = None, model: ModelOption = None,
    of: Annotated[str | None, typer.Option("--of", help=spoken(Text("The calls of this tenant instead of its own; * for each.")))] = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make it hold."""
    scope = {"tenant": of, "agent": agent, "channel": channel, "person": person, "model": model}
    if daily is None and monthly is None:
        raise typer.BadParameter("--daily | --monthly")
    listed(config, data, lambda desk: desk.money.put_budget(tenant, name, scope, daily, monthly, reason), as_json=as_json)


@budgets.command("remove", help=spoken(Text("Let a budget hold no more.")))
def budgets_remove(
    name: Annotated[str, typer.Argument(help=spoken(Text("What the budget is called.")))],
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Remove it."""
    listed(config, data, lambda desk: desk.money.remove_budget(tenant, name, reason), as_json=as_json)


@rates.command("list", help=spoken(Text("The newest rates.")))
def rates_list(config: ConfigOption = None, data: DataOption = None, limit: LimitOption = 20, as_json: JsonOption = False) -> None:
    """The newest."""
    listed(config, data, lambda desk: desk.money.rates(limit), as_json=as_json)


@rates.command("set", help=spoken(Text("Set a rate: what one of the first currency costs in the second.")))
def rates_set(
    base: Annotated[str, typer.Argument(help=spoken(Text("The currency of prices: USD.")))],
    quote: Annotated[str, typer.Argument(help=spoken(Text("The currency of budgets: BRL.")))],
    value: Annotated[str, typer.Argument(help=spoken(Text("The rate: 5.3521.")))],
    day: Annotated[str | None, typer.Option("--day", help=spoken(Text("The day it is of (default: today).")))] = None,
    config: ConfigOption = None, data: DataOption = None, reason: ReasonOption = "", as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Set it."""
    of = _day(day)
    listed(config, data, lambda desk: desk.money.set_rate(base, quote, value, of, reason), as_json=as_json)
