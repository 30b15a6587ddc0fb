"""Counts, numbers, columns, paths and switches in sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.addresses import require_no_password, shown_address
from hulk.kernel.errors import HulkError, Refused
from hulk.kernel.records import from_json
from hulk.kernel.text import Language, Text
from hulk.modules.skills.domain.churn import CHURN
from hulk.modules.skills.domain.reading import read, zone
from hulk.modules.skills.domain.skill import Kind, Parameter, Source
from support.reading import parameter, request, value

REPOSITORY = Source(kind="repository", name="hulk", path="/work/hulk")


@pytest.mark.parametrize(
    ("language", "text", "top", "reviews"),
    [
        pytest.param(
            "pt", "Quais arquivos mais mudaram nos últimos 30 dias? Abra um ticket de revisão para os 3 primeiros.", 10, 3, id="main job"
        ),
        pytest.param("pt", "quais os 5 arquivos que mais mudaram", 5, 0, id="os 5 arquivos"),
        pytest.param("pt", "os 3 primeiros", 3, 0, id="os 3 primeiros"),
        pytest.param("pt", "os primeiros 4 desde março", 4, 0, id="primeiros 4"),
        pytest.param("pt", "top 7 em março de 2025", 7, 0, id="top 7"),
        pytest.param("pt", "cinco maiores", 5, 0, id="in words"),
        pytest.param("pt", "Os vinte arquivos mais alterados do mês passado", 20, 0, id="twenty in words"),
        pytest.param("pt", "os 6 que mais mudaram", 6, 0, id="os 6"),
        pytest.param("pt", "apenas um arquivo", 1, 0, id="only one"),
        pytest.param("pt", "algum arquivo que só uma pessoa altera?", 10, 0, id="only one person"),
        pytest.param("pt", "liste uma tabela com a atividade de 30 dias", 10, 0, id="articles are no counts"),
        pytest.param("pt", "arquivos com mais de 5 commits em 2025", 10, 0, id="a comparison is no count"),
        pytest.param("pt", "arquivos com 20% das mudanças", 10, 0, id="a percentage is no count"),
        pytest.param("pt", "abra 4 tickets", 10, 4, id="4 tickets"),
        pytest.param("pt", "Abra tickets", 10, 3, id="asked without a number"),
        pytest.param("pt", "não abra tickets", 10, 0, id="not asked"),
        pytest.param("pt", "sem chamados, os dois primeiros", 2, 0, id="without"),
        pytest.param("pt", "Abra um ticket para o primeiro", 10, 1, id="the first"),
        pytest.param("pt", "os 3 que mais mudaram, com um chamado para cada", 3, 3, id="for each"),
        pytest.param("pt", "Para os 5 primeiros, abra tickets.", 10, 5, id="number before"),
        pytest.param("pt", "10 arquivos e abra tickets", 10, 3, id="a list and tickets"),
        pytest.param("pt", "Liste 8 arquivos; depois abra pedidos de revisão para os dois primeiros", 8, 2, id="both"),
        pytest.param(
            "en", "Which files changed most in the last 30 days? Open a review ticket for the top 5.", 10, 5, id="main job in english"
        ),
        pytest.param("en", "the first three files since March", 3, 0, id="the first three"),
        pytest.param("en", "top-20", 20, 0, id="top-20"),
        pytest.param("en", "top20 this week", 20, 0, id="top20"),
        pytest.param("en", "the ten most changed files", 10, 0, id="the ten most"),
        pytest.param("en", "a dozen files", 12, 0, id="a dozen"),
        pytest.param("en", "show 10 files, don't open tickets", 10, 0, id="don't"),
        pytest.param("en", "do not open any tickets", 10, 0, id="do not"),
        pytest.param("en", "hottest 15 this week, no tickets", 15, 0, id="no tickets"),
        pytest.param("en", "open a ticket for each of the 6 most changed files", 10, 6, id="each of the 6"),
        pytest.param("en", "open review tickets", 10, 3, id="asked without a number in english"),
        pytest.param("en", "open a review ticket for the top file", 10, 1, id="the top file"),
        pytest.param("en", "For the top 5 files, open review requests", 10, 5, id="number before in english"),
        pytest.param("en", "top 3 in the last 2 weeks, tickets for the first 2", 3, 2, id="both in english"),
        pytest.param("en", "3 out of 5 files, tickets for them", 5, 5, id="for them"),
    ],
)
def test_how_many_to_list_and_how_many_to_review(language: Language, text: str, top: int, reviews: int) -> None:
    found = read(CHURN.parameters, request(text, language, REPOSITORY))
    assert (found["top"], found["reviews"]) == (top, reviews)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("os 0 primeiros", "“0 primeiros” is too low for “top” (how many files to list): at least 1.", id="too few"),
        pytest.param("top 2000", "“top 2000” is too high for “top” (how many files to list): at most 50.", id="too many"),
        pytest.param("tickets para os 21 primeiros", "“21 primeiros” is too high for “reviews”", id="too many reviews"),
    ],
)
def test_a_count_out_of_bounds_is_refused_naming_the_bound(text: str, told: str) -> None:
    with pytest.raises(Refused) as refused:
        read(CHURN.parameters, request(text, "pt", REPOSITORY))
    assert told in str(refused.value)


THRESHOLD = parameter("threshold", "number", "limiar", "threshold", default=3.5, most=5000)


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [
        pytest.param("pt", "limiar 3,5", 3.5, id="decimal comma"),
        pytest.param("pt", "com limiar de 4", 4, id="de"),
        pytest.param("pt", "limiar = 1.234,5", 1234.5, id="thousands and comma"),
        pytest.param("pt", "limiar 3.25", 3.25, id="point in portuguese"),
        pytest.param("pt", "limiar 1.234", 1234, id="thousands in portuguese"),
        pytest.param("pt", "o limiar é três", 3, id="in words"),
        pytest.param("pt", "limiar de 5%", 0.05, id="percentage"),
        pytest.param("pt", "limiar alto nos últimos 30 dias", 3.5, id="no number"),
        pytest.param("en", "threshold 3.5", 3.5, id="decimal point"),
        pytest.param("en", "threshold of 1,234", 1234, id="thousands in english"),
        pytest.param("en", "a threshold: 1,234.5", 1234.5, id="thousands and point"),
        pytest.param("en", "threshold is 2,5", 2.5, id="comma in english"),
        pytest.param("en", "30 days", 3.5, id="not announced"),
    ],
)
def test_an_announced_number(language: Language, text: str, number: float) -> None:
    assert value(THRESHOLD, text, language) == number


def test_a_number_out_of_bounds_is_refused() -> None:
    with pytest.raises(Refused, match="at most 5000"):
        value(THRESHOLD, "limiar 10000")


BY = parameter("by", "columns", "por", "pela coluna", "pelas colunas", "by", "per", "column", "columns", "coluna", "colunas")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("descreva vendas.csv por loja", ["loja"], id="por"),
        pytest.param("vendas por Loja, produto e região", ["Loja", "produto", "região"], id="a list keeps its spelling"),
        pytest.param("vendas por loja e mostre um gráfico", ["loja"], id="a verb ends the list"),
        pytest.param("anomalies in x.csv by the column store_id", ["store_id"], id="by the column"),
        pytest.param('grouped by "store id" and `unit price`', ["store id", "unit price"], id="quoted"),
        pytest.param("por “valor total”", ["valor total"], id="typographic quotes"),
        pytest.param("vendas por dia", None, id="time is no column"),
        pytest.param("vendas pela coluna mês", ["mês"], id="unless it is called one"),
        pytest.param("descreva vendas.csv por favor", None, id="por favor"),
        pytest.param("mostre as colunas do arquivo", None, id="a thing is no column"),
        pytest.param("show the unit price of the consumption column", ["consumption"], id="the name before"),
        pytest.param('gaps in the "unit price" column per day', ["unit price"], id="the quoted name before"),
        pytest.param("how many nulls does each column have?", None, id="each column"),
        pytest.param("vendas", None, id="none"),
    ],
)
def test_columns(text: str, names: list[str] | None) -> None:
    assert value(BY, text) == names


def test_a_single_column_is_the_first() -> None:
    assert value(parameter("value", "column", "coluna"), "a coluna preço, por loja") == "preço"


@pytest.mark.parametrize("kind", ["column", "columns", "text"])
def test_what_is_required_and_missing_is_asked_for(kind: Kind) -> None:
    with pytest.raises(Refused, match="by"):
        value(parameter("group", kind, "by", required=True), "anomalies")


@pytest.mark.parametrize(
    ("language", "text", "on"),
    [
        pytest.param("pt", "descreva e abra tickets", True, id="asked"),
        pytest.param("pt", "não abra tickets", False, id="não"),
        pytest.param("pt", "sem tickets", False, id="sem"),
        pytest.param("pt", "não sei; abra tickets", True, id="another clause"),
        pytest.param("pt", "descreva", None, id="default"),
        pytest.param("en", "no tickets please", False, id="no"),
        pytest.param("pt", "veja no ticket", True, id="no is em o"),
        pytest.param("en", "without opening tickets", False, id="without"),
    ],
)
@pytest.mark.parametrize("default", [True, False])
def test_a_switch(language: Language, text: str, on: bool | None, default: bool) -> None:
    found = value(parameter("tickets", "switch", "ticket", "tickets", default=default), text, language)
    assert found == (default if on is None else on)


TABLE = parameter("table", "table", required=True)
GIT = parameter("repository", "repository", required=True)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param("descreva vendas.csv por loja", "vendas.csv", id="bare"),
        pytest.param("perfil de ./dados/x.parquet.", "./dados/x.parquet", id="relative"),
        pytest.param("anomalias em '/var/data/a b.jsonl'?", "/var/data/a b.jsonl", id="quoted with spaces"),
        pytest.param("perfil de “vendas 2025.csv”", "vendas 2025.csv", id="typographic quotes"),
        pytest.param("o arquivo relatorio.xlsx", "relatorio.xlsx", id="announced with another ending"),
        pytest.param("a/b-2025-03-01.csv.gz", "a/b-2025-03-01.csv.gz", id="compressed"),
        pytest.param("(ver dados/é.csv)", "dados/é.csv", id="in brackets"),
    ],
)
def test_the_path_of_a_table(text: str, path: str) -> None:
    assert from_json(Source, value(TABLE, text)) == Source(kind="file", name=path.rpartition("/")[2], path=path)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param("arquivos que mais mudaram em ./projeto", "./projeto", id="relative"),
        pytest.param("churn of /srv/git/x.git since March", "/srv/git/x.git", id="absolute"),
        pytest.param('no repositório "meu projeto/app"', "meu projeto/app", id="quoted"),
        pytest.param("in the repo tools/app please", "tools/app", id="announced"),
    ],
)
def test_the_path_of_a_repository(text: str, path: str) -> None:
    assert from_json(Source, value(GIT, text)).path == path


@pytest.mark.parametrize(
    ("read_as", "text", "told"),
    [
        pytest.param(TABLE, "descreva o arquivo", "hulk ask --file", id="no file"),
        pytest.param(GIT, "mudanças adicionadas e/ou removidas", "hulk ask --repo", id="no repository"),
        pytest.param(TABLE, "descreva ~/vendas.csv", "begins with ~", id="home"),
        pytest.param(TABLE, "descreva ftp://ana:s3nha@example.com/a.csv", "“ftp://example.com/a.csv” is an address of a kind", id="ftp"),
        pytest.param(TABLE, "descreva https://ana:s3nha@example.com/a.csv", "user name or password", id="password"),
        pytest.param(GIT, "churn of git@example.com:a/b.git", "clone it", id="remote repository"),
        pytest.param(GIT, "churn de https://example.com/a/b.git?token=s3nha", "“https://example.com/a/b.git” is an address", id="url"),
        pytest.param(GIT, "o repositório https://example.com/a.csv", "hulk ask --repo FOLDER", id="announced as a repository"),
    ],
)
def test_no_place_to_look_at_is_refused_saying_how_to_give_one(read_as: Parameter, text: str, told: str) -> None:
    with pytest.raises(Refused) as refused:
        value(read_as, text)
    assert told in str(refused.value)
    assert "s3nha" not in str(refused.value)


@pytest.mark.parametrize("language", ["pt", "en"])
@pytest.mark.parametrize(
    ("text", "url", "name"),
    [
        pytest.param("perfil de https://example.com/vendas.csv", "https://example.com/vendas.csv", "vendas.csv", id="pt"),
        pytest.param("find anomalies in https://host/a.parquet.", "https://host/a.parquet", "a.parquet", id="full stop"),
        pytest.param("qual o perfil de HTTP://host:8080/a.csv?", "HTTP://host:8080/a.csv", "a.csv", id="question mark"),
        pytest.param("describe https://host/a.csv?x=1&y=a,b; by store", "https://host/a.csv?x=1&y=a,b", "a.csv", id="query"),
        pytest.param("descreva (https://host/a.csv), por loja", "https://host/a.csv", "a.csv", id="parentheses"),
        pytest.param("descreva https://host/vendas_(1).csv.", "https://host/vendas_(1).csv", "vendas_(1).csv", id="its own parentheses"),
        pytest.param("[vendas](https://host/a.csv) tem problemas?", "https://host/a.csv", "a.csv", id="markdown"),
        pytest.param("descreva <https://host/a.csv>", "https://host/a.csv", "a.csv", id="angle brackets"),
        pytest.param('profile "https://host/a.csv"', "https://host/a.csv", "a.csv", id="quotes"),
        pytest.param("profile 'https://host/a.csv' please", "https://host/a.csv", "a.csv", id="single quotes"),
        pytest.param("perfil de “https://host/vendas 2025.csv”", "https://host/vendas%202025.csv", "vendas 2025.csv", id="a space"),
        pytest.param("url=https://host/a.csv#top", "https://host/a.csv#top", "a.csv", id="fragment"),
        pytest.param("o arquivo https://host/export?format=csv", "https://host/export?format=csv", "export", id="announced"),
        pytest.param("perfil de https://host/export", "https://host/export", "export", id="nothing tells that it is data"),
        pytest.param("veja https://host/wiki e descreva https://host/b.csv", "https://host/b.csv", "b.csv", id="data first"),
        pytest.param("https://host/a.csv,https://host/b.csv", "https://host/a.csv", "a.csv", id="two with a comma"),
        pytest.param("perfil de https://[::1]:80/é.csv", "https://[::1]:80/é.csv", "é.csv", id="ipv6"),
        pytest.param("perfil de https://host/a%2Fb.csv", "https://host/a%2Fb.csv", "a_b.csv", id="no folder in a name"),
        pytest.param("perfil de https://host", "https://host", "host", id="no path"),
        pytest.param("perfil de https://host:8080/@ana/a.csv", "https://host:8080/@ana/a.csv", "a.csv", id="an @ in the path"),
    ],
)
def test_the_address_of_a_table(text: str, url: str, name: str, language: Language) -> None:
    assert from_json(Source, value(TABLE, text, language)) == Source(kind="file", name=name, url=url)


def test_what_stands_in_an_address_is_neither_a_date_nor_a_count() -> None:
    wanted = (TABLE, parameter("period", "period"), parameter("top", "count"))
    found = read(wanted, request("perfil de https://host/2025-03-01/top5/os-3-primeiros.csv?top=7", "pt"))
    assert (found["period"], found["top"]) == (None, None)


PATH = st.text(st.sampled_from("abcXYZ019-_~%/"), max_size=20)


@given(PATH, st.sampled_from(["{}", "“{}”", "({})", "{}.", "{}?", "{}, por loja", "<{}>", "`{}`!"]))
def test_an_address_is_read_as_it_was_written(path: str, around: str) -> None:
    url = f"https://example.com/{path}x.csv"
    found = from_json(Source, value(TABLE, f"perfil de {around.format(url)}"))
    assert found.url == url
    assert "/" not in found.name


@given(st.text(max_size=60))
def test_what_is_shown_of_an_address_holds_no_secret(secret: str) -> None:
    assert shown_address(f"https://host/a.csv?key={secret}") == "https://host/a.csv"
    word = "".join(letter for letter in secret if letter.isalnum())
    assert shown_address(f"https://ana:{word}@host/a.csv") == "https://host/a.csv"
    with pytest.raises(Refused) as refused:
        require_no_password(f"perfil de https://ana:{word}@host/a.csv")
    assert "ana" not in str(refused.value)


@pytest.mark.parametrize("text", ["https://host:8080/@ana", "ana@example.com em https://host/a.csv", "https://host: ana@example.com"])
def test_an_at_sign_elsewhere_is_no_password(text: str) -> None:
    require_no_password(text)


def test_a_quotation_left_open_before_an_address_is_read_in_time() -> None:
    text = parameter("name", "text")
    assert value(text, f'diga " https://example.com/{"a" * 100}.csv') is None


def test_what_is_sent_along_comes_before_what_is_written() -> None:
    sent = Source(kind="file", name="vendas.csv", blob="sha256:1")
    assert from_json(Source, value(TABLE, "descreva outro.csv", "pt", sent, REPOSITORY)) == sent


def test_of_several_files_sent_the_one_that_is_named_is_read() -> None:
    one, two = Source(kind="file", name="a.csv", blob="1"), Source(kind="file", name="B.csv", blob="2")
    assert from_json(Source, value(TABLE, "descreva b.csv", "pt", one, two)) == two
    with pytest.raises(Refused, match=r"a.csv, B.csv"):
        value(TABLE, "descreva", "pt", one, two)


def test_digits_in_a_path_or_a_quotation_are_neither_dates_nor_counts() -> None:
    wanted = (TABLE, parameter("period", "period"), parameter("top", "count"))
    found = read(wanted, request("perfil de /d/top 5/2025-03-01/3.csv".replace(" ", "_") + ' e "top 5"', "pt"))
    assert (found["period"], found["top"]) == (None, None)


@pytest.mark.parametrize("name", ["America/Sao_Paulo", "UTC", "Europe/Lisbon"])
def test_a_time_zone(name: str) -> None:
    assert zone(name).key == name


@pytest.mark.parametrize(
    ("name", "near"),
    [
        pytest.param("America/SaoPaulo", "America/Sao_Paulo", id="misspelt"),
        pytest.param("Sao Paulo", "America/Sao_Paulo", id="city"),
        pytest.param("america/sao_paulo", "America/Sao_Paulo", id="capitals"),
        pytest.param("Marte", "Europe/Lisbon", id="nothing near"),
        pytest.param("../../etc/passwd", "UTC", id="path"),
        pytest.param("America", "", id="folder"),
        pytest.param("", "UTC", id="empty"),
        pytest.param("a\0b", "", id="NUL"),
        pytest.param("x" * 5000, "", id="long"),
    ],
)
def test_an_unknown_time_zone_is_refused_with_names_near_to_it(name: str, near: str) -> None:
    with pytest.raises(Refused) as refused:
        zone(name)
    assert near in str(refused.value)


def told(error: HulkError) -> None:
    """It says something, with all of its values in it."""
    assert isinstance(error.text, Text)
    assert str(error)


EVERYTHING = (*CHURN.parameters, TABLE, THRESHOLD, BY, parameter("note", "text"), parameter("on", "switch", "tickets", "chart"))
PIECES = [
    *(
        "30",
        "dias",
        "top",
        "os",
        "3",
        "primeiros",
        "para",
        "ticket",
        "tickets",
        "não",
        "sem",
        "limiar",
        "3,5",
        "1.2.3",
        "5%",
        "por",
        "by",
        "coluna",
    ),
    *(
        "loja",
        ",",
        "e",
        "and",
        '"',
        "'",
        "`",
        "“",
        "~",
        "/",
        "./a",
        "x.csv",
        "arquivo",
        "https://a",
        ".",
        "?",
        "um",
        "dois",
        "-",
        "entre",
        "03/2025",
    ),
    *("since", "março", "the", "first", "two", "for", "each", "hundred", "vinte", "a", "999999999", "²", "１２", "ﬀ", "İ", "\0", "\n", "é"),
]


@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(PIECES), max_size=20).map(" ".join)), st.sampled_from(["pt", "en"]))
def test_no_text_raises_anything_but_what_hulk_says(text: str, language: Language) -> None:
    try:
        found = read(EVERYTHING, request(text, language, REPOSITORY))
    except HulkError as error:
        told(error)
    else:
        assert 1 <= found["top"] <= 50
        assert 0 <= found["reviews"] <= 20


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" * 1_000_000, id="one word"),
        pytest.param(" " * 1_000_000, id="blanks"),
        pytest.param("1" * 1_000_000, id="digits"),
        pytest.param('"' * 1_000_000, id="quotes"),
        pytest.param("1 a " * 250_000, id="numerals"),
        pytest.param("de " * 300_000, id="prepositions"),
        pytest.param("não tickets " * 80_000, id="negations"),
        pytest.param("'/" * 500_000, id="paths"),
        pytest.param("março " * 160_000, id="months"),
        pytest.param("https://a " * 100_000, id="addresses"),
        pytest.param("'https://a)b " * 80_000, id="addresses in open quotes"),
        pytest.param("https://a:b" + ")" * 1_000_000, id="an address of brackets"),
    ],
)
@pytest.mark.timeout(10)
def test_a_megabyte_is_read_in_time(text: str) -> None:
    try:
        read(EVERYTHING, request(text, "pt", REPOSITORY))
    except HulkError as error:
        told(error)
