"""The twin of a mail provider answers clients that are not ours as they expect it."""

import imaplib
import smtplib
import ssl
from collections.abc import Iterator

import pytest

from support.mailboxes import mail
from support.twins.email import ADDRESS, PASSWORD, Twin, email_twin


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with email_twin() as running:
        running.brings(mail(Message_ID="<a@example.com>"))
        running.brings(mail("dois", Message_ID="<b@example.com>"))
        yield running


@pytest.mark.parametrize("secure", [False, True])
def test_imaplib_reads_its_mailbox(twin: Twin, secure: bool) -> None:
    context = ssl.create_default_context(cafile=twin.ca)
    client = imaplib.IMAP4_SSL("localhost", twin.imaps, ssl_context=context) if secure else imaplib.IMAP4("localhost", twin.imap)
    if not secure:
        client.starttls(context)
    client.login(ADDRESS, PASSWORD)
    assert client.select("INBOX", readonly=True) == ("OK", [b"2"])
    assert client.response("UIDVALIDITY")[1] == [b"1700000001"]
    assert client.uid("SEARCH", "UID", "2:*") == ("OK", [b"2"])
    assert client.uid("SEARCH", "HEADER", "Message-ID", '"<a@example.com>"') == ("OK", [b"1"])
    assert client.uid("SEARCH", "SINCE", "1-Jan-2020") == ("OK", [b"1 2"])
    _, [found, _] = client.uid("FETCH", "2", "(UID RFC822.SIZE INTERNALDATE BODY.PEEK[])")
    assert isinstance(found, tuple)
    assert found[1] == mail("dois", Message_ID="<b@example.com>")
    assert imaplib.Internaldate2tuple(found[0]) is not None
    client.logout()


def test_imaplib_is_not_let_in_with_another_password(twin: Twin) -> None:
    client = imaplib.IMAP4("localhost", twin.imap)
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        client.login(ADDRESS, "old")
    client.logout()


def test_smtplib_sends_by_it(twin: Twin) -> None:
    with smtplib.SMTP_SSL("localhost", twin.smtps, context=ssl.create_default_context(cafile=twin.ca)) as client:
        client.login(ADDRESS, PASSWORD)
        client.sendmail(ADDRESS, ["ana@example.com"], mail(".ponto\n..dois"))
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(ADDRESS, "old")
    assert twin.state()["taken"][-1]["raw"].endswith("\r\n.ponto\r\n..dois\r\n")


def test_imapclient_reads_it_and_is_told_what_comes(twin: Twin) -> None:
    imapclient = pytest.importorskip("imapclient")
    with imapclient.IMAPClient("localhost", port=twin.imap, ssl=False) as client:
        client.starttls(ssl.create_default_context(cafile=twin.ca))
        client.login(ADDRESS, PASSWORD)
        chosen = client.select_folder("INBOX")
        assert (chosen[b"UIDVALIDITY"], chosen[b"EXISTS"]) == (1_700_000_001, chosen[b"UIDNEXT"] - 1)
        assert client.search(["UID", "1:2"]) == [1, 2]
        found = client.fetch([1], ["BODY.PEEK[]", "RFC822.SIZE", "INTERNALDATE"])[1]
        assert found[b"BODY[]"] == mail(Message_ID="<a@example.com>")
        assert found[b"RFC822.SIZE"] == len(found[b"BODY[]"])
        client.idle()
        uid = twin.brings(mail("três"))
        assert client.idle_check(timeout=30) == [(chosen[b"EXISTS"] + 1, b"EXISTS")]
        client.idle_done()
        client.delete_messages([uid])
        client.uid_expunge([uid])
        assert uid not in client.search()


async def test_aiosmtplib_sends_by_it(twin: Twin) -> None:
    aiosmtplib = pytest.importorskip("aiosmtplib")
    context = ssl.create_default_context(cafile=twin.ca)
    client = aiosmtplib.SMTP(hostname="localhost", port=twin.smtp, start_tls=True, tls_context=context, username=ADDRESS, password=PASSWORD)
    async with client:
        await client.sendmail(ADDRESS, ["ana@example.com"], mail("por aiosmtplib"))
        twin.fault("RCPT", reply="451 4.7.1 Greylisted")
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await client.sendmail(ADDRESS, ["ana@example.com"], mail("x"))
    assert "por aiosmtplib" in twin.state()["taken"][-1]["raw"]
