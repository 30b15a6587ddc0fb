"""SMTP as a provider speaks it (RFC 5321, 3207, 4954)."""

import asyncio
import base64
import ssl
from contextlib import suppress
from dataclasses import dataclass

from support.twins.email.granting import STALE, let_in
from support.twins.email.keeping import Provider


class Over(Exception):
    """The line is to end here."""


@dataclass
class Taking:
    """One line."""

    provider: Provider
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    context: ssl.SSLContext
    secure: bool
    known: bool = False
    sender: str | None = None
    recipient: str | None = None

    async def serve(self) -> None:
        """Until it is over."""
        with suppress(Over, OSError, asyncio.IncompleteReadError, ValueError):
            if await self.meets("CONNECT"):
                return
            await self.say("220 twin ESMTP")
            while line := await self.reader.readline():
                await self.asked(line.rstrip(b"\r\n").decode("latin-1"))
        self.writer.transport.abort()

    async def say(self, text: str) -> None:
        """A reply."""
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()

    async def meets(self, stage: str) -> bool:
        """Whether something goes wrong there now."""
        fault = self.provider.next_fault(stage)
        if fault is None:
            return False
        if fault.get("drop"):
            raise Over
        await self.say(fault["reply"])
        return True

    async def asked(self, line: str) -> None:
        """One command."""
        name, _, rest = line.partition(" ")
        act = getattr(self, f"do_{name.lower()}", None)
        if act is None:
            await self.say("502 5.5.1 Unknown command")
        elif not await self.meets(name.upper()):
            await act(rest)

    async def do_ehlo(self, _: str) -> None:
        """What it can."""
        more = ["STARTTLS"] if self.provider.known["tls"] and not self.secure else []
        abilities = ["twin", "8BITMIME", "ENHANCEDSTATUSCODES", *more, f"AUTH {self._ways()}", "SIZE 26214400"]
        for one in abilities[:-1]:
            await self.say(f"250-{one}")
        await self.say(f"250 {abilities[-1]}")

    async def do_starttls(self, _: str) -> None:
        """By TLS from here on."""
        await self.say("220 2.0.0 Ready")
        await self.writer.start_tls(self.context)
        self.secure = True

    def _ways(self) -> str:
        known = self.provider.known
        return " ".join([*(["XOAUTH2"] if known["oauth"] else []), *([] if known["only"] else ["PLAIN", "LOGIN"])])

    async def do_auth(self, rest: str) -> None:
        """Who it is."""
        method, _, told = rest.partition(" ")
        if method == "XOAUTH2":
            self.known = let_in(self.provider, told.encode())
            if not self.known:
                await self.say(f"334 {STALE}")
                await self.reader.readline()
            await self.say("235 2.7.0 Accepted" if self.known else "535 5.7.8 Username and Password not accepted")
            return
        if method == "PLAIN":
            if not told:
                await self.say("334 ")
                told = (await self.reader.readline()).decode().strip()
            _, user, password = base64.b64decode(told).decode().split("\0")
        else:
            user, password = [await self._told(word) for word in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6")]
        self.known = self.provider.right(user, password)
        await self.say("235 2.7.0 Welcome" if self.known else "535 5.7.8 Username and Password not accepted")

    async def _told(self, word: str) -> str:
        await self.say(f"334 {word}")
        return base64.b64decode(await self.reader.readline()).decode()

    async def do_mail(self, rest: str) -> None:
        """From whom."""
        if not self.known:
            await self.say("530 5.7.0 Authentication Required")
            return
        self.sender = rest.partition("<")[2].partition(">")[0]
        await self.say("250 2.1.0 OK")

    async def do_rcpt(self, rest: str) -> None:
        """To whom."""
        if self.sender is None:
            await self.say("503 5.5.1 MAIL first")
            return
        self.recipient = rest.partition("<")[2].partition(">")[0]
        await self.say("250 2.1.5 OK")

    async def do_data(self, _: str) -> None:
        """The mail."""
        if self.sender is None or self.recipient is None:
            await self.say("503 5.5.1 RCPT first")
            return
        await self.say("354 Go ahead")
        if fault := self.provider.next_fault("BODY"):
            await self.reader.readline()
            raise Over(fault)
        raw = (await self.reader.readuntil(b"\r\n.\r\n"))[:-3]
        raw = raw.replace(b"\r\n..", b"\r\n.")
        await self._ended(raw[1:] if raw.startswith(b"..") else raw)

    async def _ended(self, raw: bytes) -> None:
        assert self.sender is not None
        assert self.recipient is not None
        fault = self.provider.next_fault("END")
        if fault is None or fault.get("drop") or fault["reply"].startswith("2"):
            self.provider.take(self.sender, self.recipient, raw)
        if fault is not None and fault.get("drop"):
            raise Over
        await self.say(fault["reply"] if fault else "250 2.0.0 Queued")
        self.sender = self.recipient = None

    async def do_noop(self, _: str) -> None:
        """Nothing."""
        await self.say("250 2.0.0 OK")

    async def do_rset(self, _: str) -> None:
        """From the beginning."""
        self.sender = self.recipient = None
        await self.say("250 2.0.0 OK")

    async def do_quit(self, _: str) -> None:
        """The end."""
        await self.say("221 2.0.0 Bye")
        raise Over
