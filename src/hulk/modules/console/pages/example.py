"""The example that Hulk brings with it: a table of sales, and what to ask of it, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hulk.kernel.text import Language

_FOLDER = Path(__file__).parents[1] / "shipped"


@dataclass(frozen=True, slots=True)
class Example:
    """A file's name and content, and what is asked about it."""

    name: str
    content: bytes
    text: str


_TEXTS: Mapping[Language, tuple[str, str]] = {
    "en": ("sales.csv", "Find anomalies in sales.csv"),
    "pt": ("vendas.csv", "Encontre anomalias em vendas.csv"),
}


def example_of(language: Language) -> Example:
    """The one in that language."""
    name, text = _TEXTS[language]
    return Example(name, (_FOLDER / name).read_bytes(), text)
