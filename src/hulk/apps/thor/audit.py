"""`thor audit`: prove the trail."""

import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from hulk.apps import starting
from hulk.apps.terminal import FAILED, spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, end, group, settings_of, show
from hulk.apps.whereabouts import data_folder
from hulk.kernel.text import Text

app = group(Text("The audit trail."))

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


@app.command(
    "verify",
    help=spoken(Text("Prove that trail and archive are whole and say the same; exit code 1, and what is wrong, when they do not.")),
)
def verify(config: ConfigOption = None, data: DataOption = None, tenant: OneTenantOption = None, as_json: JsonOption = False) -> None:
    """Prove the trail."""

    async def act(auditor: Any) -> int:
        rows = await auditor.verdicts(tenant)
        show(rows, as_json=as_json)
        return 0 if all(row["whole"] for row in rows) else FAILED

    audited(config, data, act)
