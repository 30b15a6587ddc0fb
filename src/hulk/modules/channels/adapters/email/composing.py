"""Mails that go out: text, the same as simple HTML, and files. Pure."""

import hashlib
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path

from hulk.kernel.errors import Refused
from hulk.modules.channels.adapters.email.bounces import PROOF, named, proof
from hulk.modules.channels.adapters.email.headers import domain_of, ids_in, is_address
from hulk.modules.channels.adapters.email.writing import Part, called, line, text, written
from hulk.modules.channels.domain import Outgoing

MOST = 18_000_000
"""Bytes of files that go with one mail: a third more as they are written, of the 25 MB that most servers take."""
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
    id_ = id_of(message, sheet.domain)
    fields = [
        ("From", called(sheet.called, sheet.address)), ("To", recipient(message)), ("Subject", text(subject(message))),
        ("Date", format_datetime(at)), ("Message-ID", id_), *_answering(message),
        ("Auto-Submitted", "auto-replied" if message.about else "auto-generated"), ("X-Auto-Response-Suppress", "All"),
        (PROOF, proof(sheet.secret, id_)),
    ]  # fmt: skip
    said = _said(message.text)
    body = Part(
        "multipart/alternative", parts=(Part("text/plain", said.encode()), Part("text/html", page(said, message.language).encode()))
    )
    whole = Part("multipart/mixed", parts=(body, *(_file(name, path) for name, path in files))) if files else body
    return written(fields, whole, f"=_{hashlib.sha256(id_.encode()).hexdigest()[:24]}")


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


def _answering(message: Outgoing) -> list[tuple[str, str]]:
    """What it answers (RFC 5322, 3.6.4); what a person says in a conversation, the last mail there."""
    about = ids_in(message.about) or ids_in(str(message.reply.get("id", "")))
    before = ids_in(*(str(one) for one in message.reply.get("references", ())), *about)
    fields = [("In-Reply-To", about[0])] if about else []
    return [*fields, ("References", "\r\n ".join(before[:1] + before[1:][-20:]))] if before else fields


def _said(words: str) -> str:
    return words.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").rstrip("\n") + "\n"


def _file(name: str, path: Path) -> Part:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    whole = kind.partition("/")[0] not in ("text", "message", "multipart")  # those say of themselves how they are to be read
    return Part(kind if whole else "application/octet-stream", path.read_bytes(), name=name)


def page(text: str, language: str) -> str:
    """Markdown as HTML: no raw HTML of it, no pictures (they would tell when it is read), links only to where links may lead."""
    # it costs 30 ms to import: only who sends mails pays
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")
    body = markdown.render(text)
    return f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"></head><body style="{_STYLE}">{body}</body></html>\n'
