"""`thor runs`, `thor deadletters` and `thor queues`: see what became of work, and put it right."""

import json
import os
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hulk.apps.settings import data_folder
from hulk.apps.terminal import err, spoken
from hulk.apps.thor.commands import (
    ConfigOption,
    DataOption,
    JsonOption,
    LimitOption,
    Rows,
    StatusOption,
    TenantOption,
    alone,
    end,
    group,
    settings_of,
    show,
)
from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text

runs_app = group(Text("Durable runs: the newest of them, or one of these acts."), bare=True)
dead_letters_app = group(Text("Runs that should have worked and did not, with what ended them; or one of these acts."), bare=True)
queues_app = group(Text("The queues with what stands in them, or one of these acts."), bare=True)

RunArgument = Annotated[str, typer.Argument(help=spoken(Text("The run's id (run_…), from `thor runs`.")))]
RunsArgument = Annotated[list[str] | None, typer.Argument(help=spoken(Text("Ids of runs (run_…), from `thor deadletters`.")))]
QueueArgument = Annotated[str, typer.Argument(help=spoken(Text("The queue's name, from `thor queues`.")))]
StepOption = Annotated[
    int | None, typer.Option("--step", min=0, help=spoken(Text("The step to go on from, as `thor runs show` numbers them.")))
]
InputOption = Annotated[str | None, typer.Option("--input", help=spoken(Text("Another input than the run had: a JSON object.")))]
WorkflowOption = Annotated[str | None, typer.Option("--workflow", help=spoken(Text("Only those of this workflow: intent, ticket.")))]
CodeOption = Annotated[
    str | None, typer.Option("--code", help=spoken(Text("Only those that this kind of error ended, such as unavailable.")))
]
AllOption = Annotated[bool, typer.Option("--all", help=spoken(Text("All of them.")))]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help=spoken(Text("Change nothing; only show which they are.")))]
MostOption = Annotated[int, typer.Option("--limit", help=spoken(Text("At most this many, the oldest first.")), min=1, max=10_000)]


