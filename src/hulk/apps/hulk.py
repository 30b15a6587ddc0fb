"""The program `hulk`: start Hulk, or ask it something."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from hulk.apps import starting
from hulk.apps.terminal import language, spoken, told
from hulk.apps.whereabouts import data_folder
from hulk.kernel import ids
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.text import Text

if TYPE_CHECKING:  # the settings: not for `--help`
    from hulk.runtime.config import Config

# OpenBLAS (numpy) ends its threads whenever the process forks (pthread_atfork), and whoever computes on them just then waits
# for ever: seen as decisions that hung while git was started. With one thread of its own it has none to wait for.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# grpc would hold all of its threads still whenever the process forks, for children that go on with it. Ours execute a program.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

# Our NATS, written in Go, may let its heap grow by half before it looks for garbage, not to the double: with a thousand conversations both
# together take 13 MB less, for no CPU that could be measured.
os.environ.setdefault("GOGC", "50")

app = typer.Typer(
    help=spoken(Text("Hulk turns an intent into work that is decided, executed and audited.")),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help=spoken(Text("Settings file (default: hulk.yaml here, if there is one).")))
]
DataOption = Annotated[
    Path | None, typer.Option("--data", help=spoken(Text("Folder in which Hulk keeps what it knows (default: ~/.local/share/hulk).")))
]


@app.command(help=spoken(Text("Start Hulk and serve until it is stopped with Ctrl-C or SIGTERM.")))
def up(
    config: ConfigOption = None,
    data: DataOption = None,
    port: Annotated[int | None, typer.Option(help=spoken(Text("TCP port; 0 takes a free one (default: 8080).")), min=0, max=65535)] = None,
    host: Annotated[str | None, typer.Option(help=spoken(Text("Address to listen on (default: 127.0.0.1).")))] = None,
    root: Annotated[
        list[Path] | None, typer.Option(help=spoken(Text("Folder under which paths in requests are read; may be given again.")))
    ] = None,
    ask: Annotated[str | None, typer.Option(help=spoken(Text("Ask this once Hulk is up, about the folder it was started in.")))] = None,
    once: Annotated[bool, typer.Option("--once", help=spoken(Text("With --ask: stop after the answer.")))] = False,
) -> None:
    """Start Hulk."""
    given = {"server.port": port, "server.host": host, "tools.files.roots": [str(one) for one in root or ()] or None}

    def act() -> int:
        starting.begun()
        from hulk.apps.serving import Start, serve_until_stopped  # the whole of Hulk, which `hulk --help` and `hulk ask` do not need

        folder = Path.cwd()
        start = Start(config=_settings(config, given, folder), data=data_folder(data, os.environ), folder=folder, question=ask, once=once)
        return run(lambda: serve_until_stopped(start))

    told(act, (Refused, NotFound))


def _settings(config: Path | None, given: Mapping[str, Any], folder: Path) -> "Config":
    """The settings of a program that serves, with those options that were `given` (not None)."""
    from hulk.apps.settings import configured, for_people  # the modules, whose settings they are: not for `--help`

    settings = configured(config, os.environ, {key: value for key, value in given.items() if value is not None}, folder)
    return for_people(settings) if sys.stderr.isatty() else settings


@app.command(help=spoken(Text("Execute runs beside other processes of a cluster, until it is stopped with Ctrl-C or SIGTERM.")))
def worker(
    config: ConfigOption = None,
    data: DataOption = None,
    queues: Annotated[
        str | None, typer.Option(help=spoken(Text("Queues to take work from, with commas (default: engine.queues, that is default).")))
    ] = None,
    slots: Annotated[
        int | None, typer.Option(help=spoken(Text("Runs of each queue executed at once (default: engine.workers).")), min=1)
    ] = None,
    tickets: Annotated[
        str | None,
        typer.Option(help=spoken(Text("Take tickets of the Hulk at this address (gRPC) instead; its API key is read from HULK_API_KEY."))),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=COMMAND", help=spoken(Text("With --tickets: the command that does a kind's work; may be given again."))),
    ] = None,
    namespace: Annotated[str, typer.Option(help=spoken(Text("With --tickets: take from this namespace (default: default).")))] = "",
    group: Annotated[str, typer.Option(help=spoken(Text("With --tickets: take what is for this group of workers, too.")))] = "",
    name: Annotated[
        str | None, typer.Option(help=spoken(Text("With --tickets: this worker's name (default: of the machine and the process).")))
    ] = None,
    lease: Annotated[
        int | None,
        typer.Option(help=spoken(Text("With --tickets: seconds of a lease, 1 to 3600 (default: as the kind has it).")), min=1, max=3600),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help=spoken(Text("TCP port of /health, /ready and /metrics; 0 takes a free one.")), min=0, max=65535)
    ] = None,
    host: Annotated[str | None, typer.Option(help=spoken(Text("Address to listen on (default: 127.0.0.1).")))] = None,
) -> None:
    """Work."""
    if tickets is not None:
        _work_on_tickets(tickets, kind or (), slots or 1, namespace, group, name, lease)
    given = {"engine.queues": queues, "engine.workers": slots, "worker.port": port, "worker.host": host}

    def act() -> int:
        starting.begun()
        from hulk.apps.worker import work_until_stopped  # the whole of Hulk, which `hulk --help` does not need

        folder = Path.cwd()
        settings = _settings(config, given, folder)
        return run(lambda: work_until_stopped(settings, data_folder(data, os.environ), folder))

    told(act, (Refused, NotFound))


def _work_on_tickets(
    url: str, kinds: Sequence[str], slots: int, namespace: str, group: str, name: str | None, lease: int | None
) -> NoReturn:
    """Take tickets of a Hulk elsewhere."""

    def act() -> int:
        from hulk.apps.ticket_worker import Work, address, commands, execute_until_stopped  # gRPC: not for others

        target, encrypted = address(url)
        work = Work(
            target=target, encrypted=encrypted, commands=commands(kinds), slots=slots, namespace=namespace, group=group,
            name=name or ids.process(), lease=None if lease is None else timedelta(seconds=lease),
            key=os.environ.get("HULK_API_KEY") or None, language=language(os.environ),
        )  # fmt: skip
        return run(lambda: execute_until_stopped(work))

    told(act, (Refused, NotFound))


@app.command(help=spoken(Text("Serve tickets over gRPC and HTTP, and execute no runs, until it is stopped with Ctrl-C or SIGTERM.")))
def tickets(
    config: ConfigOption = None,
    data: DataOption = None,
    port: Annotated[
        int | None, typer.Option(help=spoken(Text("TCP port of HTTP; 0 takes free ones (default: 8000).")), min=0, max=65535)
    ] = None,
    host: Annotated[str | None, typer.Option(help=spoken(Text("Address to listen on (default: 127.0.0.1).")))] = None,
) -> None:
    """Serve tickets."""

    def act() -> int:
        starting.begun()
        from hulk.apps.tickets import ticket_until_stopped  # the whole of Hulk, which `hulk --help` does not need

        folder = Path.cwd()
        settings = _settings(config, {"tickets.port": port, "server.host": host, "grpc.host": host}, folder)
        return run(lambda: ticket_until_stopped(settings, data_folder(data, os.environ), folder))

    told(act, (Refused, NotFound))


@app.command(help=spoken(Text("Ask something, in Portuguese or English, and wait for the answer.")))
def ask(
    text: Annotated[str, typer.Argument(help=spoken(Text("What should be done, in a sentence.")))],
    file: Annotated[
        list[str] | None,
        typer.Option("--file", metavar="PATH|URL", help=spoken(Text("A file that it is about, or its address; may be given again."))),
    ] = None,
    repo: Annotated[str | None, typer.Option("--repo", metavar="PATH", help=spoken(Text("A git repository that it is about.")))] = None,
    agent: Annotated[str | None, typer.Option("--agent", help=spoken(Text("The agent that is asked; else whoever fits.")))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=spoken(Text("Print one JSON object; progress goes to standard error.")))] = False,
    server: Annotated[
        str | None,
        typer.Option(help=spoken(Text("URL of a running Hulk; its API key is read from HULK_API_KEY (default: the local one)."))),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Ask something."""

    def act() -> int:
        from hulk.apps.asking import Asking, folder, given
        from hulk.apps.asking import ask as asked  # aiohttp and the table: not for `--help`

        files, addresses = given(file or ())
        asking = Asking(
            text=text, files=files, addresses=addresses, repository=folder(repo), agent=agent, as_json=as_json, server=server,
            data=data_folder(data, os.environ), config=config, language=language(os.environ), key=os.environ.get("HULK_API_KEY") or None,
        )  # fmt: skip
        return run(lambda: asked(asking))

    told(act, (Refused, NotFound))


