"""Periods in sentences, as if said on Saturday, 21 November 2026, in São Paulo."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import HulkError, Refused
from hulk.kernel.text import Language
from hulk.modules.skills.domain.reading import read, shown
from support.reading import ZONE, parameter, request, value

PERIOD = parameter("period", "period")

PORTUGUESE = """
nos últimos 30 dias | 2026-10-22 2026-11-21
nas últimas duas semanas | 2026-11-07 2026-11-21
nos últimos trinta e cinco dias | 2026-10-17 2026-11-21
nos últimos seis meses | 2026-05-21 2026-11-21
nos 45 dias anteriores | 2026-10-07 2026-11-21
vinte dias | 2026-11-01 2026-11-21
na última semana | 2026-11-14 2026-11-21
no último ano | 2025-11-21 2026-11-21
no último mês | 2026-10-21 2026-11-21
nas últimas 24 horas | 2026-11-20 2026-11-21
na última quinzena | 2026-11-06 2026-11-21
nos últimos cento e vinte dias | 2026-07-24 2026-11-21
nos últimos 1.000 dias | 2024-02-25 2026-11-21
últimos 30 dias até 15/03/2025 | 2025-02-13 2025-03-15
nos próximos 7 dias | 2026-11-21 2026-11-28
desde março | 2026-03-01 2026-11-21
desde dezembro | 2025-12-01 2026-11-21
desde 3 de março | 2026-03-03 2026-11-21
desde 1º de março de 2025 | 2025-03-01 2026-11-21
desde primeiro de março de 2025 | 2025-03-01 2026-11-21
desde o dia 5 de março | 2026-03-05 2026-11-21
desde o dia 5 | 2026-11-05 2026-11-21
desde o dia 30 | 2026-10-30 2026-11-21
desde 05/03 | 2026-03-05 2026-11-21
desde 2024 | 2024-01-01 2026-11-21
desde ontem | 2026-11-20 2026-11-21
desde segunda-feira | 2026-11-16 2026-11-21
desde segunda | 2026-11-16 2026-11-21
desde há 10 dias | 2026-11-11 2026-11-21
desde 10 dias atrás | 2026-11-11 2026-11-21
desde o início do ano | 2026-01-01 2026-11-21
desde o começo deste mês | 2026-11-01 2026-11-21
desde o início de março | 2026-03-01 2026-11-21
desde sempre | 1970-01-01 2026-11-21
em todo o histórico | 1970-01-01 2026-11-21
a partir de 10/03/2025 | 2025-03-10 2026-11-21
de março em diante | 2026-03-01 2026-11-21
depois de 10/03/2025 | 2025-03-11 2026-11-21
antes de 10/03/2025 | 2025-02-07 2025-03-09
até 15/03/2025 | 2025-02-13 2025-03-15
entre 01/03/2025 e 15/03/2025 | 2025-03-01 2025-03-15
de 01/03/2025 a 15/03/2025 | 2025-03-01 2025-03-15
01/03/2025 - 15/03/2025 | 2025-03-01 2025-03-15
de 2025-03-01 a 2025-03-15 | 2025-03-01 2025-03-15
de 01/03/2025 até hoje | 2025-03-01 2026-11-21
de março até agora | 2026-03-01 2026-11-21
entre 1 e 15 de março | 2026-03-01 2026-03-15
de 1º a 15 de março de 2025 | 2025-03-01 2025-03-15
de 28 de fevereiro a 3 de março de 2025 | 2025-02-28 2025-03-03
de janeiro a março | 2026-01-01 2026-03-31
de novembro a janeiro | 2025-11-01 2026-01-31
entre março e maio de 2024 | 2024-03-01 2024-05-31
entre março de 2024 e maio | 2024-03-01 2024-05-31
de 2023 a 2025 | 2023-01-01 2025-12-31
em 2025 | 2025-01-01 2025-12-31
no ano de 2025 | 2025-01-01 2025-12-31
em março de 2025 | 2025-03-01 2025-03-31
no mês de março | 2026-03-01 2026-03-31
em mar/2025 | 2025-03-01 2025-03-31
03/2025 | 2025-03-01 2025-03-31
em maio | 2026-05-01 2026-05-31
este mês | 2026-11-01 2026-11-21
nesta semana | 2026-11-16 2026-11-21
este ano | 2026-01-01 2026-11-21
no trimestre atual | 2026-10-01 2026-11-21
mais alterados do mês | 2026-11-01 2026-11-21
mês passado | 2026-10-01 2026-10-31
na semana passada | 2026-11-09 2026-11-15
ano passado | 2025-01-01 2025-12-31
último trimestre | 2026-07-01 2026-09-30
no primeiro trimestre de 2025 | 2025-01-01 2025-03-31
no 2º semestre de 2025 | 2025-07-01 2025-12-31
ontem | 2026-11-20 2026-11-20
anteontem | 2026-11-19 2026-11-19
hoje | 2026-11-21 2026-11-21
há três dias | 2026-11-18 2026-11-18
dia 3 de março | 2026-03-03 2026-03-03
primeiro de maio | 2026-05-01 2026-05-01
sexta-feira passada | 2026-11-20 2026-11-20
2025-03-01 | 2025-03-01 2025-03-01
01.03.2025 | 2025-03-01 2025-03-01
1/3/25 | 2025-03-01 2025-03-01
03/15/2025 | 2025-03-15 2025-03-15
29 de fevereiro | 2024-02-29 2024-02-29
"""

ENGLISH = """
last 30 days | 2026-10-22 2026-11-21
in the past two weeks | 2026-11-07 2026-11-21
over the past 3 months | 2026-08-21 2026-11-21
the last twenty-five days | 2026-10-27 2026-11-21
the last hundred days | 2026-08-13 2026-11-21
in the last 24 hours | 2026-11-20 2026-11-21
a couple of weeks | 2026-11-07 2026-11-21
30-day window | 2026-10-22 2026-11-21
past month | 2026-10-21 2026-11-21
the next 30 days | 2026-11-21 2026-12-21
since March 3 | 2026-03-03 2026-11-21
since March | 2026-03-01 2026-11-21
since may | 2026-05-01 2026-11-21
since 3/4/2025 | 2025-03-04 2026-11-21
since 2024 | 2024-01-01 2026-11-21
since Monday | 2026-11-16 2026-11-21
since the 5th | 2026-11-05 2026-11-21
since two weeks ago | 2026-11-07 2026-11-21
since last month | 2026-10-01 2026-11-21
since the beginning of the year | 2026-01-01 2026-11-21
since the beginning of 2025 | 2025-01-01 2026-11-21
since the beginning | 1970-01-01 2026-11-21
all time | 1970-01-01 2026-11-21
from March onwards | 2026-03-01 2026-11-21
after March 10, 2025 | 2025-03-11 2026-11-21
until yesterday | 2026-10-21 2026-11-20
between 2025-03-01 and 2025-03-15 | 2025-03-01 2025-03-15
from January to March | 2026-01-01 2026-03-31
between March 1 and April 3 | 2026-03-01 2026-04-03
between 15 March and 1 April 2025 | 2025-03-15 2025-04-01
March 1-15 | 2026-03-01 2026-03-15
March 1 to 15, 2025 | 2025-03-01 2025-03-15
2023 to 2025 | 2023-01-01 2025-12-31
in 2025 | 2025-01-01 2025-12-31
in March 2025 | 2025-03-01 2025-03-31
in May | 2026-05-01 2026-05-31
March 3, 2025 | 2025-03-03 2025-03-03
3rd of March 2025 | 2025-03-03 2025-03-03
on March 3rd | 2026-03-03 2026-03-03
03/15/2025 | 2025-03-15 2025-03-15
15/03/2025 | 2025-03-15 2025-03-15
Q1 2025 | 2025-01-01 2025-03-31
first quarter of 2025 | 2025-01-01 2025-03-31
last quarter | 2026-07-01 2026-09-30
last month | 2026-10-01 2026-10-31
last week | 2026-11-09 2026-11-15
last year | 2025-01-01 2025-12-31
this week | 2026-11-16 2026-11-21
this year | 2026-01-01 2026-11-21
year to date | 2026-01-01 2026-11-21
most edited of the month | 2026-11-01 2026-11-21
yesterday | 2026-11-20 2026-11-20
two weeks ago | 2026-11-07 2026-11-07
last Friday | 2026-11-20 2026-11-20
2025-03-01T10:00:00Z | 2025-03-01 2025-03-01
"""

NOTHING = """
pt | Quais os 10 arquivos que mais mudam?
pt | vendas por dia
pt | a cada 7 dias
pt | por dia da semana
pt | média móvel de 7 dias
pt | suporte 24/7, versão 1.2.10
pt | dez arquivos
pt | em 2000 linhas
pt | vendas-2025-03-01.csv
en | may I see the files
en | 3 out of 5 files
en | commits a day
en | every 7 days
en | march on, show me now
en | in /var/log/2025/03/01.csv
"""


def rows(table: str) -> list[tuple[str, str]]:
    pairs = (line.split(" | ") for line in table.splitlines() if line)
    return [(left, right) for left, right in pairs]


def said(language: Language, text: str) -> object:
    return value(PERIOD, text, language)


@pytest.mark.parametrize(("text", "days"), rows(PORTUGUESE))
def test_a_period_in_portuguese(text: str, days: str) -> None:
    since, until = days.split()
    assert said("pt", f"Quais arquivos mudaram {text}?") == {"since": since, "until": until}


@pytest.mark.parametrize(("text", "days"), rows(ENGLISH))
def test_a_period_in_english(text: str, days: str) -> None:
    since, until = days.split()
    assert said("en", f"Which files changed {text}?") == {"since": since, "until": until}


@pytest.mark.parametrize(("language", "text"), rows(NOTHING))
def test_no_period_where_there_is_none(language: Language, text: str) -> None:
    assert said(language, text) is None


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        pytest.param(
            "pt", "desde 31/02/2025", "“31/02/2025” does not exist: the days of that month go from 1 to 28", id="february in figures"
        ),
        pytest.param(
            "pt", "em 30 de fevereiro", "“30 de fevereiro” does not exist: the days of that month go from 1 to 29", id="february in words"
        ),
        pytest.param("en", "since February 30", "“February 30” does not exist", id="february in english"),
        pytest.param("en", "on 2025-02-30", "“2025-02-30” does not exist", id="iso"),
        pytest.param("pt", "45 de março", "“45 de março” does not exist: the days of that month go from 1 to 31", id="day 45"),
        pytest.param("pt", "desde 2025-13-01", "“2025-13-01” does not exist: months go from 1 to 12", id="month 13"),
        pytest.param("en", "since 13/13/2025", "“13/13/2025” does not exist", id="either way round"),
        pytest.param("pt", "desde 0000-01-01", "“0000-01-01” does not exist: years go from 1", id="year 0"),
        pytest.param("pt", "5º trimestre de 2025", "a year has 4 of them", id="fifth quarter"),
        pytest.param("pt", "de 15/03/2025 a 01/03/2025", "from 15/03/2025 to 01/03/2025 ends before it starts", id="backwards"),
        pytest.param(
            "en", "from 2025-03-15 to 2025-03-01", "from 2025-03-15 to 2025-03-01 ends before it starts", id="backwards in english"
        ),
        pytest.param("pt", "desde 2030", "ends before it starts", id="since the future"),
        pytest.param("pt", "nos últimos 0 dias", "has no day in it", id="no day"),
        pytest.param("pt", "nos últimos 999999999 dias", "reaches back before the calendar begins", id="before the calendar"),
    ],
)
def test_a_period_that_cannot_be_is_refused(language: Language, text: str, told: str) -> None:
    with pytest.raises(Refused) as refused:
        said(language, text)
    assert told in str(refused.value)


def test_the_default_is_used_when_none_is_said() -> None:
    period = parameter("period", "period", default={"days": 30})
    assert value(period, "Quais arquivos mudaram?") == {"since": "2026-10-22", "until": "2026-11-21"}


def test_a_required_period_that_is_missing_is_asked_for() -> None:
    with pytest.raises(Refused, match="Say which period"):
        value(parameter("period", "period", required=True), "vendas.csv")


def test_today_is_that_of_the_time_zone() -> None:
    late = request("hoje", now=datetime(2026, 11, 22, 1, tzinfo=UTC))
    assert read((PERIOD,), late)["period"] == {"since": "2026-11-21", "until": "2026-11-21"}


def words(text: str) -> list[str]:
    return text.split()


MONTHS = {
    "pt": words("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
    "en": words("January February March April May June July August September October November December"),
}
days = st.dates(min_value=date(1000, 1, 1))


@given(day=days, language=st.sampled_from(["pt", "en"]))
def test_a_day_written_in_either_language_is_read_back(day: date, language: Language) -> None:
    assert said(language, f"({shown(day, language)})") == {"since": day.isoformat(), "until": day.isoformat()}


@given(day=st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)), language=st.sampled_from(["pt", "en"]))
def test_a_day_written_in_words_is_read_back(day: date, language: Language) -> None:
    month = MONTHS[language][day.month - 1]
    text = f"{day.day} de {month} de {day.year}" if language == "pt" else f"{month} {day.day}, {day.year}"
    assert said(language, text) == {"since": day.isoformat(), "until": day.isoformat()}


@given(one=days, other=days, language=st.sampled_from(["pt", "en"]))
def test_two_days_make_the_period_between_them_or_are_refused(one: date, other: date, language: Language) -> None:
    first, second = shown(one, language), shown(other, language)
    text = f"entre {first} e {second}" if language == "pt" else f"between {first} and {second}"
    if one <= other:
        assert said(language, text) == {"since": one.isoformat(), "until": other.isoformat()}
    else:
        with pytest.raises(Refused):
            said(language, text)


@given(count=st.integers(1, 5000))
def test_the_last_days_reach_back_from_today(count: int) -> None:
    assert said("en", f"last {count} days") == {"since": (date(2026, 11, 21) - timedelta(count)).isoformat(), "until": "2026-11-21"}


PIECES = st.sampled_from(
    [
        *(word for text, _ in rows(PORTUGUESE + ENGLISH) for word in text.split()),
        *(
            "31/02/2025",
            "99",
            "-",
            "/",
            "0",
            "1º",
            "ano",
            "trimestre",
            "em diante",
            "ago",
            "last",
            "entre",
            "e",
            "and",
            "29/02",
            "9999-12-31",
            "0001-01-01",
        ),
    ]
)
sentences = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=12).map(" ".join))
moments = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@given(text=sentences, language=st.sampled_from(["pt", "en"]), now=moments)
def test_whatever_is_said_a_period_starts_before_it_ends_or_is_refused(text: str, language: Language, now: datetime) -> None:
    try:
        found = read((PERIOD,), request(text, language, now=now))["period"]
    except HulkError:
        return
    assert found is None or date.fromisoformat(found["since"]) <= date.fromisoformat(found["until"])


def test_the_zone_of_these_tests_is_three_hours_behind() -> None:
    assert datetime(2026, 11, 21, tzinfo=ZONE).utcoffset() == timedelta(hours=-3)
