"""Where Hulk keeps what it knows, and where one that runs listens. Imports nothing heavy: every command needs it."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INFO = "server.json"
"""Written into the data folder by a running Hulk: where it listens and what it may read."""
WORKER_INFO = "worker.json"
"""The same, written by a running worker: it answers `/ready`, and takes no intents."""

TICKETS_INFO = "tickets.json"
"""The same, written by a running `hulk tickets`."""


@dataclass(frozen=True, slots=True)
class Server:
    """A Hulk to talk to. `roots` are the folders it reads paths under, known when it runs here; else files are sent."""

    url: str
    roots: tuple[Path, ...] = ()


def data_folder(data: Path | None, environ: Mapping[str, str]) -> Path:
    """Where Hulk keeps what it knows: the option, else `hulk` in the user's data folder (XDG Base Directory 0.8)."""
    if data is not None:
        return data.expanduser().resolve()
    base = environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "hulk"


def write_info(data: Path, url: str, roots: Sequence[Path], name: str = INFO, **ports: int | str | None) -> None:
    """Say in the data folder where this Hulk listens; `ports` are where else, such as `grpc`."""
    temporary = data / f"{name}.{os.getpid()}"
    temporary.write_text(json.dumps({"url": url, "pid": os.getpid(), "roots": [str(root) for root in roots], **ports}))
    temporary.replace(data / name)
