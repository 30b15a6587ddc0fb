"""The program `thor`: look after a Hulk. Most of it reads the store itself, so it works whether or not Hulk is running."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from hulk.apps.terminal import FAILED, spoken
from hulk.apps.thor import (
    accounts,
    agents,
    audit,
    breakers,
    cache,
    channels,
    dead_letters,
    keys,
    models,
    money,
    queues,
    quotas,
    router,
    runs,
    schedules,
    secrets,
    tenants,
    tickets,
    tools,
    voice,
)  # fmt: skip
from hulk.apps.thor import trace as tracing
from hulk.apps.thor.commands import (
    ConfigOption,
    DataOption,
    JsonOption,
    LimitOption,
    Rows,
    StatusOption,
    TenantOption,
    end,
    group,
    listed,
    running,
    settings_of,
    show,
)
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text

app = group(Text("thor looks after a Hulk: what it does, what it cost, what went wrong."))
config_app = group(Text("The settings."))
app.add_typer(config_app, name="config")
app.add_typer(audit.app, name="audit")
app.add_typer(keys.app, name="keys")
app.add_typer(quotas.app, name="quotas")
app.add_typer(money.costs, name="costs")
app.add_typer(money.budgets, name="budgets")
app.add_typer(money.rates, name="rates")
app.add_typer(accounts.people, name="people")
app.add_typer(accounts.services, name="accounts")
app.add_typer(tenants.namespaces, name="namespaces")
app.add_typer(tenants.tenants, name="tenants")
app.add_typer(breakers.app, name="breakers")
app.add_typer(cache.app, name="cache")
app.add_typer(schedules.app, name="schedules")
app.add_typer(runs.app, name="runs")
app.add_typer(dead_letters.app, name="deadletters")
app.add_typer(queues.app, name="queues")
app.add_typer(secrets.app, name="secrets")
app.add_typer(router.app, name="router")
app.add_typer(models.app, name="models")
app.add_typer(tools.app, name="tools")
app.add_typer(tickets.app, name="tickets")
app.add_typer(agents.app, name="agents")
app.add_typer(channels.app, name="channels")
app.add_typer(voice.app, name="voice")


@app.command(help=spoken(Text("Whether Hulk runs, and how its parts are.")))
def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Whether Hulk runs."""

    async def act() -> int:
        async with running(data) as client:
            ready = await client.get("/ready")
        rows = [{"part": name, "status": check.pop("status"), "detail": _detail(check)} for name, check in ready["checks"].items()]
        show({"url": client.server.url, "status": ready["status"], "checks": rows} if as_json else rows, as_json=as_json)
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


def _newest(name: str, about: Text, query: Callable[[Any], Callable[[str, str | None, int], Coroutine[Any, Any, Rows]]]) -> None:
    """A command that lists the newest of something, in a status or in any; `query` gives that question of the desk."""

    @app.command(name, help=spoken(about))
    def command(
        config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, status: StatusOption = None,
        limit: LimitOption = 20, as_json: JsonOption = False,
    ) -> None:  # fmt: skip
        listed(config, data, lambda desk: query(desk)(tenant, status, limit), as_json=as_json)


_newest("intents", Text("The newest intents."), lambda desk: desk.intents)


app.command("trace", help=spoken(Text("The whole story of anything that has an id, as a tree with times and cost.")))(tracing.trace)


@app.command(help=spoken(Text("The skills there are, the built-in ones and your own.")))
def skills(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """The skills."""

    async def act() -> int:
        from hulk.apps.desk import skill_rows  # the modules: not for `--help`

        show(skill_rows(settings_of(config)), as_json=as_json)
        return 0

    end(act)


def main() -> None:
    """The entry of the program."""
    app(prog_name="thor")
