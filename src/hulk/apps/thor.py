"""The program `thor`: look after a Hulk. It reads the store itself, so it works whether or not Hulk is running."""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, cast

import typer

from hulk.apps.commands import (
    ConfigOption,
    DataOption,
    JsonOption,
    LimitOption,
    StatusOption,
    TenantOption,
    end,
    group,
    listed,
    settings_of,
    show,
)
from hulk.apps.settings import data_folder
from hulk.apps.steering import dead_letters_app, queues_app, runs_app
from hulk.apps.terminal import FAILED, spoken
from hulk.kernel.errors import NotFound
from hulk.kernel.tenancy import DEFAULT_TENANT, Role
from hulk.kernel.text import Text

app = group(Text("thor looks after a Hulk: what it does, what it cost, what went wrong."))
config_app = group(Text("The settings."))
audit_app = group(Text("The audit trail."))
keys_app = group(Text("API keys."))
app.add_typer(config_app, name="config")
app.add_typer(audit_app, name="audit")
app.add_typer(keys_app, name="keys")
app.add_typer(runs_app, name="runs")
app.add_typer(dead_letters_app, name="deadletters")
app.add_typer(queues_app, name="queues")


@app.command(help=spoken(Text("Whether Hulk runs, and how its parts are.")))
def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Whether Hulk runs."""

    async def act() -> int:
        from hulk.apps.client import connected, running_server  # aiohttp: only this command asks over HTTP

        folder = data_folder(data, os.environ)
        server = await running_server(folder)
        if server is None:
            raise NotFound("No Hulk is running on the data folder {folder}. Start one with `hulk up`.", folder=str(folder))
        async with connected(server, "en", None) as client:
            ready = await client.get("/ready")
        rows = [{"part": name, "status": check.pop("status"), "detail": _detail(check)} for name, check in ready["checks"].items()]
        show({"url": server.url, "status": ready["status"], "checks": rows} if as_json else rows, as_json=as_json)
        return 0 if ready["status"] == "ok" else FAILED

    end(act)


def _detail(facts: Mapping[str, Any]) -> str:
    """What a part says of itself, in a line."""
    return ", ".join(f"{name} {value}" for name, value in facts.items())


@config_app.command("check", help=spoken(Text("Check the settings, and show each with where it comes from.")))
def config_check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check the settings."""

    async def act() -> int:
        found = settings_of(config)
        rows = [{"key": one.key, "value": one.value, "origin": one.origin} for one in found.effective()]
        show(rows, as_json=as_json)
        return 0

    end(act)


@app.command(help=spoken(Text("The newest intents.")))
def intents(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, status: StatusOption = None,
    limit: LimitOption = 20, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The newest intents."""
    listed(config, data, lambda desk: desk.intents(tenant, status, limit), as_json=as_json)


@app.command(help=spoken(Text("The newest tickets.")))
def tickets(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, status: StatusOption = None,
    limit: LimitOption = 20, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The newest tickets."""
    listed(config, data, lambda desk: desk.tickets(tenant, status, limit), as_json=as_json)


@app.command(help=spoken(Text("The skills there are, the built-in ones and your own.")))
def skills(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """The skills."""

    async def act() -> int:
        from hulk.apps.desk import skill_rows  # the modules: not for `--help`

        show(skill_rows(settings_of(config)), as_json=as_json)
        return 0

    end(act)


@audit_app.command("verify", help=spoken(Text("Prove that the audit trail was not changed; exit code 1 when it was.")))
def audit_verify(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Prove the trail."""

    async def act() -> int:
        from hulk.apps.desk import desk_of  # the store and the modules: not for `--help`

        async with desk_of(settings_of(config), data_folder(data, os.environ)) as desk:
            rows = await desk.verdicts()
        show(rows, as_json=as_json)
        return 0 if all(row["whole"] for row in rows) else FAILED

    end(act)


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
    listed(config, data, lambda desk: desk.create_key(tenant, name, cast("Role", role), lifetime), as_json=as_json)


@keys_app.command("list", help=spoken(Text("All API keys, without their secrets.")))
def keys_list(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False
) -> None:
    """All keys."""
    listed(config, data, lambda desk: desk.keys(tenant), as_json=as_json)


@keys_app.command("revoke", help=spoken(Text("Take an API key back.")))
def keys_revoke(
    key: Annotated[str, typer.Argument(help=spoken(Text("The key's id (key_…), from `thor keys list`.")))],
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Take a key back."""
    listed(config, data, lambda desk: desk.revoke_key(tenant, key), as_json=as_json)


def main() -> None:
    """The entry of the program."""
    app(prog_name="thor")


if __name__ == "__main__":
    main()
