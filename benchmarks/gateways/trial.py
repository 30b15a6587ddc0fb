"""A gateway that runs, the upstream behind it and the client before it."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contestants import ROOT
from benchmarks.gateways.contestants import Gateway
from benchmarks.gateways.prompts import ANSWER, MODEL, SHORT
from benchmarks.machine import Reading, memory_mb, tree
from benchmarks.measures import Values
from benchmarks.trial import Failed, Process, kill

STARTS_WITHIN = 120.0
LOOK_SECONDS = 0.02
REFUSED = ("40", "422", "501")
SPARED = 100
"""One call in so many may fail; with more there is no figure."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The upstream, and the client that takes orders."""

    upstream: str
    server: Process
    client: Process

    def sent(self, **order: object) -> dict[str, Any]:
        """Have calls made; with the last failure, if any, as `story`."""
        assert self.client.stdin is not None
        assert self.client.stdout is not None
        self.client.stdin.write(json.dumps(order).encode() + b"\n")
        self.client.stdin.flush()
        told: dict[str, Any] = json.loads(self.client.stdout.readline())
        return told

    def order(self, **order: object) -> Values:
        """The same. Raises `Failed` when too many were answered wrongly."""
        told = self.sent(**order)
        story = told.pop("story")
        if told["failed"] * SPARED > told["count"]:
            raise Failed(f"{told['failed']:.0f} calls failed, {told['count']:.0f} did not: {story}")
        return told

    def direct(self, **order: object) -> Values:
        """Have the upstream itself called."""
        return self.order(url=f"{self.upstream}/v1/chat/completions", model=MODEL, good=ANSWER[:8], **order)


@dataclass(slots=True)
class Trial:
    """A gateway that gives good answers, and the seconds from its start until it did."""

    gateway: Gateway
    bench: Bench
    process: Process
    url: str
    headers: Mapping[str, str]
    folder: Path
    boot: float = 0.0

    @property
    def call(self) -> dict[str, Any]:
        """An order to call it."""
        url = f"{self.url}/v1/chat/completions"
        return {"url": url, "model": self.gateway.model, "headers": self.headers, "good": ANSWER[:8]}

    def calls(self, **order: object) -> Values:
        """Have it called: rate, latency, and CPU in milliseconds per call."""
        return self._used(**self.call, **order)

    def decisions(self, **order: object) -> Values:
        """Have it decide without answering."""
        return self._used(**{**self.call, "url": f"{self.url}/v1/decisions", "good": ""}, **order)

    def _used(self, **order: object) -> Values:
        before = self._reading()
        sent = self.bench.order(**order)
        after = self._reading()
        return sent | {"cpu": 1000 * (after.used[0] - before.used[0]) / sent["count"], "others": before.others(after)}

    def _reading(self) -> Reading:
        return Reading.of([self.process.pid], [self.bench.server.pid, self.bench.client.pid])

    def memory_mb(self) -> float:
        """What it takes now, with all that it has started (PSS)."""
        return memory_mb(tree(self.process.pid))

    def disk_bytes(self) -> int:
        """What it keeps in its folder, its log left out."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file() and file.name != "log")


@contextmanager
def bench() -> Iterator[Bench]:
    """An upstream and a client, ended with the block."""
    server, client = _program("upstream"), _program("load")
    try:
        assert server.stdout is not None
        yield Bench(f"http://127.0.0.1:{int(server.stdout.readline())}", server, client)
    finally:
        kill(server)
        kill(client)


def _program(name: str) -> Process:
    command = [sys.executable, "-m", f"benchmarks.gateways.{name}"]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@contextmanager
def trial(gateway: Gateway, bench: Bench) -> Iterator[Trial]:
    """A gateway with an empty folder, from its first good answer on; killed with the block."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        known = {"port": str(_free_port()), "upstream": bench.upstream, "folder": name}
        (Path(name) / "settings.yaml").write_text(gateway.settings.format(**known))
        headers = {key: value.format(**known) for key, value in gateway.headers.items()}
        begun = time.perf_counter()
        running = Trial(gateway, bench, _started(gateway, Path(name), known), f"http://127.0.0.1:{known['port']}", headers, Path(name))
        try:
            _wait(running)
            running.boot = time.perf_counter() - begun
            yield running
        finally:
            kill(running.process)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _started(gateway: Gateway, folder: Path, known: Mapping[str, str]) -> Process:
    command = [str(gateway.program), *(argument.format(**known) for argument in gateway.arguments)]
    if gateway.program.suffix == ".js":
        command = ["node", *command]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | dict(gateway.environment)
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def _wait(running: Trial) -> None:
    """Until it gives a good answer; a refusal is not waited out."""
    deadline, story = time.monotonic() + STARTS_WITHIN, "none yet"
    while story:
        if running.process.poll() is not None or time.monotonic() > deadline or story.startswith(REFUSED):
            log = (running.folder / "log").read_text(errors="replace")[-1500:]
            raise Failed(f"no good answer: {story}\n{log}")
        time.sleep(LOOK_SECONDS)
        story = running.bench.sent(**running.call, calls=1, length=SHORT)["story"]
