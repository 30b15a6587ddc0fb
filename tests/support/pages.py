"""The pages that people read, taken apart: code blocks, inline code, links, headings, tables."""

import re
import shlex
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\((?P<target>[^()\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the words after it, its lines."""

    language: str
    marks: tuple[str, ...]
    text: str

    def mark(self, name: str) -> str | None:
        """The value of `name=value` after the language; empty for a bare `name`, None when it is not there."""
        return next((mark.partition("=")[2] for mark in self.marks if mark.partition("=")[0] == name), None)

    @property
    def commands(self) -> list[list[str]]:
        """The shell lines as words, continued lines joined, comments left out."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [words for line in lines if (words := shlex.split(line, comments=True))]


@dataclass(frozen=True, slots=True)
class Page:
    """A Markdown page."""

    path: Path

    @property
    def name(self) -> str:
        """Its path from the root of the checkout."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """All but the fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def blocks(self) -> list[Block]:
        """The fenced blocks in order."""
        found = ((match["info"].split(), match["text"]) for match in _FENCE.finditer(self.text))
        return [Block(info[0] if info else "", tuple(info[1:]), text) for info, text in found]

    @property
    def inline(self) -> list[str]:
        """What stands between backticks."""
        return re.findall(r"`([^`\n]+)`", self.prose)

    @property
    def links(self) -> list[str]:
        """Where its links and pictures point to."""
        return [match["target"] for match in _LINK.finditer(re.sub(r"`[^`\n]*`", "", self.prose))]

    @property
    def headings(self) -> list[tuple[int, str]]:
        """Level and words of each heading."""
        return [(len(marks), words) for marks, words in re.findall(r"^(#+) (.+)$", self.prose, re.MULTILINE)]

    @property
    def anchors(self) -> set[str]:
        """The anchors of its headings, as GitHub makes them."""
        return {_anchor(words) for _, words in self.headings}

    def section(self, heading: str) -> str:
        """What stands under a heading, up to the next of its level or above."""
        found = re.search(rf"^(#+) {re.escape(heading)}\n(.*)", self.text, re.DOTALL | re.MULTILINE)
        assert found, f"{self.name} has no heading “{heading}”"
        return re.split(rf"^#{{1,{len(found[1])}}} ", found[2], flags=re.MULTILINE)[0]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of each table row, without heads and rules."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        is_head = at + 1 < len(lines) and re.match(r"\|[-|: ]+\|$", lines[at + 1])
        if line.startswith("|") and not is_head and not re.match(r"\|[-|: ]+\|$", line):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def _anchor(words: str) -> str:
    kept = "".join(letter for letter in words.lower() if letter in " -_" or unicodedata.category(letter)[0] in "LN")
    return kept.strip().replace(" ", "-")


@cache
def pages() -> tuple[Page, ...]:
    """Every page of the checkout."""
    return tuple(Page(path) for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]))


def page(name: str) -> Page:
    """The page of that path."""
    return Page(ROOT / name)
