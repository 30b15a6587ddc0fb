"""Which files read as tables, how, and what is said of those that do not."""

import asyncio
import gzip
import time
from pathlib import Path

import duckdb
import pytest

from hulk.kernel.errors import HulkError, NotFound, Refused, Unavailable
from hulk.modules.skills.domain.profile import Schema
from hulk.modules.tools.adapters.tables import DuckTables, Limits
from hulk.modules.tools.adapters.tables.failures import explained
from hulk.runtime.language import voice


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


async def schema(path: Path) -> Schema:
    return await DuckTables().schema(path, path.parent / "scratch")


BRAZILIAN = "nome;valor;data;cep\nJoão;1.234,56;31/12/2025;01310-100\nConceição;-2,5;01/02/2026;20040-002\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.csv", BRAZILIAN, id="UTF-8"),
        pytest.param("a.csv", "\ufeff" + BRAZILIAN, id="byte order mark"),
        pytest.param("a.csv", BRAZILIAN.encode("latin-1"), id="Latin-1"),
        pytest.param("a.csv", BRAZILIAN.encode("utf-16"), id="UTF-16"),
        pytest.param("a.csv", BRAZILIAN.replace("\n", "\r\n"), id="Windows line ends"),
        pytest.param("a.csv", BRAZILIAN.replace(";", "\t"), id="tabs"),
        pytest.param("a.txt", BRAZILIAN.replace(";", "|"), id="bars"),
        pytest.param("a.csv", "Relatório de vendas\n\n" + BRAZILIAN, id="a title above"),
        pytest.param("a.csv", BRAZILIAN + "\n\n", id="blank lines at the end"),
        pytest.param("a.csv", BRAZILIAN.replace("João", '"João"'), id="quotes"),
        pytest.param("a.csv.gz", gzip.compress(BRAZILIAN.encode()), id="gzip"),
        pytest.param("a.csv.gz", gzip.compress(BRAZILIAN.encode("latin-1")), id="gzip of Latin-1"),
    ],
)
async def test_a_brazilian_file_reads_the_same_however_it_is_written(tmp_path: Path, name: str, content: str | bytes) -> None:
    found = await schema(written(tmp_path, name, content))
    assert found.rows == 2
    assert [(column.name, column.type) for column in found.columns] == [
        ("nome", "text"),
        ("valor", "decimal"),
        ("data", "date"),
        ("cep", "text"),
    ]
    assert [(column.lowest, column.highest) for column in found.columns[:3]] == [
        ("Conceição", "João"),
        ("-2.5", "1234.56"),
        ("2025-12-31", "2026-02-01"),
    ]


@pytest.mark.parametrize(
    ("values", "type_", "lowest", "highest"),
    [
        pytest.param(["1.5", "2.25"], "decimal", "1.5", "2.25", id="plain numbers"),
        pytest.param(["1,234.50", "2,000.25"], "decimal", "1234.5", "2000.25", id="commas between thousands"),
        pytest.param(["R$ 1.234,50", "R$ 2,00"], "decimal", "2", "1234.5", id="money"),
        pytest.param(["10%", "25%"], "whole", "10", "25", id="percentages"),
        pytest.param(["1e3", "-2E-1"], "decimal", "-0.2", "1000", id="exponents"),
        pytest.param(["007", "012"], "text", "007", "012", id="codes with leading zeros"),
        pytest.param(["2025-01-31", "2024-02-29"], "date", "2024-02-29", "2025-01-31", id="ISO dates"),
        pytest.param(
            ["2025-01-31T10:00:00Z", "2024-02-29T11:30:00Z"], "moment", "2024-02-29 11:30:00", "2025-01-31 10:00:00", id="moments"
        ),
        pytest.param(
            ["31/01/2025 08:15", "01/02/2025 09:00"], "moment", "2025-01-31 08:15:00", "2025-02-01 09:00:00", id="day first with time"
        ),
        pytest.param(["01/31/2025", "02/01/2025"], "date", "2025-01-31", "2025-02-01", id="month first, since 31 is no month"),
        pytest.param(["2025-01", "2025-12"], "date", "2025-01-01", "2025-12-01", id="months"),
        pytest.param(["sim", "não"], "yesno", "não", "sim", id="yes and no"),
        pytest.param(["1.2.3", "1.10.0"], "text", "1.10.0", "1.2.3", id="versions"),
    ],
)
async def test_values_are_read_as_people_write_them(tmp_path: Path, values: list[str], type_: str, lowest: str, highest: str) -> None:
    content = "id|x\n" + "".join(f"{i}|{value}\n" for i, value in enumerate(values))
    column = (await schema(written(tmp_path, "a.csv", content))).columns[1]
    assert (column.type, column.lowest, column.highest, column.unread) == (type_, lowest, highest, 0)


