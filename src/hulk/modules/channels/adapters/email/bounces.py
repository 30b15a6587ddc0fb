"""Reports that a mail of ours could not be delivered (RFC 3464), by which alone we learn that. Pure.

Anybody can send such a report. Each mail of ours carries a proof that it is ours (`Hulk-Proof`), and servers send its header back with
their report: without that proof, a report is mail of a program like any other.
"""

import hmac
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from hulk.modules.channels.adapters.email.bodies import UNREADABLE, tangled
from hulk.modules.channels.adapters.email.headers import Header, header_of, words

PROOF = "Hulk-Proof"
_OURS = re.compile(r"<(msg_[0-7][0-9a-hjkmnp-tv-z]{25})\.([0-9a-f]{16})@([A-Za-z0-9.-]{1,255})>")
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail of ours that did not arrive: our id of it, and what the server says."""

    message: str
    why: str


def proof(secret: bytes, message_id: str) -> str:
    """What shows that a mail of that Message-ID is ours."""
    return hmac.digest(secret, b"channels/email\0" + message_id.encode(), "sha256").hex()[:32]


def named(message: str, thread: str, domain: str) -> str:
    """The Message-ID of a mail of ours: the same whenever it is sent. `thread` is that of its conversation."""
    return f"<{message}.{thread}@{domain}>"


def ours(message_id: str) -> tuple[str, str] | None:
    """Our id of a mail of that Message-ID, and its thread; None when it does not look like ours."""
    found = _OURS.fullmatch(message_id.strip())
    return None if found is None else (found[1], found[2])


def bounce_of(raw: bytes, header: Header, secret: bytes) -> Bounce | None:
    """What a report says for good of a mail of ours; None for anything else."""
    if not header.first("content-type").strip().lower().startswith("multipart/report") or len(raw) > _LARGEST or tangled(raw):
        return None
    try:
        parts = message_from_bytes(raw).get_payload()
        if not isinstance(parts, list):
            return None
        told = [why for part in parts if isinstance(part, Message) for why in _failures(part)]
        sent = [found for part in parts if isinstance(part, Message) if (found := _returned(part, secret))]
    except UNREADABLE:
        return None
    return Bounce(sent[0], told[0]) if told and sent else None


def _failures(part: Message) -> list[str]:
    """Why, for each recipient of whom it says that it failed."""
    blocks = part.get_payload() if part.get_content_type() == "message/delivery-status" else None
    if not isinstance(blocks, list):
        return []
    return [_why(block) for block in blocks if isinstance(block, Message) and str(block.get("action", "")).strip().lower() == "failed"]


def _why(block: Message) -> str:
    said = str(block.get("diagnostic-code", "")).partition(";")[2] or str(block.get("diagnostic-code", ""))
    return words(f"{block.get('status', '')} {said}")[:300] or "?"


def _returned(part: Message, secret: bytes) -> str:
    """Our id of the mail whose header it brings back, if it proves to be ours."""
    if part.get_content_type() == "message/rfc822" and part.is_multipart():
        inner = part.get_payload(0)
        header = header_of(inner.as_bytes()) if isinstance(inner, Message) else None
    elif part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers"):
        content = part.get_payload(decode=True)
        header = header_of(content + b"\r\n\r\n") if isinstance(content, bytes) else None
    else:
        return ""
    message_id = (header.one("message-id") or "").strip() if header else ""
    found = ours(message_id)
    said = (header.one(PROOF.lower()) or "").strip() if header else ""
    return found[0] if found and hmac.compare_digest(said.encode(), proof(secret, message_id).encode()) else ""
