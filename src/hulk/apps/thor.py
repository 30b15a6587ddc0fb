"""The program `thor`: look after a Hulk. It reads the store itself, so it works whether or not Hulk is running."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeAlias, cast

import typer
from rich.table import Table

from hulk.apps.settings import configured, data_folder
from hulk.apps.terminal import FAILED, out, spoken, told
from hulk.kernel.errors import Conflict, NotFound, Refused
from hulk.kernel.tenancy import DEFAULT_TENANT, Role
from hulk.kernel.text import Text
from hulk.runtime.config import Config

Rows: TypeAlias = Sequence[Mapping[str, Any]]
_LONG = frozenset({"text", "title", "error", "example", "problem", "value", "detail"})
"""Columns of prose, which may be broken; an id is never cut, since people copy it."""


def _typer(help_: Text) -> typer.Typer:
    return typer.Typer(
        help=spoken(help_), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
    )


app = _typer(Text("thor looks after a Hulk: what it does, what it cost, what went wrong."))
config_app = _typer(Text("The settings."))
audit_app = _typer(Text("The audit trail."))
keys_app = _typer(Text("API keys."))
app.add_typer(config_app, name="config")
app.add_typer(audit_app, name="audit")
app.add_typer(keys_app, name="keys")

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help=spoken(Text("Settings file (default: hulk.yaml here, if there is one).")))
]
DataOption = Annotated[
    Path | None, typer.Option("--data", help=spoken(Text("Folder in which Hulk keeps what it knows (default: ~/.local/share/hulk).")))
]
JsonOption = Annotated[bool, typer.Option("--json", help=spoken(Text("Print JSON instead of a table.")))]
TenantOption = Annotated[str, typer.Option("--tenant", help=spoken(Text("Whose.")))]
StatusOption = Annotated[str | None, typer.Option("--status", help=spoken(Text("Only those in this status.")))]
LimitOption = Annotated[int, typer.Option("--limit", help=spoken(Text("At most this many.")), min=1, max=10_000)]


@app.command(help=spoken(Text("Whether Hulk runs, and how its parts are.")))
def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Whether Hulk runs."""

    async def act() -> int:
        from hulk.apps.client import WORKER_INFO, connected, running_server  # aiohttp: only this command asks over HTTP

        folder = data_folder(data, os.environ)
        server = await running_server(folder) or await running_server(folder, WORKER_INFO)
        if server is None:
            raise NotFound("No Hulk is running on the data folder {folder}. Start one with `hulk up`.", folder=str(folder))
        async with connected(server, "en", None) as client:
            ready = await client.get("/ready")
        rows = [{"part": name, "status": check.pop("status"), "detail": _detail(check)} for name, check in ready["checks"].items()]
        _print({"url": server.url, "status": ready["status"], "checks": rows} if as_json else rows, as_json=as_json)
        return 0 if ready["status"] == "ok" else FAILED

    _end(act)


def _detail(facts: Mapping[str, Any]) -> str:
    """What a part says of itself, in a line."""
    return ", ".join(f"{name} {value}" for name, value in facts.items())


@config_app.command("check", help=spoken(Text("Check the settings, and show each with where it comes from.")))
def config_check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check the settings."""

    async def act() -> int:
        found = _configured(config)
        rows = [{"key": one.key, "value": one.value, "origin": one.origin} for one in found.effective()]
        _print(rows, as_json=as_json)
        return 0

    _end(act)


@app.command(help=spoken(Text("The newest intents.")))
def intents(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, status: StatusOption = None,
    limit: LimitOption = 20, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The newest intents."""
    _listed(config, data, lambda desk: desk.intents(tenant, status, limit), as_json=as_json)


