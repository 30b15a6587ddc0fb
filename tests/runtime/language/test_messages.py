"""The catalogue of what people read is whole, and the tool that keeps it finds what is not."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog

ROOT = Path(__file__).parents[3]


def loaded() -> ModuleType:
    """tools/messages.py, which is no package."""
    spec = importlib.util.spec_from_file_location("hulk_messages_tool", ROOT / "tools/messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


tool = loaded()


def found(tmp_path: Path, source: str) -> list[object]:
    """The messages of one source file."""
    (tmp_path / "src").mkdir(exist_ok=True)
    (tmp_path / "src/one.py").write_text(source, "utf-8")
    return list(tool.messages(tmp_path / "src"))


def test_everything_that_hulk_says_is_translated(capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["--check"]) == 0, capsys.readouterr().out


def test_messages_are_the_literal_first_arguments_of_texts_and_errors(tmp_path: Path) -> None:
    source = 'Text("a {n}", n=1)\nerrors.Refused("b" " c")\nTimedOut(text)\nprint("d")\nExhausted("e", retry_after=1)\nText("")\n'
    assert [(message.msgid, message.line) for message in found(tmp_path, source)] == [("a {n}", 1), ("b c", 2), ("e", 5)]  # type: ignore[attr-defined]  # loaded by path


@pytest.mark.parametrize(
    ("source", "translation", "said"),
    [
        pytest.param('Text("a {n}", n=1)', "um {n}", [], id="right"),
        pytest.param('Text("a {n}", n=1)', "", ["missing translation: a {n}"], id="missing"),
        pytest.param('Text("a {n}", n=1)', "um {m}", ["placeholders differ: a {n} -> um {m}"], id="other placeholders"),
        pytest.param('Text("b", n=1)', "um {n}", ["missing translation: b", "stale, nobody says it any more: a {n}"], id="stale"),
        pytest.param('Refused("a {n}")', "um {n}", ["src/one.py:1: no value for {n} in: a {n}"], id="a value is not given"),
        pytest.param('Refused("a {n}", **values)', "um {n}", [], id="values by name"),
        pytest.param('Text("a {n}")', "um {n}", [], id="kept in a table, its values come later"),
    ],
)
def test_what_is_not_whole_is_told(source: str, translation: str, said: list[str], tmp_path: Path) -> None:
    catalogue = Catalog(locale="pt_BR")
    catalogue.add("a {n}", translation)
    assert list(tool.complaints(catalogue, found(tmp_path, source))) == said


def test_a_fuzzy_translation_is_told(tmp_path: Path) -> None:
    catalogue = Catalog(locale="pt_BR")
    catalogue.add("a", "um", flags=["fuzzy"])
    assert list(tool.complaints(catalogue, found(tmp_path, 'Text("a")'))) == ["fuzzy: a"]


def test_an_update_keeps_translations_and_takes_those_of_others(tmp_path: Path) -> None:
    (tmp_path / "part.po").write_text('msgid "b"\nmsgstr "dois"\n\nmsgid "gone"\nmsgstr "foi"\n', "utf-8")
    old = Catalog(locale="pt_BR")
    old.add("a", "um")
    new = tool.updated(old, found(tmp_path, 'Text("a"); Text("b"); Text("c")'), [tool.read(tmp_path / "part.po")])
    assert {message.id: message.string for message in new if message.id} == {"a": "um", "b": "dois", "c": ""}
