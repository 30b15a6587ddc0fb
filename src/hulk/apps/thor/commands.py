"""What the commands of `thor` share: their options, opening the store, printing rows."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer
from rich.table import Table

from hulk.apps import starting
from hulk.apps.painting import out
from hulk.apps.terminal import language, spoken, told
from hulk.apps.whereabouts import WORKER_INFO, data_folder
from hulk.kernel.errors import Conflict, NotFound, Refused
from hulk.kernel.text import Text

if TYPE_CHECKING:  # aiohttp and the modules: not for `--help`
    from hulk.apps.client import Client
    from hulk.runtime.config import Config

Rows: TypeAlias = Sequence[Mapping[str, Any]]
_LONG = frozenset({"text", "title", "error", "example", "problem", "value", "detail", "reason"})
"""Columns of prose, which may be broken; an id is never cut, since people copy it."""


def group(help_: Text, *, bare: bool = False) -> typer.Typer:
    """A group of commands; `bare`: it does something without one too."""
    return typer.Typer(
        help=spoken(help_), no_args_is_help=not bare, invoke_without_command=bare, add_completion=False, pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )  # fmt: skip


ConfigOption = Annotated[
    Path | None, typer.Option("--config", help=spoken(Text("Settings file (default: hulk.yaml here, if there is one).")))
]
DataOption = Annotated[
    Path | None, typer.Option("--data", help=spoken(Text("Folder in which Hulk keeps what it knows (default: ~/.local/share/hulk).")))
]
JsonOption = Annotated[bool, typer.Option("--json", help=spoken(Text("Print JSON instead of a table.")))]
TenantOption = Annotated[str, typer.Option("--tenant", help=spoken(Text("Whose.")))]
ReasonOption = Annotated[str, typer.Option("--reason", help=spoken(Text("Why, for the audit trail.")))]
StatusOption = Annotated[str | None, typer.Option("--status", help=spoken(Text("Only those in this status.")))]
WorkflowOption = Annotated[str | None, typer.Option("--workflow", help=spoken(Text("Only those of this workflow: intent, ticket.")))]
CodeOption = Annotated[
    str | None, typer.Option("--code", help=spoken(Text("Only those that this kind of error ended, such as unavailable.")))
]
LimitOption = Annotated[int, typer.Option("--limit", help=spoken(Text("At most this many.")), min=1, max=10_000)]


def alone(context: typer.Context) -> bool:
    """Whether a group was called without one of its acts. An option before an act would not reach it, so it is wrong use."""
    if context.invoked_subcommand is None:
        return True
    given = [name for name in context.params if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"]
    if given:
        raise typer.BadParameter(
            spoken(Text("options stand behind the act: {example}", example=f"{context.command_path} {context.invoked_subcommand} --…"))
        )
    return False


def json_object(text: str, option: str) -> dict[str, Any]:
    """What an option was given as a JSON object; what is none is wrong use of it."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(spoken(Text("This is not JSON: {reason}.", reason=str(error))), param_hint=option) from error
    if not isinstance(found, dict):
        raise typer.BadParameter(spoken(Text("This is no JSON object: write it as in {example}.", example='{"n": 1}')), param_hint=option)
    return found


def listed(config: Path | None, data: Path | None, query: Callable[[Any], Coroutine[Any, Any, Rows]], *, as_json: bool) -> None:
    """Open the store, ask it (`apps.desk`), print the rows."""

    async def act(desk: Any) -> int:
        show(await query(desk), as_json=as_json)
        return 0

    at_desk(config, data, act)


def at_desk(config: Path | None, data: Path | None, act: Callable[[Any], Coroutine[Any, Any, int]]) -> None:
    """Open the store, do it (`apps.desk`), end the program with the exit code that it gives."""

    async def opened() -> int:
        starting.begun()
        from hulk.apps.desk import desk_of  # the store and the modules: not for `--help`

        settings = settings_of(config)
        starting.over()
        async with desk_of(settings, data_folder(data, os.environ)) as desk:
            return await act(desk)

    end(opened)


def settings_of(config: Path | None) -> "Config":
    """The settings, from that file and the environment."""
    from hulk.apps.settings import configured  # the modules, whose settings they are: not for `--help`

    return configured(config, os.environ, {}, Path.cwd())


def show(rows: Rows | Mapping[str, Any], *, as_json: bool) -> None:
    """Print rows as a table, or anything as JSON."""
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2, default=str) + "\n")
        return
    assert not isinstance(rows, Mapping)  # noqa: S101  # tables are made of rows
    if not rows:
        out.print(spoken(Text("There is nothing to show.")), style="dim")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in rows[0]:
        table.add_column(name, no_wrap=name not in _LONG, overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    out.print(table)


def end(act: Callable[[], Coroutine[Any, Any, int]]) -> None:
    """Do it, and end the program as it went."""
    told(lambda: asyncio.run(act()), (Refused, Conflict))


@asynccontextmanager
async def running(data: Path | None) -> "AsyncIterator[Client]":
    """Who talks to the Hulk that runs on the data folder; raises `NotFound` when none does."""
    from hulk.apps.client import connected, running_server  # aiohttp: only what asks over HTTP

    folder = data_folder(data, os.environ)
    server = await running_server(folder) or await running_server(folder, WORKER_INFO)
    if server is None:
        raise NotFound("No Hulk is running on the data folder {folder}. Start one with `hulk up`.", folder=str(folder))
    async with connected(server, language(os.environ), os.environ.get("HULK_API_KEY") or None) as client:
        yield client


def asked(data: Path | None, query: Callable[["Client"], Coroutine[Any, Any, Rows]], *, as_json: bool) -> None:
    """Ask the running Hulk, print the rows."""

    async def act() -> int:
        async with running(data) as client:
            show(await query(client), as_json=as_json)
        return 0

    end(act)
