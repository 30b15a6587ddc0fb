"""Answers leave by SMTP: what the server's words mean, and what a silence means."""

import email
import email.policy
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import Exhausted, HulkError, NotFound, Refused, TooLarge, Unauthenticated, Unavailable
from hulk.modules.channels.adapters.email.smtp import SmtpServer, dotted
from hulk.modules.channels.ports import Uncertain, Unknowable
from support.mailboxes import heard, line, mail, message, places, servers, with_file
from support.twins.email import ADDRESS, Twin, email_twin


@pytest.fixture(scope="module")
def process() -> Iterator[Twin]:
    with email_twin() as running:
        yield running


@pytest.fixture
def twin(process: Twin) -> Twin:
    process.reset()
    return process


def parsed(raw: str) -> EmailMessage:
    """A mail as Python's own reader has it."""
    found = email.message_from_bytes(raw.encode("latin-1"), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
async def test_an_answer_goes_out(twin: Twin, security: str) -> None:
    sent = await line(twin, security).send(message("**Foram** 17 pedidos.\n.\n..fim"), [])
    (taken,) = twin.state()["taken"]
    assert (taken["from"], taken["to"]) == (ADDRESS, "ana@example.com")
    found = parsed(taken["raw"])
    assert sent.id == found["Message-ID"] == "<msg_01h455vb4pex5vsknk084sn02q.0123456789abcdef@corp.example.com>"
    assert (found["Subject"], found["In-Reply-To"], found["References"]) == ("Re: Pedidos", "<1@example.com>", "<1@example.com>")
    assert (found["Auto-Submitted"], found["From"], found["To"]) == ("auto-replied", f"Hulk <{ADDRESS}>", "ana@example.com")
    plain, page = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content().splitlines() == ["**Foram** 17 pedidos.", ".", "..fim"]
    assert "<strong>Foram</strong>" in page.get_content()


async def test_files_go_along_and_those_too_large_are_named(twin: Twin, tmp_path: Path) -> None:
    small, large = tmp_path / "a", tmp_path / "b"
    small.write_bytes(b"x;y\n1;2\n")
    with large.open("wb") as file:
        file.truncate(18_000_000)
    await line(twin).send(message(), [("pedidos é.csv", small), ("tudo.bin", large)])
    found = parsed(twin.state()["taken"][0]["raw"])
    (attached,) = found.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("pedidos é.csv", b"x;y\n1;2\n")
    assert "tudo.bin" in str(found.get_body(("plain",)))


@pytest.mark.parametrize(("stage", "fault", "kind", "after"), [
    pytest.param("CONNECT", {"reply": "421 4.3.2 Shutting down"}, Unavailable, None, id="not now"),
    pytest.param("CONNECT", {"drop": True}, Unavailable, None, id="hangs up at once"),
    pytest.param("EHLO", {"reply": "421 4.7.0 Try again later"}, Unavailable, None, id="not now, after the greeting"),
    pytest.param("AUTH", {"reply": "454 4.7.0 Temporary authentication failure"}, Unavailable, None, id="cannot check passwords now"),
    pytest.param("AUTH", {"reply": "535 5.7.8 Username and Password not accepted"}, Unauthenticated, None, id="password wrong"),
    pytest.param("MAIL", {"reply": "530 5.7.0 Authentication Required"}, Unauthenticated, None, id="wants a login"),
    pytest.param("MAIL", {"reply": "452 4.3.1 Insufficient system storage"}, Unavailable, None, id="disk full"),
    pytest.param("MAIL", {"reply": "421 4.7.28 Rate limit exceeded"}, Exhausted, 60.0, id="too much"),
    pytest.param("RCPT", {"reply": "451 4.7.1 Greylisted, try again in 300 seconds"}, Unavailable, 300.0, id="greylisted, says when"),
    pytest.param("RCPT", {"reply": "450 4.2.0 Greylisted"}, Unavailable, 60.0, id="greylisted"),
    pytest.param("RCPT", {"reply": "450 4.2.1 receiving mail too quickly, 2 minutes"}, Exhausted, 120.0, id="they get too much"),
    pytest.param("RCPT", {"reply": "550 5.1.1 No such user"}, Refused, None, id="nobody there"),
    pytest.param("RCPT", {"drop": True}, Unavailable, None, id="hangs up before the mail"),
    pytest.param("RCPT", {"reply": "rubbish"}, Unavailable, None, id="rubbish before the mail"),
    pytest.param("DATA", {"reply": "554 5.7.1 Spam"}, Refused, None, id="refused before the mail"),
    pytest.param("END", {"reply": "451 4.3.0 Try again"}, Unavailable, None, id="not taken after all"),
    pytest.param("END", {"reply": "552 5.3.4 Too large"}, TooLarge, None, id="too large"),
    pytest.param("END", {"reply": "554 5.7.1 Spam"}, Refused, None, id="refused after all"),
    pytest.param("END", {"drop": True}, Uncertain, None, id="hangs up when it has it"),
    pytest.param("END", {"reply": "rubbish"}, Uncertain, None, id="rubbish when it may have it"),
    pytest.param("END", {"reply": "354 Go ahead"}, Uncertain, None, id="no answer to what was said"),
])  # fmt: skip
async def test_what_a_server_says_means(
    twin: Twin, stage: str, fault: dict[str, Any], kind: type[HulkError], after: float | None
) -> None:  # fmt: skip
    twin.fault(stage, **fault)
    with pytest.raises(HulkError) as raised:
        await line(twin).send(message(), [])
    assert type(raised.value) is kind
    assert getattr(raised.value, "retry_after", None) == after
    assert "s3nha" not in str(raised.value)
    await line(twin).send(message(), [])


async def test_a_line_that_breaks_amid_a_mail_has_not_taken_it(twin: Twin, tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.truncate(12_000_000)  # more than lies on the way, so that the break is noticed before the dot
    twin.fault("BODY", drop=True)
    with pytest.raises(Unavailable) as raised:
        await line(twin).send(message(), [("a.bin", tmp_path / "a")])
    assert type(raised.value) is Unavailable
    assert twin.state()["taken"] == []


async def test_a_wrong_password_and_a_server_that_is_away(twin: Twin) -> None:
    with pytest.raises(Unauthenticated, match="new password"):
        await line(twin, password="old").send(message(), [])
    imap, smtp = servers(twin)
    gone = SmtpServer(places(twin)[1].__class__("localhost", 1, "plain"), smtp.login)
    with pytest.raises(Unavailable, match="cannot be reached at port 1"):
        await line(twin, imap=imap, smtp=gone).send(message(), [])


async def test_nothing_is_said_without_tls(twin: Twin) -> None:
    twin.set(tls=False)
    with pytest.raises(Unavailable, match="offers no TLS"):
        await line(twin, "starttls").send(message(), [])
    assert twin.state()["taken"] == []


async def test_it_is_looked_up_whether_a_mail_went_out_where_the_server_keeps_them(twin: Twin) -> None:
    twin.set(saves=True)
    asks = line(twin, sent="Sent")
    assert await asks.find(message()) is None
    twin.fault("END", drop=True)
    with pytest.raises(Uncertain):
        await asks.send(message(), [])
    found = await asks.find(message())
    assert found is not None
    assert found.id == parsed(twin.state()["taken"][0]["raw"])["Message-ID"]
    assert await asks.find(message(id="msg_01h455vb4pex5vsknk084sn02r")) is None


async def test_nobody_knows_whether_it_went_out_where_it_is_not_kept(twin: Twin) -> None:
    with pytest.raises(Unknowable):
        await line(twin).find(message())


@pytest.mark.parametrize(
    "address", ["", "ana", "ana@example.com", "ana@example.com\r\nRCPT TO:<x@y.z>/1", "<ana@example.com>/1", "a b@example.com/1"]
)
async def test_what_is_no_address_is_refused(twin: Twin, address: str) -> None:
    with pytest.raises(Refused, match="no address"):
        await line(twin).send(message(address=address), [])
    assert twin.state()["taken"] == []


async def test_checking_proves_both_ways_and_leaves_nothing(twin: Twin) -> None:
    checked = await line(twin).check()
    assert [str(step) for step, _ in checked.steps] == [
        "localhost takes mail of us", "localhost lets us read INBOX", f"A mail to {ADDRESS} arrives",
    ]  # fmt: skip
    assert twin.state()["boxes"]["INBOX"] == []


async def test_checking_finds_a_server_that_lets_senders_write_its_results(twin: Twin) -> None:
    twin.set(lax=True)
    with pytest.raises(Refused, match="anybody could be anybody"):
        await line(twin).check()


async def test_checking_without_probes_sends_nothing(twin: Twin) -> None:
    assert len((await line(twin, probes=False).check()).steps) == 2
    assert twin.state()["taken"] == []


async def test_a_file_is_fetched_from_its_mail(twin: Twin, tmp_path: Path) -> None:
    raw = with_file(b"a;b\n", "pedidos.csv")
    uid, validity = twin.brings(raw), 1_700_000_001
    (file,) = heard(raw).files
    file = file.__class__(ref=f"{validity}/{uid}/0", name=file.name, size=file.size, sha256=file.sha256)
    await line(twin).fetch(file, tmp_path / "got", 1000)
    assert (tmp_path / "got").read_bytes() == b"a;b\n"
    with pytest.raises(TooLarge):
        await line(twin).fetch(file, tmp_path / "got", 3)
    for ref in (f"{validity}/{uid}/1", f"{validity}/{uid + 1}/0", f"{validity + 1}/{uid}/0", "x", "1/2/-3"):
        with pytest.raises(NotFound):
            await line(twin).fetch(file.__class__(ref=ref, sha256=file.sha256), tmp_path / "got", 1000)


def test_a_mail_ends_where_we_end_it() -> None:
    assert dotted(b"a\n.b\r\n\n.\n\rc\r\n\r\n") == b"a\r\n..b\r\n\r\n..\r\n\r\nc\r\n"


def test_the_twin_takes_what_the_standard_library_sends(twin: Twin) -> None:
    with smtplib.SMTP("127.0.0.1", twin.smtp) as client:
        client.login(ADDRESS, "s3nha-do-correio")
        client.sendmail(ADDRESS, ["ana@example.com"], mail(".ponto\n..dois"))
    assert twin.state()["taken"][0]["raw"].endswith("\r\n.ponto\r\n..dois\r\n")
