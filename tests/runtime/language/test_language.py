"""Which language a caller is answered in, and that its words are there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.text import Language, Text
from hulk.runtime.language import negotiate, voice


@pytest.mark.parametrize(
    ("header", "default", "language"),
    [
        pytest.param(None, "pt", "pt", id="no header"),
        pytest.param("", "en", "en", id="empty header"),
        pytest.param("en", "pt", "en", id="plain"),
        pytest.param("EN-us", "pt", "en", id="region and capitals"),
        pytest.param("pt-BR,pt;q=0.9,en;q=0.8", "en", "pt", id="as browsers send it"),
        pytest.param("en;q=0.3, pt;q=0.7", "en", "pt", id="by quality, not order"),
        pytest.param("de, fr;q=0.9, en;q=0.1", "pt", "en", id="the first that we speak"),
        pytest.param("de", "pt", "pt", id="none that we speak"),
        pytest.param("en;q=0, *", "pt", "pt", id="refused, then anything"),
        pytest.param("en;q=nonsense, pt", "en", "pt", id="malformed quality"),
        pytest.param("en;q=9", "pt", "pt", id="impossible quality"),
        pytest.param("de, *;q=0.5", "en", "en", id="anything"),
    ],
)
def test_the_best_wish_is_granted(header: str | None, default: Language, language: Language) -> None:
    assert negotiate(header, default) == language


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert negotiate(header, "pt") in ("pt", "en")


def test_each_language_has_its_words() -> None:
    sentence = Text("“{value}” is not an id of this kind: expected {prefix}_ and 26 letters or digits.", value="x", prefix="tkt")
    assert voice("en").say(sentence).startswith("“x” is not an id")
    assert voice("pt").say(sentence).startswith("“x” não é um id")


def test_a_sentence_that_nobody_translated_is_said_in_english() -> None:
    assert voice("pt").say(Text("No catalogue has {this}.", this="1")) == "No catalogue has 1."
