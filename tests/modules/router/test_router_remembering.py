"""A scan that remembers finds what one that does not would, and keeps nothing of what it read."""

import gc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.router import Part, classified_parts
from hulk.modules.router.domain.sensitivity import Remembering, findings

CPF = "529.982.247-25"
PIECES = ("meu cpf é 529.982", ".247-25", f"o cpf {CPF}", "bom dia", "\ud800", "ana@example.com", "x" * 300, "")
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12)


@given(TEXTS, st.integers(1, 3))
def test_it_finds_the_same_however_often_and_in_whatever_order(texts: Sequence[str], most: int) -> None:
    find = Remembering(most)
    assert [find(text) for text in texts] == [findings(text) for text in texts]
    assert len(find) <= most


@given(TEXTS)
def test_a_prompt_is_what_it_was_however_much_of_it_was_scanned_before(texts: Sequence[str]) -> None:
    find, parts = Remembering(), [Part(text, "user" if place % 2 else "system") for place, text in enumerate(texts)]
    for some in (parts[: len(parts) // 2], parts, parts):
        assert classified_parts(some, (), find) == classified_parts(some)


def test_what_is_remembered_is_not_scanned_again() -> None:
    find = Remembering()
    first = find(f"o cpf {CPF}")
    assert find("".join(["o cpf ", CPF])) is first


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(" ".join(f"{name}@example.com" for name in "abcdefghi"), id="much is found in it"),
        pytest.param("\ud800", id="it could not be looked into"),
    ],
)
def test_it_is_scanned_each_time_where(text: str) -> None:
    find = Remembering()
    assert [find(text), find(text)] == [findings(text)] * 2
    assert len(find) == 0


def test_nothing_of_a_text_is_kept() -> None:
    find = Remembering()
    find(f"o cpf {CPF}")
    seen, waiting = list[object](), [find._known, find._key]
    while waiting:
        one = waiting.pop()
        seen.append(one)
        waiting += [each for each in gc.get_referents(one) if not isinstance(each, type)]
    assert not any(CPF in one for one in seen if isinstance(one, str))
    assert not any(b"529" in one for one in seen if isinstance(one, bytes))
    assert Remembering()._key != find._key
