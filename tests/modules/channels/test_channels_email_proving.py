"""Who a mail is from is believed only where the receiving server proved it: forged mails are nobody's."""

import random
import re
from typing import Any

import pytest

from hulk.modules.channels.adapters.email.headers import header_of
from hulk.modules.channels.adapters.email.proving import from_of, results_of
from hulk.modules.channels.adapters.email.reading import Reader
from support.mailboxes import PASSED, heard, known, reader
from support.mailboxes import mail as a_mail
from support.twins.email import AUTHSERV as BY


def mail(*given: Any, Results: str = PASSED, **fields: Any) -> bytes:  # noqa: N803  # a field's name
    """A mail of which the server says that."""
    return a_mail(*given, **{"Authentication-Results": Results, **fields})


BOSS = "Chefe <chefe@example.com>"
EVIL = f"{BY}; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=x@evil.example; dmarc=pass header.from=evil.example"


def test_what_the_server_proved_is_believed() -> None:
    found = heard(mail())
    assert (found.kind, found.sender.id, found.sender.email, found.sender.name) == ("message", "ana@example.com", "ana@example.com", "Ana")


@pytest.mark.parametrize("results", [
    pytest.param(PASSED, id="all passed"),
    pytest.param(f"{BY} 1; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com", id="as Gmail has it"),
    pytest.param(f"{BY}; dmarc=pass (p=none dis=none) header.from=EXAMPLE.com", id="as OpenDMARC has it"),
    pytest.param(f'{BY}; dkim=pass (2048-bit key) header.d=example.com header.i=@example.com header.b="a/b+c="', id="OpenDKIM, no DMARC"),
    pytest.param(f"{BY}; dmarc=none header.from=example.com; dkim=fail header.d=x.y; dkim=pass header.d=example.com", id="one of two"),
    pytest.param(f"{BY.upper()}; spf=pass smtp.mailfrom=bounce@example.com", id="SPF alone"),
    pytest.param(f"{BY};\r\n dmarc = pass\r\n header.from = example.com", id="over lines"),
])  # fmt: skip
def test_what_servers_write_is_read(results: str) -> None:
    assert known(heard(mail(Results=results)))


def test_a_domain_above_may_speak_for_one_below_and_never_the_other_way() -> None:
    below = mail(From="ana@mail.example.com", Results=f"{BY}; dkim=pass header.d=example.com")
    above = mail(Results=f"{BY}; dkim=pass header.d=mail.example.com")
    assert (known(heard(below)), known(heard(above))) == (True, False)


@pytest.mark.parametrize("raw", [
    pytest.param(mail(drop=("Authentication-Results",)), id="nothing was checked"),
    pytest.param(mail(Results=f"{BY}; none"), id="nothing was found"),
    pytest.param(mail(Results=f"{BY}; none\r\n ; dmarc=pass header.from=example.com"), id="nothing was found, and more is said"),
    pytest.param(mail(Results=f"{BY}; dmarc=fail header.from=example.com; dkim=pass header.d=example.com"), id="DMARC failed"),
    pytest.param(mail(Results=f"{BY}; dmarc=temperror header.from=example.com; dkim=pass header.d=example.com"), id="unclear"),
    pytest.param(mail(Results="mx.evil.example; dmarc=pass header.from=example.com"), id="another server says so"),
    pytest.param(mail(Results=f"{BY}.evil.example; dmarc=pass header.from=example.com"), id="nearly our server"),
    pytest.param(mail(Results="dmarc=pass header.from=example.com"), id="no server says so"),
    pytest.param(mail(above=[("Authentication-Results", EVIL)]), id="what it says itself, below ours"),
    pytest.param(mail(above=[("Authentication-Results", "mx.other.example; dmarc=fail")]), id="another's on top of ours"),
    pytest.param(mail(Results=EVIL), id="passed for another domain"),
    pytest.param(mail(Results=EVIL, From=f"{BOSS}, x@evil.example"), id="two addresses"),
    pytest.param(mail(above=[("From", "x@evil.example")]), id="From twice, ours below"),
    pytest.param(mail(above=[("From", BOSS)], From="x@evil.example", Results=EVIL), id="From twice, ours above"),
    pytest.param(mail(Results=EVIL, From="=?utf-8?q?chefe=40example=2Ecom=3E?= <x@evil.example>, a@b.example"), id="encoded words"),
    pytest.param(mail(From="=?utf-8?q?chefe?=@example.com"), id="encoded words for an address"),
    pytest.param(mail(From="chefe@example.com <x@evil.example>", Results=PASSED), id="an address for a name"),
    pytest.param(mail(From="<chefe@example.com> <x@evil.example>"), id="two in brackets"),
    pytest.param(mail(From="chefe@example.com (x@evil.example)"), id="a comment"),
    pytest.param(mail(From="Equipe: chefe@example.com;"), id="a group"),
    pytest.param(mail(From='"chefe@example.com"@evil.example'), id="a quoted local part"),
    pytest.param(mail(From="chefe@example.com@evil.example"), id="two at signs"),
    pytest.param(mail(From="chefe@ex\u0430mple.com"), id="letters that look alike"),
    pytest.param(mail(From=""), id="nobody"),
    pytest.param(mail(drop=("From",)), id="no From"),
    pytest.param(mail().replace(b"From: Ana", b"From : Ana"), id="a space before the colon"),
    pytest.param(mail().replace(b"Subject: Pedidos", b"X: a\rFrom: chefe@example.com"), id="a bare carriage return"),
    pytest.param(mail().replace(b"Subject: Pedidos", b"Subject: a\0b"), id="a zero byte"),
    pytest.param(mail().replace(b"Subject: Pedidos", b"no colon"), id="a line that is no field"),
    pytest.param(mail().replace(b"Subject: Pedidos", b"Subject: a\r\n \r\nFrom: x@evil.example"), id="a line of spaces"),
    pytest.param(mail(Results=f'{BY}; spf=pass (domain of "a) smtp.mailfrom=ana@example.com ("@evil.example) '
                                             "smtp.mailfrom=x@evil.example"), id="a quote in a comment"),
    pytest.param(mail(Results=f'{BY}; spf=pass smtp.mailfrom="; dmarc=pass header.from=example.com; "@evil.example'),
                 id="results within a quoted address"),
    pytest.param(mail(Results=f"{BY}; spf=pass smtp.mailfrom=ana@example.com smtp.mailfrom=x@evil.example"), id="said twice"),
    pytest.param(mail(Results=f"{BY}; dmarc=pass header.from=example.com; dmarc=pass header.from=evil.example"),
                 id="passed for two domains"),
    pytest.param(mail(Results=f"{BY}; dmarc=pass header.from=example.com ("), id="a comment without an end"),
    pytest.param(mail(Results=f"{BY}; dkim=pass header.d=com"), id="a whole top domain"),
    pytest.param(mail(Results=f"{BY}; spf=pass smtp.helo=example.com"), id="what a server calls itself"),
    pytest.param(mail(Results=f"{BY}; arc=pass header.from=example.com; auth=pass smtp.auth=ana@example.com"), id="others"),
    pytest.param(mail(above=[("X-Big", "a" * 300_000)]), id="a header without an end"),
])  # fmt: skip
def test_a_forged_mail_is_nobodys(raw: bytes) -> None:
    found = heard(raw)
    assert not known(found)
    assert (found.kind, found.addressed, found.sender.email) == ("other", False, "")
    assert found.problem.startswith("nobody knows who sent it")


