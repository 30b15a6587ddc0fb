"""A mailbox of a Hulk that runs: a mail with a file comes, its answer leaves in its thread with what was made; programs get none.

The provider is a twin in a process of its own (IMAP and SMTP), itself checked with imaplib, smtplib, IMAPClient and aiosmtplib; what Hulk
sent is read by the library's own parser."""

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from email import message_from_string, policy
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Any, cast

import pytest

from support.mailboxes import PASSED, mail, with_file
from support.patience import until_found
from support.program import Up, calling, run, start, started, thor
from support.twins.email import ADDRESS, AUTHSERV, PASSWORD, Twin, email_twin
from support.worlds import sales

FIRST, SECOND, THIRD = "<primeira@example.com>", "<segunda@example.com>", "<terceira@example.com>"
NOBODY = "no-reply@example.com"
AUTOMATIC: dict[str, dict[str, Any]] = {
    "an absence": {"Auto_Submitted": "auto-replied"},
    "a report": {"Auto_Submitted": "auto-generated"},
    "a list": {"List_Id": "<novidades.example.com>"},
    "bulk": {"Precedence": "bulk"},
    "no return": {"Return_Path": "<>"},
    "no reply": {"From": NOBODY, "Authentication_Results": PASSED.replace("ana@example.com", NOBODY)},
    "nobody proved": {"Authentication_Results": f"{AUTHSERV}; dmarc=fail header.from=example.com"},
}
"""Mails that RFC 3834 has no answer for, and one of which nobody knows whose it is."""


@pytest.fixture
def twin() -> Iterator[Twin]:
    with email_twin() as twin:
        twin.set(saves=True)
        yield twin


@pytest.fixture
def world(tmp_path: Path, twin: Twin) -> Path:
    box = {
        "name": "mail", "address": ADDRESS, "authserv": AUTHSERV, "password": PASSWORD, "sent": "Sent", "guests": ["operator"],
        "people": True, "imap_host": "127.0.0.1", "imap_port": twin.imap, "imap_security": "plain",
        "smtp_host": "127.0.0.1", "smtp_port": twin.smtp, "smtp_security": "plain",
    }  # fmt: skip
    (tmp_path / "hulk.yaml").write_text(json.dumps({"channels": {"email": [box], "check_every": None}, "grpc": {"port": 0}}))
    return tmp_path


async def heard(twin: Twin) -> None:
    """The mailbox is listened to: what lay in it before nobody is answered."""

    async def idles() -> bool:
        return bool((await asyncio.to_thread(twin.state))["idling"])

    await until_found(idles, within=60)


async def answers(twin: Twin, count: int) -> list[EmailMessage]:
    """What was sent, once it is so many."""

    async def there() -> bool:
        return len((await asyncio.to_thread(twin.state))["taken"]) >= count

    await until_found(there, within=90)
    return [message_from_string(one["raw"], policy=policy.default) for one in twin.state()["taken"]]


