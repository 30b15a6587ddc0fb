"""Trying a mailbox: both servers know us, what we send arrives, and nobody else writes the word of our server."""

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.channels.adapters.email.bounces import proof
from hulk.modules.channels.adapters.email.headers import domain_of, header_of
from hulk.modules.channels.adapters.email.imap import Imap, ImapServer, quoted
from hulk.modules.channels.adapters.email.smtp import SmtpServer
from hulk.modules.channels.ports import Checked

ARRIVES_SECONDS = 90.0
_LOOK_SECONDS = 2.0
_FORGED = "hulk-forged.invalid"


@dataclass(slots=True)
class Checking:
    """`probes`: a mail is sent to itself, looked for, and removed. It says of itself that it passed all checks: a server that leaves that
    at the top lets anybody write so."""

    smtp: SmtpServer
    imap: ImapServer
    address: str
    secret: bytes
    authserv: str
    folder: str
    clock: Clock
    probes: bool
    seconds: float = ARRIVES_SECONDS
    _steps: list[tuple[Text, float]] = field(default_factory=list)

    async def __call__(self) -> Checked:
        """Raises what keeps it from working, as `Line.send`."""
        began = time.monotonic()
        await self.smtp.check()
        began = self._proved(Text("{host} takes mail of us", host=self.smtp.place.host), began)
        async with self.imap.opened() as imap:
            await imap.examine(self.folder)
            began = self._proved(Text("{host} lets us read {folder}", host=self.imap.place.host, folder=self.folder), began)
            if self.probes:
                await self._round_trip(imap)
                self._proved(Text("A mail to {address} arrives", address=self.address), began)
        return Checked(tuple(self._steps))

    def _proved(self, what: Text, began: float) -> float:
        now = time.monotonic()
        self._steps.append((what, now - began))
        return now

    async def _round_trip(self, imap: Imap) -> None:
        id_ = f"<probe-{secrets.token_hex(16)}@{domain_of(self.address)}>"
        await self.smtp.deliver(self._probe(id_), self.address, self.address)
        try:
            async with asyncio.timeout(self.seconds):
                uid = await self._found(imap, id_)
        except TimeoutError as error:
            raise Unavailable(
                "A mail to {address} was taken and is not in {folder} after {seconds} seconds: is it the mailbox of that address?",
                address=self.address, folder=self.folder, seconds=int(self.seconds),
            ) from error  # fmt: skip
        raw = await imap.content(uid, b"HEADER")
        await imap.remove(uid)
        if _FORGED in header_of(raw or b"").first("authentication-results"):
            raise Refused(
                "The server leaves the Authentication-Results of {authserv} that a sender wrote: anybody could be anybody. Have it remove "
                "those (RFC 8601, 5), and set its name in authserv.", authserv=self.authserv,
            )  # fmt: skip

    async def _found(self, imap: Imap, id_: str) -> int:
        while True:
            await imap.examine(self.folder, write=True)
            if found := await imap.search(b"HEADER Message-ID " + quoted(id_)):
                return found[-1]
            await asyncio.sleep(_LOOK_SECONDS)

    def _probe(self, id_: str) -> bytes:
        mail = EmailMessage(policy=SMTP)
        for name, value in (
            ("Authentication-Results", f"{self.authserv}; dmarc=pass header.from={_FORGED}"), ("From", self.address), ("To", self.address),
            ("Subject", "Hulk"), ("Date", format_datetime(self.clock())), ("Message-ID", id_), ("Auto-Submitted", "auto-generated"),
            ("Hulk-Probe", proof(self.secret, id_)),
        ):  # fmt: skip
            mail[name] = value
        mail.set_content("Hulk tries whether mail arrives here. It removes this again.\n")
        return mail.as_bytes()