@app.command(help=spoken(Text("Offer the tools of a running Hulk over MCP on standard input and output, to programs that start this.")))
def mcp(
    url: Annotated[str | None, typer.Option(help=spoken(Text("URL of a running Hulk (default: the local one).")))] = None,
    server: Annotated[str | None, typer.Option(help=spoken(Text("Only the tools of this virtual server.")), metavar="NAME")] = None,
    key: Annotated[str | None, typer.Option(help=spoken(Text("API key; better in HULK_API_KEY, which other users do not see.")))] = None,
    data: DataOption = None,
) -> None:
    """Relay."""

    def act() -> int:
        from hulk.apps.mcp import Relay, relay  # aiohttp: not for `--help`

        wanted = Relay(
            url=url, data=data_folder(data, os.environ), server=server, key=key or os.environ.get("HULK_API_KEY") or None,
            language=language(os.environ),
        )  # fmt: skip
        return run(lambda: relay(wanted))

    told(act, (Refused, NotFound))


def run(main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run a coroutine to its end, on uvloop where there is one; errors of task groups are told one by one."""
    try:
        import uvloop  # not on every platform
    except ImportError:
        return asyncio.run(main())
    return uvloop.run(main())


def main() -> None:
    """The entry of the program."""
    app(prog_name="hulk")


if __name__ == "__main__":
    main()
