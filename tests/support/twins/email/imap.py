"""IMAP4rev1 as a provider speaks it (RFC 3501, 2177, 4315): as much as those need who read a mailbox."""

import asyncio
import base64
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime

from support.twins.email.granting import STALE, let_in
from support.twins.email.keeping import Box, Mail, Provider

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class No(Exception):
    """It is not done."""


@dataclass
class Reading:
    """One line."""

    provider: Provider
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    context: ssl.SSLContext
    secure: bool
    known: bool = False
    box: str = ""
    shown: int = 0

    async def serve(self) -> None:
        """Until it is over."""
        self.provider.lines.add(self.writer)
        with suppress(OSError, asyncio.IncompleteReadError, ValueError):
            await self.say("* OK twin ready")
            while line := await self._line():
                await self._asked(*([*line.split(" ", 2), "", ""])[:3])
        self.provider.lines.discard(self.writer)
        self.writer.transport.abort()

    async def _line(self) -> str:
        text = (await self.reader.readline()).decode("latin-1").rstrip("\r\n")
        while found := re.search(r"\{(\d+)\}$", text):
            await self.say("+ go on")
            literal = (await self.reader.readexactly(int(found[1]))).decode("latin-1")
            text = text[: found.start()] + f'"{literal}"' + (await self.reader.readline()).decode("latin-1").rstrip("\r\n")
        return text

    async def say(self, text: str, literal: bytes = b"", after: str = "") -> None:
        """A response."""
        self.writer.write(text.encode("latin-1") + literal + after.encode() + b"\r\n")
        await self.writer.drain()

    async def _asked(self, tag: str, name: str, rest: str) -> None:
        self.provider.asked.append(f"{name} {rest}" if name not in ("LOGIN", "AUTHENTICATE") else name)
        word = name.lower()
        if word == "uid":
            name, _, rest = rest.partition(" ")
            word = f"uid_{name.lower()}"
        act = getattr(self, f"do_{word}", None)
        if act is None:
            await self.say(f"{tag} BAD unknown command")
            return
        try:
            done = await act(tag, rest)
        except No as error:
            await self.say(f"{tag} NO {error}")
        else:
            await self.say(f"{tag} OK {done or 'done'}")
            if word == "starttls":
                await self.writer.start_tls(self.context)
                self.secure = True

    def _here(self) -> Box:
        if not self.known or self.box not in self.provider.boxes:
            raise No("[NONEXISTENT] no such mailbox")
        return self.provider.boxes[self.box]

    async def do_capability(self, _tag: str, _: str) -> None:
        """What it can."""
        more = ["STARTTLS"] if self.provider.known["tls"] and not self.secure else []
        idle = ["IDLE"] if self.provider.known["idle"] else []
        known = self.provider.known
        ways = [*(["AUTH=XOAUTH2"] if known["oauth"] else []), *(["LOGINDISABLED"] if known["only"] else ["AUTH=PLAIN"])]
        await self.say(" ".join(["* CAPABILITY IMAP4rev1 UIDPLUS", *ways, *more, *idle]))

    async def do_noop(self, _tag: str, _: str) -> None:
        """What is new."""
        if self.box:
            await self._exists()

    async def _exists(self) -> None:
        if len(self._here().mails) != self.shown:
            self.shown = len(self._here().mails)
            await self.say(f"* {self.shown} EXISTS")

    async def do_starttls(self, _tag: str, _: str) -> None:
        """By TLS from here on."""

    async def do_login(self, _tag: str, rest: str) -> None:
        """Who it is."""
        user, password = (one.replace('\\"', '"') for one in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', rest) for one in [one[0] or one[1]])
        self._let_in(user, password)

    async def do_authenticate(self, _tag: str, rest: str) -> None:
        """Who it is, by SASL."""
        await self.say("+ ")
        if rest.upper() == "XOAUTH2":
            self.known = let_in(self.provider, (await self.reader.readline()).strip())
            if not self.known:
                await self.say(f"+ {STALE}")
                await self.reader.readline()  # an empty line, by Google's page; some clients say the same once more
                raise No("[AUTHENTICATIONFAILED] Invalid credentials (Failure)")
            return
        _, user, password = base64.b64decode(await self.reader.readline()).decode().split("\0")
        self._let_in(user, password)

    def _let_in(self, user: str, password: str) -> None:
        self.known = self.provider.right(user, password)
        if not self.known:
            raise No("[AUTHENTICATIONFAILED] Invalid credentials")

    async def do_select(self, _tag: str, rest: str) -> str:
        """Open a mailbox."""
        self.box = rest.strip().strip('"')
        box = self._here()
        self.shown = len(box.mails)
        for text in (f"{self.shown} EXISTS", "0 RECENT", "FLAGS (\\Seen \\Deleted)", f"OK [UIDVALIDITY {box.validity}] valid"):
            await self.say(f"* {text}")
        await self.say(f"* OK [UIDNEXT {box.next}] next")
        return "[READ-WRITE] selected"

    async def do_examine(self, tag: str, rest: str) -> str:
        """Look into a mailbox."""
        await self.do_select(tag, rest)
        return "[READ-ONLY] examined"

    async def do_uid_search(self, _tag: str, rest: str) -> None:
        """The numbers of those that are so."""
        box = self._here()
        found = [uid for uid, mail in box.mails.items() if _is(uid, mail, rest, max(box.mails, default=0))]
        await self.say(" ".join(["* SEARCH", *map(str, found)]))

    async def do_uid_fetch(self, _tag: str, rest: str) -> None:
        """What is asked of some."""
        numbers, _, what = rest.partition(" ")
        highest = max(self._here().mails, default=0)
        for place, (uid, mail) in enumerate(self._here().mails.items(), 1):
            if _within(uid, numbers, highest):
                await self._told(place, uid, mail, what.upper())

    async def _told(self, place: int, uid: int, mail: Mail, what: str) -> None:
        if uid in self.provider.known["refuses"] and "BODY" in what:
            raise No("this one is broken")
        parts = [f"UID {uid}"]
        if "RFC822.SIZE" in what:
            parts.append(f"RFC822.SIZE {len(mail.raw)}")
        if "INTERNALDATE" in what:
            at = datetime.fromtimestamp(mail.at, UTC)
            said = self.provider.known["dates"].get(str(uid), f"{at.day:2}-{_MONTHS[at.month - 1]}-{at:%Y %H:%M:%S} +0000")
            parts.append(f'INTERNALDATE "{said}"')
        found = re.search(r"BODY(?:\.PEEK)?\[(HEADER)?\]|RFC822(?!\.)", what)
        if found is None:
            await self.say(f"* {place} FETCH ({' '.join(parts)})")
            return
        raw = mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if found[1] else mail.raw
        await self.say(f"* {place} FETCH ({' '.join(parts)} BODY[{found[1] or ''}] {{{len(raw)}}}\r\n", raw, ")")

    async def do_uid_store(self, _tag: str, rest: str) -> None:
        """Flags."""
        numbers, _, flags = rest.partition(" ")
        for uid, mail in self._here().mails.items():
            if _within(uid, numbers, max(self._here().mails)):
                mail.flags |= set(re.findall(r"\\\w+", flags))

    async def do_uid_expunge(self, _tag: str, rest: str) -> None:
        """Away with those."""
        box = self._here()
        for uid in [one for one, mail in box.mails.items() if _within(one, rest, max(box.mails)) and "\\Deleted" in mail.flags]:
            del box.mails[uid]

    async def do_idle(self, _tag: str, _: str) -> None:
        """Tell as it comes."""
        if not self.provider.known["idle"]:
            raise No("not here")
        await self.say("+ idling")
        self.provider.idling += 1
        done = asyncio.ensure_future(self.reader.readline())  # noqa: TID251  # the twin's own
        try:
            await self._exists()
            while not done.done():
                came = asyncio.ensure_future(self.provider.came.wait())  # noqa: TID251
                await asyncio.wait((done, came), return_when=asyncio.FIRST_COMPLETED)
                came.cancel()
                await self._exists()
        finally:
            self.provider.idling -= 1
            done.cancel()

    async def do_logout(self, _tag: str, _: str) -> None:
        """The end."""
        await self.say("* BYE")


def _within(uid: int, numbers: str, highest: int) -> bool:
    """RFC 3501, 6.4.8: `n:*` always has the highest in it."""
    for one in numbers.strip().split(","):
        first, _, last = one.partition(":")
        low, high = (highest if end == "*" else int(end) for end in (first, last or first))
        if min(low, high) <= uid <= max(low, high):
            return True
    return False


def _is(uid: int, mail: Mail, query: str, highest: int) -> bool:
    rest = query.replace("CHARSET UTF-8 ", "")
    if (found := re.search(r"\bUID (\S+)", rest)) and not _within(uid, found[1], highest):
        return False
    if (found := re.search(r"\bSINCE \"?(\d+)-(\w+)-(\d+)", rest)) and datetime.fromtimestamp(mail.at, UTC).date() < _day(*found.groups()):
        return False
    if found := re.search(r'\bHEADER "?([\w-]+)"? "?([^"]+)"?', rest):
        head = mail.raw.partition(b"\r\n\r\n")[0].decode("latin-1").lower()
        return any(line.startswith(f"{found[1].lower()}:") and found[2].lower() in line for line in head.split("\r\n"))
    return True


def _day(day: str, month: str, year: str) -> date:
    return date(int(year), _MONTHS.index(month) + 1, int(day))
