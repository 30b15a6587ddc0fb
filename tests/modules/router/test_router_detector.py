"""How much of what must stay is found, and how much of what may go is held back: generated messages, the same for the same seed."""

import json
import os
from collections import Counter
from collections.abc import Iterable

import pytest

from hulk.modules.router import Part, classified, classified_parts, findings
from support.business import clean
from support.messages import ANY, MAIL, NUMBERS, Message, sensitive

RECALL = 0.999
FALSE = 0.005
MANY = int(os.environ.get("HULK_TEST_TEXTS", "1000000"))
FIRST = int(os.environ.get("HULK_TEST_FIRST_SEED", "0"))


def missed(messages: Iterable[Message]) -> tuple[int, Counter[str], Counter[str]]:
    """How many there were by kind, and how many of those were not found, also by disguise."""
    there, by_kind, by_disguise = Counter[str](), Counter[str](), Counter[str]()
    for message in messages:
        there[message.kind] += 1
        if classified(message.text).sensitivity == "public":
            by_kind[message.kind] += 1
            by_disguise[message.disguise] += 1
    print({kind: f"{by_kind[kind]} of {count}" for kind, count in sorted(there.items())}, dict(by_disguise))
    return there.total(), by_kind, by_disguise


def test_there_are_many_disguises() -> None:
    assert len({*ANY, *NUMBERS, *MAIL}) >= 12


@pytest.mark.parametrize("seed", [11, 12])
def test_what_must_stay_is_found_in_every_disguise(seed: int) -> None:
    count, by_kind, by_disguise = missed(sensitive(seed, 8000))
    assert by_kind.total() <= (1 - RECALL) * count, by_disguise


@pytest.mark.parametrize("seed", [21, 22])
def test_clean_business_is_public(seed: int) -> None:
    wrong = [(message.kind, message.text, found) for message in clean(seed, 8000) if (found := findings(message.text))]
    print(Counter(kind for kind, *_ in wrong))
    assert len(wrong) <= FALSE * 8000, wrong[:5]


