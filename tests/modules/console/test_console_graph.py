"""A plan is drawn from left to right, whatever it looks like; data is shown as far as a page may show it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.console.domain import Piece, drawn
from hulk.modules.console.domain.graph import MOST_DRAWN
from hulk.modules.console.pages.payload import LONGEST, payload

keys = st.sampled_from("abcdefgh")
plans = st.lists(
    st.builds(lambda key, after: Piece(key=key, name=key, status="open", after=after), keys, st.lists(keys, max_size=4)),
    max_size=8,
    unique_by=lambda piece: piece.key,
)


@given(plans)
def test_every_piece_is_drawn_once_and_no_two_in_one_place(pieces: list[Piece]) -> None:
    drawing = drawn(pieces)
    assert [box.piece.key for box in drawing.boxes] == [piece.key for piece in pieces]
    assert len({(box.x, box.y) for box in drawing.boxes}) == len(pieces)
    assert all(box.x < drawing.width and box.y < drawing.height for box in drawing.boxes)


@given(plans)
def test_what_waits_stands_right_of_what_it_waits_for(pieces: list[Piece]) -> None:
    straight = [
        Piece(key=piece.key, name="", status="open", after=[one for one in piece.after if one < piece.key]) for piece in pieces
    ]  # without rounds
    places = {box.piece.key: box.x for box in drawn(straight).boxes}
    assert all(places[one] < places[piece.key] for piece in straight for one in piece.after if one in places)


def test_a_plan_of_any_length_is_bounded() -> None:
    pieces = [Piece(key=str(number), name="", status="open", after=[str(number - 1)]) for number in range(MOST_DRAWN + 30)]
    drawing = drawn(pieces)
    assert (len(drawing.boxes), drawing.left) == (MOST_DRAWN, 30)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_small_data_is_shown_whole(data: object) -> None:
    shown = payload(data)
    assert (shown is None) == (data is None)
    if shown is not None and not shown.cut:
        assert json.loads(shown.text) == data


def test_large_data_is_shown_as_far_as_a_page_goes() -> None:
    data = {"rows": ["x" * 1000] * 10_000}
    shown = payload(data)
    assert shown is not None
    assert (len(shown.text), shown.cut, shown.size > 10_000_000) == (LONGEST, True, True)
