"""Sockets that tell who made them: a socket that nobody closed is noticed when it is collected, in whatever test runs then."""

import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

FRAMES = 12


class Told(socket.socket):
    """A socket; its `repr`, which stands in the ResourceWarning, names the test and the calls that made it."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.made = [os.environ.get("PYTEST_CURRENT_TEST", "no test"), *_calls()]

    def __repr__(self) -> str:
        return f"{super().__repr__()} made in {' < '.join(getattr(self, 'made', ()))}"


def _calls() -> Iterator[str]:
    """Who called, the nearest first."""
    frame = sys._getframe(2)
    for _ in range(FRAMES):
        if frame.f_back is None:
            return
        yield f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno} {frame.f_code.co_name}"
        frame = frame.f_back


def tell() -> None:
    """From now on, every socket tells."""
    socket.socket = Told  # type: ignore[misc]  # on purpose, and in tests only