def said(mail: EmailMessage) -> str:
    """What people read of it."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def asks(twin: Twin, text: str, id_: str, **fields: Any) -> None:
    """Ana writes that."""
    twin.brings(mail(text, Message_ID=id_, Date=formatdate(time.time()), **fields))


async def arrived(up: Up, count: int) -> list[dict[str, Any]]:
    """What came in and was worked on, once it is so many, the newest first."""
    async with calling(up) as caller:
        found: list[dict[str, Any]] = []

        async def there() -> bool:
            _, body, _ = await caller.call("GET", "/v1/channel-arrivals?limit=50")
            found[:] = body["arrivals"]
            return sum(one["outcome"] is not None for one in found) >= count

        await until_found(there, within=60)
        return found


async def test_a_mail_with_a_file_is_answered_in_its_thread_once_whatever_dies_and_then_by_a_person(twin: Twin, world: Path) -> None:
    table = sales(world / "vendas.csv")
    up = start(world / "data", cwd=world)
    try:
        await heard(twin)
        fields = {"Message_ID": FIRST, "Date": formatdate(time.time()), "Subject": "Descreva este arquivo e aponte os problemas"}
        twin.brings(with_file(table.read_bytes(), "vendas.csv", text="", **fields))
        [answer] = await answers(twin, 1)
        assert (answer["In-Reply-To"], answer["References"]) == (FIRST, FIRST)
        assert (answer["Subject"], answer["Auto-Submitted"]) == (f"Re: {fields['Subject']}", "auto-replied")
        assert "600" in said(answer)
        [picture] = answer.iter_attachments()
        assert picture.get_filename() == "profile.png"
        assert cast("bytes", picture.get_content()).startswith(b"\x89PNG")

        up.kill()
        asks(twin, "quanto é 15% de 200", SECOND, In_Reply_To=str(answer["Message-ID"]), References=f"{FIRST} {answer['Message-ID']}")
        up = start(world / "data", cwd=world)
        _, further = await answers(twin, 2)
        assert further["In-Reply-To"] == SECOND
        assert further["References"].split() == [FIRST, answer["Message-ID"], SECOND]
        assert "/pessoa" in said(further)  # no model is set up here: somebody else may help
        [second, first] = await arrived(up, 2)
        assert first["address"] == second["address"]
        assert [one["name"] for one in first["files"]] == ["vendas.csv"]
        async with calling(up) as caller:
            _, intent, _ = await caller.call("GET", f"/v1/intents/{first['intent_id']}")
        assert [one["name"] for one in intent["sources"]] == ["vendas.csv"]
        assert len(await answers(twin, 2)) == 2

        thread = {"In_Reply_To": str(further["Message-ID"]), "References": f"{FIRST} {further['Message-ID']}"}
        asks(twin, "/pessoa", THIRD, Subject=str(answer["Subject"]), **thread)
        await answers(twin, 3)
        async with calling(up) as caller:
            _, found, _ = await caller.call("GET", "/v1/conversations?mode=person")
            [talk] = found["conversations"]
            place = f"/v1/conversations/{talk['conversation_id']}"
            status, _, _ = await caller.call(
                "POST", f"{place}/replies", json={"text": "São **30**, Ana."}, headers={"idempotency-key": "1"}
            )
        assert (status, talk["address"]) == (202, first["address"])
        person = (await answers(twin, 4))[-1]
        assert (person["In-Reply-To"], person["Subject"]) == (THIRD, answer["Subject"])
        assert "São **30**, Ana." in said(person)
    finally:
        up.kill()


async def test_what_programs_send_is_kept_and_never_answered(twin: Twin, world: Path) -> None:
    with started(world / "data", cwd=world) as up:
        await heard(twin)
        for name, fields in AUTOMATIC.items():
            asks(twin, "Estou de férias.", f"<{name.replace(' ', '-')}@example.com>", **fields)
        asks(twin, "quanto é 15% de 200", FIRST)
        [answer] = await answers(twin, 1)
        assert answer["In-Reply-To"] == FIRST
        came = await arrived(up, len(AUTOMATIC) + 1)
        assert [one["outcome"] for one in came] == ["asked", *["ignored"] * len(AUTOMATIC)]
        assert len(await answers(twin, 1)) == 1
        messages = thor(up.data, "channels", "messages", cwd=world)
        assert [one["state"] for one in messages] == ["sent"]


async def test_it_proves_that_it_works_both_ways_and_says_what_keeps_it_from_working(twin: Twin, world: Path) -> None:
    with started(world / "data", cwd=world) as up:
        await heard(twin)
        done = await checked(up)
        assert (done.returncode, "works" in done.stdout) == (0, True), done
        [probe] = await answers(twin, 1)
        assert probe["To"] == ADDRESS
        twin.set(revoked=True)
        twin.cut()
        done = await checked(up)
        assert (done.returncode, "password" in done.stdout) == (1, True), done
        assert PASSWORD not in done.stdout + done.stderr
        twin.set(revoked=False)

        async def works() -> bool:
            return (await checked(up)).returncode == 0

        await until_found(works, within=60)


async def checked(up: Up) -> subprocess.CompletedProcess[str]:
    """What an operator is told of it."""
    return await asyncio.to_thread(run, "thor", "channels", "check", "mail", "--data", str(up.data), cwd=up.data)
