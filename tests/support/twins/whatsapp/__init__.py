"""A twin of Meta: its Graph API for WhatsApp, and its calls to our webhook, in a process of its own.

    with meta() as twin:
        twin.url                                    # what goes into the settings
        twin.be(hook="http://…/v1/hooks/zap")       # where it calls, at once and again until it is answered with 200
        twin.say(text_of("Oi"))                     # somebody wrote: one call
        twin.sent()                                 # what people see of us
        twin.be(code=131056)                        # the next message is answered with that error
        twin.upset("lost")                          # the next request goes wrong that way (support.twins.systems.FAULTS)

It keeps Meta's rules: the pair limit (45 at once, one in 6 seconds), the 24 hours, lengths and numbers of buttons, media by id and an
address of its own; and calls at least once, in no order, with a growing pause for up to 7 days, all times shortened by `factor`. Its
payloads are checked with pywa's parser in tests/modules/channels/test_channels_whatsapp_reference.py.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.twins.systems import System
from support.twins.whatsapp.payloads import APP, APP_SECRET, NUMBER, PERSON, PHONE, TOKEN, VERIFY_TOKEN

__all__ = ["APP", "APP_SECRET", "NUMBER", "PERSON", "PHONE", "TOKEN", "VERIFY_TOKEN", "Meta", "meta"]
_TESTS = Path(__file__).parents[3]


@dataclass(frozen=True)
class Meta(System):
    """A running twin."""

    def say(self, *payloads: Any) -> None:
        """Call with each of these."""
        self._told("be", {"say": list(payloads)})

    def sent(self) -> list[Any]:
        """The messages that were taken, in order."""
        return list(self._asked("sent"))

    def calls(self) -> dict[str, Any]:
        """`waiting`, `done` and `dropped` calls, and how many `attempts` they took."""
        return dict(self._asked("calls"))

    def _asked(self, what: str) -> Any:
        self._told("be", {"tell": what})
        return self._told("seen")[-1]["told"]


@contextlib.contextmanager
def meta() -> Iterator[Meta]:
    """A running twin."""
    command = [sys.executable, "-u", "-m", "support.twins.whatsapp"]
    with subprocess.Popen(command, cwd=_TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            root = f"http://127.0.0.1:{process.stdout.readline().strip()}"
            yield Meta(root, root)
        finally:
            process.kill()
