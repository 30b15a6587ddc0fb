"""Process 1 between the walls: starts the program, keeps it within its limits, ends all that is left, says what came of it."""

import os
import resource
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hulk.runtime.jail import calls
from hulk.runtime.jail.filtering import filtered
from hulk.runtime.jail.plan import WORK, Plan
from hulk.runtime.jail.probing import facts
from hulk.runtime.jail.watching import Ends, Held, held

LEASE = 0
"""The file whose end means that nobody wants this any more."""
_LOOK_EVERY = 0.05
_SIGNALS = 16
"""That may wait for each process."""
_CHUNK = 1 << 16


@dataclass(slots=True)
class Warden:
    """One program, from its start to the end of all that it started."""

    plan: Plan
    begun: float = field(default_factory=time.monotonic)
    status: int | None = None
    ended: str = ""
    """Why it was ended: time, cpu, memory, processes; lease when nobody waits for it."""
    most: Held = field(default_factory=Held)
    said: dict[int, Ends] = field(default_factory=dict)
    """What it said, by the file that it is heard from: standard output, then standard error."""

    def run(self, stdin: int) -> dict[str, Any]:
        """What came of it, with what it said. Nobody else is left then."""
        wake, waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        (out, out_in), (err, err_in) = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
        child = started(self.plan, (stdin, out_in, err_in))
        for file in (stdin, out_in, err_in):
            os.close(file)
        self.said = {out: Ends(self.plan.limits.output), err: Ends(self.plan.limits.output)}
        self._watched(child, wake)
        self._cleared()
        self._drained()
        return self._told(*self.said.values())

    def _watched(self, child: int, wake: int) -> None:
        """Until the program has ended or must."""
        poll = select.poll()
        for file in (LEASE, wake, *self.said):
            poll.register(file, select.POLLIN)
        looked = 0.0
        while self.status is None and not self.ended:
            for file, _ in poll.poll(_LOOK_EVERY * 1000):
                self._heard(file, wake, poll.unregister)
            self._reaped(child)
            if time.monotonic() - looked >= _LOOK_EVERY:
                self._looked()
                looked = time.monotonic()

    def _heard(self, file: int, wake: int, forget: Callable[[int], None]) -> None:
        if file == LEASE:
            self.ended = "lease"
        elif not (data := os.read(file, _CHUNK)):
            forget(file)
        elif file != wake:
            self.said[file].add(data)

    def _reaped(self, child: int) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid == child:
                self.status = status

    def _looked(self) -> None:
        limits, now = self.plan.limits, held()
        self.most = self.most.larger(now)
        over = {
            "time": time.monotonic() - self.begun > limits.seconds,
            "cpu": now.cpu > limits.cpu,
            "memory": now.memory > limits.memory,
            "processes": now.processes > limits.processes,
        }
        if self.status is None:
            self.ended = self.ended or next((why for why, is_so in over.items() if is_so), "")

    def _cleared(self) -> None:
        """Nobody is left but this process, which a signal to all leaves out (kill(2))."""
        while True:
            try:
                os.kill(-1, signal.SIGKILL)
                os.waitpid(-1, 0)
            except (ProcessLookupError, ChildProcessError):
                return

    def _drained(self) -> None:
        """What was said and not yet heard: nobody holds the other ends any more."""
        for file, ends in self.said.items():
            while data := os.read(file, _CHUNK):
                ends.add(data)
            os.close(file)

    def _told(self, out: Ends, err: Ends) -> dict[str, Any]:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        code = None if self.status is None else os.waitstatus_to_exitcode(self.status)
        return {
            "exit": code, "ended": self.ended, "seconds": round(time.monotonic() - self.begun, 3),
            "cpu": round(used.ru_utime + used.ru_stime, 3), "memory": self.most.memory, "processes": self.most.processes,
            "stdout": out.told(), "stderr": err.told(),
        }  # fmt: skip


def started(plan: Plan, ends: tuple[int, int, int]) -> int:
    """The program's process. Raises `OSError` when it cannot be executed."""
    heard, told = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        _become(plan, ends, told)
    os.close(told)
    with os.fdopen(heard, "rb") as line:
        if trouble := line.read(200):
            number, _, what = trouble.partition(b" ")
            raise OSError(int(number), what.decode())
    return child


def _become(plan: Plan, ends: tuple[int, int, int], told: int) -> None:
    """Never comes back."""
    try:
        os.setsid()
        for wanted, file in enumerate(ends):
            os.dup2(file, wanted)
        os.chdir(WORK)
        _limited(plan)
        for one in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
            signal.signal(one, signal.SIG_DFL)
        calls.powerless()
        filtered()
        if plan.argv:
            os.execve(plan.argv[0], plan.argv, plan.env)  # noqa: S606  # no shell is the point
        os.write(1, facts().encode())
    except OSError as error:
        os.write(told, f"{error.errno} {error.strerror}"[:200].encode())
    finally:
        os._exit(127)


def _limited(plan: Plan) -> None:
    limits = plan.limits
    wanted = {
        resource.RLIMIT_CPU: limits.cpu + 1,
        resource.RLIMIT_DATA: limits.memory,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NPROC: limits.processes + 2,  # the warden, and who waits for it outside
        resource.RLIMIT_NOFILE: 1024,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: limits.processes * _SIGNALS,
    }
    for which, most in wanted.items():
        ceiling = resource.getrlimit(which)[1]
        most = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
        resource.setrlimit(which, (most, most))
