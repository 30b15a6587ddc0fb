"""A function becomes a skill."""

from datetime import date
from pathlib import Path

import pytest

from hulk.kernel.errors import NotFound, Refused
from hulk.modules.skills import Book, Period, Repository, Source, Table, read, skill
from hulk.modules.skills.adapters.folders import own_skills
from hulk.modules.skills.domain.own import OwnSkill, called_with
from hulk.modules.skills.usecases.own import CallFunction
from hulk.modules.tickets import Work
from hulk.runtime.language import voice
from support.reading import request
from support.tables import Folder

FILE = """
from hulk.modules.skills import Period, skill

@skill("greet", pt=["Diga olá para alguém", "Cumprimente", "Dê um oi"], en=["Say hello"])
def greet(times: int = 1, when: Period | None = None) -> str:
    "Says hello."
    return "olá " * times
"""


def own(function: object) -> OwnSkill:
    found: OwnSkill = function.__hulk_skill__  # type: ignore[attr-defined]  # what the loader looks for
    return found


def test_a_function_in_a_folder_is_found_with_its_parameters(tmp_path: Path) -> None:
    (tmp_path / "greet.py").write_text(FILE)
    (tmp_path / "_draft.py").write_text("raise RuntimeError")
    [found] = own_skills([tmp_path])
    assert (found.skill.name, str(found.skill.about)) == ("greet", "Says hello.")
    assert [(one.name, one.kind, one.required) for one in found.skill.parameters] == [("times", "count", False), ("when", "period", False)]
    assert [draft.kind for draft in found.skill.plan({"times": 2})] == ["skill.greet"]


def test_arguments_arrive_as_the_function_wants_them(tmp_path: Path) -> None:
    @skill("all", pt=["um", "dois", "três"])
    def all_of(when: Period, table: Table, repository: Repository, top: int = 3, deep: bool = False) -> str:
        return f"{when}{table}{repository}{top}{deep}"

    period = {"since": "2026-01-01", "until": "2026-01-31"}
    arguments = {"when": period, "table": {}, "repository": {}, "top": 5, "deep": None}
    got = called_with(own(all_of), arguments, {"table": tmp_path / "a.csv", "repository": tmp_path})
    assert got == {
        "when": Period(since=date(2026, 1, 1), until=date(2026, 1, 31)),
        "table": tmp_path / "a.csv",
        "repository": tmp_path,
        "top": 5,
    }
    assert isinstance(got["table"], Table)


class Fetching:
    """Sources that have any table, under the name it has at its address."""

    async def repository(self, source: Source, scratch: Path) -> Path:
        raise NotFound("There is no “{name}”.", name=source.name)

    async def table(self, source: Source, scratch: Path) -> Path:
        (scratch / source.name).write_text(str(source.url))
        return scratch / source.name


async def test_a_table_may_be_given_by_its_address_in_the_sentence(tmp_path: Path) -> None:
    @skill("lines", pt=["Quantas linhas?", "Conte as linhas", "Número de linhas"])
    def lines(table: Table) -> str:
        return f"{table.name}: {table.read_text()}"

    arguments = read(own(lines).skill.parameters, request("Quantas linhas há em https://example.com/vendas.csv?ano=2025?"))
    work = Work(
        ticket="t", kind="skill.lines", tenant="default", input={"arguments": dict(arguments)}, before={}, scratch=tmp_path,
        voice=voice("pt"), key="k",
    )  # fmt: skip
    done = await CallFunction(own(lines), Fetching())(work)
    assert done.result == {"markdown": "vendas.csv: https://example.com/vendas.csv?ano=2025"}


@pytest.mark.parametrize(("name", "count"), [("", 0), ("x" * 51, 51), ("a\0b", 3), ("a\nb", 3)])
def test_a_name_that_no_ticket_can_have_is_refused(name: str, count: int) -> None:
    with pytest.raises(Refused, match=f"has {count} characters; 1 to 50 printable"):
        skill(name, pt=["um", "dois", "três"])(lambda: "")


async def test_what_a_function_says_is_made_writable(tmp_path: Path) -> None:
    @skill("odd", pt=["um", "dois", "três"])
    def odd() -> str:
        return "a\0b \udce9.txt"

    done = await CallFunction(own(odd), Folder())(
        Work(
            ticket="tkt", kind="skill.odd", tenant="t", input={"arguments": {}}, before={}, scratch=tmp_path, voice=voice("pt"), key="run/1"
        )
    )
    assert done.result == {"markdown": "a�b �.txt"}


def test_too_few_examples_are_refused() -> None:
    with pytest.raises(Refused, match="2 example"):
        skill("few", pt=["um"], en=["one"])(lambda: "")


def test_a_type_that_no_sentence_gives_is_refused() -> None:
    def bad(thing: dict[str, int]) -> str:
        return str(thing)

    with pytest.raises(Refused, match="thing"):
        skill("bad", pt=["um", "dois", "três"])(bad)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("def broken(:", "cannot be loaded", id="not Python"),
        pytest.param("raise ValueError('no')", "ValueError", id="fails when loaded"),
        pytest.param("from hulk.modules.skills import skill\n@skill('x', pt=['a'])\ndef x() -> str: ...", "example", id="too few examples"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "wrong.py").write_text(text)
    with pytest.raises(Refused, match=r"wrong\.py") as error:
        own_skills([tmp_path])
    assert words in str(error.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        own_skills([tmp_path / "nowhere"])


def test_two_skills_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "greet.py").write_text(FILE)
    [found] = own_skills([tmp_path])
    with pytest.raises(Refused, match="greet"):
        Book((found.skill, found.skill))
