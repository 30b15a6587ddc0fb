"""What must not leave the company is found in every writing of it, and ordinary sentences pass."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.personal import is_card, is_cnpj, is_cpf
from hulk.modules.router import classified
from hulk.modules.router.domain.sensitivity import MOST_CHARACTERS
from support.utterances import FRESH_IN_SCOPE, FRESH_OUT_OF_SCOPE, IN_SCOPE, OUT_OF_SCOPE


@pytest.mark.parametrize(
    ("text", "label"),
    [
        pytest.param("meu cpf é 529.982.247-25", "cpf", id="cpf"),
        pytest.param("cpf 52998224725", "cpf", id="cpf bare"),
        pytest.param("cpf:52998224725x", "cpf", id="cpf against a letter"),
        pytest.param("5 2 9 9 8 2 2 4 7 2 5", "cpf", id="cpf digit by digit"),
        pytest.param("529 . 982 . 247 - 25", "cpf", id="cpf with spaces around marks"),
        pytest.param("５２９．９８２．２４７－２５", "cpf", id="cpf in full-width digits"),
        pytest.param("٥٢٩٩٨٢٢٤٧٢٥", "cpf", id="cpf in Arabic digits"),
        pytest.param("529\u200b.982\u2060.247\ufeff-25", "cpf", id="cpf with invisible characters"),
        pytest.param("529.982.247\u201325", "cpf", id="cpf with another dash"),
        pytest.param("CNPJ 11.222.333/0001-81", "cnpj", id="cnpj"),
        pytest.param("11222333000181", "cnpj", id="cnpj bare"),
        pytest.param("12.ABC.345/01DE-35", "cnpj", id="cnpj with letters"),
        pytest.param("dados do titular: (ll) 9 8905-7272.", "phone", id="an area code in letters that look like digits"),
        pytest.param("oito, meia, meia, meia, meia, um, meia, meia, três, um, meia", "cnh", id="digits in words, most of them meia"),
        pytest.param('{"v": "a senha \\u00e9 rOe%EARCXLZrw&%7a"}', "secret", id="a password that holds what looks like an escape"),
        pytest.param("senha%20%C3%A9%20x\\n9kQ&ltT2w", "secret", id="the same in an address"),
        pytest.param("12abc34501de35", "cnpj", id="cnpj with small letters, bare"),
        pytest.param("cartão 4111 1111 1111 1111", "card", id="card"),
        pytest.param("3782-822463-10005", "card", id="card of 15 digits"),
        pytest.param("escreva para joao.silva+x@empresa.com.br", "email", id="e-mail"),
        pytest.param("joao (at) empresa.com.br", "email", id="e-mail in disguise"),
        pytest.param("ligue (11) 91234-5678", "phone", id="mobile"),
        pytest.param("11 91234-5678", "phone", id="mobile without brackets"),
        pytest.param("+55 11 3123 4567", "phone", id="international"),
        pytest.param("use sk-proj-abcDEF0123456789xyz", "secret", id="API key"),
        pytest.param("ghp_abcdefghijklmnopqrstuvwxyz0123", "secret", id="GitHub token"),
        pytest.param("AKIAIOSFODNN7EXAMPLE", "secret", id="AWS key"),
        pytest.param("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "secret", id="private key"),
        pytest.param("Authorization: Bearer abcdefghijklmnop1234", "secret", id="bearer"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "secret", id="JWT"),
        pytest.param("postgresql://app:hunter2@db.local/vendas", "secret", id="password in an address"),
        pytest.param("a senha: batata123", "secret", id="senha:"),
        pytest.param('"password" = "x9y8z7"', "secret", id="password="),
        pytest.param("a senha é abc123", "secret", id="senha é"),
    ],
)
def test_sensitive_text_is_p0_and_says_of_what_kind(text: str, label: str) -> None:
    found = classified(text)
    assert (found.sensitivity, label in found.labels) == ("p0", True)


@pytest.mark.parametrize(
    "text", [t for texts in (*IN_SCOPE.values(), *FRESH_IN_SCOPE.values(), OUT_OF_SCOPE, FRESH_OUT_OF_SCOPE) for t in texts]
)
def test_ordinary_sentences_are_public(text: str) -> None:
    assert classified(text).labels == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("compare 01/03/2026 a 30/04/2026", id="dates"),
        pytest.param("o token é inválido", id="a word about tokens"),
        pytest.param("529.982.247-24", id="wrong check digits"),
        pytest.param("111.111.111-11", id="all the same"),
        pytest.param("tkt_01h455vb4pex5vsknk084sn02q", id="an id of ours"),
        pytest.param("commit 3f2a9c1e7b6d5a4f3e2d1c0b9a8f7e6d5c4b3a2f", id="a commit"),
    ],
)
def test_what_only_looks_so_is_public(text: str) -> None:
    assert classified(text).labels == ()


@pytest.mark.parametrize(
    ("text", "label"),
    [pytest.param("a" * (MOST_CHARACTERS + 1), "too_long", id="too long"), pytest.param("x\ud800", "unreadable", id="no text")],
)
def test_what_cannot_be_scanned_is_p0(text: str, label: str) -> None:
    assert classified(text).labels == (label,)


def test_the_end_of_a_long_text_is_scanned_too() -> None:
    assert classified("palavra comum " * 60_000 + "529.982.247-25").labels == ("cpf",)


@pytest.mark.parametrize(
    "piece",
    ["9", "a", "1.", "1 ", "a@", "sk-", "token ", "a://b:", "(at)", "12 ", "\n1", "senha: ", "rg ", "ag 1234 conta ", "%41",
     "&#65;", "\\u0031",
     "QUJD", "4142", "cinco ", "1O", "-----BEGIN PRIVATE KEY", "eyJa", "hf_-", "\u200b1", "bearer A", "pix ",
     "abc-1234", "x.", "00020126br.gov.bcb.pix",
     "529.982.247-25 ", "data:a/b;base64,", "AAAA\n", "1O x", "[CPF_1]", "ABCDEFGHIJK1+/\n"],
)  # fmt: skip
def test_work_grows_with_the_length_of_a_text_whatever_stands_in_it(piece: str) -> None:
    short, long = (_work(piece * (length // len(piece))) for length in (12_500, 100_000))
    assert long < 20 * max(short, 0.005)


def _work(text: str) -> float:
    """Seconds of this thread's processor for a scan, the least of three."""
    times = []
    for _ in range(3):
        begun = time.thread_time()
        classified(text)
        times.append(time.thread_time() - begun)
    return min(times)


