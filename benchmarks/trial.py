"""One contestant at work: its servers, a sender and workers as processes, and the marks that its tasks leave."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.contestants import ROOT, Contestant
from benchmarks.machine import Reading, memory_mb, tree
from benchmarks.peers.task import MARK

STOPS_WITHIN = 15.0
LOOK_SECONDS = 0.02
Process = subprocess.Popen[bytes]


class Failed(Exception):
    """A contestant did not do what it should; with the end of its logs."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A task was sent, and began or ended, at these Unix times."""

    number: int
    ended: bool
    sent: float
    at: float


@dataclass(slots=True)
class Trial:
    """A contestant whose servers run. Raises `Failed` with the end of its log when it does not do what it should."""

    contestant: Contestant
    folder: Path
    environment: dict[str, str]
    servers: list[int]
    sender: Process = field(init=False)
    born: float = 0.0
    workers: list[Process] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    done: set[int] = field(default_factory=set)
    """The tasks that have ended, as far as was looked."""

    # ---- processes

    def _started(self, act: Any) -> Process:
        with (self.folder / f"{act}.log").open("ab") as log:
            pipe = subprocess.PIPE if act == "send" else log
            return subprocess.Popen(
                self.contestant.command(act),
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE if act == "send" else subprocess.DEVNULL,
                stdout=pipe,
                stderr=log,
                start_new_session=True,
            )

    def start_sender(self) -> None:
        """Have a sender that takes orders."""
        self.born = time.time()
        self.sender = self._started("send")
        self._answer()

    def start_worker(self) -> Process:
        """Start one more worker."""
        self.workers.append(self._started("work"))
        return self.workers[-1]

    def stop_workers(self) -> None:
        """Let the workers end in their own way, if they do so soon."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            with suppress(subprocess.TimeoutExpired):
                worker.wait(STOPS_WITHIN)
            kill(worker)
        self.workers.clear()

    def close(self) -> None:
        """End all that was started here."""
        for process in [*self.workers, self.sender]:
            kill(process)

    def reading(self) -> Reading:
        """What the workers, the servers, and sender and harness have used."""
        workers, sender = [worker.pid for worker in self.workers], [self.sender.pid]
        return Reading.of(sender, self.servers, []) if self.contestant.alone else Reading.of(workers, self.servers, sender)

    def memory_mb(self) -> tuple[float, float]:
        """What the workers and the servers take now."""
        workers = [self.sender] if self.contestant.alone else self.workers
        return memory_mb(tree(*(worker.pid for worker in workers))), memory_mb(tree(*self.servers))

    # ---- orders

    def order(self, count: int, *, first: int, **order: object) -> float:
        """Have `count` more tasks sent; give the seconds that took."""
        self.begin_order(count, first=first, **order)
        return self.end_order()

    def begin_order(self, count: int, *, first: int, **order: object) -> None:
        """Have tasks sent meanwhile."""
        self._tell(first=first, count=count, **order)

    def end_order(self) -> float:
        """Wait for the order to be carried out; give the seconds that took."""
        return float(self._answer()["seconds"])

    def ended(self) -> int:
        """How many tasks the engine itself holds for completed, -1 when it does not tell."""
        self._tell(ended=True)
        return int(self._answer()["ended"])

    def _tell(self, **order: object) -> None:
        assert self.sender.stdin is not None
        self.sender.stdin.write(json.dumps(order).encode() + b"\n")
        self.sender.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self.sender.stdout is not None
        while line := self.sender.stdout.readline():
            with suppress(ValueError):  # some libraries print to standard output
                answer = json.loads(line)
                if isinstance(answer, dict):
                    return answer
        raise Failed(self._story("its sender ended"))

    # ---- marks

    def look(self) -> None:
        """Read the marks that were left since the last look."""
        path = self.folder / "marks"
        if not path.exists():
            return
        there = len(self.marks)
        with path.open("rb") as file:
            file.seek(there * MARK.size)
            read = file.read()
        whole = read[: len(read) // MARK.size * MARK.size]
        self.marks += [Mark(number, bool(kind), sent, at) for number, kind, sent, at in MARK.iter_unpack(whole)]
        self.done.update(mark.number for mark in self.marks[there:] if mark.ended)

    def came(self, count: int, within: float, every: float = LOOK_SECONDS) -> bool:
        """Look until that many tasks have ended; whether they have in time."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            self.look()
            if len(self.done) >= count:
                return True
            time.sleep(every)
        return False

    def wait_for(self, count: int, within: float, every: float = LOOK_SECONDS) -> None:
        """Wait until that many tasks have ended."""
        if not self.came(count, within, every):
            raise Failed(self._story(f"{len(self.done)} tasks of {count} ended within {within} s"))

    def _story(self, trouble: str) -> str:
        logs = [path.read_text(errors="replace")[-1500:] for path in self.folder.glob("*.log")]
        return f"{self.contestant.name}: {trouble}\n" + "\n".join(logs)


@contextmanager
def trial(contestant: Contestant) -> Iterator[Trial]:
    """A contestant with fresh servers and a sender, all ended with the block."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contestant.served() as (pids, told):
        folder = Path(name)
        environment = {**os.environ, **told, "BENCH_FOLDER": name, "BENCH_MARKS": str(folder / "marks"), "PYTHONPATH": str(ROOT)}
        if not contestant.environment:
            environment["PYTHONPATH"] = os.pathsep.join((str(ROOT), str(ROOT / "src")))
        running = Trial(contestant, folder, environment, pids)
        try:
            if not contestant.alone:
                running.start_worker()
            running.start_sender()
            yield running
        finally:
            running.close()


def kill(process: Process, known: Sequence[int] = ()) -> None:
    """End a process and all its descendants at once, without asking; those `known` are not looked for, which takes a while."""
    for pid in known or tree(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
