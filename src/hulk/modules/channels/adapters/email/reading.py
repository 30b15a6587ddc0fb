"""What came in of a mail. Pure."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from hulk.modules.channels.adapters.email.bodies import Body, body_of
from hulk.modules.channels.adapters.email.bounces import bounce_of, ours, proof
from hulk.modules.channels.adapters.email.headers import Header, addresses_in, header_of, ids_in, words
from hulk.modules.channels.adapters.email.manners import Talk, automatic
from hulk.modules.channels.adapters.email.proving import From, from_of
from hulk.modules.channels.adapters.email.trimming import forwarded, trimmed
from hulk.modules.channels.domain import Arrival, Attached, Sender

LARGEST = 25_000_000
"""Bytes of a mail that is read; of a larger one only the header is."""
PROBE = "hulk-probe"
_LONGEST_WHOLE = 100_000
_MOST_REFERENCES = 20


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it lies in the mailbox: which one it is there, its bytes (of one that is too large, the header), when it came."""

    place: str
    raw: bytes = field(repr=False)
    at: datetime
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the mails of `address`. `authserv` is what the server calls itself that checks who they are from."""

    address: str
    authserv: str
    secret: Callable[[], bytes] = field(repr=False)
    talk: Talk = field(default_factory=Talk)

    def read(self, mail: Mail) -> Arrival | None:
        """What it is; None for what we sent ourselves."""
        header = header_of(mail.raw)
        if self.probes(header):
            return None
        if (bounce := bounce_of(mail.raw, header, self.secret())) is not None:
            return Arrival(
                key=f"bounce:{_digest(mail.raw)}", kind="receipt", address="", sender=Sender(id="", robot=True), at=mail.at,
                handle=bounce.message, fate="failed", problem=bounce.why,
            )  # fmt: skip
        sent = from_of(header, self.authserv)
        why = self._unanswered(header, sent, mail)
        return self._unheard(mail, header, sent, *why) if why else self._message(mail, header, sent)

    def probes(self, header: Header) -> bool:
        """Whether it is one that we sent to ourselves, to see that it arrives."""
        return (header.one(PROBE) or "").strip() == proof(self.secret(), (header.one("message-id") or "").strip())

    def _unanswered(self, header: Header, sent: From, mail: Mail) -> tuple[str, bool] | None:
        """Why nobody is answered, and whether a program sent it."""
        if (why := automatic(header)) != "":
            return f"sent by a program ({why})", True
        if self.address in addresses_in(*header.all("from")) or any(map(ours, ids_in(*header.all("message-id")))):
            return "sent by ourselves", True
        if not sent.proven:
            return f"nobody knows who sent it: {sent.why}", False
        if self.talk.too_much(sent.address, _digest(mail.raw), mail.at):
            return "more than a person writes", True
        return None

    def _unheard(self, mail: Mail, header: Header, sent: From, why: str, robot: bool) -> Arrival:
        """Kept so that it can be seen, and nothing more."""
        claimed = Sender(id=f"?{sent.address}"[:255], name=sent.name[:200], robot=robot)
        return Arrival(
            key=f"unheard:{_digest(mail.raw)}", kind="other", address=f"?{sent.address}", sender=claimed, at=mail.at, addressed=False,
            id=_id_of(header, mail), problem=why, text=words(header.first("subject"))[:200],
        )  # fmt: skip

    def _message(self, mail: Mail, header: Header, sent: From) -> Arrival:
        id_, body = _id_of(header, mail), body_of(mail.raw) if mail.whole else None
        others = addresses_in(*header.all("to"), *header.all("cc")) - {self.address, sent.address}
        copied = self.address in addresses_in(*header.all("cc")) and self.address not in addresses_in(*header.all("to"))
        subject = words(header.first("subject"))[:300]
        text, whole = _said(subject, body, answers=bool(header.all("in-reply-to"))) if body else ("", "")
        return Arrival(
            key=f"mail:{hashlib.sha256(f'{sent.address} {id_}'.encode()).hexdigest()}", kind="message" if body else "other", id=id_,
            address=f"{sent.address}/{_thread(header, id_)}", sender=Sender(id=sent.address, name=sent.name[:200], email=sent.address),
            at=mail.at, about=next(iter(ids_in(*header.all("in-reply-to"))), ""), text=text, whole=whole, files=_files(body, mail),
            group=bool(others), addressed=not copied, problem="" if body else _why(mail),
            reply={"subject": subject, "references": _references(header), "id": id_},
        )  # fmt: skip


def _references(header: Header) -> list[str]:
    """The first of the thread, and the last."""
    found = ids_in(*header.all("references"))
    return [*found[:1], *found[1:][-_MOST_REFERENCES:]]


def _why(mail: Mail) -> str:
    return "a mail that cannot be read" if mail.whole else f"a mail of more than {LARGEST} bytes"


def _said(subject: str, body: Body, *, answers: bool) -> tuple[str, str]:
    """What is asked, and the whole text where that is more. A first mail is asked with its subject, an answer without; a command is one
    whatever stands in the subject."""
    new = body.text.strip() if forwarded(subject) else trimmed(body.text)
    whole = body.text.strip()[:_LONGEST_WHOLE]
    asked = new if answers or new.startswith("/") else "\n\n".join(filter(None, (subject, new)))
    return asked, whole if whole != new else ""


def _files(body: Body | None, mail: Mail) -> tuple[Attached, ...]:
    return tuple(
        Attached(ref=f"{mail.place}/{one.place}", name=one.name, media_type=one.media_type, size=one.size, sha256=one.sha256)
        for one in (body.files if body else ())
    )  # fmt: skip


def _id_of(header: Header, mail: Mail) -> str:
    """Its Message-ID; of a mail without one, or with several, one made of all that it is."""
    return next(iter(ids_in(header.one("message-id") or "")), "") or f"<{_digest(mail.raw)}@none.invalid>"


def _thread(header: Header, id_: str) -> str:
    """Which thread it belongs to: that of the mail of ours which it answers, else of the first mail that it goes back to."""
    before = ids_in(*header.all("in-reply-to")[:1], *header.all("references"))
    known = next((found[1] for one in before if (found := ours(one))), None)
    first = next(iter(ids_in(*header.all("references"), *header.all("in-reply-to"))), id_)
    return known or thread_of(first)


def thread_of(message_id: str) -> str:
    """What a thread is called that begins with that mail."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:16]


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:40]
