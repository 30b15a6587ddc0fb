"""Handing over a mail by SMTP (RFC 5321), so that it is known what an answer that does not come means.

Until the dot that ends a mail is sent, it was surely not taken; after that it may have been, until the server says. What it says counts by
its first digit: 4 is not now, 5 is never.
"""

import base64
import re
from dataclasses import dataclass

from hulk.kernel.errors import Exhausted, HulkError, Refused, TooLarge, Unauthenticated, Unavailable
from hulk.modules.channels.adapters.email.oauth import by_token, xoauth2
from hulk.modules.channels.adapters.email.wire import Login, Lost, Place, Tokens, Wire, wired
from hulk.modules.channels.ports import Uncertain

_REPLY = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_SECONDS = re.compile(r"\b(\d{1,5}) ?(s|sec|secs|second|seconds|m|min|mins|minute|minutes)\b", re.IGNORECASE)
_TOO_MUCH = re.compile(r"\b4\.7\.28\b|\b4\.5\.3\b|\b4\.2\.1\b|too (many|much|fast)|rate.?limit|quota|throttl", re.IGNORECASE)
_MOST_LINES = 100
GREY_SECONDS = 60.0
"""How long a mail waits that is not taken at first: servers that try who comes again let in nobody sooner."""
_LOGIN_CODES = frozenset({530, 534, 535, 538})


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server says."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails are handed over, and who we are there. `name` is what we call ourselves."""

    place: Place
    login: Login
    name: str = "hulk.invalid"

    async def deliver(self, mail: bytes, sender: str, recipient: str) -> None:
        """Hand over a mail (with CRLF at the ends of its lines). Raises as `Line.send`."""
        async with wired(self.place) as wire:
            talk = Talk(wire, self.name)
            try:
                await talk.begin(self.login)
                await talk.envelope(sender, recipient)
                await talk.say(b"DATA", 354)
                await wire.write(dotted(mail))
            except Lost as error:  # the dot was not sent
                raise Unavailable("{host} does not answer ({reason}).", host=self.place.host, reason=str(error)) from error
            await talk.end()

    async def check(self) -> None:
        """Log in, and no more. Raises as `deliver`."""
        async with wired(self.place) as wire:
            try:
                await Talk(wire, self.name).begin(self.login)
            except Lost as error:
                raise Unavailable("{host} does not answer ({reason}).", host=self.place.host, reason=str(error)) from error


