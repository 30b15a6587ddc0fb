"""`data.profile` on real files, from the plan to the answer."""

import json
import random
from pathlib import Path

import pytest

from hulk.kernel.errors import Refused
from hulk.modules.skills.domain.profile import PROFILE
from support.tables import asked


def orders(folder: Path, rows: int = 400) -> Path:
    rng = random.Random(7)
    lines = ["id;Data do Pedido;Loja;Valor;E-mail;Situação"]
    for i in range(rows):
        day = f"{rng.randint(1, 28):02}/{rng.randint(1, 12):02}/2025"
        lines.append(
            f"{i};{day};{rng.choice(['São Paulo', 'Brasília'])};{rng.randint(10, 99)},{rng.randint(0, 99):02};c{i}@exemplo.com.br;ATIVO"
        )
    lines += [lines[5], "9001;31/02/2025;São Paulo;9.999.999,00;;ATIVO"]
    path = folder / "pedidos.csv"
    path.write_text("\n".join(lines), encoding="latin-1")
    return path


async def test_a_brazilian_file_gets_an_answer_a_chart_and_a_ticket_per_problem(tmp_path: Path) -> None:
    outcome = await asked(PROFILE, orders(tmp_path), tmp_path / "s", "pt")
    answer = outcome.answer
    assert "**402** rows and **6** columns" in answer.markdown
    assert "Latin-1" in answer.markdown
    assert "| Data do Pedido | date | 0 |" in answer.markdown
    assert "| 10," in answer.markdown
    assert "exemplo.com" not in answer.markdown + json.dumps(outcome.results)
    assert outcome.files["profile.png"].read_bytes().startswith(b"\x89PNG")
    assert {(one.kind, one.data["rule"], one.data["column"]) for one in answer.follow_ups} == {
        ("data.problem", "personal", "E-mail"),
        ("data.problem", "dates", "Data do Pedido"),
        ("data.problem", "rows", None),
        ("data.problem", "constant", "Situação"),
        ("data.problem", "outliers", "Valor"),
    }
    json.dumps(outcome.results, allow_nan=False)


async def test_a_clean_file_has_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + "".join(f"{i % 7},{i % 5}.5\n" for i in range(35)))
    outcome = await asked(PROFILE, path, tmp_path / "s")
    assert "**No problem found.**" in outcome.answer.markdown
    assert outcome.answer.follow_ups == ()


async def test_only_the_columns_asked_for_are_looked_at(tmp_path: Path) -> None:
    outcome = await asked(PROFILE, orders(tmp_path), tmp_path / "s", columns=["valor", "LOJA"])
    assert [column["name"] for column in outcome.results["schema"]["columns"]] == ["Loja", "Valor"]


async def test_a_missing_column_is_refused_with_the_columns_there_are(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await asked(PROFILE, orders(tmp_path), tmp_path / "s", columns=["preço"])
    assert caught.group_contains(Refused, match="id, Data do Pedido, Loja, Valor")


async def test_more_problems_than_tickets_are_named_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{i}" for i in range(70)) + "\n" + (",".join(["1"] * 70) + "\n") * 30)
    outcome = await asked(PROFILE, path, tmp_path / "s")
    assert len(outcome.answer.follow_ups) == 50
    assert "21 more, without a ticket" in outcome.answer.markdown


def test_the_skill_has_varied_examples_in_both_languages() -> None:
    assert all(len(set(PROFILE.examples[language])) >= 14 for language in ("pt", "en"))
