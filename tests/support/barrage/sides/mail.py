"""A mailbox: what lies in it is answered once."""

import asyncio
import random
import time
from collections import defaultdict
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from support.barrage.sides.side import GUESTS, TEXT, Seen
from support.mailboxes import PASSED, mail
from support.twins.email import ADDRESS, AUTHSERV, PASSWORD, Twin


@dataclass
class Mail:
    """A mailbox whose server keeps what it was given to send, where a mail is found by its Message-ID."""

    twin: Twin
    chance: random.Random
    name: str = "mail"
    handle: bool = True

    def __post_init__(self) -> None:
        """As Gmail does."""
        self.twin.set(saves=True)

    @property
    def section(self) -> tuple[str, dict[str, Any]]:
        """See `Side`."""
        servers = {
            "imap_host": "127.0.0.1", "imap_port": self.twin.imap, "imap_security": "plain",
            "smtp_host": "127.0.0.1", "smtp_port": self.twin.smtp, "smtp_security": "plain",
        }  # fmt: skip
        box = {"address": ADDRESS, "authserv": AUTHSERV, "password": PASSWORD, "sent": "Sent", "probes": False}
        return "email", {"name": self.name, **box, **servers, **GUESTS}

    async def say(self, number: int) -> str:
        """See `Side`: it lies in the mailbox from then on. Each is a person of their own."""
        sender, id_ = f"p{number}@example.com", f"<m{number}@example.com>"
        fields: dict[str, Any] = {
            "From": f"Ana <{sender}>",
            "Return_Path": f"<{sender}>",
            "Message_ID": id_,
            "Date": formatdate(time.time()),
        }
        proof = PASSED.replace("ana@example.com", sender)
        await asyncio.to_thread(self.twin.brings, mail(TEXT, Authentication_Results=proof, **fields))
        return id_

    async def seen(self) -> Seen:
        """See `Side`: the ids are of what was taken, not those that Hulk gave."""
        found: Seen = defaultdict(list)
        for place, one in enumerate((await asyncio.to_thread(self.twin.state))["taken"]):
            found[_header(one["raw"], "in-reply-to")].append(str(place))
        return found

    async def standing(self) -> list[str]:
        """See `Side`: nothing is said there of that."""
        return []

    def trouble(self) -> None:
        """See `Side`."""
        what = self.chance.choice(("greylisted", "busy", "refused after all", "hung up", "lost", "cut off", "renumbered"))
        faults: dict[str, tuple[str, dict[str, Any]]] = {
            "greylisted": ("RCPT", {"reply": "451 4.7.1 Greylisted"}), "busy": ("CONNECT", {"reply": "421 4.3.2 Busy"}),
            "refused after all": ("END", {"reply": "451 4.3.0 Try again"}), "hung up": ("BODY", {"drop": True}),
            "lost": ("END", {"drop": True}),
        }  # fmt: skip
        if what in faults:
            stage, how = faults[what]
            self.twin.fault(stage, **how)
        elif what == "cut off":
            self.twin.cut()
        else:
            self.twin.renumber()

    async def rest(self, waiting: int) -> int:  # the port's
        """See `Side`."""
        return 0


def _header(raw: str, name: str) -> str:
    for line in raw.partition("\r\n\r\n")[0].replace("\r\n ", " ").split("\r\n"):
        key, _, told = line.partition(":")
        if key.lower() == name:
            return told.strip()
    return ""
