"""`thor schedules`: what is begun at certain times."""

from pathlib import Path
from typing import Annotated

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, TenantOption, group, listed
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text

app = group(Text("Schedules: what is begun at certain times."))

NamedOption = Annotated[str, typer.Argument(help=spoken(Text("The schedule's id (sch_…) or name.")), metavar="SCHEDULE")]


@app.command("list", help=spoken(Text("All schedules, with their next 3 moments.")))
def schedules_list(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False
) -> None:
    """All schedules."""
    listed(config, data, lambda desk: desk.schedules(tenant), as_json=as_json)


@app.command("add", help=spoken(Text("Ask something at certain times; shows the next 3 of them.")))
def schedules_add(
    name: Annotated[str, typer.Argument(help=spoken(Text("What the schedule is called.")))],
    text: Annotated[str, typer.Argument(help=spoken(Text("What is asked, in a sentence.")))],
    cron: Annotated[str | None, typer.Option(help=spoken(Text("When, as a cron expression: “30 8 * * mon-fri”.")))] = None,
    every: Annotated[str | None, typer.Option(help=spoken(Text("How often: 90s, 15m, 1h30m.")))] = None,
    at: Annotated[str | None, typer.Option(help=spoken(Text("When, once: 2026-12-24T18:00.")))] = None,
    timezone: Annotated[str | None, typer.Option(help=spoken(Text("IANA time zone (default: locale.timezone).")))] = None,
    missed: Annotated[str, typer.Option(help=spoken(Text("What to do about missed times: run (once, now) or skip.")))] = "run",
    repo: Annotated[str | None, typer.Option(help=spoken(Text("A git repository it is about.")))] = None,
    file: Annotated[list[str] | None, typer.Option(help=spoken(Text("A file it is about; may be given again.")))] = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make a schedule."""
    if missed not in ("run", "skip"):
        raise typer.BadParameter("run, skip", param_hint="--missed")
    paths = [("file", one) for one in file or []] + ([("repository", repo)] if repo else [])
    intent = {"text": text, "sources": [{"kind": kind, "path": str(Path(path).resolve())} for kind, path in paths]}
    body = {"name": name, "cron": cron, "every": every, "at": at, "timezone": timezone, "missed": missed, "intent": intent}
    listed(config, data, lambda desk: desk.add_schedule(tenant, body), as_json=as_json)


@app.command("pause", help=spoken(Text("Let a schedule rest.")))
def schedules_pause(
    schedule: NamedOption,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Let it rest."""
    listed(config, data, lambda desk: desk.pause_schedule(tenant, schedule), as_json=as_json)


@app.command("resume", help=spoken(Text("Wake a schedule that rests.")))
def schedules_resume(
    schedule: NamedOption,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Wake it."""
    listed(config, data, lambda desk: desk.resume_schedule(tenant, schedule), as_json=as_json)


@app.command("remove", help=spoken(Text("Remove a schedule.")))
def schedules_remove(
    schedule: NamedOption,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Remove it."""
    listed(config, data, lambda desk: desk.remove_schedule(tenant, schedule), as_json=as_json)


@app.command("run", help=spoken(Text("Have a schedule fire now, besides its times; a running Hulk does it within 2 s.")))
def schedules_run(
    schedule: NamedOption,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Have it fire."""
    listed(config, data, lambda desk: desk.run_schedule(tenant, schedule), as_json=as_json)
