"""A twin of a mail provider, a process of its own: a mailbox by IMAP, and SMTP, with faults on command.

    with email_twin() as twin:
        twin.brings(mail)                       # it lies in the mailbox, as the receiving server has it
        twin.fault("RCPT", reply="451 4.7.1 Greylisted")
        twin.state()["taken"]

It is checked with imaplib, smtplib, IMAPClient and aiosmtplib in tests/modules/channels/test_channels_email_twin.py.
"""

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.processes import leashed

ADDRESS, PASSWORD, AUTHSERV = "hulk@corp.example.com", "s3nha-do-correio", "mx.corp.example.com"
CLIENT, SECRET, REFRESH = "hulk-app", "s3gredo+do/app=", "1//refresca"
_TESTS = Path(__file__).parents[3]


@dataclass(frozen=True)
class Twin:
    """A running twin, and its ports on this machine."""

    smtp: int
    smtps: int
    imap: int
    imaps: int
    told: int
    ca: str
    grant: int
    """Where tokens are given, by HTTP."""

    def reset(self) -> None:
        """Nothing has happened yet."""
        self._asked("reset")

    def brings(self, mail: bytes, **how: Any) -> int:
        """It lies in the mailbox (`folder`, `uid`, `at`: seconds); its number."""
        return int(self._asked("brings", mail=mail.decode("latin-1"), **how))

    def fault(self, stage: str, **how: Any) -> None:
        """What the next one at that stage of SMTP meets (CONNECT, EHLO, AUTH, MAIL, RCPT, DATA, BODY, END): a `reply`, or `drop`. At END it
        is taken all the same when it drops."""
        self._asked("fault", stage=stage, **how)

    def set(self, **what: Any) -> None:
        """It is so from now on: `revoked`, `tls`, `idle`, `saves` (in Sent), `lax` (leaves forged results), `refuses` (uids not given),
        `dates` (by uid, in place of when it came), `oauth` (takes access tokens, and `only` those), `lasts` (seconds of a token),
        `rotated` (refresh token given with one), `grants` (what the token endpoint says to all: `status`, `body`)."""
        self._asked("set", **what)

    def cut(self) -> None:
        """Every line by IMAP is cut."""
        self._asked("cut")

    def forget_tokens(self) -> None:
        """No token that was given holds any more."""
        self._asked("forget_tokens")

    def renumber(self) -> None:
        """The mailbox has other numbers from now on."""
        self._asked("renumber")

    def state(self) -> dict[str, Any]:
        """What was done: `taken` (mails by SMTP), `lines` (by IMAP open now), `asked` (commands of IMAP), `boxes` (uids), `idling`,
        `granted` (what was asked for tokens)."""
        found: dict[str, Any] = self._asked("state")
        return found

    def _asked(self, what: str, **how: Any) -> Any:
        with socket.create_connection(("127.0.0.1", self.told)) as line, line.makefile("rwb") as file:
            file.write(json.dumps({"what": what, **how}).encode() + b"\n")
            file.flush()
            return json.loads(file.readline())


@contextlib.contextmanager
def email_twin() -> Iterator[Twin]:
    """One whose only mailbox is `ADDRESS`."""
    command = [sys.executable, "-u", "-m", "support.twins.email"]
    with subprocess.Popen(leashed(*command), cwd=_TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Twin(**json.loads(process.stdout.readline()))
        finally:
            process.terminate()
