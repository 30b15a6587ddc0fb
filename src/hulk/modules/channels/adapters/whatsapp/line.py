"""Sending to people on WhatsApp, by Meta's Cloud API."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from hulk.kernel.errors import Forbidden, NotFound, Refused, TooLarge, Unavailable
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.channels.adapters.whatsapp.arrivals import digest
from hulk.modules.channels.adapters.whatsapp.composing import LIMITS, Sendable, Step, addressed, handle, steps, template, upload
from hulk.modules.channels.adapters.whatsapp.graph import Closed, Graph
from hulk.modules.channels.domain import Attached, Limits, Outgoing, Pace
from hulk.modules.channels.ports import Checked, Sent, Unknowable

OPEN_FOR = timedelta(hours=24)
_PACES = Pace(rate=80, burst=80), Pace(rate=1 / 6, burst=45)
"""80 a second for a number, one in 6 seconds for each person, of which 45 may be spent at once (“Throughput”, “Pair rate limits”)."""
_REMEMBERED = 1_000


@dataclass(slots=True)
class Progress:
    """How far a message of several parts has come: a part that is out does not go out again."""

    sent: list[str] = field(default_factory=list)
    uploaded: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class WhatsAppLine:
    """Sends from one phone number (its id). `hook` is the address that Meta calls, empty if it is not known. `template` (its name and
    language) goes to those who can only be reached by one."""

    graph: Graph
    number: str
    app_secret: Callable[[], str]
    clock: Clock
    hook: str = ""
    template: tuple[str, str] | None = None
    _under_way: dict[str, Progress] = field(default_factory=dict)

    @property
    def limits(self) -> Limits:
        """See `Line`."""
        return LIMITS

    @property
    def paces(self) -> tuple[Pace, Pace]:
        """See `Line`."""
        return _PACES

    async def send(self, message: Outgoing, files: Sequence[tuple[str, Path]]) -> Sent:
        """See `Line`. What is out of a message of several parts is remembered by this process, and not sent again with the rest."""
        progress = self._progress(message.id)
        try:
            sent = await self._sent(message, files, progress)
        except Closed:
            if self.template is None or progress.sent:
                raise
            sent = await self._all(message, [template(*self.template, message.text)], progress)
        self._under_way.pop(message.id, None)
        return sent

    async def _sent(self, message: Outgoing, files: Sequence[tuple[str, Path]], progress: Progress) -> Sent:
        if self.template is not None and self._over(message):
            return await self._all(message, [template(*self.template, message.text)], progress)
        sendable, refused = await self._uploaded(message, files, progress)
        parts = steps(message, sendable, refused)
        if not parts:
            raise Refused("There is nothing in this message to send.")
        return await self._all(message, parts, progress)

    async def _all(self, message: Outgoing, parts: Sequence[Step], progress: Progress) -> Sent:
        for place in range(len(progress.sent), len(parts)):
            progress.sent.append(await self._one(message, parts[place], place, len(parts) - 1))
        return Sent(progress.sent[-1])

    async def _one(self, message: Outgoing, part: Step, place: int, last: int) -> str:
        about = {"context": {"message_id": message.about}} if message.about and place == 0 and part["type"] != "template" else {}
        ours = {"biz_opaque_callback_data": handle(message, place, last)}
        said = {"messaging_product": "whatsapp", **addressed(message), **about, **ours, **part}
        answer = await self.graph.post(f"{self.number}/messages", said, attempt=message.attempts, sends=True)
        found = _first_id(answer)
        if not found:
            raise self.graph.vendor.uncertain("no id")
        return found

    async def _uploaded(self, message: Outgoing, files: Sequence[tuple[str, Path]], progress: Progress) -> tuple[list[Sendable], list[str]]:
        """Those that WhatsApp takes, and the names of the others. Nobody sees a file before it is sent."""
        sendable, refused = list[Sendable](), list[str]()
        for place, (name, path) in enumerate(files):
            size = (await asyncio.to_thread(path.stat)).st_size
            if (how := upload(name, size)) is None or not size:
                refused.append(name)
                continue
            key = f"{place}:{name}"
            if key not in progress.uploaded:
                progress.uploaded[key] = await self.graph.upload(f"{self.number}/media", name, path, how.media_type)
            voice = (message.speak or message.aloud) and how.media_type == "audio/ogg"
            sendable.append(Sendable(progress.uploaded[key], name, how.kind, voice=voice))
        return sendable, refused

    def _over(self, message: Outgoing) -> bool:
        """Whether the 24 hours are over, as far as the message knows."""
        at = message.reply.get("at")
        return isinstance(at, int) and self.clock().timestamp() - at > OPEN_FOR.total_seconds()

    def _progress(self, message: str) -> Progress:
        if len(self._under_way) >= _REMEMBERED and message not in self._under_way:
            del self._under_way[next(iter(self._under_way))]
        return self._under_way.setdefault(message, Progress())

    async def find(self, message: Outgoing) -> Sent | None:  # noqa: ARG002  # the port's
        """Meta cannot be asked; but it tells by itself, with the handle, what became of a message that it took."""
        raise Unknowable

    async def fetch(self, file: Attached, into: Path, most: int) -> None:
        """See `Line`. Meta keeps a file for 30 days, and its address for 5 minutes."""
        said = await self.graph.get(f"{_segment(file.ref)}?phone_number_id={self.number}")
        size, url = said.get("file_size"), said.get("url")
        if isinstance(size, int) and size > most:
            raise TooLarge("The file is larger than {most} bytes, which is the most that is taken here.", most=most)
        if not isinstance(url, str):
            raise NotFound("WhatsApp does not have this file any more.")
        await self.graph.download(url, into, most)
        expected = file.sha256 or digest(str(said.get("sha256", "")))
        if expected and await asyncio.to_thread(_sha256, into) != expected:
            await asyncio.to_thread(into.unlink, missing_ok=True)
            raise Unavailable("A file from WhatsApp did not arrive as it was sent.")

    async def working(self, address: str, about: str = "") -> None:  # noqa: ARG002  # what was said tells where
        """The message is marked as read, and “typing…” shown for up to 25 seconds."""
        if about:
            said = {
                "messaging_product": "whatsapp", "status": "read", "message_id": about, "typing_indicator": {"type": "text"},
            }  # fmt: skip
            await self.graph.post(f"{self.number}/messages", said)

    async def check(self) -> Checked:
        """The number is there, and Meta calls us for it. The second is known as far as the token may ask."""
        began = self.clock()
        fields = "id,display_phone_number,verified_name,quality_rating,code_verification_status"
        said = await self.graph.get(f"{self.number}?fields={fields}")
        known = Text(
            "The number {number} of {name} answers, its quality is {quality}", number=str(said.get("display_phone_number", "?")),
            name=str(said.get("verified_name", "?")), quality=str(said.get("quality_rating", "?")),
        )  # fmt: skip
        took = (self.clock() - began).total_seconds()
        subscribed = await self._subscribed()
        return Checked(((known, took), (subscribed, (self.clock() - began).total_seconds() - took)))

    async def _subscribed(self) -> Text:
        """What Meta says of where it calls us. The app of a token can be asked with its secret."""
        try:
            app = _segment(str((await self.graph.get("app")).get("id", "")))
            listed = await self.graph.get(f"{app}/subscriptions", token=f"{app}|{self.app_secret()}")
        except (Refused, NotFound) as error:
            return Text("Where Meta calls us is not known ({reason})", reason=error.text)
        return self._calls(listed.get("data"))

    def _calls(self, listed: object) -> Text:
        found: dict[str, Any] = next((one for one in _dicts(listed) if one.get("object") == "whatsapp_business_account"), {})
        address, fields = str(found.get("callback_url", "")), {str(one.get("name", "")) for one in _dicts(found.get("fields"))}
        if not found or not found.get("active", True) or "messages" not in fields:
            raise Forbidden("The app is not subscribed to “messages”: do so at Meta, under WhatsApp > Configuration > Webhook.")
        if self.hook and address.rstrip("/") != self.hook:
            raise Forbidden("Meta calls {other} and not {hook}: change it under WhatsApp > Configuration.", other=address, hook=self.hook)
        return Text("Meta calls {address}", address=address)


def _first_id(answer: dict[str, Any]) -> str:
    first: dict[str, Any] = next(_dicts(answer.get("messages")), {})
    found = first.get("id")
    return found if isinstance(found, str) else ""


def _dicts(many: object) -> Iterator[dict[str, Any]]:
    return (one for one in many if isinstance(one, dict)) if isinstance(many, list) else iter(())


def _segment(ref: str) -> str:
    """An id as it stands in a path. Raises `NotFound` for what is none: nothing else is ever asked for."""
    if not ref.isascii() or not ref.replace("_", "").replace("-", "").isalnum():
        raise NotFound("WhatsApp does not have this file any more.")
    return ref


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
