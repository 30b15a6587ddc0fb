"""What a provider keeps: mailboxes, and what it was told to do wrong."""

import asyncio
import re
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from support.twins.email import ADDRESS, AUTHSERV, PASSWORD


@dataclass
class Mail:
    """One that lies in a mailbox."""

    raw: bytes
    at: int
    flags: set[str] = field(default_factory=set)


@dataclass
class Box:
    """A mailbox (RFC 3501, 2.3.1.1)."""

    validity: int = 1_700_000_001
    next: int = 1
    mails: dict[int, Mail] = field(default_factory=dict)

    def put(self, raw: bytes, at: int, uid: int | None = None) -> int:
        """Its number: the next, or one that is lower and was not shown until now."""
        number = uid or self.next
        self.mails[number] = Mail(raw, at)
        self.mails = dict(sorted(self.mails.items()))
        self.next = max(self.next, number + 1)
        return number


@dataclass
class Provider:
    """Everything."""

    boxes: dict[str, Box] = field(default_factory=lambda: {"INBOX": Box(), "Sent": Box()})
    faults: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    known: dict[str, Any] = field(
        default_factory=lambda: {
            "revoked": False, "tls": True, "idle": True, "saves": False, "lax": False, "refuses": [], "dates": {}, "skips": 0,
            "oauth": False, "only": False, "lasts": 3600, "rotated": "", "grants": None,
        }
    )  # fmt: skip
    taken: list[dict[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    lines: set[asyncio.StreamWriter] = field(default_factory=set)
    granted: list[dict[str, str]] = field(default_factory=list)
    tokens: dict[str, float] = field(default_factory=dict)
    idling: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def right(self, user: str, password: str) -> bool:
        """Whether that is who has the mailbox."""
        return not self.known["revoked"] and (user, password) == (ADDRESS, PASSWORD)

    def next_fault(self, stage: str) -> dict[str, Any] | None:
        """What is to go wrong there now."""
        return self.faults[stage].pop(0) if self.faults[stage] else None

    def take(self, sender: str, recipient: str, raw: bytes) -> None:
        """A mail by SMTP is ours now: to us it goes into the mailbox, without what its sender says in our name (RFC 8601, 5)."""
        self.taken.append({"from": sender, "to": recipient, "raw": raw.decode("latin-1")})
        if self.known["saves"]:
            self.boxes["Sent"].put(raw, int(time.time()))
        if recipient == ADDRESS:
            kept = raw if self.known["lax"] else _without(raw, f"authentication-results: {AUTHSERV}".encode())
            self.boxes["INBOX"].put(b"Return-Path: <%s>\r\n" % sender.encode() + kept, int(time.time()))
        self.ring()

    def ring(self) -> None:
        """Who waits looks again."""
        self.came.set()
        self.came = asyncio.Event()

    def do_reset(self) -> None:
        """See `Twin`."""
        self.do_cut()
        fresh = Provider()
        for name in ("boxes", "faults", "known", "taken", "asked", "granted", "tokens"):
            setattr(self, name, getattr(fresh, name))

    def do_brings(self, mail: str, folder: str = "INBOX", uid: int | None = None, at: int | None = None) -> int:
        """See `Twin`."""
        number = self.boxes[folder].put(mail.encode("latin-1"), at or int(time.time()), uid)
        self.ring()
        return number

    def do_fault(self, stage: str, **how: Any) -> None:
        """See `Twin`."""
        self.faults[stage].append(how)

    def do_set(self, **what: Any) -> None:
        """See `Twin`. `skips`: that many numbers are left free for mails that show later."""
        self.known.update(what)
        self.boxes["INBOX"].next += self.known.pop("skips", 0)

    def do_cut(self) -> None:
        """See `Twin`."""
        for line in self.lines:
            line.transport.abort()

    def do_forget_tokens(self) -> None:
        """See `Twin`."""
        self.tokens.clear()
        self.do_cut()

    def do_renumber(self) -> None:
        """See `Twin`."""
        old = self.boxes["INBOX"]
        box = self.boxes["INBOX"] = Box(validity=old.validity + 1)
        for mail in old.mails.values():
            box.put(mail.raw, mail.at)
        self.do_cut()

    def do_state(self) -> dict[str, Any]:
        """See `Twin`."""
        boxes = {name: list(box.mails) for name, box in self.boxes.items()}
        return {
            "taken": self.taken,
            "lines": len(self.lines),
            "asked": self.asked[-500:],
            "boxes": boxes,
            "idling": self.idling,
            "granted": self.granted,
        }


def _without(raw: bytes, beginning: bytes) -> bytes:
    head, blank, body = raw.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    kept = [one for one in fields if not b" ".join(one.lower().split()).startswith(beginning)]
    return b"\r\n".join(kept) + blank + body
