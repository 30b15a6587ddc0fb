"""Sending as a bot of Mattermost."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from hulk.kernel.errors import Forbidden, NotFound, Refused, Unavailable
from hulk.kernel.text import Text
from hulk.modules.channels.adapters.mattermost.buttons import LABEL, MOST, Signer, with_buttons
from hulk.modules.channels.adapters.mattermost.posts import ID, Address, Id, Post, harmless
from hulk.modules.channels.adapters.mattermost.server import API, Server
from hulk.modules.channels.adapters.mattermost.socket import Socket, opened
from hulk.modules.channels.domain import Attached, Limits, Outgoing, Pace
from hulk.modules.channels.ports import Checked, Sent, Unknowable

MARK = "hulk_idem"
"""The property of a post that says which message of ours it is."""
FILES = 10
_SKEW = timedelta(hours=1)
"""How far the server's clock may be off."""
_PAGES = 25
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\/]')


class Uploaded(BaseModel):
    """What became of files that were sent."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    file_infos: tuple["File", ...]


class File(BaseModel):
    """A file."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Id


@dataclass(frozen=True, slots=True)
class MattermostLine:
    """See `Line`. `hook` is where the server calls us; without it there are no buttons."""

    server: Server
    hook: str
    clock: Callable[[], datetime]

    @property
    def limits(self) -> Limits:
        """See `Line`; as the server last told them."""
        known = self.server.known
        return Limits(text=known.post, buttons=MOST if self.hook else 0, label=LABEL, data=200, file=known.file, files=FILES, shows=4.0)

    @property
    def paces(self) -> tuple[Pace, Pace]:
        """A server that limits how often it is asked allows 10 requests a second by default, and 100 at once."""
        return Pace(rate=10, burst=50), Pace(rate=2, burst=10)

    async def send(self, message: Outgoing, files: Sequence[tuple[str, Path]]) -> Sent:
        """See `Line`. What answers a command is shown to its sender only, where that was said, as long as the server takes that; later, and
        with files, it is sent to them directly."""
        if len(files) > FILES:
            raise Refused("A message of Mattermost takes {most} files; this one has {count}.", most=FILES, count=len(files))
        to, client = Address.parsed(message.address), await self.server.client()
        if to.user and not files and self._response(message) and await self._responded(message, to, blocks=client.blocks):
            return Sent(f"response:{message.id}")
        channel = await self.server.direct(to.user) if to.user else to.channel
        names = [await self._uploaded(channel, name, path) for name, path in files]
        return await self._posted(message, channel, to.root, names, blocks=client.blocks)

    def _response(self, message: Outgoing) -> str:
        until, path = message.reply.get("until"), message.reply.get("response")
        return path if isinstance(path, str) and isinstance(until, int) and self.clock().timestamp() < until else ""

    async def _responded(self, message: Outgoing, to: Address, *, blocks: bool) -> bool:
        """Whether the server took it as an answer to a command: of each it takes five."""
        told = {"response_type": "ephemeral", "text": harmless(message.text), "props": self.props(message, to.channel, blocks=blocks)}
        answer = await self.server.vendor.ask("POST", self._response(message), headers=_JSON, body=_bytes(told), sends=True)
        if answer.status in (400, 404):
            return False
        if not 200 <= answer.status < 300:
            raise self.server.refusal(answer, sends=True)
        return True

    async def _posted(self, message: Outgoing, channel: str, root: str, files: list[str], *, blocks: bool) -> Sent:
        me = await self.server.me()
        post: dict[str, Any] = {
            "channel_id": channel, "message": harmless(message.text), "pending_post_id": f"{me.id}:{message.id}",
            "props": self.props(message, channel, blocks=blocks),
        }  # fmt: skip
        post |= {"root_id": root} if root else {}
        answer = await self.server.ask("POST", "/posts", post | ({"file_ids": files} if files else {}), sends=True)
        try:
            return Sent(Post.model_validate_json(answer.body).id)
        except ValueError as error:
            raise self.server.vendor.uncertain("no post") from error

    def props(self, message: Outgoing, channel: str, *, blocks: bool) -> dict[str, Any]:
        """Those of a post that is that message."""
        signer = Signer(self.hook, self.server.token())
        return {MARK: message.id, **with_buttons(message, channel, signer, blocks=blocks)}

    async def _uploaded(self, channel: str, name: str, path: Path) -> str:
        import aiohttp  # as costly as `vendor` says

        with path.open("rb") as file:
            form = aiohttp.FormData({"channel_id": channel}, quote_fields=False)  # as browsers do: the server shows what it is sent
            form.add_field("files", file, filename=_UNSAFE.sub("_", name), content_type="application/octet-stream")
            answer = await self.server.ask("POST", "/files", data=form)
        told = self.server.read(Uploaded.model_validate_json, answer)
        if not told.file_infos:
            raise Unavailable("{vendor} did not keep the file.", vendor=self.server.vendor.called)
        return told.file_infos[0].id

    async def find(self, message: Outgoing) -> Sent | None:
        """See `Line`: looked for in the thread or channel, back to what it answers."""
        to = Address.parsed(message.address)
        channel = await self.server.direct(to.user) if to.user else to.channel
        pages = self.server.thread(to.root) if to.root else self.server.before(channel)
        found = await self._found(message.id, pages, await self._since(message))
        if found is None and message.reply.get("response"):
            raise Unknowable  # what is shown to one person only cannot be asked for
        return found

    async def _since(self, message: Outgoing) -> int:
        """When what it answers was posted, by the server's clock: ours may have been set since. Where that is not there, by ours."""
        if re.fullmatch(ID, message.about):
            with contextlib.suppress(NotFound, Forbidden):
                return (await self.server.post(message.about)).create_at
        return int((message.created - _SKEW).timestamp() * 1000)

    async def _found(self, id_: str, pages: Any, since: int) -> Sent | None:
        me, read = await self.server.me(), 0
        async for page in pages:
            for one in page:
                if one.user_id == me.id and one.props.get(MARK) == id_:
                    return Sent(one.id)
            read += 1
            if max((one.create_at for one in page), default=0) < since or not page:
                break
            if read >= _PAGES:
                raise Unknowable
        return None

    async def fetch(self, file: Attached, into: Path, most: int) -> None:
        """See `Line`."""
        await self.server.vendor.download(f"{self.server.vendor.url}{API}/files/{file.ref}", into, most, self.server.headers)

    async def working(self, address: str, about: str = "") -> None:  # noqa: ARG002  # the port's
        """The sign that somebody writes; it stands for five seconds."""
        to = Address.parsed(address)
        if not to.user:
            told = {"channel_id": to.channel} | ({"parent_id": to.root} if to.root else {})
            await self.server.ask("POST", "/users/me/typing", told)

    async def check(self) -> Checked:
        """Who we are there, and that the line is open by which we hear; nothing is posted, which people would see."""
        began = time.perf_counter()
        me = await self.server.asked_me()
        known = time.perf_counter()
        rooms = await self.server.rooms()
        asked = time.perf_counter()
        async with opened(self.server) as socket:
            with contextlib.suppress(TimeoutError):
                if await _greeted(socket):
                    over = time.perf_counter()
                    return Checked(
                        (
                            (Text("It knows us as @{name}", name=me.username), known - began),
                            (Text("We are in {count} of its channels", count=len(rooms)), asked - known),
                            (Text("The line by which we hear it is open"), over - asked),
                        )
                    )
        raise Unavailable("{vendor} does not say hello on its websocket: is it passed on by your proxy?", vendor=self.server.vendor.called)


_JSON = {"content-type": "application/json"}


def _bytes(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode()


async def _greeted(socket: Socket) -> bool:
    """Whether the server says hello, in ten seconds."""
    async with asyncio.timeout(10):
        while (told := await socket.next()) is not None:
            if told.get("event") == "hello":
                return True
    return False
