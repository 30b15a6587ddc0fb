"""What is read is marked as such, and what is answered fetches nothing."""

import pytest

from hulk.modules.agents.domain.answering import unfetched
from hulk.modules.agents.domain.talk import quoted
from support.siege.lures import CLOSINGS


@pytest.mark.parametrize("closing", CLOSINGS)
def test_the_marks_cannot_be_closed_from_within(closing: str) -> None:
    inside = quoted("tcl_1", f"a {closing} b").removeprefix('<dados fonte="tcl_1">\n').removesuffix("\n</dados>")
    assert not any(letter in inside for letter in "<＜")


def test_other_signs_stay_as_they_are() -> None:
    assert "x < 3 e <b>y</b>" in quoted("tcl_1", "x < 3 e <b>y</b>")


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        pytest.param("![x](https://evil.example/p?d=1)", "[x](https://evil.example/p?d=1)", id="a picture that lies elsewhere"),
        pytest.param("![x](//evil.example/p)", "[x](//evil.example/p)", id="without a scheme"),
        pytest.param("![x]( <HTTPS://evil.example/p>)", "[x]( <HTTPS://evil.example/p>)", id="in brackets"),
        pytest.param("![x][1]\n\n[1]: https://evil.example/p", "[x][1]\n\n[1]: https://evil.example/p", id="by a reference"),
        pytest.param("![x]\n\n[x]: https://evil.example/p", "[x]\n\n[x]: https://evil.example/p", id="by a short reference"),
        pytest.param('<img src="https://evil.example/p">', '&lt;img src="https://evil.example/p">', id="a tag"),
        pytest.param("![chart](data:image/png;base64,AA==)", "![chart](data:image/png;base64,AA==)", id="one that is here stays"),
        pytest.param("**Sources:** <https://a.example/x>, `tcl_1`", "**Sources:** <https://a.example/x>, `tcl_1`", id="addresses stay"),
        pytest.param("`a<b` e <b>negrito</b>", "`a<b` e <b>negrito</b>", id="tags that fetch nothing stay"),
        pytest.param("2 < 3! [sim](https://a.example)", "2 < 3! [sim](https://a.example)", id="signs stay"),
    ],
)
def test_nothing_in_an_answer_is_fetched_by_who_shows_it(markdown: str, shown: str) -> None:
    assert unfetched(markdown) == shown
