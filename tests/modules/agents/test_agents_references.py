"""References from step to step: filled with what stands there, of whatever type, or refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.modules.agents.domain.references import filled, names_in

NAMES = st.sampled_from(["a", "b", "task", "x-1"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
PATHS = st.lists(st.sampled_from([".a", ".b", ".x-1", ".0", "[0]", "[1]", "[999999]", ".${", "[", "..", "?", "é"]), max_size=3)
REFERENCES = st.builds(lambda name, path, end: f"${{{name}{''.join(path)}{end}", NAMES, PATHS, st.sampled_from(["}", "?}", "", "}}"]))
TEXTS = st.text(max_size=6) | REFERENCES | st.builds(lambda *parts: "".join(parts), st.text(max_size=4), REFERENCES, REFERENCES)
GIVEN = st.recursive(
    TEXTS | st.none() | st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)


@given(GIVEN, st.dictionaries(NAMES, VALUES))
def test_it_is_filled_or_refused_whatever_is_written(given_: Any, scope: dict[str, Any]) -> None:
    how, found = _outcome(given_, scope)
    assert how == "filled" or "There is nothing at ${" in found


@given(VALUES)
def test_what_stands_there_comes_as_it_is(value: Any) -> None:
    found = filled({"it": "${a.b[1]}"}, {"a": {"b": [0, value]}})
    assert found == {"it": value}
    assert type(found["it"]) is type(value)


@given(VALUES.filter(lambda value: "${" not in str(value)))
def test_what_refers_to_nothing_stays_as_it_is(value: Any) -> None:
    assert filled(value, {}) == value
    assert names_in(value) == set()


@given(GIVEN, st.dictionaries(NAMES, VALUES))
def test_whatever_it_needs_is_named(given_: Any, scope: dict[str, Any]) -> None:
    """With all that it names and nothing else it is filled in the same way: so a step waits for all that it takes from."""
    needed = {name: value for name, value in scope.items() if name in names_in(given_)}
    assert _outcome(given_, needed) == _outcome(given_, scope)


def _outcome(given_: Any, scope: dict[str, Any]) -> tuple[str, Any]:
    try:
        return "filled", filled(given_, scope)
    except Refused as error:
        return "refused", str(error)


SCOPE: JsonObject = {"a": {"n": None, "s": "pão", "l": [1, {"x": True}], "f": 1.5}}


@pytest.mark.parametrize(
    ("written", "gives"),
    [
        pytest.param("${a.l[1].x}", True, id="of its type"),
        pytest.param("é ${a.l[1].x}", "é true", id="as text among others"),
        pytest.param("${a.s} e ${a.f}", "pão e 1.5", id="two"),
        pytest.param("${a.n}", None, id="a null that is there"),
        pytest.param("<${a.n}>", "<>", id="a null in a text"),
        pytest.param({"x": "${a.n}"}, {"x": None}, id="a null that is there is handed on"),
        pytest.param({"x": "${a.zz?}", "y": 1}, {"y": 1}, id="an entry that is not there is left out where it may"),
        pytest.param({"x": None}, {"x": None}, id="a null that was written"),
        pytest.param(["${a.zz?}"], [None], id="in a list it is null"),
        pytest.param("<${a.zz?}>", "<>", id="in a text it is empty"),
        pytest.param("${a.l}", [1, {"x": True}], id="whole"),
    ],
)
def test_filling(written: Any, gives: Any) -> None:
    assert filled(written, SCOPE) == gives


@pytest.mark.parametrize(
    ("written", "missing"),
    [("${b}", "“b”"), ("${a.zz}", "“zz”"), ("${a.l[2]}", "“2”"), ("${a.s.x}", "“x”"), ("${a.s[0]}", "“0”"), ("é ${a.n.x}", "“x”")],
)
def test_what_is_not_there_is_named(written: str, missing: str) -> None:
    with pytest.raises(Refused, match=missing):
        filled({"deep": [written]}, SCOPE)
