"""Work that comes after other work, laid out to be looked at: from left to right, each piece right of all that it waits for. Pure rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_DRAWN = 200
"""Pieces of one drawing; the list beside it has them all."""
WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 190, 46, 56, 18, 8
"""Of a box and between boxes, in the drawing's units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Something that is to be done. `after` are the keys of what it waits for; `href` leads to it, if there is a page."""

    key: str
    name: str
    status: str
    href: str = ""
    after: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A piece and where it is drawn: its upper left corner."""

    piece: Piece
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes, and the lines between them as SVG paths. `left` is how many pieces were left out."""

    boxes: Sequence[Box]
    lines: Sequence[str]
    width: int
    height: int
    left: int


def drawn(pieces: Sequence[Piece]) -> Drawing:
    """The drawing; what waits for something that is not among the pieces, or for itself by a round-about way, is drawn all the same."""
    some = pieces[:MOST_DRAWN]
    columns = _columns(some)
    rows: dict[int, int] = {}
    boxes = []
    for piece in some:
        column = columns[piece.key]
        row = rows.setdefault(column, 0)
        rows[column] = row + 1
        boxes.append(Box(piece, MARGIN + column * (WIDTH + ACROSS), MARGIN + row * (HEIGHT + DOWN)))
    places = {box.piece.key: box for box in boxes}
    lines = [_line(places[key], box) for box in boxes for key in box.piece.after if key in places]
    wide, high = max(columns.values(), default=0) + 1, max(rows.values(), default=1)
    return Drawing(
        boxes,
        lines,
        2 * MARGIN + wide * WIDTH + (wide - 1) * ACROSS,
        2 * MARGIN + high * HEIGHT + (high - 1) * DOWN,
        len(pieces) - len(some),
    )


def _columns(pieces: Sequence[Piece]) -> Mapping[str, int]:
    """By key, how many pieces lie before it on the longest way; in a round each is placed once."""
    waits = {piece.key: [key for key in piece.after if key != piece.key] for piece in pieces}
    columns: dict[str, int] = dict.fromkeys(waits, 0)
    for _ in pieces:
        moved = False
        for key, after in waits.items():
            wanted = max((columns[one] + 1 for one in after if one in columns), default=0)
            if columns[key] < wanted < len(pieces):
                columns[key], moved = wanted, True
        if not moved:
            break
    return columns


def _line(before: Box, after: Box) -> str:
    x1, y1, x2, y2 = before.x + WIDTH, before.y + HEIGHT // 2, after.x, after.y + HEIGHT // 2
    middle = (x1 + x2) // 2
    return f"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}"