@pytest.mark.long
def test_a_million_messages() -> None:
    count, by_kind, by_disguise = missed(sensitive(FIRST, MANY))
    wrong = sum(classified(message.text).sensitivity == "p0" for message in clean(FIRST, MANY))
    print(f"recall {1 - by_kind.total() / count:.5%}, false positives {wrong / MANY:.4%}")
    assert by_kind.total() <= (1 - RECALL) * count, by_disguise
    assert wrong <= FALSE * MANY


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        pytest.param("Olá, meu CPF é 529.982.247-25, obrigado", "cpf", "529.982.247-25", id="plain"),
        pytest.param("ação: ５２９．９８２．２４７－２５!", "cpf", "５２９．９８２．２４７－２５", id="full-width"),
        pytest.param("é 529\u200b.982.247\ufeff-25.", "cpf", "529\u200b.982.247\ufeff-25", id="invisible characters within"),
        pytest.param("½ ﬁm joao@empresa.com.br fim", "email", "joao@empresa.com.br", id="behind letters that grow"),
        pytest.param("veja NTI5Ljk4Mi4yNDctMjU= ok", "cpf", "NTI5Ljk4Mi4yNDctMjU=", id="base64, all of it"),
        pytest.param("x %35%32%39.982.247-25 y", "cpf", "%35%32%39.982.247-25", id="partly escaped"),
        pytest.param("cpf cinco dois nove nove oito dois dois quatro sete dois cinco fim", "cpf",
                     "cinco dois nove nove oito dois dois quatro sete dois cinco", id="words"),
    ],
)  # fmt: skip
def test_a_finding_says_where_it_stands_in_the_text_as_it_was_given(text: str, kind: str, what: str) -> None:
    assert (kind, what) in [(found.kind, text[found.start : found.end]) for found in findings(text)]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        pytest.param("52998224725", ("cpf",), id="bare and nothing said"),
        pytest.param("pedido 52998224725", (), id="an order's"),
        pytest.param("pedido 529.982.247-25", ("cpf",), id="written as a CPF, whatever is said"),
        pytest.param("pedidos 52998224725, 39053344705 e 15350946056", (), id="a list of orders"),
        pytest.param("CPF do pedido: 52998224725", (), id="what stands nearest names it"),
        pytest.param("o pedido do cliente 52998224725", ("cpf",), id="a client's"),
        pytest.param("CPF 529.982.247-24", ("cpf",), id="a misprint that is called a CPF"),
        pytest.param("529.982.247-24", (), id="a misprint that is called nothing"),
        pytest.param("tamanho 52998224725 bytes", (), id="a size"),
        pytest.param("R$ 529.982.247,25", (), id="a sum of money"),
        pytest.param("agendamento 20260228235959", (), id="a moment"),
        pytest.param("CEP 01310-100", (), id="a CEP alone"),
        pytest.param("Av. Paulista 1000, CEP 01310-100", ("address",), id="a CEP with an address"),
        pytest.param("ABC1D23", (), id="a plate that is called nothing"),
        pytest.param("placa ABC1D23", ("plate",), id="a plate"),
        pytest.param("chave pix 123e4567-e89b-42d3-a456-426614174000", ("pix",), id="a random PIX key"),
        pytest.param("objeto 123e4567-e89b-42d3-a456-426614174000", (), id="an object's UUID"),
        pytest.param("data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==", ("attachment",), id="a picture within the text"),
        pytest.param("senha: girafa", ("secret",), id="a password that is a word"),
        pytest.param("senha: obrigatória", (), id="a word about passwords"),
        pytest.param("git clone git@github.com:empresa/repo.git", (), id="the address of a repository"),
        pytest.param("ligue 0800 123 4567", (), id="a company's free line"),
    ],
)
def test_what_stands_beside_a_number_decides(text: str, labels: tuple[str, ...]) -> None:
    assert classified(text).labels == labels


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        pytest.param(["oIO 3O3 5Ol o8"], "cpf", id="mostly letters for digits"),
        pytest.param(["233 2129 1302 OooO"], "cns", id="a group of nothing but letters"),
        pytest.param(["20030201/0001-49"], "cnpj", id="a CNPJ that is a moment too"),
        pytest.param(["4003 6767 0507"], "voter", id="longer than a company's free line"),
        pytest.param(["senha: %f%$Li!U8RP37a"], "secret", id="a password that begins as a variable"),
        pytest.param(['"{\\"v\\": \\"a senha \\\\u00e9 w&tiwKFZp%B7a\\"}"'], "secret", id="a password with what is no escape"),
        pytest.param([json.dumps("𝟓𝟐𝟗.𝟗𝟖𝟐.𝟐𝟒𝟕-𝟐𝟓")], "cpf", id="digits beyond U+FFFF as JSON writes them"),
        pytest.param(["Y3BmIDUyOTk4MjI0NzI1\nobrigado"], "cpf", id="a word in the line after base64"),
        pytest.param(["WTNCbUlEVXlPVGs0TWpJME56STE=\nobrigado"], "cpf", id="a word in the line after base64 twice"),
        pytest.param(["a plac", "a ABC1D23"], "plate", id="a seam in the word that names it"),
        pytest.param(["meu renav", "am é o 876070683"], "renavam", id="a seam in the word that names it, further off"),
        pytest.param(
            ["".join(f"\\u{ord(one):04x}" for one in text) for text in ("meu renav", "am é o 876070683")], "renavam",
            id="a seam in the word that names it, encoded",
        ),
        pytest.param(["ligue (", "51) 5436-1903"], "phone", id="a seam before a bracket closes"),
        pytest.param(["35 32 39 2e 39 38 32 ", "2e 32 34 37 2d 32 35"], "cpf", id="a seam at a space"),
        pytest.param(["Y3BmIGRlbGEgYXF1aSB2YWkgbG9n", "byBlbSBzZWd1aWRhIDUyOTk4MjI0NzI1"], "cpf", id="a seam among letters only"),
        pytest.param(["".join(f"&#x{ord(one):x};" for one in text) for text in ("meu renavam é o número 81", "2345678")], "renavam",
                     id="a seam in a long word"),
    ],
)  # fmt: skip
def test_what_once_was_missed_is_found(parts: list[str], kind: str) -> None:
    assert kind in classified_parts([Part(text, "user") for text in parts]).labels


def test_a_table_and_a_log_are_no_numbers_in_disguise() -> None:
    assert classified("| 52998 | 22472 | 5 |\n| 39053 | 34470 | 5 |").labels == ()
    assert classified("ts=1603936283 seq=43943724129 shard=49").labels == ()


def test_an_escape_that_is_none_is_left_as_it_is() -> None:
    assert classified("desconto de 30%B7 e 100%FF em tudo, 5%B7%B7").labels == ()
