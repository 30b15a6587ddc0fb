"""`thor tickets`: the newest of them, what one asks, deciding on it."""

import json
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import (
    ConfigOption,
    DataOption,
    JsonOption,
    LimitOption,
    ReasonOption,
    Rows,
    StatusOption,
    TenantOption,
    alone,
    asked,
    group,
    json_object,
    listed,
)
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text

if TYPE_CHECKING:  # aiohttp: not for `--help`
    from hulk.apps.client import Client

app = group(Text("Tickets: the newest of them, or one of these acts."), bare=True)

TicketArgument = Annotated[str, typer.Argument(help=spoken(Text("The ticket's id (tkt_…), from `thor tickets`.")), metavar="TICKET")]


@app.callback()
def tickets(
    context: typer.Context, config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT,
    status: StatusOption = None, limit: LimitOption = 20, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The newest tickets."""
    if alone(context):
        listed(config, data, lambda desk: desk.tickets(tenant, status, limit), as_json=as_json)


@app.command("show", help=spoken(Text("A ticket, with what it is about.")))
def tickets_show(ticket: TicketArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """One of them."""

    async def act(client: "Client") -> Rows:
        found = await client.get(f"/v1/tickets/{quote(ticket, safe='')}")
        return (
            [found]
            if as_json
            else [{"field": name, "value": _plain(value)} for name, value in found.items() if value not in (None, "", [], {})]
        )

    asked(data, act, as_json=as_json)


@app.command("approve", help=spoken(Text("Approve what waits for a person, or answer it.")))
def tickets_approve(
    ticket: TicketArgument,
    result: Annotated[str | None, typer.Option("--result", help=spoken(Text("The answer, as a JSON object.")), metavar="JSON")] = None,
    reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Yes."""
    answer = {} if result is None else {"result": json_object(result, "--result")}
    _moved(ticket, {"status": "completed", "reason": reason, **answer}, data, as_json=as_json)


@app.command("reject", help=spoken(Text("Reject what waits for a person.")))
def tickets_reject(ticket: TicketArgument, reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False) -> None:
    """No."""
    _moved(ticket, {"status": "failed", "reason": reason}, data, as_json=as_json)


def _moved(ticket: str, body: dict[str, Any], data: DataOption, *, as_json: bool) -> None:
    async def act(client: "Client") -> Rows:
        found = await client.post(f"/v1/tickets/{quote(ticket, safe='')}/status", body, {})
        return [found] if as_json else [{name: found[name] for name in ("ticket_id", "status", "title")}]

    asked(data, act, as_json=as_json)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
