"""Which measures are problems, how grave, and how they are told."""

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.kernel.text import Voice
from hulk.modules.skills.domain.markdown import cell, table
from hulk.modules.skills.domain.personal import found, masked, sort
from hulk.modules.skills.domain.profile import (
    Duplicates,
    Key,
    Measure,
    Outliers,
    Schema,
    Spread,
    fences,
    figure,
    medcouple,
    problems,
    title,
    told,
)
from hulk.modules.skills.domain.profile.problems import percent
from hulk.modules.skills.domain.table import matching, named
from support.tables import voice

PLAIN = Measure(name="v", type="decimal", nulls=0, distinct=900, lowest="1", highest="10", mean=5.0)


def rules(
    *columns: Measure, rows: int = 1000, duplicates: Duplicates | None = None, outliers: Outliers | None = None
) -> list[tuple[str, str]]:
    schema = Schema(format="csv", size=1, rows=rows, columns=columns)
    return [(problem.rule, problem.severity) for problem in problems(schema, duplicates, outliers)]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        pytest.param(PLAIN, [], id="nothing wrong"),
        pytest.param(replace(PLAIN, nulls=40), [], id="a few nulls"),
        pytest.param(replace(PLAIN, nulls=60), [("nulls", "normal")], id="some nulls"),
        pytest.param(replace(PLAIN, nulls=600), [("nulls", "high")], id="many nulls"),
        pytest.param(replace(PLAIN, nulls=1000, distinct=0), [("empty", "high")], id="empty"),
        pytest.param(replace(PLAIN, distinct=1), [("constant", "low")], id="constant"),
        pytest.param(replace(PLAIN, unread=1, unread_examples=("x",)), [("mixed", "normal")], id="one text among numbers"),
        pytest.param(replace(PLAIN, unread=30, unread_examples=("x",)), [("mixed", "high")], id="many texts among numbers"),
        pytest.param(replace(PLAIN, type="date", unread=1, unread_examples=("31/02",)), [("dates", "normal")], id="invalid date"),
        pytest.param(replace(PLAIN, type="date", odd_dates=1, odd_date_examples=("0001-01-01",)), [("dates", "normal")], id="odd date"),
        pytest.param(replace(PLAIN, disguised=True), [("disguised", "normal")], id="numbers as text"),
        pytest.param(replace(PLAIN, negatives=400), [], id="half are negative: so it is"),
        pytest.param(replace(PLAIN, negatives=1), [("negative", "low")], id="one negative"),
        pytest.param(replace(PLAIN, name="Quantidade", negatives=400), [("negative", "normal")], id="negative quantities"),
        pytest.param(
            replace(PLAIN, negatives=1, sentinels=1, sentinel_example="-999"), [("sentinel", "normal")], id="a stand-in is not negative"
        ),
        pytest.param(replace(PLAIN, placeholders=3, placeholder_example="-"), [("placeholder", "low")], id="stand-in texts"),
        pytest.param(replace(PLAIN, type="text", distinct=990, longest=80), [("unique", "low")], id="free text"),
        pytest.param(replace(PLAIN, padded=1), [("padded", "low")], id="spaces"),
        pytest.param(replace(PLAIN, type="text", personal="cpf", personal_values=999), [("personal", "high")], id="personal"),
    ],
)
def test_what_is_a_problem_of_a_column(column: Measure, expected: list[tuple[str, str]]) -> None:
    assert rules(column) == expected


def test_rows_keys_and_far_values_are_problems_the_worst_first() -> None:
    duplicates = Duplicates(
        rows=1000, repeated=2, groups=2, keys=(Key(column="id", values=1000, repeated=5), Key(column="x", values=9, repeated=2))
    )
    spread = Spread(column="v", values=1000, lower_quartile=1, median=2, upper_quartile=3, skew=0, low=-9, high=9, above=1, examples=(50,))
    assert rules(PLAIN, duplicates=duplicates, outliers=Outliers(columns=(spread,))) == [
        ("key", "high"),
        ("rows", "normal"),
        ("outliers", "low"),
    ]


def test_stand_ins_are_not_told_again_as_extremes() -> None:
    spread = Spread(
        column="v", values=1000, lower_quartile=1, median=2, upper_quartile=3, skew=0, low=-9, high=9, above=7, examples=(9999,)
    )
    column = replace(PLAIN, sentinels=7, sentinel_example="9999")
    assert rules(column, outliers=Outliers(columns=(spread,))) == [("sentinel", "normal")]


@given(st.integers(1, 1000), st.integers(0, 1000), st.integers(0, 1000))
def test_every_problem_can_be_told_and_its_share_is_one(rows: int, nulls: int, padded: int) -> None:
    column = replace(PLAIN, nulls=min(nulls, rows), padded=min(padded, rows), unread=1, negatives=1)
    for problem in problems(Schema(format="csv", size=1, rows=rows, columns=(column,)), None, None):
        assert 0 < problem.share <= 1
        assert "v" in str(told(problem, voice()))
        assert str(title(problem))


