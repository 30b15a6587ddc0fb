"""Long answers where a channel counts characters as UTF-16 has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.channels.domain import Limits, fitting, split, utf16_length

MIXED = st.text(st.sampled_from("a \n.`😀👍🏽é\u200d\u0301مر"), max_size=400)


@pytest.mark.parametrize(
    ("text", "most", "room"),
    [
        pytest.param("abcd", 3, 3, id="each letter is one"),
        pytest.param("😀😀", 3, 1, id="an emoji is two, and not cut"),
        pytest.param("a😀", 3, 2, id="exactly full"),
        pytest.param("😀" * 3, 100, 3, id="all of a short one"),
        pytest.param("", 5, 0, id="nothing"),
    ],
)
def test_characters_are_counted_as_utf_16_has_them(text: str, most: int, room: int) -> None:
    assert fitting(text, most, utf16=True) == room == Limits(text=most, utf16=True).fits(text)


@given(MIXED, st.integers(1, 60))
def test_what_fits_is_as_much_as_does(text: str, most: int) -> None:
    room = fitting(text, most, utf16=True)
    assert utf16_length(text[:room]) <= most
    assert room == len(text) or utf16_length(text[: room + 1]) > most


@given(MIXED, st.integers(40, 120))
def test_no_part_is_over_the_limit(text: str, most: int) -> None:
    assert all(utf16_length(part) <= most for part in split(text, most, utf16=True))
