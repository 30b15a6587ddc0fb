"""A bot of the Mattermost twin: what hears and sends for it, and what it heard."""

import asyncio
import contextlib
import json
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hulk.kernel.errors import Unavailable
from hulk.modules.channels.adapters.mattermost import MattermostDoor, MattermostEdits, MattermostLine, MattermostListens, Server, Sorter
from hulk.modules.channels.adapters.vendor import vendor
from hulk.modules.channels.domain import Arrival, Button, Outgoing
from hulk.modules.channels.ports import Request
from hulk.runtime.language import voice
from support.twins.systems import System

HOOK = "https://hulk.example.com/v1/hooks/chat"
COMMAND_TOKEN = "c" * 26


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Chat:
    """The twin, as people use it."""

    twin: System

    def does(self, what: str, **how: Any) -> Any:
        """Tell it (`Twin.do_…`)."""
        url = f"{self.twin.root}/twin/{what}"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(how).encode())) as response:  # noqa: S310  # our own twin
            return json.load(response)

    def says(self, text: str, **how: Any) -> str:
        """Somebody posts; its id."""
        return str(self.does("say", message=text, **how)["id"])

    def ours(self) -> list[dict[str, Any]]:
        """What the bot posted, as it is now."""
        return [one for one in self.does("posts") if one["props"].get("hulk_idem") and not one["original_id"] and not one["delete_at"]]

    def asked(self, path: str) -> list[Any]:
        """Requests whose path ends so."""
        return [one for one in self.twin.seen() if one["path"].endswith(path)]


@dataclass
class Inbox:
    """Keeps what is heard as the inbox does: each key once. It may be `away` for some times."""

    kept: dict[str, Arrival] = field(default_factory=dict)
    again: int = 0
    away: int = 0
    mark: str = ""
    marks: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    _rung: asyncio.Event = field(default_factory=asyncio.Event)

    async def heard(self, arrivals: Sequence[Arrival]) -> None:
        """See `Heard`."""
        if self.away:
            self.away -= 1
            raise Gone("The store is away.")
        for one in arrivals:
            self.again += one.key in self.kept
            self.kept.setdefault(one.key, one)
        self._rung.set()

    async def marked(self, mark: str) -> None:
        """Keep how far it was heard."""
        self.mark = mark
        self.marks.append(mark)
        self._rung.set()

    def trouble(self, why: str) -> None:
        """It could not be heard."""
        self.troubles.append(why)
        self._rung.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for what is heard to be so."""
        while not true():
            self._rung.clear()
            await self._rung.wait()

    @property
    def texts(self) -> list[str]:
        """What was said."""
        return [one.text for one in self.kept.values() if one.kind == "message"]

    def of(self, kind: str) -> list[Arrival]:
        """Those of a kind."""
        return [one for one in self.kept.values() if one.kind == kind]


class Gone(Unavailable):
    """The store is away."""


@dataclass(frozen=True)
class Bot:
    """What hears and sends."""

    server: Server
    door: MattermostDoor
    line: MattermostLine
    listens: MattermostListens
    edits: MattermostEdits

    @contextlib.asynccontextmanager
    async def listening(self, inbox: Inbox) -> AsyncIterator[None]:
        """It hears, again and again as `AtWork` has it, from where the inbox says; there when the block begins."""
        before = len(inbox.marks)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._again(inbox))
            try:
                await inbox.until(lambda: len(inbox.marks) > before)
                yield
            finally:
                task.cancel()

    async def _again(self, inbox: Inbox) -> None:
        while True:
            with contextlib.suppress(Gone):
                await self.listens.listen(inbox.heard, inbox.mark, inbox.marked)


@contextlib.asynccontextmanager
async def bot(twin: System, *, known: str = "right", hook: str = HOOK, team: str = "", channels: Sequence[str] = ()) -> AsyncIterator[Bot]:
    """One of the twin."""
    async with vendor(twin.url, "chat", seconds=5.0) as asking:
        server = Server(asking, lambda: known)
        sorter = Sorter(server, now, channels=frozenset(channels))
        line = MattermostLine(server, hook, now)
        yield Bot(
            server, MattermostDoor(server, lambda: COMMAND_TOKEN, voice), line, MattermostListens(server, sorter, team),
            MattermostEdits(line),
        )  # fmt: skip


def message(address: str, text: str = "Foram 17 pedidos.", **more: Any) -> Outgoing:
    """One that goes out."""
    made = {"id": "msg_1", "tenant": "default", "channel": "chat", "language": "pt", "created": now(), "due": now(), **more}
    return Outgoing(address=address, text=text, **made)


BUTTONS = (Button("👍 Bom", "g.data"), Button("👎 Ruim", "b.data"))


def request(body: bytes, **headers: str) -> Request:
    """As a server sends it."""
    told = {name.replace("_", "-"): (value.encode("utf-8"),) for name, value in headers.items()}
    return Request("POST", told, {}, body, now())