@dataclass(slots=True)
class Talk:
    """What is said on one line."""

    wire: Wire
    name: str
    _abilities: str = ""

    async def begin(self, login: Login) -> None:
        """Be greeted, go on by TLS, say who we are."""
        await self._expect(await self._reply(), 220)
        await self._hello()
        if self.wire.place.security == "starttls":
            if not self._can("STARTTLS"):
                raise Unavailable("{host} offers no TLS: nothing is said there that others could read.", host=self.wire.place.host)
            await self.say(b"STARTTLS", 220)
            await self.wire.secure()
            await self._hello()
        if login.tokens is not None:
            await self._by_token(login.user, login.tokens)
        elif login.user:
            await self._log_in(login)

    async def envelope(self, sender: str, recipient: str) -> None:
        """From whom it is, and to whom."""
        await self.say(f"MAIL FROM:<{sender}>".encode("ascii"), 250)
        reply = await self._asked(f"RCPT TO:<{recipient}>".encode("ascii"))
        if reply.code in (450, 451) and not _TOO_MUCH.search(reply.text):
            raise Unavailable(
                "{host} does not take it yet ({reason}).", retry_after=_after(reply.text) or GREY_SECONDS, host=self.wire.place.host,
                reason=f"{reply.code} {reply.text}",
            )  # fmt: skip
        await self._expect(reply, 250, 251)

    async def end(self) -> None:
        """The dot, after which it is the server's."""
        try:
            await self.wire.write(b".\r\n")
            reply = await self._reply()
        except Lost as error:
            raise self._uncertain(str(error)) from error
        if reply.code < 200 or 300 <= reply.code < 400:
            raise self._uncertain(_shown(reply))
        if reply.code >= 400:
            raise self._refusal(reply)

    def _uncertain(self, reason: str) -> Uncertain:
        return Uncertain("{host} did not say whether it took the mail ({reason}).", host=self.wire.place.host, reason=reason)

    async def say(self, words: bytes, *good: int) -> Reply:
        """What the server says to that, if it is one of those. Raises what it means else."""
        return await self._expect(await self._asked(words), *good)

    async def _asked(self, words: bytes) -> Reply:
        await self.wire.write(words + b"\r\n")
        return await self._reply()

    async def _hello(self) -> None:
        self._abilities = (await self.say(f"EHLO {self.name}".encode("ascii"), 250)).text.upper()

    def _can(self, what: str) -> bool:
        return re.search(rf"(^|\n){re.escape(what)}(\s|$)", self._abilities) is not None

    async def _log_in(self, login: Login) -> None:
        methods = self._methods()
        user, password = login.user.encode(), login.password().encode()
        if "PLAIN" in methods:
            reply = await self._asked(b"AUTH PLAIN " + base64.b64encode(b"\0" + user + b"\0" + password))
        elif "LOGIN" in methods:
            await self.say(b"AUTH LOGIN", 334)
            await self.say(base64.b64encode(user), 334)
            reply = await self._asked(base64.b64encode(password))
        else:
            raise Unavailable("{host} lets nobody log in with a password on this line.", host=self.wire.place.host)
        if 500 <= reply.code < 600:
            raise self._unknown(reply)
        await self._expect(reply, 235)

    async def _by_token(self, user: str, tokens: Tokens) -> None:
        if "XOAUTH2" not in self._methods():
            raise Unavailable("{host} takes no access tokens on this line (XOAUTH2).", host=self.wire.place.host)

        async def log_in(token: str) -> None:
            reply = await self._asked(b"AUTH XOAUTH2 " + xoauth2(user, token))
            if reply.code == 334:  # it says why it refuses, and wants nothing to be said to that
                reply = await self._asked(b"")
            if 500 <= reply.code < 600:
                raise self._unknown(reply)
            await self._expect(reply, 235)

        await by_token(tokens, self.wire.place.host, log_in)

    def _methods(self) -> list[str]:
        return next((line.split()[1:] for line in self._abilities.split("\n") if line.startswith(("AUTH ", "AUTH="))), [])

    async def _reply(self) -> Reply:
        lines = list[str]()
        while len(lines) < _MOST_LINES:
            found = _REPLY.fullmatch((await self.wire.line())[:2000])
            if found is None:
                raise Lost("no reply of SMTP")
            lines.append((found[3] or b"").decode("utf-8", "replace").strip())
            if found[2] != b"-":
                return Reply(int(found[1]), "\n".join(lines))
        raise Lost("a reply without an end")

    async def _expect(self, reply: Reply, *good: int) -> Reply:
        if reply.code not in good:
            raise self._refusal(reply)
        return reply

    def _unknown(self, reply: Reply) -> HulkError:
        return Unauthenticated(
            "{host} does not know us any more ({reason}): give the channel a new password in the settings.", host=self.wire.place.host,
            reason=_shown(reply),
        )  # fmt: skip

    def _refusal(self, reply: Reply) -> HulkError:
        host, reason = self.wire.place.host, _shown(reply)
        if reply.code in _LOGIN_CODES:
            return self._unknown(reply)
        if reply.code == 552:
            return TooLarge("{host} does not take a mail as large as this ({reason}).", host=host, reason=reason)
        if reply.code >= 500:
            return Refused("{host} does not take this mail ({reason}).", host=host, reason=reason)
        if reply.code >= 400 and _TOO_MUCH.search(reply.text):
            return Exhausted(
                "{host} wants to be given less ({reason}).", retry_after=_after(reply.text) or GREY_SECONDS, host=host, reason=reason
            )
        return Unavailable("{host} is not there now ({reason}).", retry_after=_after(reply.text), host=host, reason=reason)


def dotted(mail: bytes) -> bytes:
    """A mail as it stands before the dot that ends it: lines end with CRLF and nothing else (a bare one could end it early at servers that
    mind less), and a dot at the beginning of a line is doubled (RFC 5321, 4.5.2)."""
    lines = re.sub(rb"\r\n|\r|\n", b"\n", mail).split(b"\n")
    while lines and not lines[-1]:
        lines.pop()
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)


def _shown(reply: Reply) -> str:
    return f"{reply.code} {' '.join(reply.text.split())}"[:200]


def _after(text: str) -> float | None:
    """The seconds that it says to wait; at most an hour."""
    found = _SECONDS.search(text)
    return None if found is None else min(float(found[1]) * (60 if found[2].lower().startswith("m") else 1), 3600.0)