async def test_a_text_in_quotes_keeps_its_lines_and_delimiters(tmp_path: Path) -> None:
    found = await schema(written(tmp_path, "a.csv", 'a,b\n"one\ntwo, three",1\n"say ""hi""",2\n'))
    assert (found.rows, found.columns[0].lowest) == (2, "one\ntwo, three")


async def test_columns_without_a_header_are_numbered_and_the_reader_is_told(tmp_path: Path) -> None:
    found = await schema(written(tmp_path, "a.csv", "1,2.5,x\n3,4.5,y\n"))
    assert (found.rows, [column.name for column in found.columns]) == (2, ["column1", "column2", "column3"])
    assert "no header" in str(found.notes[0])


async def test_names_that_differ_only_in_case_or_not_at_all_stay_apart(tmp_path: Path) -> None:
    found = await schema(written(tmp_path, "a.csv", "a,A,a,\n1,2,3,4\n"))
    assert [(column.name, column.lowest) for column in found.columns] == [("a", "1"), ("A", "2"), ("a_2", "3"), ("column4", "4")]


async def test_latin_1_late_in_a_file_is_noticed_and_told(tmp_path: Path) -> None:
    content = "nome;valor\n" + "abc;1\n" * 200_000 + "João;2\n"
    found = await schema(written(tmp_path, "a.csv", content.encode("latin-1")))
    assert (found.rows, found.columns[0].highest) == (200_001, "abc")
    assert found.columns[0].lowest == "João"
    assert "Latin-1" in str(found.notes[0])


async def test_json_lines_mix_types_and_lack_keys(tmp_path: Path) -> None:
    lines = (
        '{"a": 1, "b": "x", "n": "12"}\n{"a": "q", "n": "13"}\n{"a": 3, "c": [1, 2], "n": "14"}\n{"a": 4, "n": "1"}\n{"a": 5, "n": "2"}\n'
    )
    found = {column.name: column for column in (await schema(written(tmp_path, "a.jsonl", lines))).columns}
    assert (found["a"].type, found["a"].unread, found["a"].unread_examples) == ("whole", 1, ("q",))
    assert (found["b"].nulls, found["c"].type, found["c"].nulls) == (4, "nested", 4)
    assert (found["n"].type, found["n"].disguised) == ("whole", True)