@app.command(help=spoken(Text("The newest tickets.")))
def tickets(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, status: StatusOption = None,
    limit: LimitOption = 20, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The newest tickets."""
    _listed(config, data, lambda desk: desk.tickets(tenant, status, limit), as_json=as_json)


@app.command(help=spoken(Text("The newest durable runs.")))
def runs(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, status: StatusOption = None,
    limit: LimitOption = 20, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The newest durable runs."""
    _listed(config, data, lambda desk: desk.runs(tenant, status, limit), as_json=as_json)


@app.command(help=spoken(Text("Runs that should have worked and did not, with what ended them.")))
def deadletters(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Dead letters."""
    _listed(config, data, lambda desk: desk.dead_letters(tenant, limit), as_json=as_json)


@app.command(help=spoken(Text("The skills there are, the built-in ones and your own.")))
def skills(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """The skills."""

    async def act() -> int:
        from hulk.apps.desk import skill_rows  # the modules: not for `--help`

        _print(skill_rows(_configured(config)), as_json=as_json)
        return 0

    _end(act)


@audit_app.command("verify", help=spoken(Text("Prove that the audit trail was not changed; exit code 1 when it was.")))
def audit_verify(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Prove the trail."""

    async def act() -> int:
        from hulk.apps.desk import desk_of  # the store and the modules: not for `--help`

        async with desk_of(_configured(config), data_folder(data, os.environ)) as desk:
            rows = await desk.verdicts()
        _print(rows, as_json=as_json)
        return 0 if all(row["whole"] for row in rows) else FAILED

    _end(act)


@keys_app.command("create", help=spoken(Text("Make an API key; its secret is shown once.")))
def keys_create(
    name: Annotated[str, typer.Argument(help=spoken(Text("What it is for.")))],
    role: Annotated[str, typer.Option(help=spoken(Text("viewer, operator or admin.")))] = "operator",
    days: Annotated[int | None, typer.Option(help=spoken(Text("Days until it expires (default: never).")), min=1)] = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make a key."""
    if role not in ("viewer", "operator", "admin"):
        raise typer.BadParameter("viewer, operator, admin", param_hint="--role")
    lifetime = None if days is None else timedelta(days=days)
    _listed(config, data, lambda desk: desk.create_key(tenant, name, cast("Role", role), lifetime), as_json=as_json)


@keys_app.command("list", help=spoken(Text("All API keys, without their secrets.")))
def keys_list(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False
) -> None:
    """All keys."""
    _listed(config, data, lambda desk: desk.keys(tenant), as_json=as_json)


@keys_app.command("revoke", help=spoken(Text("Take an API key back.")))
def keys_revoke(
    key: Annotated[str, typer.Argument(help=spoken(Text("The key's id (key_…), from `thor keys list`.")))],
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Take a key back."""
    _listed(config, data, lambda desk: desk.revoke_key(tenant, key), as_json=as_json)


def _listed(config: Path | None, data: Path | None, query: Callable[[Any], Coroutine[Any, Any, Rows]], *, as_json: bool) -> None:
    """Open the store, ask it, print the rows."""

    async def act() -> int:
        from hulk.apps.desk import desk_of  # the store and the modules: not for `--help`

        async with desk_of(_configured(config), data_folder(data, os.environ)) as desk:
            rows = await query(desk)
        _print(rows, as_json=as_json)
        return 0

    _end(act)


def _configured(config: Path | None) -> Config:
    return configured(config, os.environ, {}, Path.cwd())


def _print(rows: Rows | Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2, default=str) + "\n")
        return
    assert not isinstance(rows, Mapping)  # noqa: S101  # tables are made of rows
    if not rows:
        out.print(spoken(Text("There is nothing to show.")), style="dim")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in rows[0]:
        table.add_column(name, no_wrap=name not in _LONG, overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    out.print(table)


def _end(act: Callable[[], Coroutine[Any, Any, int]]) -> None:
    told(lambda: asyncio.run(act()), (Refused, Conflict))


def main() -> None:
    """The entry of the program."""
    app(prog_name="thor")


if __name__ == "__main__":
    main()