@runs_app.callback()
def runs(
    context: typer.Context, config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT,
    status: StatusOption = None, workflow: WorkflowOption = None, code: CodeOption = None,
    queue: Annotated[str | None, typer.Option("--queue", help=spoken(Text("Only those of this queue.")))] = None,
    intent: Annotated[str | None, typer.Option("--intent", help=spoken(Text("Only those of this intent (int_…).")))] = None,
    parent: Annotated[str | None, typer.Option("--parent", help=spoken(Text("Only those that this run (run_…) has begun.")))] = None,
    attribute: Annotated[
        list[str] | None, typer.Option("--attribute", help=spoken(Text("Only those with this name=value; may be given again.")))
    ] = None,
    created_from: Annotated[
        str | None, typer.Option("--created-from", help=spoken(Text("Only those begun then or later, as in 2026-11-21T03:00Z.")))
    ] = None,
    created_before: Annotated[str | None, typer.Option("--created-before", help=spoken(Text("Only those begun before then.")))] = None,
    ended_from: Annotated[str | None, typer.Option("--ended-from", help=spoken(Text("Only those ended then or later.")))] = None,
    ended_before: Annotated[str | None, typer.Option("--ended-before", help=spoken(Text("Only those ended before then.")))] = None,
    limit: LimitOption = 20,
    after: Annotated[str | None, typer.Option("--after", help=spoken(Text("Go on behind a page, as told below it.")))] = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The newest runs that fit."""
    if not alone(context):
        return

    async def act(helm: Any) -> None:
        from hulk.runtime.workflows import Search  # the store: not for `--help`
        from hulk.runtime.workflows.queries.search import attributes_of

        wanted = Search(
            tenant=tenant, workflow=workflow, status=status, queue=queue, intent=intent, parent=parent, code=code,
            created_from=_moment(created_from), created_before=_moment(created_before), ended_from=_moment(ended_from),
            ended_before=_moment(ended_before), attributes=attributes_of(attribute or []),
        )  # fmt: skip
        rows, more = await helm.runs(wanted, limit, after)
        show(rows, as_json=as_json)
        if more is not None:
            err.print(spoken(Text("There are more: --after {cursor}", cursor=more)), style="dim", soft_wrap=True)

    _at_helm(config, data, act)


@runs_app.command("show", help=spoken(Text("What became of a run, from its beginning to now.")))
def runs_show(run: RunArgument, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """What became of a run."""

    async def act(helm: Any) -> None:
        found, timeline = await helm.show(run)
        if as_json:
            show({"run": found, "timeline": timeline}, as_json=True)
            return
        show([found], as_json=False)
        show(timeline, as_json=False)

    _at_helm(config, data, act)


@runs_app.command("cancel", help=spoken(Text("Call a run off, with all it has begun: each undoes what it can, and ends as cancelled.")))
def runs_cancel(run: RunArgument, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Call a run off."""
    _acted(config, data, lambda helm: helm.cancel(run), as_json=as_json)


@runs_app.command(
    "replay", help=spoken(Text("Have a run that failed executed again, from where it stopped or from a step; what failed with it goes on."))
)
def runs_replay(
    run: RunArgument, step: StepOption = None, new_input: InputOption = None, config: ConfigOption = None, data: DataOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Execute a run again."""
    _acted(config, data, lambda helm: helm.replay(run, step, _input(new_input)), as_json=as_json)


@runs_app.command("fork", help=spoken(Text("Begin a copy of a run that goes on from a step; not of those of intents and tickets.")))
def runs_fork(
    run: RunArgument,
    step: Annotated[int, typer.Option("--step", min=0, help=spoken(Text("The step to go on from, as `thor runs show` numbers them.")))],
    new_input: InputOption = None, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Copy a run."""
    _acted(config, data, lambda helm: helm.fork(run, step, _input(new_input)), as_json=as_json)


@runs_app.command(
    "resolve", help=spoken(Text("Have a run that needs attention go on from a step with the code there is now; without --step, cancel it."))
)
def runs_resolve(
    run: RunArgument, step: StepOption = None, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Decide on a run that was set aside."""
    _acted(config, data, lambda helm: helm.resolve(run, step), as_json=as_json)


@dead_letters_app.callback()
def dead_letters(
    context: typer.Context, config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT,
    workflow: WorkflowOption = None, code: CodeOption = None, limit: LimitOption = 20,
    grouped: Annotated[bool, typer.Option("--grouped", help=spoken(Text("Count them by workflow and kind of error.")))] = False,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The newest dead letters."""
    if not alone(context):
        return

    async def act(helm: Any) -> Rows:
        from hulk.runtime.workflows import Search  # the store: not for `--help`

        search = Search(tenant=tenant, workflow=workflow, code=code, dead=True)
        rows: Rows = await (helm.dead_groups(tenant) if grouped else helm.dead_letters(search, limit))
        return rows

    _acted(config, data, act, as_json=as_json)


@dead_letters_app.command("replay", help=spoken(Text("Have dead letters executed again: those named, those that fit, or all.")))
def dead_letters_replay(
    run: RunsArgument = None, workflow: WorkflowOption = None, code: CodeOption = None, every: AllOption = False,
    dry_run: DryRunOption = False, limit: MostOption = 1000, config: ConfigOption = None, data: DataOption = None,
    tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Execute dead letters again."""
    _acted(
        config,
        data,
        lambda helm: helm.replay_dead(_which(tenant, run, workflow, code, every=every), limit, dry_run=dry_run),
        as_json=as_json,
    )


@dead_letters_app.command("discard", help=spoken(Text("Dead letters are dealt with: they stay failed, and are shown no more.")))
def dead_letters_discard(
    run: RunsArgument = None, workflow: WorkflowOption = None, code: CodeOption = None, every: AllOption = False,
    dry_run: DryRunOption = False, limit: MostOption = 1000, config: ConfigOption = None, data: DataOption = None,
    tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Dead letters are dealt with."""
    _acted(
        config,
        data,
        lambda helm: helm.discard_dead(_which(tenant, run, workflow, code, every=every), limit, dry_run=dry_run),
        as_json=as_json,
    )


@queues_app.callback()
def queues(context: typer.Context, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """The queues."""
    if alone(context):
        _acted(config, data, lambda helm: helm.queues(), as_json=as_json)


@queues_app.command("pause", help=spoken(Text("Let nothing more of a queue begin; what runs goes on to its end.")))
def queues_pause(
    queue: QueueArgument,
    reason: Annotated[str, typer.Option("--reason", help=spoken(Text("Why, for whoever wonders.")))],
    config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Pause a queue."""
    _acted(config, data, lambda helm: helm.pause(queue, reason), as_json=as_json)


@queues_app.command("resume", help=spoken(Text("Let a paused queue go on.")))
def queues_resume(queue: QueueArgument, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Let a queue go on."""
    _acted(config, data, lambda helm: helm.resume(queue), as_json=as_json)


def _acted(config: Path | None, data: Path | None, act: Callable[[Any], Coroutine[Any, Any, Rows]], *, as_json: bool) -> None:
    """Open the store, do it, print the rows it gives."""

    async def shown(helm: Any) -> None:
        show(await act(helm), as_json=as_json)

    _at_helm(config, data, shown)


def _at_helm(config: Path | None, data: Path | None, act: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    async def opened() -> int:
        from hulk.apps.desk import desk_of  # the store and the modules: not for `--help`

        async with desk_of(settings_of(config), data_folder(data, os.environ)) as desk:
            await act(desk.helm)
        return 0

    end(opened)


def _which(tenant: str, runs: list[str] | None, workflow: str | None, code: str | None, *, every: bool) -> Any:
    from hulk.runtime.workflows import Which  # the store: not for `--help`

    return Which(tenant=tenant, runs=tuple(runs or ()), workflow=workflow, code=code, every=every)


def _moment(text: str | None) -> datetime | None:
    """An ISO 8601 moment; without an offset it is in UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused("“{value}” is no time: write it as in 2026-11-21T03:00Z.", value=text) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _input(text: str | None) -> JsonObject | None:
    if text is None:
        return None
    try:
        data = json.loads(text)
    except ValueError as error:
        raise Refused("The input is no JSON: {reason}.", reason=str(error)) from error
    if not isinstance(data, dict):
        raise Refused("The input is no JSON object: write it as in {example}.", example='{"n": 1}')
    return data
