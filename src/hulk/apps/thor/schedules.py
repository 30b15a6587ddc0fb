"""`thor schedules`: what is begun at certain times."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, ReasonOption, Rows, TenantOption, group, listed
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, DEFAULT_TENANT
from hulk.kernel.text import Text

app = group(Text("Schedules: what is begun at certain times."))

NamedOption = Annotated[str, typer.Argument(help=spoken(Text("The schedule's id (sch_…) or name.")), metavar="SCHEDULE")]
CronOption = Annotated[str | None, typer.Option(help=spoken(Text("When, as a cron expression: “30 8 * * mon-fri”.")))]
EveryOption = Annotated[str | None, typer.Option(help=spoken(Text("How often: 90s, 15m, 1h30m.")))]
AtOption = Annotated[str | None, typer.Option(help=spoken(Text("When, once: 2026-12-24T18:00.")))]


def _policy(missed: str | None) -> str | None:
    if missed not in (None, "run", "skip"):
        raise typer.BadParameter("run, skip")
    return missed


_MISSED = typer.Option("--missed", help=spoken(Text("What to do about missed times: run (once, now) or skip.")), callback=_policy)


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
    cron: CronOption = None, every: EveryOption = None, at: AtOption = None,
    timezone: Annotated[str | None, typer.Option(help=spoken(Text("IANA time zone (default: locale.timezone).")))] = None,
    missed: Annotated[str, _MISSED] = "run",
    namespace: Annotated[str, typer.Option(help=spoken(Text("The namespace of the schedule and of what it asks.")))] = DEFAULT_NAMESPACE,
    repo: Annotated[str | None, typer.Option(help=spoken(Text("A git repository it is about.")))] = None,
    file: Annotated[list[str] | None, typer.Option(help=spoken(Text("A file it is about; may be given again.")))] = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make a schedule."""
    paths = [("file", one) for one in file or []] + ([("repository", repo)] if repo else [])
    intent = {"text": text, "sources": [{"kind": kind, "path": str(Path(path).resolve())} for kind, path in paths]}
    body = {
        "name": name,
        "namespace": namespace,
        "cron": cron,
        "every": every,
        "at": at,
        "timezone": timezone,
        "missed": missed,
        "intent": intent,
    }
    listed(config, data, lambda desk: desk.add_schedule(tenant, body, reason), as_json=as_json)


@app.command("change", help=spoken(Text("Change when a schedule asks, or what it does about missed times; what is not given stays.")))
def schedules_change(
    schedule: NamedOption, cron: CronOption = None, every: EveryOption = None, at: AtOption = None,
    timezone: Annotated[str | None, typer.Option(help=spoken(Text("IANA time zone (default: the one it has).")))] = None,
    missed: Annotated[str | None, _MISSED] = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Change a schedule."""
    body = {"cron": cron, "every": every, "at": at, "timezone": timezone, "missed": missed}
    if not any(body.values()):
        raise typer.BadParameter("--cron | --every | --at | --timezone | --missed")
    listed(config, data, lambda desk: desk.change_schedule(tenant, schedule, body, reason), as_json=as_json)


def _act(name: str, about: Text, act: Callable[[Any], Callable[[str, str, str], Coroutine[Any, Any, Rows]]]) -> None:
    """A command that does something to one schedule; `act` gives that act of the desk."""

    @app.command(name, help=spoken(about))
    def command(
        schedule: NamedOption,
        config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
        as_json: JsonOption = False,
    ) -> None:  # fmt: skip
        listed(config, data, lambda desk: act(desk)(tenant, schedule, reason), as_json=as_json)


_act("pause", Text("Let a schedule rest."), lambda desk: desk.pause_schedule)
_act("resume", Text("Wake a schedule that rests."), lambda desk: desk.resume_schedule)
_act("remove", Text("Remove a schedule."), lambda desk: desk.remove_schedule)
_act(
    "run",
    Text("Have a schedule fire now, besides its times; a running Hulk does it within 2 s."),
    lambda desk: desk.run_schedule,
)