@pytest.mark.parametrize("ending", ["parquet", "jsonl.gz", "csv.zst", "jsonl"])
async def test_the_same_rows_are_found_in_every_format(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    packing = {"gz": ", COMPRESSION gzip", "zst": ", COMPRESSION zstd"}.get(path.suffix[1:], "")
    form = {"parquet": "parquet", "jsonl": "json", "csv": "csv"}[ending.split(".")[0]]
    rows = "SELECT i AS id, i * 1.5 AS v, DATE '2025-01-01' + i::INTEGER AS d, 'ação ' || i % 3 AS t FROM range(1000) r(i)"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({rows}) TO '{path}' (FORMAT {form}{packing})")
    found = await schema(path)
    assert (found.rows, [(c.name, c.type, c.lowest, c.highest, c.distinct) for c in found.columns]) == (
        1000,
        [
            ("id", "whole", "0", "999", 1000),
            ("v", "decimal", "0", "1498.5", 1000),
            ("d", "date", "2025-01-01", "2027-09-27", 1000),
            ("t", "text", "ação 0", "ação 2", 3),
        ],
    )


ROWS = "a,b,c\n" + "1,2,3\n" * 50


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("a.csv", "", "a.csv is empty", id="empty file"),
        pytest.param("a.csv", "\n\n \n", "is empty", id="blank lines"),
        pytest.param("a.csv", "a,b,c\n", "a header but no rows", id="header alone"),
        pytest.param("a.jsonl", "\n", "no rows", id="JSON without rows"),
        pytest.param("a.csv", ROWS + "1,2,3,4\n" + ROWS, "Line 52 of a.csv has 4 fields where 3", id="a field too many"),
        pytest.param("a.csv", ROWS + "1,2\n", "Line 52 of a.csv has 2 fields where 3", id="a field too few"),
        pytest.param("a.csv", "a,b,c\n1,2\n" + "1,2,3\n" * 50, "Line 2 of a.csv has 2 fields", id="the first row is the short one"),
        pytest.param("a.csv", "a,b,c\n" + "1,2,3\n" * 90_000 + "1,2,3,4\n", "Line 90002 of", id="late in the file"),
        pytest.param("a.csv", 'a,b\n"x",1\n' * 1 + '"x",1\n' * 50 + '"y,1\n' + '"x",1\n' * 5, "opens a quote|quote", id="an open quote"),
        pytest.param("a.csv", b"a,b\n\x00\x01\x02,\x00\n" * 9, "not a text file", id="binary"),
        pytest.param("a.csv", "a,b\nção,1\n".encode() + b"x\xe3o\x81\x02\xff,2\n", "line 3 has the byte 0xE3", id="broken UTF-8"),
        pytest.param("a.jsonl", b'{"a": "Jo\xe3o"}\n', "not valid UTF-8", id="JSON that is no UTF-8"),
        pytest.param("a.jsonl", '{"a": 1}\n{"a": 2\n{"a": 3}\n', "Line 2 of a.jsonl is not valid JSON", id="broken JSON"),
        pytest.param("a.jsonl", '{"a": 1}\n' * 30_000 + "oops\n", "Line 30001 of a.jsonl is not valid JSON", id="broken JSON, late"),
        pytest.param("a.jsonl", "[1, 2]\n[3, 4]\n", "must be a JSON object", id="JSON that is no object"),
        pytest.param("a.parquet", b"hello, I am not one", "is not a Parquet file", id="not Parquet"),
        pytest.param("a.csv.gz", b"hello, I am not one", "is not a gz file", id="not gzip"),
        pytest.param("a.csv.zst", b"hello, I am not one", "is not a zst file", id="not Zstandard"),
        pytest.param("a.xlsx", b"PK", "Allowed are .csv, .tsv", id="another kind"),
        pytest.param("a", "a,b\n1,2\n", "Allowed are .csv, .tsv", id="no ending"),
    ],
)
async def test_a_bad_file_is_refused_in_words(tmp_path: Path, name: str, content: str | bytes, says: str) -> None:
    with pytest.raises(Refused, match=says) as caught:
        await schema(written(tmp_path, name, content))
    assert str(tmp_path) not in str(caught.value)
    assert not any(word in str(caught.value) for word in ("strict_mode", "ignore_errors", "LINE 1", "Error:", "auto_detect"))


@pytest.mark.parametrize(
    ("message", "says"),
    [
        pytest.param("CSV Error on Line: 7\nsomething", "um delimitador (linha 7).", id="with the line"),
        pytest.param("state machine reached an invalid state", "um delimitador.", id="without"),
    ],
)
def test_a_malformed_line_is_told_in_one_language(message: str, says: str) -> None:
    error = explained(duckdb.InvalidInputException(message), Path("vendas.csv"))
    assert isinstance(error, Refused)
    assert voice("pt").say(error.text).endswith(says)


async def test_a_torn_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT random() AS r FROM range(100000)) TO '{path}' (FORMAT parquet)")
    data = bytearray(path.read_bytes())
    data[1000:200_000] = b"\xff" * 199_000
    path.write_bytes(data)
    with pytest.raises(Refused, match="damaged"):
        await schema(path)


async def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"There is no file a\.csv"):
        await schema(tmp_path / "a.csv")


async def test_a_missing_column_is_named_with_the_closest_one(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", BRAZILIAN)
    with pytest.raises(Refused, match=r"no column “valr”\. Did you mean “valor”"):
        await DuckTables().outliers(path, tmp_path / "s", ["valr"])


async def test_nothing_but_the_file_can_be_read(tmp_path: Path) -> None:
    secret = written(tmp_path, "secret.csv", "a\n1\n")
    name = f"x.csv' UNION ALL SELECT * FROM '{secret.name}"
    with pytest.raises(HulkError):
        await schema(tmp_path / name)


async def test_scratch_is_left_clean(tmp_path: Path) -> None:
    await schema(written(tmp_path, "a.csv", BRAZILIAN))
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_too_little_memory_is_unavailable_and_not_a_crash(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "a,b\n" + "".join(f"{i},{i}\n" for i in range(50_000)))
    with pytest.raises(Unavailable, match="memory"):
        await DuckTables(Limits(memory="2MB")).duplicates(path, tmp_path / "s")


async def test_a_cancelled_look_ends_at_once_and_frees_the_turn(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT i, hash(i) AS h, random() AS r FROM range(3000000) t(i)) TO '{path}' (HEADER)")
    tables = DuckTables()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await tables.schema(path, tmp_path / "s")
    assert time.monotonic() - began < 1.5
    assert list((tmp_path / "s").iterdir()) == []
    assert (await tables.layout(path, tmp_path / "s")).format == "csv"
