"""A `hulk up` or `hulk tickets` of its own in an empty folder, and what it uses."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Program:
    """A running Hulk: where it listens, how long it took to be ready, its process and its folder."""

    url: str
    ready_seconds: float
    process: subprocess.Popen[bytes]
    data: Path
    grpc: str = ""

    def cpu_seconds(self) -> float:
        """User and system time of the program and its NATS so far."""
        return sum(cpu_of(pid) for pid in self._pids())

    def own_cpu_seconds(self) -> float:
        """The same of the program without its NATS."""
        return cpu_of(self.process.pid)

    def memory_mb(self) -> dict[str, float]:
        """Proportional set size (PSS) of the program and of its NATS, in MB."""
        return {name: sum(_pss(pid) for pid in pids) for name, pids in (("hulk", [self.process.pid]), ("nats", self._pids()[1:]))}

    def _pids(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]


@asynccontextmanager
async def started(
    folder: Path, program: str = "up", settings: Mapping[str, str] | None = None, *, kept: Path | None = None
) -> AsyncIterator[Program]:
    """A Hulk working in `folder`, on an empty data folder or the one that was `kept`. `settings` are variables of the environment."""
    with nullcontext(str(kept)) if kept else tempfile.TemporaryDirectory() as data:
        (Path(data) / "server.json").unlink(missing_ok=True)  # what a Hulk before it has told
        begun = time.perf_counter()
        command = [str(Path(sys.executable).parent / "hulk"), program, "--data", data, "--port", "0"]
        env = {**os.environ, **(settings or {})}
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: ASYNC220  # before anything else runs
        try:
            yield await _ready(Path(data), {"up": "server.json", "tickets": "tickets.json"}[program], process, begun)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


async def _ready(data: Path, told: str, process: subprocess.Popen[bytes], begun: float) -> Program:
    while process.poll() is None:
        try:
            info = json.loads((data / told).read_text())
            return Program(info["url"], time.perf_counter() - begun, process, data, f"127.0.0.1:{info['grpc']}")
        except (OSError, ValueError):
            await asyncio.sleep(0.005)
    raise RuntimeError(f"hulk up ended with {process.returncode}")


def cpu_of(pid: int) -> float:
    """User and system time of a process so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def family_cpu(pid: int) -> float:
    """The same of a process with all that it has started: what has ended counts once it was waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return cpu_of(pid) + (int(fields[13]) + int(fields[14])) / TICKS + sum(map(cpu_of, map(int, children)))


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
