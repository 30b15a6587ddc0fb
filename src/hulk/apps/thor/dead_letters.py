"""`thor deadletters`: runs that should have worked and did not, and what is to become of them."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import (
    CodeOption,
    ConfigOption,
    DataOption,
    JsonOption,
    LimitOption,
    ReasonOption,
    Rows,
    TenantOption,
    WorkflowOption,
    alone,
    group,
    listed,
)
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text

app = group(Text("Runs that should have worked and did not, with what ended them; or one of these acts."), bare=True)

RunsArgument = Annotated[list[str] | None, typer.Argument(help=spoken(Text("Ids of runs (run_…), from `thor deadletters`.")))]
AllOption = Annotated[bool, typer.Option("--all", help=spoken(Text("All of them.")))]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help=spoken(Text("Change nothing; only show which they are.")))]
MostOption = Annotated[int, typer.Option("--limit", help=spoken(Text("At most this many, the oldest first.")), min=1, max=10_000)]


@app.callback()
def dead_letters(
    context: typer.Context, config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT,
    workflow: WorkflowOption = None, code: CodeOption = None, limit: LimitOption = 20,
    grouped: Annotated[bool, typer.Option("--grouped", help=spoken(Text("Count them by workflow and kind of error.")))] = False,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The newest dead letters."""
    if not alone(context):
        return

    async def found(desk: Any) -> Rows:
        from hulk.runtime.workflows import Search  # the store: not for `--help`

        search = Search(tenant=tenant, workflow=workflow, code=code, dead=True)
        rows: Rows = await (desk.helm.dead_groups(tenant) if grouped else desk.helm.dead_letters(search, limit))
        return rows

    listed(config, data, found, as_json=as_json)


def _deal(name: str, about: Text, deal: Callable[[Any], Callable[..., Coroutine[Any, Any, Rows]]]) -> None:
    """A command that deals with the dead letters that are meant; `deal` gives that act of the helm."""

    @app.command(name, help=spoken(about))
    def command(
        run: RunsArgument = None, workflow: WorkflowOption = None, code: CodeOption = None, every: AllOption = False,
        dry_run: DryRunOption = False, limit: MostOption = 1000, reason: ReasonOption = "", config: ConfigOption = None,
        data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
    ) -> None:  # fmt: skip
        async def dealt(desk: Any) -> Rows:
            from hulk.runtime.workflows import Which  # the store: not for `--help`

            which = Which(tenant=tenant, runs=tuple(run or ()), workflow=workflow, code=code, every=every)
            return await deal(desk.helm)(which, limit, reason, dry_run=dry_run)

        listed(config, data, dealt, as_json=as_json)


_deal(
    "replay",
    Text("Have dead letters executed again: those named, those that fit, or all."),
    lambda helm: helm.replay_dead,
)
_deal(
    "discard",
    Text("Dead letters are dealt with: they stay failed, and are shown no more."),
    lambda helm: helm.discard_dead,
)
