"""Hearing a mailbox: what comes is read, kept, and only then marked as heard."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import structlog

from hulk.kernel.errors import Refused
from hulk.kernel.time import Clock
from hulk.modules.channels.adapters.email.imap import Box, Imap, ImapServer, Meta, day
from hulk.modules.channels.adapters.email.marks import BACK, Mark
from hulk.modules.channels.adapters.email.reading import LARGEST, Mail, Reader
from hulk.modules.channels.domain import Arrival, Sender
from hulk.modules.channels.ports import Heard

log = structlog.get_logger(__name__)
IDLE_SECONDS = 240.0
"""How long a line is trusted that says nothing: servers and what stands between forget it later than that (RFC 2177 says 29 minutes)."""
POLL_SECONDS = 30.0
_BATCH = 16
_MOST_BYTES = 4_000_000
"""Mails that are kept at once, in number and size."""
_TRIES = 5
"""How often a mail is asked for that the server does not give."""

Marked: TypeAlias = Callable[[str], Awaitable[None]]


@dataclass(slots=True)
class EmailListens:
    """Hears a folder of a mailbox."""

    server: ImapServer
    reader: Reader
    folder: str
    clock: Clock
    idle: float = IDLE_SECONDS
    poll: float = POLL_SECONDS
    _failed: dict[int, int] = field(default_factory=dict)

    async def listen(self, heard: Heard, mark: str, marked: Marked) -> None:
        """See `Listens`."""
        async with self.server.opened() as imap:
            at, box = Mark.parsed(mark), await imap.examine(self.folder)
            if at is None:
                at = Mark.fresh(box.validity, box.next, await self._begun(imap, box))
                await marked(str(at))
            while True:
                at = await self._round(imap, box, at, heard, marked)
                await heard(())  # none, too: then it is known that it works
                await imap.wait(self.idle, self.poll)
                box = await imap.examine(self.folder)

    async def _begun(self, imap: Imap, box: Box) -> datetime:
        """From when mails are heard: after the newest that is there, by the server's clock, which stamps them. Ours may be ahead of it, and
        what comes until it is that time would be taken for old."""
        now = self.clock()
        newest = [await imap.meta(uid) for uid in (await imap.search(b"UID *"))[-1:] if uid < box.next]
        after = max((one.at + timedelta(seconds=1) for one in newest if one is not None), default=now - BACK)
        return min(now, max(after, now - BACK))

    async def _round(self, imap: Imap, box: Box, at: Mark, heard: Heard, marked: Marked) -> Mark:
        if box.validity == at.validity:
            uids = at.new(await imap.search(b"UID %d:*" % (at.floor + 1)))
            return await self._given(imap, uids, at, heard, marked)
        log.warning("channel_mailbox_renumbered", folder=self.folder, before=at.validity, now=box.validity)
        since = max(at.begun, at.at - BACK)
        uids = await imap.search(b"UID 1:%d SINCE %s" % (max(box.next - 1, 1), day((since - BACK).date())))
        await self._given(imap, uids, Mark.fresh(box.validity, 0, at.begun), heard, None)
        at = at.renumbered(box.validity, box.next)
        await marked(str(at))
        return at

    async def _given(self, imap: Imap, uids: list[int], at: Mark, heard: Heard, marked: Marked | None) -> Mark:
        """Give them on, some at a time, and then keep how far that is."""
        arrivals, weight, place = list[Arrival](), 0, 0
        for uid in uids:
            meta = await imap.meta(uid)
            if meta is not None and meta.at >= at.begun.replace(microsecond=0) and (arrival := await self._read(imap, uid, meta, at)):
                arrivals.append(arrival)
            weight, place = weight + (meta.size if meta else 0), place + 1
            at = at.with_(uid, meta.at if meta else None)
            if len(arrivals) >= _BATCH or weight >= _MOST_BYTES or place == len(uids):
                await heard(arrivals)
                if marked is not None:
                    await marked(str(at))
                arrivals, weight = [], 0
        return at

    async def _read(self, imap: Imap, uid: int, meta: Meta, at: Mark) -> Arrival | None:
        """What a mail is. One that cannot be read, whatever the reason, does not keep those behind it from being heard."""
        whole = meta.size <= LARGEST
        try:
            raw = await imap.content(uid, b"" if whole else b"HEADER")
        except Refused as error:
            return self._kept_back(uid, meta, at, error)
        if raw is None:
            return None
        self._failed.pop(uid, None)
        mail = Mail(f"{at.validity}/{uid}", raw, meta.at, whole)
        try:
            return await asyncio.to_thread(self.reader.read, mail)
        except Exception:  # a fault of ours, with a mail that somebody built for that: it is said, and shown
            log.exception("channel_mail_not_read", folder=self.folder, uid=uid)
            return _unread(mail.place, meta)

    def _kept_back(self, uid: int, meta: Meta, at: Mark, error: Refused) -> Arrival:
        """The server has a mail and does not give it: asked for again some times, and then said. Raises `error` until then."""
        self._failed[uid] = self._failed.get(uid, 0) + 1
        if self._failed[uid] < _TRIES:
            raise error
        log.error("channel_mail_not_given", folder=self.folder, uid=uid, reason=str(error))
        return _unread(f"{at.validity}/{uid}", meta)


def _unread(place: str, meta: Meta) -> Arrival:
    return Arrival(
        key=f"unread:{place}", kind="other", address="?", sender=Sender(id="?"), at=meta.at.astimezone(UTC), addressed=False,
        problem="a mail that cannot be read",
    )  # fmt: skip
