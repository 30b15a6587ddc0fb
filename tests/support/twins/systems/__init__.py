"""Twins of the systems that tools act on, each a process of its own that speaks the vendor's REST API as it is documented.

    with system("github") as twin:
        twin.url                          # what goes into the settings
        twin.upset("500")                 # the next request goes wrong that way (see FAULTS)
        twin.seen()                       # what was asked of it
        twin.reset()                      # as it was at first

The key that they know is `right`; `weak` is known and may do nothing. Checked with the vendors' own clients where there are any.
"""

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).parents[3]
FAULTS = (
    "401", "403", "404", "409", "422", "429", "429 after 7", "500", "503", "503 after 7", "slow", "garbage", "html", "deep", "cut", "flood",
    "elsewhere", "hung up", "lost", "502 after all",
)  # fmt: skip
"""`lost` and `502 after all`: it is done, and the answer does not come or tells of a gateway."""


@dataclass(frozen=True)
class System:
    """A running twin. `thief` is another server on this machine, to which it may send one on."""

    url: str
    root: str

    def upset(self, fault: str, times: int = 1, skip: str = "") -> None:
        """Let the next requests go wrong, but for those whose path ends with `skip`; `lost, 403` is one after the other."""
        self._told("upset", {"fault": fault, "times": times, "skip": skip})

    def seen(self) -> list[Any]:
        """Requests in order: method, path, query, headers, body."""
        return list(self._told("seen"))

    def stolen(self) -> list[Any]:
        """What arrived at the server that it sends one on to."""
        return list(self._told("stolen"))

    def reset(self) -> None:
        """As at first."""
        self._told("reset")

    def be(self, **how: Any) -> None:
        """Whatever else a twin can be told."""
        self._told("be", how)

    def _told(self, what: str, how: Any = None) -> Any:
        request = urllib.request.Request(f"{self.root}/_twin/{what}", json.dumps(how).encode())  # noqa: S310  # our own twin
        with urllib.request.urlopen(request) as response:  # noqa: S310  # our own twin
            return json.load(response)


@contextlib.contextmanager
def system(name: str, path: str = "") -> Iterator[System]:
    """A running twin (`github`, `metabase`…), whose API begins at `path`."""
    command = [sys.executable, "-u", "-m", "support.twins.systems", name]
    with subprocess.Popen(command, cwd=_TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            root = f"http://127.0.0.1:{process.stdout.readline().strip()}"
            yield System(root + path, root)
        finally:
            process.kill()
