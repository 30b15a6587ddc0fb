"""Portuguese or English, told by little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.skills.domain.churn import CHURN
from hulk.modules.skills.domain.tongue import spoken

PORTUGUESE = """
Quais arquivos mais mudaram nos últimos 30 dias?
Abra um ticket
oi
olá
bom dia
obrigado
descreva vendas.csv
perfil do arquivo
resumo dos dados
anomalias por loja
top 10 arquivos
churn do repositório
o que mudou ontem
desde março
quem mexeu aqui?
me ajuda
faz um gráfico
últimos commits
arquivos quentes
nulos e duplicados
vendas por dia
limiar 3,5
mês passado
não abra tickets
commits da semana
onde o bug aparece mais
detectar outliers na coluna preço
qualidade da base
linhas repetidas
tem algo estranho nas vendas?
status
sobre
12345

""".splitlines()[1:]

ENGLISH = """
Which files changed most in the last 30 days?
Open a ticket
hi
hello
good morning
thanks
describe sales.csv
profile this file
data summary, please
anomalies per store
top 10 files
code churn
what changed yesterday
since March
who touched it?
help me
draw a chart
latest commits
hot files
nulls and duplicates
sales by day
threshold 3.5
last month
don't open tickets
commits this week
where do bugs show up most
detect outliers in the price column
check data quality
repeated rows
anything weird with sales?
file statistics with missing values
bus factor of the repo
how many rows?
""".strip().splitlines()


@pytest.mark.parametrize("text", PORTUGUESE)
def test_portuguese(text: str) -> None:
    assert spoken(text) == "pt"


@pytest.mark.parametrize("text", ENGLISH)
def test_english(text: str) -> None:
    assert spoken(text) == "en"


def test_the_examples_of_a_skill_are_in_the_language_they_are_said_to_be() -> None:
    wrong = {language: [text for text in texts if spoken(text) != language] for language, texts in CHURN.examples.items()}
    assert wrong == {"pt": [], "en": []}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("describe the file /srv/dados/vendas-de-março/relatório.csv", "en", id="a portuguese path"),
        pytest.param("descreva o arquivo /data/the/sales/which/is/this.csv", "pt", id="an english path"),
        pytest.param('descreva a coluna "the total of this week"', "pt", id="a quotation"),
    ],
)
def test_names_do_not_tell(text: str, language: str) -> None:
    assert spoken(text) == language


@given(st.text(max_size=500))
def test_any_text_is_one_or_the_other(text: str) -> None:
    assert spoken(text) in ("pt", "en")


@pytest.mark.timeout(5)
@pytest.mark.parametrize("piece", ["a", "/", '"', "a.", "é "])
def test_a_megabyte_is_told_in_time(piece: str) -> None:
    assert spoken(piece * 1_000_000) == "pt"
