"""Where a page ended is written and read back, and nothing else is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.modules.channels.domain import Ended


@given(st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1)), st.text(st.characters(codec="utf-8"), max_size=100))  # noqa: DTZ001  # UTC is added
def test_an_end_comes_back_as_it_was(at: datetime, id_: str) -> None:
    ended = Ended(at.replace(tzinfo=UTC), id_)
    assert Ended.read(ended.written()) == ended


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x", id="no base 64"), pytest.param("é", id="not of ASCII"), pytest.param("____", id="no text"),
        pytest.param("YSBi", id="no moment"),
    ],
)  # fmt: skip
def test_what_is_no_end_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="next"):
        Ended.read(text)


@given(st.text(max_size=60))
def test_whatever_is_given_is_read_or_refused(text: str) -> None:
    try:
        Ended.read(text)
    except Refused:
        return
