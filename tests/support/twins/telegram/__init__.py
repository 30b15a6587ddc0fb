"""A twin of Telegram's Bot API, a process of its own, with faults on command and Telegram's own rules of bringing updates again.

    with telegram_twin() as twin:           # twin.url is what `channels.telegram[].api` says
        twin.say(updates.message("Olá"))    # somebody writes
        twin.fault("sendMessage", kind="429", retry_after=3)
        twin.state()["sent"]

Its rules are those of tdlib/telegram-bot-api (`bringing`, `checking`); its answers, and the updates of `updates`, are checked with
aiogram's strict models in tests/modules/channels/test_channels_telegram_twin.py. `speed` makes its seconds shorter.
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

from support.processes import leashed

TOKEN = "4242:AAtwin_of_a_token-which_no_server_knows0"
USERNAME = "hulk_twin_bot"
_TESTS = Path(__file__).parents[3]


@dataclass(frozen=True)
class Twin:
    """A running twin."""

    url: str

    def reset(self) -> None:
        """Nothing has happened yet."""
        self._asked("reset", None)

    def say(self, *updates: dict[str, Any]) -> list[int]:
        """That happens; the numbers of the updates."""
        found: list[int] = self._asked("say", list(updates))
        return found

    def again(self, number: int) -> None:
        """The update is brought once more, although it was taken."""
        self._asked("again", number)

    def fault(self, method: str, **how: Any) -> None:
        """What the next request of that method (`*`: of any) meets: `kind` is 429 (with `retry_after`), an HTTP status, `dropped` (done,
        and then not answered), `cut` (not done, not answered) or `page` (a proxy's page, with 200)."""
        self._asked("fault", {"method": method, **how})

    def set(self, **what: Any) -> None:
        """It is so from now on: `revoked`, `blocked` (chats), `gone` (chats), `moved` (chat to chat), `file` ([id, text]),
        `erased` (messages that somebody deleted), `locked` (messages that may not be changed any more)."""
        self._asked("set", what)

    def state(self) -> dict[str, Any]:
        """What was done: `sent`, `answered`, `shown`, `asked` (all calls), `brought` (all tries to bring updates), `waiting`,
        `edited`, and `there`: the messages that people see of it now."""
        found: dict[str, Any] = self._asked("state", None)
        return found

    def _asked(self, what: str, body: Any) -> Any:
        request = urllib.request.Request(f"{self.url}/twin/{what}", json.dumps(body).encode(), {"content-type": "application/json"})  # noqa: S310  # our own twin
        with urllib.request.urlopen(request) as response:  # noqa: S310
            return json.load(response)


@contextlib.contextmanager
def telegram_twin(speed: float = 1.0) -> Iterator[Twin]:
    """A twin whose only bot has `TOKEN`."""
    command = [sys.executable, "-u", "-m", "support.twins.telegram", str(speed)]
    with subprocess.Popen(leashed(*command), cwd=_TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Twin(f"http://127.0.0.1:{process.stdout.readline().strip()}")
        finally:
            process.kill()