def test_without_the_name_of_our_server_nobody_is_known() -> None:
    assert not known(heard(mail(Results="; dmarc=pass header.from=example.com"), reader(authserv="")))


def test_who_is_not_proven_is_never_the_contact_that_is_linked() -> None:
    assert heard(mail(drop=("Authentication-Results",))).sender.id == "?ana@example.com"


def test_the_same_mail_forged_before_does_not_keep_the_real_one_out() -> None:
    forged, real = heard(mail(drop=("Authentication-Results",))), heard(mail())
    assert forged.key != real.key
    assert heard(mail(From="Bob <bob@example.com>")).key != real.key


def test_results_are_read_as_they_are_written() -> None:
    told = results_of("mx.a.b (c(d)) 1; spf=pass (x; y) smtp.mailfrom=a@b.c ; dkim/1=fail reason=bad header.i=@b.c")
    assert told is not None
    server, (spf, dkim) = told
    assert (server, spf.result, spf.about, dkim.result) == ("mx.a.b", "pass", {"smtp.mailfrom": "a@b.c"}, "fail")
    assert dkim.about == {"reason": "bad", "header.i": "@b.c"}


PIECES = (
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b"(", b")", b'"', b"\\", b"<", b">", b",", b"=?utf-8?b?YQ==?=", b"\xff", b"; ",
    b"\xe2\x80\xae", b"From: chefe@example.com\r\n", b"\r\nFrom: chefe@example.com", b"dmarc=pass header.from=example.com", b"--b\r\n",
    *[b"Authentication-Results: " + PASSED.encode() + b"\r\n"] * 3, b"From: x@evil.example\r\n", b"chefe@example.com",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
)  # fmt: skip


def forged(chance: random.Random) -> bytes:
    """A mail of a sender who may write what they like below what our server wrote on top: it did not pass as example.com."""
    verdict = chance.choice([EVIL, f"{BY}; dmarc=fail header.from=example.com", f"{BY}; none", EVIL.replace("evil", "other")])
    top = f"Authentication-Results: {verdict}\r\n".encode()
    rest = bytearray(mail(From=BOSS, drop=("Return-Path", "Authentication-Results")))
    for _ in range(chance.randrange(1, 8)):
        at = chance.choice([chance.randrange(len(rest)), *(one.end() for one in re.finditer(rb"\n", rest[:-1]))])
        match chance.randrange(4):
            case 0:
                rest[at:at] = chance.choice(PIECES)
            case 1:
                del rest[at : at + chance.randrange(1, 20)]
            case 2:
                rest[at] ^= 1 << chance.randrange(8)
            case _:
                rest[at:at] = rest[chance.randrange(len(rest)) :][: chance.randrange(60)]
    return top + bytes(rest)


def taken_in(count: int, seed: int) -> list[bytes]:
    """Those of so many forged mails that are taken for somebody's at example.com."""
    chance, by = random.Random(seed), reader()
    return [raw for raw in (forged(chance) for _ in range(count)) if _as_ours(raw, by)]


def _as_ours(raw: bytes, by: Reader) -> bool:
    found = from_of(header_of(raw), BY)
    arrival = heard(raw, by)
    return (found.proven and found.address.endswith("example.com")) or (known(arrival) and arrival.sender.id.endswith("example.com"))


def test_of_5000_mutations_of_forged_mails_none_is_taken_and_none_breaks_anything() -> None:
    assert taken_in(5_000, 20261122) == []


@pytest.mark.long
def test_of_100000_mutations_none_is_taken() -> None:
    assert taken_in(100_000, 7) == []
