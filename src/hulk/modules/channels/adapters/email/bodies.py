"""What stands in a mail: its text and its files (RFC 2045 to 2049). Pure.

A mail that is built to be hard to read (parts within parts within parts, a hundred thousand of them) is not read. The text is the plain
one where there is one, else what people see of the HTML. What is hard to decode is decoded as far as it goes.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from hulk.kernel.text import writable
from hulk.modules.channels.adapters.email.headers import words
from hulk.modules.channels.adapters.email.plain import plain

MOST_PARTS = 200
_MOST_LINES = 20_000
_MOST_MESSAGES = 50
_LONGEST_TEXT = 200_000
_DEEPEST = 20
_NO_FILES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, NotImplementedError)
"""What the library's own reader of mails raises, besides what it says it does, for mails that are none."""


@dataclass(frozen=True, slots=True)
class File:
    """One that came with a mail: the `place`th."""

    place: int
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Body:
    """What stands in a mail."""

    text: str
    files: tuple[File, ...] = ()


def tangled(raw: bytes) -> bool:
    """Whether it is built to be hard to read."""
    small = raw.lower()
    return (
        small.count(b"boundary") > MOST_PARTS or small.count(b"\n--") > _MOST_LINES or small.count(b"message/") > _MOST_MESSAGES
    )  # fmt: skip


def body_of(raw: bytes) -> Body | None:
    """What stands in a mail; None for what cannot be read."""
    if tangled(raw):
        return None
    try:
        message = message_from_bytes(raw)
        files = tuple(_described(place, part) for place, part in enumerate(_files(message)))
        return Body(writable(_text(message))[:_LONGEST_TEXT].replace("\r\n", "\n"), files)
    except UNREADABLE:
        return None


def content_of(raw: bytes, place: int) -> bytes | None:
    """The file that `body_of` calls the `place`th; None when there is none."""
    if tangled(raw):
        return None
    try:
        return next((_bytes(part) for at, part in enumerate(_files(message_from_bytes(raw))) if at == place), None)
    except UNREADABLE:
        return None


def _described(place: int, part: Message) -> File:
    content = _bytes(part)
    _unescape(part)
    name = words(part.get_filename() or "").replace("/", "_").replace("\\", "_")[:200]
    return File(place, name or _called(part, place), part.get_content_type()[:100], len(content), hashlib.sha256(content).hexdigest())


def _unescape(part: Message) -> None:
    """Names that are written as they are, in UTF-8 (RFC 6532), which the library gives as nothing."""
    for field, value in list(part.raw_items()):
        if field.lower() in ("content-disposition", "content-type") and not str(value).isascii():
            part.replace_header(field, str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _called(part: Message, place: int) -> str:
    return f"mail{place + 1}.eml" if part.get_content_maintype() == "message" else f"file{place + 1}"


def _bytes(part: Message) -> bytes:
    if part.get_content_maintype() == "message" and part.is_multipart():
        return b"".join(one.as_bytes() for one in part.get_payload() if isinstance(one, Message))
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _leaves(part: Message, depth: int = 0) -> Iterator[Message]:
    """Parts that have none in them. A mail within a mail is a file."""
    children = part.get_payload() if part.get_content_maintype() == "multipart" else None
    if not isinstance(children, list) or depth > _DEEPEST:
        yield part
        return
    for child in children:
        if isinstance(child, Message):
            yield from _leaves(child, depth + 1)


def _files(message: Message) -> Iterator[Message]:
    """Those parts that people see as files: not texts, nor the pictures within one, nor signatures."""
    for part in _leaves(message):
        shown = part.get_content_type() in ("text/plain", "text/html") and not _attached(part)
        within = bool(part.get("content-id")) and part.get_content_maintype() == "image" and part.get_content_disposition() != "attachment"
        if not shown and not within and part.get_content_type() not in _NO_FILES and part.get_content_maintype() != "multipart":
            yield part


def _attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _text(part: Message, depth: int = 0) -> str:
    kind, children = part.get_content_type(), part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(children, list) and depth <= _DEEPEST:
        parts = [child for child in children if isinstance(child, Message)]
        if kind == "multipart/alternative":
            parts = sorted(parts, key=lambda one: one.get_content_type() != "text/plain")
            return next(filter(str.strip, (_text(one, depth + 1) for one in parts)), "")
        return "\n\n".join(filter(str.strip, (_text(one, depth + 1) for one in parts)))
    if _attached(part) or kind not in ("text/plain", "text/html"):
        return ""
    written = _decoded(part)
    return plain(written) if kind == "text/html" else written


def _decoded(part: Message) -> str:
    """Its words, in the character set that it says, or the one that it seems to have."""
    content = _bytes(part)[: 4 * _LONGEST_TEXT]
    for charset in (part.get_content_charset("utf-8"), "utf-8"):
        try:
            return content.decode(charset)
        except (LookupError, ValueError):
            continue
    return content.decode("cp1252", "replace")
