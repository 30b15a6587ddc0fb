"""`thor runs`: find durable runs, see what became of one, steer it."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hulk.apps.painting import err
from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import (
    CodeOption,
    ConfigOption,
    DataOption,
    JsonOption,
    LimitOption,
    ReasonOption,
    StatusOption,
    TenantOption,
    WorkflowOption,
    alone,
    at_desk,
    group,
    json_object,
    listed,
    show,
)
from hulk.kernel.errors import Refused
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text

app = group(Text("Durable runs: the newest of them, or one of these acts."), bare=True)

RunArgument = Annotated[str, typer.Argument(help=spoken(Text("The run's id (run_…), from `thor runs`.")))]
_STEP = typer.Option("--step", min=0, help=spoken(Text("The step to go on from, as `thor runs show` numbers them.")))
StepOption = Annotated[int | None, _STEP]
InputOption = Annotated[str | None, typer.Option("--input", help=spoken(Text("Another input than the run had: a JSON object.")))]
QueueOption = Annotated[str | None, typer.Option("--queue", help=spoken(Text("Only those of this queue.")))]
IntentOption = Annotated[str | None, typer.Option("--intent", help=spoken(Text("Only those of this intent (int_…).")))]
ParentOption = Annotated[str | None, typer.Option("--parent", help=spoken(Text("Only those that this run (run_…) has begun.")))]
AttributeOption = Annotated[
    list[str] | None, typer.Option("--attribute", help=spoken(Text("Only those with this name=value; may be given again.")))
]
CreatedFromOption = Annotated[
    str | None, typer.Option("--created-from", help=spoken(Text("Only those begun then or later, as in 2026-11-21T03:00Z.")))
]
CreatedBeforeOption = Annotated[str | None, typer.Option("--created-before", help=spoken(Text("Only those begun before then.")))]
EndedFromOption = Annotated[str | None, typer.Option("--ended-from", help=spoken(Text("Only those ended then or later.")))]
EndedBeforeOption = Annotated[str | None, typer.Option("--ended-before", help=spoken(Text("Only those ended before then.")))]
AfterOption = Annotated[str | None, typer.Option("--after", help=spoken(Text("Go on behind a page, as told below it.")))]


@app.callback()
def runs(
    context: typer.Context, config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT,
    status: StatusOption = None, workflow: WorkflowOption = None, code: CodeOption = None, queue: QueueOption = None,
    intent: IntentOption = None, parent: ParentOption = None, attribute: AttributeOption = None,
    created_from: CreatedFromOption = None, created_before: CreatedBeforeOption = None,
    ended_from: EndedFromOption = None, ended_before: EndedBeforeOption = None,
    limit: LimitOption = 20, after: AfterOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The newest runs that fit."""
    if not alone(context):
        return

    async def act(desk: Any) -> int:
        from hulk.runtime.workflows import Search  # the store: not for `--help`
        from hulk.runtime.workflows.queries.search import attributes_of

        wanted = Search(
            tenant=tenant, workflow=workflow, status=status, queue=queue, intent=intent, parent=parent, code=code,
            created_from=_moment(created_from), created_before=_moment(created_before), ended_from=_moment(ended_from),
            ended_before=_moment(ended_before), attributes=attributes_of(attribute or []),
        )  # fmt: skip
        rows, more = await desk.helm.runs(wanted, limit, after)
        show(rows, as_json=as_json)
        if more is not None:
            err.print(spoken(Text("There are more: --after {cursor}", cursor=more)), style="dim", soft_wrap=True)
        return 0

    at_desk(config, data, act)


@app.command("show", help=spoken(Text("What became of a run, from its beginning to now.")))
def runs_show(run: RunArgument, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """What became of a run."""

    async def act(desk: Any) -> int:
        found, timeline = await desk.helm.show(run)
        for part in [{"run": found, "timeline": timeline}] if as_json else [[found], timeline]:
            show(part, as_json=as_json)
        return 0

    at_desk(config, data, act)


@app.command("cancel", help=spoken(Text("Call a run off, with all it has begun: each undoes what it can, and ends as cancelled.")))
def runs_cancel(
    run: RunArgument, reason: ReasonOption = "", config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Call a run off."""
    listed(config, data, lambda desk: desk.helm.cancel(run, reason), as_json=as_json)


@app.command(
    "replay", help=spoken(Text("Have a run that failed executed again, from where it stopped or from a step; what failed with it goes on."))
)
def runs_replay(
    run: RunArgument, step: StepOption = None, new_input: InputOption = None, reason: ReasonOption = "", config: ConfigOption = None,
    data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Execute a run again."""
    changed = _input(new_input)
    listed(config, data, lambda desk: desk.helm.replay(run, step, changed, reason), as_json=as_json)


@app.command("fork", help=spoken(Text("Begin a copy of a run that goes on from a step; not of those of intents and tickets.")))
def runs_fork(
    run: RunArgument, step: Annotated[int, _STEP],
    new_input: InputOption = None, reason: ReasonOption = "", config: ConfigOption = None, data: DataOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Copy a run."""
    changed = _input(new_input)
    listed(config, data, lambda desk: desk.helm.fork(run, step, changed, reason), as_json=as_json)


@app.command(
    "resolve", help=spoken(Text("Have a run that needs attention go on from a step with the code there is now; without --step, cancel it."))
)
def runs_resolve(
    run: RunArgument, step: StepOption = None, reason: ReasonOption = "", config: ConfigOption = None, data: DataOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Decide on a run that was set aside."""
    listed(config, data, lambda desk: desk.helm.resolve(run, step, reason), as_json=as_json)


def _moment(text: str | None) -> datetime | None:
    """An ISO 8601 moment; without an offset it is in UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused("“{value}” is no time: write it as in 2026-11-21T03:00Z.", value=text) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _input(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json_object(text, "--input")
