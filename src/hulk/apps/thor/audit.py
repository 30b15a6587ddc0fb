"""`thor audit`: prove the trail, keep it for its time."""

import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from hulk.apps import starting
from hulk.apps.terminal import FAILED, spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, ReasonOption, Rows, TenantOption, end, group, settings_of, show
from hulk.apps.whereabouts import data_folder
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text

app = group(Text("The audit trail."))
holds = group(Text("Legal holds."))
app.add_typer(holds, name="hold")

OneTenantOption = Annotated[str | None, typer.Option("--tenant", help=spoken(Text("Only this tenant's.")))]


def audited(config: Path | None, data: Path | None, act: Callable[[Any], Coroutine[Any, Any, int]]) -> None:
    """Open store and archive, do it (`apps.auditing`), end the program with the exit code that it gives."""

    async def opened() -> int:
        starting.begun()
        from hulk.apps.auditing import auditor_of  # the stores and the modules: not for `--help`

        starting.over()
        async with auditor_of(settings_of(config), data_folder(data, os.environ)) as auditor:
            return await act(auditor)

    end(opened)


def rows(config: Path | None, data: Path | None, query: Callable[[Any], Coroutine[Any, Any, Rows]], *, as_json: bool) -> None:
    """Ask the auditor, print the rows."""

    async def act(auditor: Any) -> int:
        show(await query(auditor), as_json=as_json)
        return 0

    audited(config, data, act)


@app.command(
    "verify",
    help=spoken(Text("Prove that trail and archive are whole and say the same; exit code 1, and what is wrong, when they do not.")),
)
def verify(config: ConfigOption = None, data: DataOption = None, tenant: OneTenantOption = None, as_json: JsonOption = False) -> None:
    """Prove the trail."""

    async def act(auditor: Any) -> int:
        found = await auditor.verdicts(tenant)
        show(found, as_json=as_json)
        return 0 if all(row["whole"] for row in found) else FAILED

    audited(config, data, act)


@app.command("export", help=spoken(Text("The whole trail of a tenant as JSON lines, for whoever wants to verify it.")))
def export(
    after: Annotated[int, typer.Option("--after", help=spoken(Text("Only entries past this position.")), min=0)] = 0,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT,
    as_json: Annotated[bool, typer.Option("--json", help=spoken(Text("As ever: JSON is all that it prints.")))] = False,  # noqa: ARG001
) -> None:  # fmt: skip
    """Give the trail away."""

    async def act(auditor: Any) -> int:
        async for lines in auditor.export(tenant, after):
            sys.stdout.write(lines)
        return 0

    audited(config, data, act)


@app.command("prune", help=spoken(Text("Remove what is older than audit.retention from trail and archive, but what is held.")))
def prune(
    days: Annotated[int | None, typer.Option("--days", help=spoken(Text("Keep this many days, whatever the settings say.")), min=1)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=spoken(Text("Only show what would be removed.")))] = False,
    config: ConfigOption = None, data: DataOption = None, tenant: OneTenantOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Remove what is too old."""
    rows(config, data, lambda auditor: auditor.pruned(tenant, days, dry_run=dry_run), as_json=as_json)


@holds.command(
    "add", help=spoken(Text("Keep entries of the trail however old they are: a subject's, an intent's, or all of the tenant's."))
)
def hold_add(
    reason: Annotated[str, typer.Option("--reason", help=spoken(Text("Why they must be kept.")))],
    subject: Annotated[str | None, typer.Option("--subject", help=spoken(Text("The id that they are about.")))] = None,
    intent: Annotated[str | None, typer.Option("--intent", help=spoken(Text("The intent (int_…) that they belong to.")))] = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Hold."""
    rows(config, data, lambda auditor: auditor.hold(tenant, subject, intent, reason), as_json=as_json)


@holds.command("remove", help=spoken(Text("Lift a hold.")))
def hold_remove(
    hold: Annotated[str, typer.Argument(help=spoken(Text("The hold's id (hld_…), from `thor audit hold list`.")))],
    reason: ReasonOption = "", config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Lift a hold."""
    rows(config, data, lambda auditor: auditor.lift(hold, reason), as_json=as_json)


@holds.command("list", help=spoken(Text("All that is held.")))
def hold_list(config: ConfigOption = None, data: DataOption = None, tenant: OneTenantOption = None, as_json: JsonOption = False) -> None:
    """All holds."""
    rows(config, data, lambda auditor: auditor.held(tenant), as_json=as_json)
