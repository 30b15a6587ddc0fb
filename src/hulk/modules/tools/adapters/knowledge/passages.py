"""Texts cut into passages: whole paragraphs as long as they fit, about as much as one answer needs."""

from collections.abc import Iterator
from dataclasses import dataclass

from hulk.modules.tools.adapters.knowledge.documents import Text

LONGEST = 1000
"""Characters of a passage, its place not counted."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage: where it stands, and from where to where it goes in the text of its document."""

    place: str
    start: int
    end: int


def pieces(text: Text) -> tuple[str, list[Piece]]:
    """The whole text, and its passages."""
    whole, found, size = list[str](), list[Piece](), 0
    for part in text.parts:
        if body := part.text.strip():
            heading = f"{part.place}\n\n" if part.place else ""
            start = size + len(heading)
            found += [Piece(part.place, start + one, start + end) for one, end in _cut(body)]
            whole += [heading, body, "\n\n"]
            size = start + len(body) + 2
    return "".join(whole), found


def _cut(body: str) -> Iterator[tuple[int, int]]:
    """From where to where each goes: to the end of a paragraph, a line, a sentence or a word, whichever there is in its second half."""
    start = 0
    while start < len(body):
        end = min(len(body), start + LONGEST)
        if end < len(body):
            end = next(
                (at + len(mark) for mark in ("\n\n", "\n", ". ", " ") if (at := body.rfind(mark, start + LONGEST // 2, end)) > 0), end
            )
        if not body[start:end].isspace():
            yield start, end
        start = end
