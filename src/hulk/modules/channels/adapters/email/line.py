"""Sending by e-mail."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hulk.kernel.errors import NotFound, TooLarge
from hulk.kernel.text import Language, Text, Voice
from hulk.kernel.time import Clock
from hulk.modules.channels.adapters.email.bodies import content_of
from hulk.modules.channels.adapters.email.checking import Checking
from hulk.modules.channels.adapters.email.composing import MOST, Sheet, composed, id_of, recipient
from hulk.modules.channels.adapters.email.imap import Imap, ImapServer, quoted
from hulk.modules.channels.adapters.email.smtp import SmtpServer
from hulk.modules.channels.domain import Attached, Limits, Outgoing, Pace
from hulk.modules.channels.ports import Checked, Sent, Unknowable

_TRIES = 4
"""How often a mail is looked for among those sent: a server may put it there some seconds after it took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailLine:
    """Sends as a mailbox. `sent` is the folder in which the server itself keeps what it was handed, empty where it does not; with `probes`,
    checking it sends a mail to itself."""

    smtp: SmtpServer
    imap: ImapServer
    address: str
    called: str
    secret: Callable[[], bytes] = field(repr=False)
    authserv: str
    folder: str
    clock: Clock
    voices: Callable[[Language], Voice]
    sent: str = ""
    probes: bool = True
    pause: float = 3.0

    @property
    def limits(self) -> Limits:
        """See `Line`."""
        return Limits(text=100_000, parts=1, file=MOST, together=True)

    @property
    def paces(self) -> tuple[Pace, Pace]:
        """See `Line`; what mail providers let an account send is some in a second at the best."""
        return Pace(rate=2, burst=10), Pace(rate=0.2, burst=4)

    @property
    def sheet(self) -> Sheet:
        """What all mails have."""
        return Sheet(self.address, self.called, self.secret())

    async def send(self, message: Outgoing, files: Sequence[tuple[str, Path]]) -> Sent:
        """See `Line`. Files that are too large together are left out, and named."""
        taken, left = _fitting(files)
        if left:
            said = self.voices(message.language).say(Text("Left out, because the mail would be too large: {names}.", names=", ".join(left)))
            message = _with(message, said)
        to = recipient(message)
        mail = await asyncio.to_thread(composed, message, self.sheet, taken, self.clock())
        await self.smtp.deliver(mail, self.address, to)
        return Sent(id_of(message, self.sheet.domain))

    async def find(self, message: Outgoing) -> Sent | None:
        """See `Line`: it is looked for where the server keeps what was sent."""
        if not self.sent:
            raise Unknowable
        id_ = id_of(message, self.sheet.domain)
        async with self.imap.opened() as imap:
            for attempt in range(_TRIES):
                await imap.examine(self.sent)
                if await imap.search(b"HEADER Message-ID " + quoted(id_)):
                    return Sent(id_)
                await asyncio.sleep(self.pause if attempt < _TRIES - 1 else 0)
        return None

    async def fetch(self, file: Attached, into: Path, most: int) -> None:
        """See `Line`; raises `NotFound` when the mail is gone, or another by now."""
        validity, uid, place = _parsed(file)
        async with self.imap.opened() as imap:
            raw = await _content(imap, self.folder, validity, uid)
        content = None if raw is None else await asyncio.to_thread(content_of, raw, place)
        if content is None or (file.sha256 and hashlib.sha256(content).hexdigest() != file.sha256):
            raise NotFound("The mail that {name} came with is not in the mailbox any more.", name=file.name or file.ref[:40])
        if len(content) > most:
            raise TooLarge("The file is larger than {most} bytes, which is the most that is taken here.", most=most)
        await asyncio.to_thread(into.write_bytes, content)

    async def working(self, address: str, about: str = "") -> None:
        """Nobody looks."""

    async def check(self) -> Checked:
        """See `Line`, and `Checking`."""
        return await Checking(self.smtp, self.imap, self.address, self.secret(), self.authserv, self.folder, self.clock, self.probes)()


def _fitting(files: Sequence[tuple[str, Path]]) -> tuple[list[tuple[str, Path]], list[str]]:
    taken, left, room = list[tuple[str, Path]](), list[str](), MOST
    for name, path in files:
        size = path.stat().st_size
        if size <= room:
            taken.append((name, path))
            room -= size
        else:
            left.append(name)
    return taken, left


def _with(message: Outgoing, more: str) -> Outgoing:
    return replace(message, text=f"{message.text}\n\n{more}".strip())


def _parsed(file: Attached) -> tuple[int, int, int]:
    """Which file of which mail it is. Raises `NotFound`."""
    parts = file.ref.split("/")
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < 12 for part in parts):
        raise NotFound("There is no file {name}.", name=file.ref[:40])
    validity, uid, place = map(int, parts)
    return validity, uid, place


async def _content(imap: Imap, folder: str, validity: int, uid: int) -> bytes | None:
    box = await imap.examine(folder)
    return await imap.content(uid) if box.validity == validity else None
