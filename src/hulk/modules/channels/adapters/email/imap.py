"""Asking a mailbox by IMAP4rev1 (RFC 3501), with IDLE (RFC 2177): as much of it as a mailbox needs that is only read.

Nothing is changed in the mailbox: it is examined, and mails are peeked at, so that they stay unread for whoever looks into it too.
"""

import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import structlog

from hulk.kernel.errors import HulkError, Refused, Unauthenticated, Unavailable
from hulk.kernel.time import utc_now
from hulk.modules.channels.adapters.email.oauth import by_token, xoauth2
from hulk.modules.channels.adapters.email.wire import Login, Lost, Place, Tokens, Wire, wired

log = structlog.get_logger(__name__)
_LITERAL = re.compile(rb"\{(\d{1,10})\+?\}\Z")
_CODE = re.compile(rb"\[([A-Z-]+)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_TOLD = 100_000
_LARGEST = 40_000_000
_LONGEST_WORDS = 1_000_000
_MOST_LITERALS = 64
_AWAY = frozenset({b"UNAVAILABLE", b"INUSE", b"SERVERBUG", b"LIMIT", b"OVERQUOTA", b"CONTACTADMIN"})


@dataclass(frozen=True, slots=True)
class Told:
    """A response: its words, with NUL where a literal stands, and the literals."""

    words: bytes
    literals: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox: the numbers of its mails hold as long as `validity` does; `next` is that of the next mail to come."""

    validity: int
    next: int


@dataclass(frozen=True, slots=True)
class Meta:
    """What is known of a mail before it is read: its size in bytes, and when the server took it."""

    size: int
    at: datetime


@dataclass(slots=True)
class Imap:
    """Somebody logged in. All raise `Unavailable` where the server is away, and `Refused` where it will not."""

    wire: Wire
    stirred: bool = False
    """Whether it said that there is more since that was last asked."""
    _abilities: frozenset[str] = frozenset()
    _number: int = 0

    async def login(self, login: Login) -> None:
        """Say who we are; raises `Unauthenticated`."""
        if login.tokens is not None:
            await self._by_token(login.user, login.tokens)
        elif "LOGINDISABLED" in self._abilities and "AUTH=PLAIN" not in self._abilities:
            raise Unavailable("{host} lets nobody log in with a password on this line.", host=self.wire.place.host)
        elif "AUTH=PLAIN" in self._abilities:
            told = base64.b64encode(f"\0{login.user}\0{login.password()}".encode())
            await self.command(b"AUTHENTICATE PLAIN", answers=(told,), logs_in=True)
        else:
            await self.command(b"LOGIN " + quoted(login.user), answers=(login.password().encode(),), logs_in=True, literal=True)
        await self.learn()

    async def _by_token(self, user: str, tokens: Tokens) -> None:
        """Who is refused is told why before, and has to say nothing to that."""
        if "AUTH=XOAUTH2" not in self._abilities:
            raise Unavailable("{host} takes no access tokens on this line (XOAUTH2).", host=self.wire.place.host)

        async def log_in(token: str) -> None:
            await self.command(b"AUTHENTICATE XOAUTH2", answers=(xoauth2(user, token), b""), logs_in=True)

        await by_token(tokens, self.wire.place.host, log_in)

    async def learn(self) -> None:
        """What the server can do."""
        found = [one.words for one in await self.command(b"CAPABILITY") if one.words.upper().startswith(b"* CAPABILITY")]
        self._abilities = frozenset(word.decode("ascii", "replace").upper() for one in found for word in one.split()[2:])

    def can(self, what: str) -> bool:
        """Whether the server says that it can."""
        return what in self._abilities

    async def examine(self, folder: str, *, write: bool = False) -> Box:
        """Open a mailbox."""
        self.stirred = False
        told = b"\n".join(one.words for one in await self.command((b"SELECT " if write else b"EXAMINE ") + quoted(folder)))
        self.stirred = False
        validity, following = re.search(rb"\[UIDVALIDITY (\d+)", told), re.search(rb"\[UIDNEXT (\d+)", told)
        if validity is None or following is None:
            raise Unavailable("{host} does not number mails, without which none can be told apart.", host=self.wire.place.host)
        return Box(int(validity[1]), int(following[1]))

    async def search(self, query: bytes) -> list[int]:
        """The numbers of the mails that are so, ascending."""
        told = await self.command(b"UID SEARCH " + query)
        found = [one.words.split()[2:] for one in told if one.words.upper().startswith(b"* SEARCH")]
        return sorted({int(number) for one in found for number in one if number.isdigit()})

    async def meta(self, uid: int) -> Meta | None:
        """What is known of a mail; None when it is gone."""
        for one in await self.command(b"UID FETCH %d (UID RFC822.SIZE INTERNALDATE)" % uid):
            size, at = re.search(rb"RFC822\.SIZE (\d+)", one.words), re.search(rb'INTERNALDATE "([^"]+)"', one.words)
            if _of(uid, one) and size and at:
                return Meta(int(size[1]), moment(at[1].decode("ascii", "replace")))
        return None

    async def content(self, uid: int, part: bytes = b"") -> bytes | None:
        """A mail, or its `HEADER`; None when it is gone."""
        found = await self.command(b"UID FETCH %d (UID BODY.PEEK[%s])" % (uid, part))
        return next((one.literals[0] if one.literals else b"" for one in found if _of(uid, one) and b"BODY[" in one.words), None)

    async def remove(self, uid: int) -> None:
        """Take a mail away, where the server can do that to one alone."""
        await self.command(b"UID STORE %d +FLAGS.SILENT (\\Deleted)" % uid)
        if self.can("UIDPLUS"):
            await self.command(b"UID EXPUNGE %d" % uid)

    async def wait(self, seconds: float, poll: float) -> None:
        """Until there may be more: the server says so where it can, else after `poll` seconds."""
        if self.stirred:
            return
        if not self.can("IDLE"):
            await self._idle_less(poll)
            return
        tag = await self._say(b"IDLE")
        try:
            while not self.stirred:
                told = await self._told(seconds)
                if told.words.startswith(tag):
                    return
        except TimeoutError:
            pass
        await self._write(b"DONE\r\n")
        await self._ended(tag, b"IDLE")

    async def _idle_less(self, poll: float) -> None:
        try:
            await self.wire.line(poll)
        except TimeoutError:
            return
        except Lost as error:
            raise self._away(error) from error

    async def command(
        self, words: bytes, *, answers: tuple[bytes, ...] = (), logs_in: bool = False, literal: bool = False
    ) -> list[Told]:  # fmt: skip
        """What the server says to that. `answers` are said when it asks for more."""
        tag = await self._say(words + (b" {%d}" % len(answers[0]) if literal else b""))
        return await self._ended(tag, words, list(answers), logs_in=logs_in)

    async def _ended(self, tag: bytes, words: bytes, answers: list[bytes] | None = None, *, logs_in: bool = False) -> list[Told]:
        told, left = list[Told](), answers or []
        while len(told) < _MOST_TOLD:
            one = await self._told()
            if one.words.startswith(tag):
                self._good(one.words[len(tag) :], words, logs_in=logs_in)
                return told
            if one.words.startswith(b"+") and words != b"IDLE":
                await self._write((left.pop(0) if left else b"*") + b"\r\n")
                continue
            if one.words.upper().startswith(b"* BYE"):
                raise self._away(Lost("it says goodbye"))
            told.append(one)
        raise self._away(Lost("it does not stop talking"))

    async def _say(self, words: bytes) -> bytes:
        self._number += 1
        tag = b"h%d " % self._number
        await self._write(tag + words + b"\r\n")
        return tag

    async def _write(self, data: bytes) -> None:
        try:
            await self.wire.write(data)
        except Lost as error:
            raise self._away(error) from error

    async def _told(self, seconds: float = 0.0) -> Told:
        """The next response; what it says about more mails is remembered."""
        try:
            words, literals = await self.wire.line(seconds), list[bytes]()
            while (found := _LITERAL.search(words)) is not None:
                size = int(found[1])
                literals.append(await self._literal(size, words, literals))
                words = words[: found.start()] + b"\0" + await self.wire.line()
        except Lost as error:
            raise self._away(error) from error
        self.stirred |= re.match(rb"\* \d+ (EXISTS|RECENT)|\* OK \[UIDVALIDITY", words, re.IGNORECASE) is not None
        return Told(words, tuple(literals))

    async def _literal(self, size: int, words: bytes, before: list[bytes]) -> bytes:
        if size + sum(map(len, before)) > _LARGEST or len(words) > _LONGEST_WORDS or len(before) > _MOST_LITERALS:
            raise Lost("it says more than is read")
        return await self.wire.exactly(size)

    def _good(self, answer: bytes, words: bytes, *, logs_in: bool) -> None:
        if answer.upper().startswith(b"OK"):
            return
        said = answer.decode("utf-8", "replace")[:200]
        found = _CODE.search(answer.upper())
        code, host, what = found[1] if found else b"", self.wire.place.host, words.split(b" ")[0].decode()
        if code in _AWAY:
            raise Unavailable("{host} is not there now ({reason}).", host=host, reason=said)
        if logs_in:
            raise Unauthenticated(
                "{host} does not know us any more ({reason}): give the channel a new password in the settings.", host=host, reason=said
            )
        raise Refused("{host} does not do {what} ({reason}).", host=host, what=what, reason=said)

    def _away(self, error: Exception) -> HulkError:
        return Unavailable("{host} does not answer ({reason}).", host=self.wire.place.host, reason=str(error))

    async def greeted(self) -> None:
        """The server's first words, and TLS where that begins after them."""
        words = (await self._told()).words.upper()
        if not words.startswith((b"* OK", b"* PREAUTH")):
            raise self._away(Lost("it turns us away"))
        await self.learn()
        if self.wire.place.security == "starttls":
            if "STARTTLS" not in self._abilities:
                raise Unavailable("{host} offers no TLS: nothing is said there that others could read.", host=self.wire.place.host)
            await self.command(b"STARTTLS")
            try:
                await self.wire.secure()
            except Lost as error:
                raise self._away(error) from error
            await self.learn()


@dataclass(frozen=True, slots=True)
class ImapServer:
    """Where a mailbox is, and who we are there."""

    place: Place
    login: Login

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Imap]:
        """Logged in, until the block ends. Raises `Unavailable` and `Unauthenticated`."""
        async with wired(self.place) as wire:
            imap = Imap(wire)
            await imap.greeted()
            await imap.login(self.login)
            yield imap


