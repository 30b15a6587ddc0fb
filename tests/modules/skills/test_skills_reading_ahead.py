"""How far ahead a sentence asks for."""

import pytest

from hulk.kernel.errors import Refused
from hulk.kernel.text import Language
from hulk.modules.skills.domain.forecast import FORECAST
from hulk.modules.skills.domain.reading import read
from support.reading import parameter, request, value

FILE = " vendas.csv"


@pytest.mark.parametrize(
    ("language", "text", "count", "unit"),
    [
        pytest.param("pt", "Preveja as vendas das próximas 4 semanas por loja", 4, "week", id="próximas 4 semanas"),
        pytest.param("pt", "previsão para os próximos três meses", 3, "month", id="in words"),
        pytest.param("pt", "no próximo trimestre", 3, "month", id="a quarter is three months"),
        pytest.param("pt", "na próxima quinzena", 15, "day", id="a fortnight"),
        pytest.param("pt", "quanto vamos vender no mês que vem?", 1, "month", id="que vem"),
        pytest.param("pt", "para o ano seguinte", 12, "month", id="seguinte"),
        pytest.param("pt", "previsão de vendas, 30 dias à frente", 30, "day", id="à frente"),
        pytest.param("pt", "as próximas 48 horas de temperatura", 48, "hour", id="hours"),
        pytest.param("pt", "estenda por mais 12 pontos", 12, "step", id="points"),
        pytest.param("pt", "previsão de 60 dias com base nos últimos 90 dias", 60, "day", id="the past is no horizon"),
        pytest.param("pt", "com base nos últimos 90 dias, previsão de 60 dias", 60, "day", id="nor when it comes first"),
        pytest.param("en", "Forecast the next 12 months of sales", 12, "month", id="next 12 months"),
        pytest.param("en", "over the next quarter", 3, "month", id="next quarter"),
        pytest.param("en", "two weeks ahead", 2, "week", id="ahead"),
        pytest.param("en", "project it 60 days into the future", 60, "day", id="into the future"),
        pytest.param("en", "8 week forecast by region", 8, "week", id="8 week forecast"),
        pytest.param("en", "30-day forecast", 30, "day", id="30-day"),
        pytest.param("en", "the coming year", 12, "month", id="coming year"),
        pytest.param("en", "24 periods", 24, "step", id="periods"),
        pytest.param("en", "the next 30 minutes", 30, "minute", id="minutes"),
    ],
)
def test_a_horizon_is_read(language: Language, text: str, count: int, unit: str) -> None:
    assert value(parameter("horizon", "horizon"), text, language) == {"count": count, "unit": unit}


@pytest.mark.parametrize(
    "text", ["preveja as vendas", "previsão com base nos últimos 90 dias", "o que houve há 3 semanas", "a cada 7 dias"]
)
def test_where_none_is_said_none_is_guessed(text: str) -> None:
    assert value(parameter("horizon", "horizon"), text) is None


def test_a_required_one_that_is_missing_is_asked_for() -> None:
    with pytest.raises(Refused, match="Say how far ahead"):
        value(parameter("horizon", "horizon", required=True), "preveja")


@pytest.mark.parametrize("text", ["próximos 0 dias", "próximos 900000000 dias"])
def test_one_beyond_all_calendars_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is no horizon"):
        value(parameter("horizon", "horizon"), text)


def test_groups_and_columns_are_read_beside_it() -> None:
    said = request("Preveja a coluna receita das próximas 4 semanas por loja em" + FILE)
    found = read(FORECAST.parameters, said)
    assert (found["horizon"], found["group"], found["value"]) == ({"count": 4, "unit": "week"}, ["loja"], ["receita"])
    assert found["table"]["path"] == "vendas.csv"
