"""How a table becomes series: which columns, which step, which seasons."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.modules.skills.domain import anomalies
from hulk.modules.skills.domain.anomalies import Candidates, Step
from hulk.modules.skills.domain.table import Column, Type


def candidates(rows: int = 1000, **columns: tuple[Type, int]) -> Candidates:
    return Candidates(
        rows=rows,
        columns=tuple(Column(name=name, type=type_) for name, (type_, _) in columns.items()),
        distinct={name: distinct for name, (_, distinct) in columns.items()},
    )


SALES = candidates(
    id=("whole", 1000),
    criado=("moment", 900),
    data=("date", 125),
    loja=("text", 8),
    uf=("text", 3),
    vendas=("decimal", 800),
    ano=("whole", 2),
)


def test_columns_are_found_by_type_and_name() -> None:
    assert anomalies.time_column(SALES, None) == "data"
    assert anomalies.value_columns(SALES, (), ()) == ("vendas",)
    assert anomalies.group_choices(SALES, "data", ()) == [(), ("uf",), ("loja",), ("uf", "loja")]


def test_columns_asked_for_win() -> None:
    assert anomalies.time_column(SALES, "Criado") == "criado"
    assert anomalies.value_columns(SALES, ("ANO", "ano"), ()) == ("ano",)
    assert anomalies.asked_groups(SALES, ("Lojas", "dia")) == (("loja",), "day")
    assert anomalies.asked_groups(SALES, ("data",)) == (("data",), None)


@pytest.mark.parametrize(
    ("act", "says"),
    [
        pytest.param(lambda: anomalies.time_column(candidates(v=("decimal", 9)), None), "No column of the table holds dates", id="no time"),
        pytest.param(lambda: anomalies.time_column(SALES, "loja"), "“loja” does not hold dates", id="time that is text"),
        pytest.param(lambda: anomalies.value_columns(SALES, ("loja",), ()), "“loja” does not hold numbers", id="value that is text"),
        pytest.param(
            lambda: anomalies.value_columns(candidates(d=("date", 9)), (), ()), "No column of the table holds numbers", id="no value"
        ),
        pytest.param(lambda: anomalies.asked_groups(SALES, ("lija",)), "Did you mean “loja”", id="unknown group"),
    ],
)
def test_what_cannot_be_a_series_is_refused(act: object, says: str) -> None:
    with pytest.raises(Refused, match=says):
        act()  # type: ignore[operator]  # the table above


def test_the_fewest_groups_that_tell_rows_apart_are_chosen() -> None:
    choices = [(), ("uf",), ("loja",), ("uf", "loja")]
    assert anomalies.chosen_groups(choices, (1.0, 0, 0, 0)) == ((), True)
    assert anomalies.chosen_groups(choices, (0.2, 0.4, 0.99, 0)) == (("loja",), True)
    assert anomalies.chosen_groups(choices, (0.2, 0.4, 0.5, 0.6)) == (("uf",), False)


@pytest.mark.parametrize(
    ("distances", "step"),
    [
        pytest.param({3600: 99, 7200: 1}, Step(count=3600, unit="second"), id="hours with a gap"),
        pytest.param({86400: 80, 3 * 86400: 20}, Step(count=86400, unit="second"), id="working days"),
        pytest.param({31 * 86400: 7, 30 * 86400: 4, 28 * 86400: 1}, Step(count=1, unit="month"), id="months"),
        pytest.param({604800: 50}, Step(count=604800, unit="second"), id="weeks"),
        pytest.param({59: 30, 60: 40, 61: 30}, Step(count=60, unit="second"), id="jitter"),
        pytest.param({7: 1, 50: 1, 900: 1, 3333: 1}, None, id="irregular"),
        pytest.param({}, None, id="one point"),
    ],
)
def test_the_step_is_the_usual_distance(distances: Mapping[int, int], step: Step | None) -> None:
    assert anomalies.step(distances) == step


@given(st.integers(1, 10**7))
def test_seasons_are_whole_numbers_of_steps(count: int) -> None:
    for length in anomalies.seasons(Step(count=count, unit="second")):
        assert length * count in (86400, 604800, 52 * count)


def test_amounts_are_added_up_and_levels_averaged() -> None:
    assert [anomalies.merge(name, "day") for name in ("vendas", "Preço", "temperatura_media", "qtd")] == ["sum", "mean", "mean", "sum"]
    assert anomalies.merge("vendas", None) == "mean"


@given(st.integers(10, 10**7))
def test_the_bound_grows_with_the_points_and_slowly(points: int) -> None:
    assert anomalies.bound(points) <= anomalies.bound(10 * points) <= anomalies.bound(points) + 0.8
