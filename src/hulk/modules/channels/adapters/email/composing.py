"""Mails that go out: text, the same as simple HTML, and files. Pure.

Every field is made here of what cannot end one: no value holds a control character, so that nobody who is quoted in a mail (in its
subject, say) can write fields or mails of their own.
"""

import mimetypes
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from hulk.kernel.errors import Refused
from hulk.modules.channels.adapters.email.bounces import PROOF, named, proof
from hulk.modules.channels.adapters.email.headers import domain_of, ids_in, is_address
from hulk.modules.channels.domain import Outgoing

MOST = 18_000_000
"""Bytes of files that go with one mail: a third more as they are written, of the 25 MB that most servers take."""
_LONGEST_SUBJECT = 200
_STYLE = "font-family:sans-serif;font-size:15px;line-height:1.5"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What all mails of a channel have: whose they are, and what proves that."""

    address: str
    called: str
    secret: bytes

    @property
    def domain(self) -> str:
        """Where its ids belong."""
        return domain_of(self.address)


def composed(message: Outgoing, sheet: Sheet, files: Sequence[tuple[str, Path]], at: datetime) -> bytes:
    """The mail that a message is. Raises `Refused` for an address that is none."""
    mail = EmailMessage(policy=SMTP)
    id_ = id_of(message, sheet.domain)
    mail["From"] = Address(display_name=line(sheet.called), addr_spec=sheet.address)
    mail["To"] = Address(addr_spec=recipient(message))
    mail["Subject"] = subject(message)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = id_
    for name, value in _answering(message):
        mail[name] = value
    mail["Auto-Submitted"] = "auto-replied" if message.about else "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail[PROOF] = proof(sheet.secret, id_)
    text = _text(message.text)
    mail.set_content(text, cte="base64" if _wide(text) else "quoted-printable")
    mail.add_alternative(page(text, message.language), subtype="html", cte="base64" if _wide(text) else "quoted-printable")
    for name, path in files:
        _attach(mail, name, path)
    return mail.as_bytes()


def id_of(message: Outgoing, domain: str) -> str:
    """Its Message-ID, which says its thread: who answers it comes back to the same conversation, whatever their program leaves out."""
    return named(message.id, message.address.rpartition("/")[2][:16].rjust(16, "0"), domain)


def recipient(message: Outgoing) -> str:
    """To whom it goes: an address of this channel is `ana@example.com/<thread>`."""
    address = message.address.rpartition("/")[0]
    if not is_address(address):
        raise Refused("“{address}” is no address of e-mail.", address=message.address[:80])
    return address


def subject(message: Outgoing) -> str:
    """That of the mail it answers; else how it begins."""
    before = line(str(message.reply.get("subject", "")))
    if before:
        return before if before.lower().startswith("re:") else f"Re: {before}"
    return line(message.text.strip().split("\n", 1)[0])[:80] or "Hulk"


def line(text: str) -> str:
    """`text` on one line, without what could end a field: control characters, separators of lines, halves of letters."""
    kept = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") else char for char in text[: 10 * _LONGEST_SUBJECT])
    return " ".join(kept.split())[:_LONGEST_SUBJECT]


def _answering(message: Outgoing) -> list[tuple[str, str]]:
    """What it answers (RFC 5322, 3.6.4)."""
    about = ids_in(message.about)
    before = ids_in(*(str(one) for one in message.reply.get("references", ())), *about)
    fields = [("In-Reply-To", about[0])] if about else []
    return [*fields, ("References", " ".join(before[:1] + before[1:][-20:]))] if before else fields


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _wide(text: str) -> bool:
    """Whether most of it is beyond ASCII, which is shorter in base 64."""
    return sum(char > "\x7f" for char in text) * 4 > len(text)


def _attach(mail: EmailMessage, name: str, path: Path) -> None:
    kind, _, subtype = (mimetypes.guess_type(name)[0] or "application/octet-stream").partition("/")
    if kind in ("text", "message", "multipart"):
        kind, subtype = "application", "octet-stream"
    mail.add_attachment(path.read_bytes(), maintype=kind, subtype=subtype, filename=line(name).replace("/", "_") or "file")


def page(text: str, language: str) -> str:
    """Markdown as HTML: no raw HTML of it, no pictures (they would tell when it is read), links only to where links may lead."""
    # it costs 30 ms to import: only who sends mails pays
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")
    body = markdown.render(text)
    return f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"></head><body style="{_STYLE}">{body}</body></html>\n'
