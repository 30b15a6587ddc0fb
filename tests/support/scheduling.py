"""Which test runs in which process when several processes test, and what becomes of the tests of one that dies."""

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, Protocol

from xdist.report import report_collection_diff

FIRST = ("tests/faults/", "tests/journeys/", "tests/apps/", "tests/simulation/")
"""Where tests take longest. They are begun first, so that at the end no process is left alone with one of them."""
SHARED = 'scope="module"'
"""What stands in a file whose tests share something that takes long to make: a running Hulk, a vendor's twin, the model's vectors."""
KNOWN = 3
"""How many tests a process knows of: the one it runs, the one after it, whose fixtures it keeps, and one with which it never waits."""


class Process(Protocol):
    """One that tests, as pytest-xdist has it (`xdist.workermanage.WorkerController`)."""

    @property
    def shutting_down(self) -> bool:
        """Whether it was told to end, or has ended."""

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        """Run the tests that have these places in what it collected."""

    def shutdown(self) -> None:
        """End once all that was sent has run."""


class Sharing:
    """Each test goes to whichever process is free, and those that share something to the same one.

    In place of pytest-xdist's schedulers (`xdist.scheduler.protocol.Scheduling` is what it wants of one). Its `loadgroup` names tests
    anew, and pytest 9.2 does not look at that name. Its `loadscope` gives the tests of a process that died to the others with those
    that it had done: a process that is given nothing but such waits for ever, and the test that ended the first one ends the next.
    Here the others go on, and a test at which its process died begins anew in another one, once: what ends a process may be another's
    doing. It has failed when that one dies, too. `died` tells of each."""

    def __init__(self, processes: int, root: Path) -> None:
        self._processes = processes
        self._root = root
        self._collected: dict[Process, Sequence[str]] = {}
        self._tests: Sequence[str] = ()
        self._places: dict[str, int] = {}
        self._waiting: deque[Sequence[str]] = deque()
        self._given: dict[Process, list[str]] = {}
        self._sharing: dict[str, bool] = {}
        self.died: list[str] = []

    @property
    def nodes(self) -> list[Process]:
        """The processes that are there."""
        return list(self._given)

    @property
    def collection_is_completed(self) -> bool:
        """Whether as many have collected as were asked for."""
        return len(self._collected) >= self._processes

    @property
    def tests_finished(self) -> bool:
        """Whether all may be told to end: a process runs its last test only when it knows that none follows."""
        return self.collection_is_completed and not self._waiting and all(len(given) < 2 for given in self._given.values())

    @property
    def has_pending(self) -> bool:
        """Whether a test has not run yet."""
        return bool(self._waiting) or any(self._given.values())

    def add_node(self, node: Process) -> None:
        """A process is there; what it collects follows."""
        self._given[node] = []

    def add_node_collection(self, node: Process, collection: Sequence[str]) -> None:
        """What it has collected. Raises `RuntimeError` when that is not what the others have."""
        known = next(iter(self._collected.values()), collection)
        if different := report_collection_diff(list(known), list(collection), "one process", "another"):
            raise RuntimeError(different)
        self._collected[node] = collection

    def schedule(self) -> None:
        """Give tests to all that have collected: the first time, and when one has come in place of another."""
        if not self._tests:
            self._tests = next(iter(self._collected.values()))
            self._places = {test: place for place, test in enumerate(self._tests)}
            self._waiting.extend(sorted(self._units(self._tests), key=lambda unit: (not unit[0].startswith(FIRST), -len(unit))))
        for _ in range(KNOWN):
            self._give_all()

    def mark_test_complete(self, node: Process, item_index: int, duration: float = 0) -> None:
        """That test has run."""
        self._given[node].remove(self._tests[item_index])
        self._give(node)

    def remove_node(self, node: Process) -> str | None:
        """The process has ended; gives the test at which it died, if one did there before. All others that it had are given next."""
        left = self._given.pop(node)
        failed = left[0] if left and left[0] in self.died else None
        self.died += left[:1]
        self._waiting.extendleft(reversed(self._units(left[1:] if failed else left)))
        self._give_all()
        return failed

    def mark_test_pending(self, item: str) -> NoReturn:
        """Not asked for: no test runs twice."""
        raise NotImplementedError

    def remove_pending_tests_from_node(self, node: Process, indices: Sequence[int]) -> NoReturn:
        """Not asked for: no test is taken back."""
        raise NotImplementedError

    def _give_all(self) -> None:
        for node in self._given:
            self._give(node)

    def _give(self, node: Process) -> None:
        """The next tests, when it knows of few; that it may end, when there are none."""
        if node.shutting_down or node not in self._collected:
            return
        if self._waiting and len(self._given[node]) < KNOWN:
            unit = self._waiting.popleft()
            try:
                node.send_runtest_some([self._places[test] for test in unit])
            except OSError:  # it has died, which is soon told
                self._waiting.appendleft(unit)
                return
            self._given[node] += unit
        if not self._waiting:
            node.shutdown()

    def _units(self, tests: Sequence[str]) -> list[list[str]]:
        """What goes to one process as a whole, in the tests' order."""
        units: dict[str, list[str]] = {}
        for test in tests:
            file = test.partition("::")[0]
            units.setdefault(file if self._shares(file) else test, []).append(test)
        return list(units.values())

    def _shares(self, file: str) -> bool:
        if file not in self._sharing:
            self._sharing[file] = SHARED in (self._root / file).read_text(encoding="utf-8")
        return self._sharing[file]