def quoted(text: str) -> bytes:
    """`text` as a string of IMAP. Raises `Refused` for what cannot be one."""
    if not text.isascii() or not text.isprintable():
        raise Refused("“{text}” has letters that a mail server does not take there.", text=text[:80])
    return b'"' + text.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def day(at: date) -> bytes:
    """A date as searches have it: `22-Nov-2026`."""
    return f"{at.day}-{_MONTHS[at.month - 1]}-{at.year}".encode()


def moment(text: str) -> datetime:
    """When `INTERNALDATE` says it was (` 2-Nov-2026 15:00:00 +0000`). What says nothing is taken for now: else all behind that mail would
    wait for ever."""
    found = re.fullmatch(r" ?(\d{1,2})-([A-Z][a-z]{2})-(\d{4}) (\d\d:\d\d:\d\d [+-]\d{4})", text)
    try:
        said = f"{found[3]}-{_MONTHS.index(found[2]) + 1:02}-{int(found[1]):02} {found[4]}" if found else ""
        return datetime.strptime(said, "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        log.warning("channel_mail_without_time", said=text[:40])
        return utc_now()


def _of(uid: int, told: Told) -> bool:
    found = re.match(rb"\* \d+ FETCH \(.*?\bUID (\d+)", told.words, re.IGNORECASE | re.DOTALL)
    return found is not None and int(found[1]) == uid
