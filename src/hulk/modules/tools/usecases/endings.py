"""Who wants to hear of calls that end in this process."""

from collections.abc import Callable

from hulk.modules.tools.domain import Call


class Endings:
    """Tells each, at once and in this process only."""

    def __init__(self) -> None:
        self._heard: list[Callable[[Call], None]] = []

    def watch(self, heard: Callable[[Call], None]) -> None:
        """Have that called with each call from now on. It must not raise."""
        self._heard.append(heard)

    def __call__(self, call: Call) -> None:
        """This one has ended."""
        for heard in self._heard:
            heard(call)
