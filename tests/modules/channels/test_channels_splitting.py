"""Long answers are cut where a reader would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.channels.domain import split

PROSE = "Primeira frase aqui. Segunda frase, um pouco maior! Terceira? Quarta…"


@pytest.mark.parametrize(
    ("text", "most", "parts"),
    [
        pytest.param("", 10, (), id="nothing"),
        pytest.param("curto", 10, ("curto",), id="what fits stays whole"),
        pytest.param("um dois\n\ntrês quatro", 14, ("um dois", "três quatro"), id="between paragraphs"),
        pytest.param("linha um\nlinha dois\nlinha três", 20, ("linha um\nlinha dois", "linha três"), id="between lines"),
        pytest.param(PROSE, 40, ("Primeira frase aqui.", "Segunda frase, um pouco maior! Terceira?", "Quarta…"), id="between sentences"),
        pytest.param("aaaa bbbb cccc", 9, ("aaaa bbbb", "cccc"), id="between words"),
        pytest.param("a" * 25, 10, ("a" * 10, "a" * 10, "a" * 5), id="within a word if there is no other place"),
        pytest.param("aaaaaaaa👍🏽bb", 9, ("aaaaaaaa", "👍🏽bb"), id="never within an emoji"),
        pytest.param("```py\nx = 1\ny = 2\nz = 3\n```", 22, ("```py\nx = 1\ny = 2\n```", "```py\nz = 3\n```"), id="code stays code"),
    ],
)
def test_where_it_is_cut(text: str, most: int, parts: tuple[str, ...]) -> None:
    assert split(text, most) == parts


@given(st.text(alphabet="ab é.\n!👍`", max_size=400), st.integers(30, 80))
def test_no_part_is_too_long_and_nothing_but_spaces_and_fences_is_lost(text: str, most: int) -> None:
    parts = split(text, most)
    assert all(0 < len(part) <= most for part in parts)
    kept = "".join("".join(parts).replace("`", "").split())
    assert kept == "".join(text.replace("`", "").split())