@pytest.mark.parametrize(
    ("share", "english", "portuguese"),
    [(0.0312, "3.1 %", "3,1 %"), (0.00001, "< 0.1 %", "< 0,1 %"), (0.99999, "> 99.9 %", "> 99,9 %"), (1, "100 %", "100 %")],
)
def test_shares_never_round_to_nothing_or_all(share: float, english: str, portuguese: str) -> None:
    assert (percent(share, voice("en")), percent(share, voice("pt"))) == (english, portuguese)


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (3, "3"), (-1234.5, "-1.234"), (12.345, "12,35"), (0.012345, "0,01235"), (1e20, "1,000e+20"), (123456789.0, "123.456.789")],
)
def test_figures_are_short(value: float, written: str) -> None:
    speaker: Voice = voice("pt")
    assert figure(value, speaker) == written


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=40))
def test_the_medcouple_is_between_minus_one_and_one_and_turns_with_the_sample(values: list[float]) -> None:
    skew = medcouple(values)
    assert -1 <= skew <= 1
    assert medcouple([-value for value in values]) == pytest.approx(-skew)


def test_a_long_tail_above_moves_the_upper_fence_out() -> None:
    assert medcouple([1, 2, 3, 4, 5]) == 0
    assert fences(0, 1, 0) == (-3, 4)
    low, high = fences(0, 1, 0.4)
    assert low > -3
    assert high > 4


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("111.444.777-35", "cpf"), ("11144477735", "cpf"), ("111.444.777-36", None), ("111.111.111-11", None),
        ("11.222.333/0001-81", "cnpj"), ("11222333000181", "cnpj"), ("12.ABC.345/01DE-35", "cnpj"), ("11.222.333/0001-82", None),
        ("fale com ana@exemplo.com.br hoje", "email"), ("ana@casa", None),
        ("4111 1111 1111 1111", "card"), ("4111111111111112", None), ("1700000000000", None),
        ("(11) 91234-5678", "phone"), ("+55 11 91234-5678", "phone"), ("2025-01-31", None), ("12345678", None), ("1.234,56", None),
    ],
)  # fmt: skip
def test_personal_values_are_told_from_others(value: str, kind: str | None) -> None:
    assert sort(value) == kind
    assert masked(value) == ("***" if kind else value)


def test_a_column_of_bare_numbers_needs_most_of_them_to_be_right() -> None:
    assert found([f"{n:011d}" for n in range(10**10, 10**10 + 400)]) is None
    assert found(["11144477735"] * 300 + ["52998224724"] * 100) == "cpf"
    assert found(["nada"] * 300 + ["ana@exemplo.com"] * 2) == "email"


@pytest.mark.parametrize(
    ("wanted", "column"),
    [
        ("mes de emissao", "Mês de Emissão"),
        ("MÊS_DE_EMISSÃO", "Mês de Emissão"),
        ("lojas", "loja"),
        ("Loja", "Loja"),
        ("valor r", "Valor (R$)"),
        ("x", None),
    ],
)
def test_columns_are_found_as_people_name_them(wanted: str, column: str | None) -> None:
    columns = ["Mês de Emissão", "loja", "Loja", "Valor (R$)"]
    assert matching(columns, wanted) == column
    if column:
        assert named(columns, wanted) == column


@pytest.mark.parametrize(
    ("columns", "wanted", "column"),
    [
        pytest.param(["date", "store", "sales"], "loja", "store", id="asked in Portuguese"),
        pytest.param(["data", "loja", "vendas"], "store", "loja", id="asked in English"),
        pytest.param(["date", "store", "sales"], "Lojas", "store", id="of many"),
        pytest.param(["date", "total_amount", "amount"], "valor total", "total_amount", id="of two words"),
        pytest.param(["sales", "stores"], "venda", "sales", id="written as many"),
        pytest.param(["shop", "store", "loja"], "loja", "loja", id="the very word is there"),
        pytest.param(["shop", "store"], "loja", None, id="either may be meant"),
        pytest.param(["date", "store_id"], "loja", None, id="more than is meant"),
        pytest.param(["date", "product"], "loja", None, id="nothing is meant"),
        pytest.param(["order"], "pedido", "order", id="one of two meanings"),
    ],
)
def test_a_column_of_the_other_language_is_taken_where_only_one_can_be_meant(columns: list[str], wanted: str, column: str | None) -> None:
    assert matching(columns, wanted) == column


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        pytest.param(["shop", "store", "sales"], "may mean any of the columns shop, store", id="of two it is asked which"),
        pytest.param(["date", "product"], "Its columns are: date, product", id="else all are told"),
    ],
)
def test_a_column_that_is_not_known_is_asked_back_for(columns: list[str], said: str) -> None:
    with pytest.raises(Refused) as refused:
        named(columns, "loja")
    assert said in str(refused.value)


@given(st.text(max_size=40), st.lists(st.text(max_size=40), max_size=8))
def test_whatever_is_wanted_a_column_of_the_table_or_none_is_found(wanted: str, columns: list[str]) -> None:
    assert matching(columns, wanted) in (None, *columns)


@given(st.text(max_size=100))
def test_a_cell_is_one_line_that_cannot_break_its_table(text: str) -> None:
    written = cell(text)
    assert "\n" not in written
    assert all(mark not in written.replace(f"\\{mark}", "") for mark in "|<`[")


def test_a_table_has_a_line_per_row() -> None:
    assert table(["a", "b"], [["1", "2"]], right=(1,)).split("\n") == ["| a | b |", "| --- | ---: |", "| 1 | 2 |"]
    assert set(string.whitespace) & set(cell("a\n b\t")) == {" "}
