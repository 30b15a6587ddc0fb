"""The page and the example file about settings are what the code says."""

from pathlib import Path

from hulk.apps.settings import SECTIONS
from hulk.runtime.config import RUNTIME, example, keys, load, markdown

ROOT = Path(__file__).parents[3]


def test_the_page_is_made_from_the_code() -> None:
    assert (ROOT / "docs/configuration.md").read_text("utf-8") == markdown(SECTIONS), "run: python tools/reference.py"


def test_the_example_is_made_from_the_code() -> None:
    assert (ROOT / "hulk.example.yaml").read_text("utf-8") == example(SECTIONS), "run: python tools/reference.py"


def test_the_example_loads_and_changes_nothing() -> None:
    loaded = load(SECTIONS, ROOT / "hulk.example.yaml")
    plain = load(SECTIONS)
    assert [(it.key, it.value) for it in loaded.effective()] == [(it.key, it.value) for it in plain.effective()]
    assert {it.key for it in loaded.effective() if it.origin == "default"} == set()


def test_every_key_says_what_it_does() -> None:
    assert [key.name for key in keys({**RUNTIME, **SECTIONS}) if not key.about.endswith(".")] == []
