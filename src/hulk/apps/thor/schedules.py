"""`thor schedules`: what is begun at certain times."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, Rows, TenantOption, group, listed
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


def _act(name: str, about: Text, act: Callable[[Any], Callable[[str, str], Coroutine[Any, Any, Rows]]]) -> None:
    """A command that does something to one schedule; `act` gives that act of the desk."""

    @app.command(name, help=spoken(about))
    def command(
        schedule: NamedOption,
        config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
    ) -> None:  # fmt: skip
        listed(config, data, lambda desk: act(desk)(tenant, schedule), as_json=as_json)


_act("pause", Text("Let a schedule rest."), lambda desk: desk.pause_schedule)
_act("resume", Text("Wake a schedule that rests."), lambda desk: desk.resume_schedule)
_act("remove", Text("Remove a schedule."), lambda desk: desk.remove_schedule)
_act(
    "run",
    Text("Have a schedule fire now, besides its times; a running Hulk does it within 2 s."),
    lambda desk: desk.run_schedule,
)