def _cpf(nine: list[int]) -> str:
    for _ in range(2):
        rest = sum(value * weight for value, weight in zip(nine, range(len(nine) + 1, 1, -1), strict=True)) % 11
        nine = [*nine, 0 if rest < 2 else 11 - rest]
    return "".join(map(str, nine))


@given(
    st.lists(st.integers(0, 9), min_size=9, max_size=9).filter(lambda digits: len(set(digits)) > 1),
    st.text(max_size=40),
    st.text(max_size=40),
)
def test_any_cpf_is_found_among_any_words(digits: list[int], before: str, after: str) -> None:
    cpf = _cpf(digits)
    written = f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}"
    assert is_cpf(cpf)
    assert classified(f"{before} {written} {after}").sensitivity == "p0"


@given(st.text(max_size=300))
def test_labels_are_there_exactly_when_it_is_p0(text: str) -> None:
    found = classified(text)
    assert (found.sensitivity == "p0") == bool(found.labels)


@given(st.text(max_size=20))
def test_check_digits_take_any_text(text: str) -> None:
    for rule in (is_cpf, is_cnpj, is_card):
        assert rule(text) in (True, False)


NUMBER = "João, CPF 529.982.247-25"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(base64.b64encode(NUMBER.encode("latin-1")).decode(), id="Latin-1 in base64"),
        pytest.param(NUMBER.encode("latin-1").hex(), id="Latin-1 in hexadecimal"),
        pytest.param(base64.b64encode(NUMBER.encode("utf-16-be")).decode(), id="UTF-16 in base64"),
        pytest.param(base64.b64encode(NUMBER.encode() + b"\0").decode(), id="with a NUL at its end"),
        pytest.param("oi " + "".join(chr(0xE0000 + ord(letter)) for letter in "CPF 529.982.247-25"), id="in tags that nobody sees"),
    ],
)
def test_what_a_model_reads_is_scanned_in_every_writing(text: str) -> None:
    assert classified(f"veja: {text} obrigado").sensitivity == "p0"
