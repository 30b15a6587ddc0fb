"""A mailbox of the e-mail twin: what hears and sends for it, and mails as a receiving server brings them."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from hulk.kernel.errors import HulkError
from hulk.modules.channels.adapters.email import Client, EmailLine, EmailListens, Granted, ImapServer, Login, Place, Reader, SmtpServer
from hulk.modules.channels.adapters.email.reading import Mail
from hulk.modules.channels.adapters.email.wire import Tokens
from hulk.modules.channels.adapters.vendor import vendor
from hulk.modules.channels.domain import Arrival, Outgoing
from hulk.runtime.language import voice
from support.mattermost import Inbox
from support.twins.email import ADDRESS, AUTHSERV, CLIENT, PASSWORD, Twin
from support.twins.email import SECRET as CLIENT_SECRET

SECRET = b"p" * 32
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
PASSED = f"{AUTHSERV}; dkim=pass header.d=example.com; spf=pass smtp.mailfrom=ana@example.com; dmarc=pass header.from=example.com"
TEXT = "Quantos pedidos houve ontem?"


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def mail(text: str = TEXT, *, above: Sequence[tuple[str, str]] = (), drop: Sequence[str] = (), **fields: Any) -> bytes:
    """A mail of Ana's, as the receiving server has it; `fields` in place of its own, `above` on top of all, without `drop`."""
    told = {
        "Return-Path": "<ana@example.com>", "Authentication-Results": PASSED, "From": "Ana <ana@example.com>", "To": ADDRESS,
        "Subject": "Pedidos", "Date": "Sun, 22 Nov 2026 15:00:00 +0000", "Message-ID": "<1@example.com>", "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="utf-8"', "Content-Transfer-Encoding": "8bit",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }  # fmt: skip
    lines = [f"{name}: {value}" for name, value in (*above, *told.items()) if name not in drop]
    return ("\r\n".join(lines) + "\r\n\r\n" + text.replace("\n", "\r\n") + "\r\n").encode()


def reader(**more: Any) -> Reader:
    """Of the mailbox."""
    return Reader(**{"address": ADDRESS, "authserv": AUTHSERV, "secret": lambda: SECRET, **more})


def read(raw: bytes, by: Reader | None = None, **more: Any) -> Arrival | None:
    """What a mail is."""
    return (by or reader()).read(Mail(**{"place": "1/1", "raw": raw, "at": NOW, **more}))


def heard(raw: bytes, by: Reader | None = None) -> Arrival:
    """What a mail is that is something."""
    found = read(raw, by)
    assert found is not None
    return found


def known(arrival: Arrival | None) -> bool:
    """Whether it is taken for somebody's who is known."""
    return arrival is not None and (arrival.kind == "message" or bool(arrival.sender.email) or not arrival.sender.id.startswith("?"))


def places(twin: Twin, security: str = "plain", ca: str | None = None) -> tuple[Place, Place]:
    """Where its IMAP and its SMTP are."""
    imap, smtp = (twin.imaps, twin.smtps) if security == "tls" else (twin.imap, twin.smtp)
    trusted = twin.ca if ca is None else ca
    return Place("localhost", imap, security, trusted, 5.0), Place("localhost", smtp, security, trusted, 5.0)  # type: ignore[arg-type]


def servers(twin: Twin, security: str = "plain", password: str = PASSWORD, ca: str | None = None) -> tuple[ImapServer, SmtpServer]:
    """What asks both."""
    imap, smtp = places(twin, security, ca)
    login = Login(ADDRESS, lambda: password)
    return ImapServer(imap, login), SmtpServer(smtp, login, "corp.example.com")


@contextlib.asynccontextmanager
async def by_tokens(twin: Twin, *, secret: str = CLIENT_SECRET, refresh: str = "", scope: str = "") -> AsyncIterator[Granted]:
    """What gives access tokens."""
    client = Client(id=CLIENT, secret=lambda: secret, refresh=lambda: refresh, scope=scope)
    async with vendor(f"http://127.0.0.1:{twin.grant}", "login.example.com", 5.0) as giver:
        yield Granted(giver, "/token", client)


def with_tokens(twin: Twin, tokens: Tokens, security: str = "plain") -> tuple[ImapServer, SmtpServer]:
    """What asks both servers with a token in place of a password."""
    imap, smtp = places(twin, security)
    login = Login(ADDRESS, lambda: "", tokens)
    return ImapServer(imap, login), SmtpServer(smtp, login, "corp.example.com")


def line(twin: Twin, security: str = "plain", password: str = PASSWORD, **more: Any) -> EmailLine:
    """What sends."""
    imap, smtp = servers(twin, security, password)
    given = {
        "imap": imap, "smtp": smtp, "address": ADDRESS, "called": "Hulk", "secret": lambda: SECRET, "authserv": AUTHSERV, "folder": "INBOX",
        "clock": now, "voices": voice, "pause": 0.0,
    }  # fmt: skip
    return EmailLine(**{**given, **more})


@contextlib.asynccontextmanager
async def listening(server: ImapServer, inbox: Inbox, **more: Any) -> AsyncIterator[None]:
    """It hears, again and again as `AtWork` has it, from where the inbox says; there when the block begins."""
    hears = EmailListens(server, reader(), "INBOX", **{"clock": now, "poll": 0.05, **more})
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_again(hears, inbox))
        try:
            await inbox.until(lambda: bool(inbox.marks))
            yield
        finally:
            task.cancel()


async def _again(hears: EmailListens, inbox: Inbox) -> None:
    while True:
        try:
            await hears.listen(inbox.heard, inbox.mark, inbox.marked)
        except HulkError as error:
            inbox.trouble(str(error))
            await asyncio.sleep(0.01)


def message(text: str = "Foram 17 pedidos.", **more: Any) -> Outgoing:
    """One that goes out to Ana."""
    made = {
        "id": "msg_01h455vb4pex5vsknk084sn02q", "tenant": "default", "channel": "mail", "language": "pt", "created": now(), "due": now(),
        "address": "ana@example.com/0123456789abcdef", "about": "<1@example.com>", "reply": {"subject": "Pedidos", "references": []},
    }  # fmt: skip
    return Outgoing(text=text, **{**made, **more})


def with_file(content: bytes, name: str, media_type: str = "text/csv", text: str = TEXT, **fields: Any) -> bytes:
    """A mail of Ana's with a file; `fields` as in `mail`."""
    part = base64.b64encode(content).decode()
    body = (
        f'--b\nContent-Type: text/plain; charset="utf-8"\n\n{text}\n--b\nContent-Type: {media_type}\nContent-Transfer-Encoding: base64\n'
        f'Content-Disposition: attachment; filename="{name}"\n\n{part}\n--b--'
    )  # fmt: skip
    return mail(body, Content_Type='multipart/mixed; boundary="b"', **fields)
