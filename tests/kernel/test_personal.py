"""Check digits agree with an independent implementation, on right numbers and on random ones."""

import random
from collections.abc import Callable

import pytest
import validate_docbr as oracle
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel import personal
from support import personal as made

RULES = [
    pytest.param(personal.is_cpf, oracle.CPF(), made.cpf, 11, id="cpf"),
    pytest.param(personal.is_cnpj, oracle.CNPJ(), made.cnpj, 14, id="cnpj"),
    pytest.param(personal.is_cnpj, oracle.CNPJ(), made.cnpj_with_letters, 14, id="cnpj with letters"),
    pytest.param(personal.is_cnh, oracle.CNH(), made.cnh, 11, id="cnh"),
    pytest.param(personal.is_pis, oracle.PIS(), made.pis, 11, id="pis"),
    pytest.param(personal.is_renavam, oracle.RENAVAM(), made.pis, 11, id="renavam"),
    pytest.param(personal.is_cns, oracle.CNS(), made.cns, 15, id="cns"),
]
ALL: list[Callable[[str], bool]] = [
    personal.is_cpf, personal.is_cnpj, personal.is_cnh, personal.is_pis, personal.is_renavam, personal.is_voter, personal.is_cns,
    personal.is_rg, personal.is_card, personal.is_iban, personal.is_mobile, personal.is_landline,
]  # fmt: skip


@pytest.mark.parametrize(("rule", "other", "make", "length"), RULES)
def test_right_numbers_are_right_and_random_ones_as_the_oracle_says(
    rule: Callable[[str], bool], other: oracle.CPF, make: Callable[[random.Random], str], length: int
) -> None:
    chance = random.Random(7)
    for _ in range(1000):
        right = make(chance)
        assert rule(right) == other.validate(right) or len(set(right)) == 1
        guess = made.some(chance, length)
        assert rule(guess) == other.validate(guess) or len(set(guess)) == 1


def test_a_voters_number_is_right_where_the_oracle_says_so_and_in_two_states_also_the_older_way() -> None:
    chance, other = random.Random(7), oracle.TituloEleitoral()
    for _ in range(20_000):
        guess = made.some(chance, 12)
        assert personal.is_voter(guess) == other.validate(guess) or guess[8:10] in ("01", "02")
        assert personal.is_voter(made.voter(chance))


@pytest.mark.parametrize(
    ("text", "rule", "right"),
    [
        pytest.param("294653272", personal.is_rg, True, id="rg"),
        pytest.param("312031312", personal.is_rg, True, id="another rg"),
        pytest.param("294653273", personal.is_rg, False, id="rg with a wrong digit"),
        pytest.param("4111111111111111", personal.is_card, True, id="visa's test card"),
        pytest.param("378282246310005", personal.is_card, True, id="amex's test card"),
        pytest.param("9999999999999995", personal.is_card, False, id="a range of no network"),
        pytest.param("BR1800360305000010009795493C1", personal.is_iban, True, id="the Brazilian example of the IBAN registry"),
        pytest.param("BR1800360305000010009795493C2", personal.is_iban, False, id="iban with a wrong character"),
        pytest.param("12ABC34501DE35", personal.is_cnpj, True, id="Receita's example of a CNPJ with letters"),
    ],
)
def test_published_examples(text: str, rule: Callable[[str], bool], right: bool) -> None:
    assert rule(text) is right


@given(st.text(max_size=36))
def test_check_digits_take_any_text(text: str) -> None:
    assert all(rule(text) in (True, False) for rule in ALL)
