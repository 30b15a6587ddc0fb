"""`hulk ask`: send a question with its files, show progress while it is worked on, give the answer."""

import asyncio
import json
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.live import Live
from rich.markdown import Markdown
from rich.table import Table

from hulk.apps.client import Client, connected, found_server, own_server
from hulk.apps.painting import err, out
from hulk.apps.terminal import FAILED, spoken
from hulk.apps.whereabouts import Server
from hulk.kernel.addresses import is_address, no_repository_at
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text

_MARKS = {
    "completed": "[green]✓[/]",
    "failed": "[red]✗[/]",
    "skipped": "[dim]–[/]",
    "running": "[cyan]●[/]",
    "ready": "[dim]○[/]",
    "open": "[dim]·[/]",
}
_DECISIONS = ("tool.approval", "agent.question", "agent.review")
_ENDED = ("completed", "failed", "skipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is asked on the command line. `data` is the local data folder, `server` a Hulk elsewhere; `addresses` are of files that the
    server fetches."""

    text: str
    files: tuple[Path, ...]
    addresses: tuple[str, ...] = ()
    repository: Path | None
    agent: str | None = None
    as_json: bool
    server: str | None
    data: Path
    config: Path | None
    language: str
    key: str | None


def given(files: Sequence[str]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """What stands behind `--file`: the paths, and the addresses."""
    return tuple(Path(one) for one in files if not is_address(one)), tuple(one for one in files if is_address(one))


def folder(repository: str | None) -> Path | None:
    """What stands behind `--repo`; raises `Refused` for an address."""
    if repository is not None and (is_address(repository) or repository.startswith(("git@", "ssh://"))):
        raise no_repository_at(repository)
    return None if repository is None else Path(repository)


async def ask(asking: Asking) -> int:
    """Ask, follow to the end, show. Gives the exit code: 0 completed, 1 failed. Raises `HulkError`."""
    paths = _checked(asking)
    async with _server(asking, paths) as server, connected(server, asking.language, asking.key) as client:
        return await answered(client, asking)


async def answered(client: Client, asking: Asking) -> int:
    """Ask `client`'s server, and show what comes of it."""
    body: JsonObject = {"text": asking.text, "sources": await _sources(client, asking), "agent": asking.agent}
    accepted = await client.post("/v1/intents", body, {"idempotency-key": uuid.uuid4().hex})
    await _follow(client, accepted["links"])
    view = await client.get(accepted["links"]["self"])
    artefacts = await _fetched(client, view, asking.data / "artefacts" / view["intent_id"])
    if asking.as_json:
        sys.stdout.write(json.dumps(summary(view, artefacts), ensure_ascii=False, indent=2) + "\n")
    else:
        _show(view, artefacts)
    return 0 if view["status"] == "completed" else FAILED


def _checked(asking: Asking) -> tuple[Path, ...]:
    """The files and the repository, which must be there and readable for whoever asks."""
    for file in asking.files:
        if not file.exists():
            raise NotFound("There is no file {path}.", path=str(file))
        if not file.is_file():
            raise Refused("{path} is not a file. For a repository use --repo.", path=str(file))
        _readable(file)
    if asking.repository is not None and not asking.repository.is_dir():
        raise NotFound("There is no folder {path}.", path=str(asking.repository))
    return (*asking.files, *((asking.repository,) if asking.repository else ()))


def _readable(file: Path) -> None:
    try:
        file.open("rb").close()
    except OSError as error:
        raise Refused("{path} cannot be read: {reason}.", path=str(file), reason=error.strerror) from error


@asynccontextmanager
async def _server(asking: Asking, paths: Sequence[Path]) -> AsyncIterator[Server]:
    """The named server, or the one that runs on the data folder, or one started for this question."""
    if asking.server is not None:
        yield Server(asking.server.rstrip("/"))
        return
    running = await found_server(asking.data)
    if running is not None:
        yield running
        return
    roots = [await _top(path) if path.is_dir() else path.parent for path in (one.resolve() for one in paths)]
    with err.status(spoken(Text("Starting Hulk …"))):
        stack = AsyncExitStack()
        server = await stack.enter_async_context(own_server(asking.data, asking.config, [Path.cwd(), *roots]))
    async with stack:
        yield server


async def _sources(client: Client, asking: Asking) -> list[JsonObject]:
    found = [await _source(client, file, "file") for file in asking.files]
    found += [{"kind": "file", "url": address} for address in asking.addresses]
    return found + ([await _source(client, asking.repository, "repository")] if asking.repository else [])


async def _source(client: Client, path: Path, kind: str) -> JsonObject:
    """As a path when the server reads it itself, else as content that is sent."""
    real = await asyncio.to_thread(path.resolve)
    top = real if kind == "file" else await _top(real)
    if any(top.is_relative_to(root) for root in client.server.roots):
        return {"kind": kind, "path": str(real), "name": real.name}
    with tempfile.TemporaryDirectory() as folder:
        content = real if kind == "file" else await _bundled(real, Path(folder) / "repository.bundle")
        return {"kind": kind, "blob": await client.upload(content), "name": real.name}


async def _top(folder: Path) -> Path:
    """The repository's own folder, of which `folder` may be a part; `folder` when it is none."""
    process = await asyncio.create_subprocess_exec(
        "git", "-C", str(folder), "rev-parse", "--show-toplevel", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await process.communicate()
    return Path(said.decode().strip()) if process.returncode == 0 else folder


async def _bundled(repository: Path, bundle: Path) -> Path:
    """The repository's current branch in one file (`git bundle`)."""
    process = await asyncio.create_subprocess_exec(
        "git",
        "-C",
        str(repository),
        "bundle",
        "create",
        str(bundle),
        "HEAD",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate()
    if process.returncode != 0:
        said = complaint.decode(errors="replace").strip().splitlines() or ["?"]
        raise Refused("{path} is not a git repository that can be read: {reason}", path=str(repository), reason=said[-1])
    return bundle


async def _follow(client: Client, links: JsonObject) -> None:
    """Show the tickets as they are worked on, until the intent has ended."""
    if not err.is_terminal:
        async for event in client.events(links["events"]):
            err.print(f"{event.kind} {event.data.get('kind', event.data.get('name')) or ''}".rstrip(), style=None)
        return
    with Live(_table({}), console=err, refresh_per_second=8, transient=True) as live:
        async for _ in client.events(links["events"]):
            live.update(_table(await client.get(links["self"])))


def _table(view: JsonObject) -> Table:
    """Live: the decision, a bar, and the tickets."""
    tickets = [ticket for ticket in view.get("tickets", ()) if ticket["owner"] == "run"]
    ended = sum(ticket["status"] in _ENDED for ticket in tickets)
    table = Table.grid(padding=(0, 1))
    decision = view.get("decision") or {}
    bar = "█" * ended + "░" * (len(tickets) - ended)
    table.add_row("", f"[bold]{decision.get('name') or '…'}[/]  {bar} {ended}/{len(tickets)}")
    for ticket in tickets:
        table.add_row(_MARKS.get(ticket["status"], " "), ticket["title"], f"[dim]{ticket['kind']}[/]")
    for ticket in _waited_for(view):
        table.add_row("[yellow]?[/]", ticket["title"], f"[dim]thor tickets approve {ticket['ticket_id']}[/]")
    return table


def _waited_for(view: JsonObject) -> list[JsonObject]:
    """Tickets in which a person decides how it goes on."""
    return [one for one in view.get("tickets", ()) if one["status"] == "open" and one["kind"] in _DECISIONS]


async def _fetched(client: Client, view: JsonObject, folder: Path) -> dict[str, Path]:
    """The files that were made, by name, written into `folder`."""
    found = {}
    for artefact in view["artefacts"]:
        path = folder / Path(artefact["name"]).name
        await client.download(artefact["url"], path)
        found[artefact["name"]] = path
    return found


def summary(view: JsonObject, artefacts: dict[str, Path]) -> JsonObject:
    """What `--json` prints: one object, for programs."""
    decision = view["decision"]
    return {
        "intent_id": view["intent_id"],
        "plan_id": view["plan_id"],
        "status": view["status"],
        "decision": decision and {key: decision[key] for key in ("kind", "name", "reasons", "sensitivity")},
        "tickets": [{key: ticket[key] for key in ("ticket_id", "kind", "status", "run_id")} for ticket in view["tickets"]],
        "answer": view["answer"],
        "artefacts": [
            {"name": one["name"], "path": str(artefacts[one["name"]]), "media_type": one["media_type"]} for one in view["artefacts"]
        ],
        "cost": view["cost"],
        "trace_id": view["trace_id"],
        "seconds": view["seconds"],
    }


def _show(view: JsonObject, artefacts: dict[str, Path]) -> None:
    """The answer, then where it comes from."""
    out.print(Markdown(view["answer"] or ""))
    out.print()
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(view):
        facts.add_row(f"[dim]{name}[/]", value)
    for path in artefacts.values():
        facts.add_row(f"[dim]{spoken(Text('file'))}[/]", str(path))
    out.print(facts)


def _facts(view: JsonObject) -> list[tuple[str, str]]:
    decision = view["decision"] or {}
    cost = view["cost"]
    workers = [ticket for ticket in view["tickets"] if ticket["owner"] == "run"]
    people = [ticket for ticket in view["tickets"] if ticket["owner"] == "person"]
    facts = [
        (spoken(Text("intent")), f"{view['intent_id']} ({view['status']}, {view['seconds']:.2f} s)"),
        (spoken(Text("decision")), f"{decision.get('kind', '—')} {decision.get('name') or ''}".strip()),
        (spoken(Text("plan")), view["plan_id"] or "—"),
        (spoken(Text("tickets")), ", ".join(f"{ticket['kind']} {_MARKS.get(ticket['status'], '')}" for ticket in workers) or "—"),
        *((spoken(Text("for you")), f"{ticket['ticket_id']}  {ticket['title']}") for ticket in people),
        (spoken(Text("cost")), f"{cost['currency']} {cost['amount']}"),
        (spoken(Text("trace")), view["trace_id"] or "—"),
    ]
    return facts  # noqa: RET504  # named for the reader
