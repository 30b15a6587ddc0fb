"""What comes in and goes out by channels of a running Hulk, line by line."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from hulk.apps.client import Client
from hulk.kernel.records import JsonObject

LOOK_SECONDS = 1.0
MOST_OPEN = 200
"""Messages whose end is awaited, the newest."""
_OPEN = ("waiting", "sending")


@dataclass(frozen=True, slots=True)
class Line:
    """Something that came in (`<`) or goes out (`>`), as a program and as people read it."""

    at: str
    direction: str
    what: JsonObject

    @property
    def json(self) -> str:
        """For programs."""
        return json.dumps({"direction": "in" if self.direction == "<" else "out", **self.what}, ensure_ascii=False)

    @property
    def text(self) -> str:
        """For people: one line, whatever was written."""
        state = (self.what["outcome"] or "…") if self.direction == "<" else self.what["state"]
        who = self.what["sender"] if self.direction == "<" else self.what["address"]
        said = " ".join("".join(one if one.isprintable() else " " for one in self.what["text"]).split())
        return f"{self.at[:19]}Z {self.what['channel']} {self.direction} {who} [{state}] {said[:200]}"


@dataclass(slots=True)
class Tail:
    """Of one channel, or of all. A message is told when it is made, and again when something has become of it."""

    client: Client
    channel: str | None
    most: int
    _arrival: str = ""
    _message: str = ""
    _open: dict[str, str] = field(default_factory=dict)

    async def __call__(self, *, follow: bool) -> AsyncGenerator[Line, None]:
        """What was last; then, to `follow`, what comes, without end. Raises what the server answers."""
        for line in await self._looked(first=True):
            yield line
        while follow:
            await asyncio.sleep(LOOK_SECONDS)
            for line in await self._looked(first=False):
                yield line

    async def _looked(self, *, first: bool) -> list[Line]:
        arrivals = await self._page("arrivals", self._arrival, first=first)
        messages = await self._page("messages", self._message, first=first)
        self._arrival = arrivals[-1]["arrival_id"] if arrivals else self._arrival
        self._message = messages[-1]["message_id"] if messages else self._message
        ended = await self._ended()
        for one in messages:
            if one["state"] in _OPEN:
                self._open[one["message_id"]] = one["state"]
        for old in list(self._open)[:-MOST_OPEN]:
            del self._open[old]
        lines = [Line(one["received"], "<", one) for one in arrivals] + [Line(one["created"], ">", one) for one in messages]
        lines = sorted(lines, key=lambda line: line.at) + ended
        return lines[-self.most :] if first else lines

    async def _page(self, what: str, after: str, *, first: bool) -> list[JsonObject]:
        """Those after the last that was seen, oldest first; at first, and while none was seen, the newest."""
        query = {"limit": str(self.most if first else 500), **({"channel": self.channel} if self.channel else {})}
        found: list[JsonObject] = (await self.client.get(f"/v1/channel-{what}?{urlencode(query | ({'after': after} if after else {}))}"))[
            what
        ]
        return found if after else found[::-1]

    async def _ended(self) -> list[Line]:
        """Of those that were open, what has become of them."""
        lines = list[Line]()
        for id_, state in list(self._open.items()):
            one = await self.client.get(f"/v1/channel-messages/{quote(id_, safe='')}")
            if one["state"] == state:
                continue
            lines.append(Line(one["ended"] or one["due"], ">", one))
            if one["state"] in _OPEN:
                self._open[id_] = one["state"]
            else:
                del self._open[id_]
        return lines
