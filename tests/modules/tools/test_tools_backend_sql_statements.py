"""What may be asked of a database: the questions of people who work with data pass, and whatever could act does not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Forbidden, Refused
from hulk.modules.tools.adapters.backends.sql.names import Place, Reach
from hulk.modules.tools.adapters.backends.sql.statements import Dialect, query
from support.hostile_sql import HOSTILE
from support.ordinary_sql import ORDINARY

DIALECTS: tuple[Dialect, ...] = ("postgres", "mysql", "duckdb", "spark", "trino")
REACH = {
    "postgres": Reach(patterns=("public.*",), home=("public",)),
    "mysql": Reach(patterns=("shop.*",), home=("shop",)),
    "duckdb": Reach(patterns=("main.orders", "main.customers"), home=("main",)),
    "spark": Reach(patterns=("spark_catalog.sales.*",), home=("spark_catalog", "sales")),
    "trino": Reach(patterns=("hive.sales.*",), home=("hive", "sales")),
}


def judged(sql: str, dialect: Dialect = "postgres", most: int = 101) -> str:
    """What would be sent."""
    return query(sql, dialect, REACH[dialect], most).sql


@pytest.mark.parametrize("dialect", DIALECTS)
def test_hostile_statements_do_not_pass(dialect: Dialect) -> None:
    passed = [sql for sql in HOSTILE[dialect] if _passes(sql, dialect)]
    assert passed == []
    assert len(HOSTILE[dialect]) >= 145


@pytest.mark.parametrize("dialect", DIALECTS)
def test_ordinary_questions_pass(dialect: Dialect) -> None:
    assert [sql for sql in ORDINARY[dialect] if not _passes(sql, dialect)] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_hostile_statement_is_not_hidden_by_comments_case_or_blanks(dialect: Dialect) -> None:
    short = [sql for sql in HOSTILE[dialect] if 2 < len(sql) < 500 and not sql.startswith(("SELECT 1 /*", "-- nothing"))]
    queries = [sql for sql in short if sql.startswith(("SELECT ", "WITH "))]
    alone = [way.format(sql) for way in ("/* x */ {} ", "\n\t{}\n;", "{} -- x") for sql in short]
    within = [way.format(sql) for way in ("( {} )", "WITH z AS (SELECT 1) SELECT * FROM ({}) AS y", "SELECT 1 UNION {}") for sql in queries]
    assert [sql for sql in (*alone, *within, *map(str.swapcase, short)) if _passes(sql, dialect)] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_hostile_is_hidden_in_an_ordinary_question(dialect: Dialect) -> None:
    texts = ("'it''s", "'back")
    plain = [sql for sql in ORDINARY[dialect] if not any(text in sql for text in texts)]
    tables = [
        re.sub(r"(?i)(FROM|JOIN|,|PIVOT|TABLE) ((hive\.)?(public|shop|main|sales)\.)?(orders|customers)\b", r"\1 secrets.keys", sql)
        for sql in plain
    ]
    functions = [
        re.sub(r"(?i)\b(count|sum|avg|min|max|lower|upper|concat|round|sqrt|coalesce|lag|rank)\(", "pg_sleep(", sql) for sql in plain
    ]
    changed = [sql for sql in (*tables, *functions) if sql not in plain]
    assert len(changed) > 50
    assert [sql for sql in changed if _passes(sql, dialect)] == []


def _passes(sql: str, dialect: Dialect) -> bool:
    try:
        judged(sql, dialect)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        pytest.param("SELECT * FROM pg_authid", 'SELECT * FROM "public"."pg_authid" LIMIT 101', id="a name is never the catalogue's"),
        pytest.param(
            "WITH t AS (SELECT * FROM t) SELECT * FROM t",
            'WITH t AS (SELECT * FROM "public"."t") SELECT * FROM t LIMIT 101',
            id="a plain WITH does not see itself",
        ),
        pytest.param(
            'WITH "T" AS (SELECT 1) SELECT * FROM t',
            'WITH "T" AS (SELECT 1) SELECT * FROM "public"."t" LIMIT 101',
            id="quoted names are other names",
        ),
        pytest.param(
            "SELECT * FROM (WITH t AS (SELECT 1) SELECT * FROM t) AS a, t",
            'SELECT * FROM (WITH t AS (SELECT 1) SELECT * FROM t) AS a, "public"."t" LIMIT 101',
            id="a WITH ends with its query",
        ),
        pytest.param(
            "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
            'WITH a AS (SELECT * FROM "public"."b"), b AS (SELECT 1) SELECT * FROM a LIMIT 101',
            id="a WITH sees only those before it",
        ),
        pytest.param("SELECT 1 /*! + sleep(1) */ -- x\n", "SELECT 1 LIMIT 101", id="comments do not come through"),
        pytest.param("SELECT 1 LIMIT 5", "SELECT 1 LIMIT 5", id="a smaller limit is kept"),
        pytest.param("SELECT 1 LIMIT 500", "SELECT 1 LIMIT 101", id="a larger limit is lowered"),
        pytest.param("SELECT 1 UNION SELECT 2", "SELECT 1 UNION SELECT 2 LIMIT 101", id="a union is limited as a whole"),
    ],
)
def test_what_is_sent_is_what_was_understood(sql: str, sent: str) -> None:
    assert judged(sql) == sent


def test_an_executable_comment_of_mysql_is_a_comment() -> None:
    assert "load_file" not in judged("SELECT id /*!50000 , load_file('/etc/passwd') */ FROM orders", "mysql").lower()


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        pytest.param("DELETE FROM orders", "DELETE", id="what it is"),
        pytest.param("SELECT pg_sleep(1)", "pg_sleep", id="which function"),
        pytest.param("SELECT * FROM secrets.keys", "public.*", id="which tables are allowed"),
        pytest.param("SELECT FROM WHERE", "line 1", id="where it is no SQL"),
        pytest.param("SELECT 1; SELECT 2", "2", id="how many statements"),
        pytest.param("SELECT x::evil", "evil", id="which type"),
    ],
)
def test_a_refusal_says_what_is_wrong(sql: str, told: str) -> None:
    with pytest.raises(Refused, match=told.replace("*", r"\*")):
        judged(sql)


WORDS = "SELECT FROM orders ( ) , ; * 1 'x' WITH AS DELETE UNION id x -- /* */ \" ` $$ :: INTO"


@given(st.text(max_size=60), st.sampled_from(DIALECTS))
def test_a_text_is_only_ever_a_text(text: str, dialect: Dialect) -> None:
    written = text.replace("'", "''").replace("\\", "\\\\") if dialect == "mysql" else text.replace("'", "''")
    try:
        sent = judged(f"SELECT '{written}' AS x", dialect)
    except Refused:
        return
    assert judged(sent, dialect) == sent
    assert sent.count("AS x LIMIT 101") <= 1 + text.count("AS x LIMIT 101")


@given(st.lists(st.sampled_from(WORDS.split()), max_size=25))
def test_what_passes_reads_only_what_may_be_read(words: list[str]) -> None:
    for dialect in DIALECTS:
        try:
            statement = query(" ".join(words), dialect, REACH[dialect], 101)
        except Refused:
            continue
        assert all(REACH[dialect].has(place) for place in statement.tables)
        named = re.sub(r"(SELECT|,|AS) DELETE\b", r"\1 x", statement.sql.replace("'DELETE'", ""))  # a column of that name deletes nothing
        assert "DELETE" not in re.sub(r'["`]DELETE["`]', "", named)


_NAMES = st.sampled_from(["orders", "ORDERS", "pg_authid", "secrets", "a.b", "orders$files", ""])


@given(st.lists(_NAMES, min_size=1, max_size=4))
def test_reach_is_whole_and_stays_what_it_is(parts: list[str]) -> None:
    reach = Reach(patterns=("public.orders", "crm.*"), home=("public",))
    place: Place = tuple(parts)
    try:
        whole = reach(place)
    except Forbidden:
        return
    assert len(whole) == 2
    assert reach(whole) == whole
