"""A mail that goes out has the fields that it should have, whatever anybody wrote, and is known again as ours."""

import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.channels.adapters.email.bounces import ours
from hulk.modules.channels.adapters.email.composing import Sheet, composed, id_of, page, subject
from hulk.modules.channels.adapters.email.headers import header_of
from hulk.modules.channels.adapters.email.smtp import dotted
from hulk.modules.channels.domain import Outgoing
from support.mailboxes import NOW, SECRET, heard, message, reader
from support.twins.email import ADDRESS

SHEET = Sheet(ADDRESS, "Hulk", SECRET)
FIELDS = [
    "from", "to", "subject", "date", "message-id", "in-reply-to", "references", "auto-submitted", "x-auto-response-suppress", "hulk-proof",
    "mime-version", "content-type",
]  # fmt: skip
NASTY = st.text(st.characters() | st.sampled_from('\r\n\0\t\x0b\x0c\x1c\x85\u2028\u2029\ud800:<>"\\=?,;')) | st.sampled_from(
    [
        "a\r\nBcc: x@evil.example",
        "=?utf-8?q?a=0D=0ABcc:_x=40evil.example?=",
        "\r\n\r\n<b>corpo</b>",
        "\r\n.\r\nMAIL FROM:<x@y.z>",
        "é" * 900,
    ]
)


def made(out: Outgoing, sheet: Sheet = SHEET) -> bytes:
    """The mail that it is."""
    return composed(out, sheet, [], NOW)


@given(NASTY, NASTY, st.lists(NASTY, max_size=3), NASTY)
def test_nobody_writes_fields_of_ours(told: str, about: str, references: list[str], called: str) -> None:
    out = message("Oi", about=f"<1@example.com> {about}", reply={"subject": told, "references": references})
    raw = made(out, Sheet(ADDRESS, called, SECRET))
    header = header_of(raw)
    assert header.sound
    assert [name for name, _ in header.fields] == FIELDS
    assert (header.one("to"), b"\n\n" in raw.replace(b"\r\n", b"")) == ("ana@example.com", False)
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert found.defects == []
    assert found["bcc"] is None


@given(NASTY)
def test_whatever_is_said_arrives_and_ends_nothing_early(text: str) -> None:
    raw = made(message(text))
    found = email.message_from_bytes(raw, policy=email.policy.default).get_body(("plain",))
    assert found is not None
    said = text.encode("utf-8", "replace").decode().replace("\0", "")
    assert found.get_content().split() == said.split()
    assert b"\r\n.\r\n" not in dotted(raw)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


def test_the_same_message_is_the_same_mail_whenever_it_is_sent() -> None:
    first, later = made(message()), composed(message(), SHEET, [], datetime(2026, 11, 23, tzinfo=UTC))
    assert header_of(first).one("message-id") == header_of(later).one("message-id") == id_of(message(), "corp.example.com")
    assert ours(id_of(message(), "corp.example.com")) == (message().id, "0123456789abcdef")


def test_what_we_send_is_never_answered_by_us_or_by_another_hulk() -> None:
    passed = b"Authentication-Results: mx.corp.example.com; dmarc=pass header.from=corp.example.com\r\n"
    for by in (reader(), reader(address="outro@corp.example.com")):
        found = heard(passed + made(message()), by)
        assert (found.kind, found.addressed, found.sender.robot) == ("other", False, True)


@pytest.mark.parametrize(("told", "text", "said"), [
    ("Pedidos", "x", "Re: Pedidos"), ("RE: Pedidos", "x", "RE: Pedidos"), ("", "Bom dia.\nHoje…", "Bom dia."), ("", "", "Hulk"),
])  # fmt: skip
def test_the_subject(told: str, text: str, said: str) -> None:
    assert subject(message(text, reply={"subject": told})) == said


@pytest.mark.parametrize(("markdown", "html"), [
    ("**a** `b`", "<p><strong>a</strong> <code>b</code></p>"),
    ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
    ("[a](javascript:x)", "[a](javascript:x)"),
    ("![a](https://x.example/p.png)", '!<a href="https://x.example/p.png">a</a>'),
    ("|a|\n|-|\n|b|", "<td>b</td>"),
])  # fmt: skip
def test_markdown_as_html(markdown: str, html: str) -> None:
    assert html in page(markdown, "pt")
    assert "<img" not in page(markdown, "pt")
