"""The program `thor`: look after a Hulk. It reads the store itself, so it works whether or not Hulk is running."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hulk.apps.settings import configured, data_folder
from hulk.apps.terminal import FAILED, err, out, speaker, spoken, told
from hulk.kernel.errors import Conflict, NotFound, Refused
from hulk.kernel.tenancy import DEFAULT_TENANT, Role
from hulk.kernel.text import Text
from hulk.runtime.config import Config

_NEUTRAL = {"no_args_is_help": True, "add_completion": False, "pretty_exceptions_enable": False, "rich_markup_mode": None}

app = typer.Typer(help=spoken(Text("thor looks after a Hulk: what it does, what it cost, what went wrong.")), **_NEUTRAL)
config_app = typer.Typer(help=spoken(Text("The settings.")), no_args_is_help=True)
audit_app = typer.Typer(help=spoken(Text("The audit trail.")), no_args_is_help=True)
keys_app = typer.Typer(help=spoken(Text("API keys.")), no_args_is_help=True)
app.add_typer(config_app, name="config")
app.add_typer(audit_app, name="audit")
app.add_typer(keys_app, name="keys")

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help=spoken(Text("Settings file (default: hulk.yaml here, if there is one).")))
]
DataOption = Annotated[
    Path | None, typer.Option("--data", help=spoken(Text("Folder in which Hulk keeps what it knows (default: ~/.local/share/hulk).")))
]
JsonOption = Annotated[bool, typer.Option("--json", help=spoken(Text("Print JSON instead of a table.")))]
TenantOption = Annotated[str, typer.Option(help=spoken(Text("Whose; default is “default”.")))]
StatusOption = Annotated[str | None, typer.Option(help=spoken(Text("Only those in this status.")))]
LimitOption = Annotated[int, typer.Option(help=spoken(Text("At most this many.")), min=1, max=10_000)]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title and the key in the rows."""

    title: Text
    key: str
