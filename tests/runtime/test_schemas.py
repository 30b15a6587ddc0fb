"""Checking JSON against JSON Schema (`ports.Schemas`)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.kernel.records import Json
from hulk.modules.tickets.ports import Schemas
from hulk.runtime.schemas import MOST_TOLD, RustSchemas

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def schemas() -> Schemas:
    """The adapter."""
    return RustSchemas()


@pytest.mark.parametrize(
    ("schema", "value", "place", "words"),
    [
        pytest.param({"type": "integer"}, "secret", "", "allowed types: integer", id="type"),
        pytest.param({"properties": {"a": {"enum": ["x", 1]}}}, {"a": "secret"}, "a", "allowed: x, 1", id="enum"),
        pytest.param({"items": {"minimum": 3}}, [4, 2], "[1]", "at least 3", id="minimum in a list"),
        pytest.param({"required": ["a"]}, {}, "a", "required and missing", id="missing"),
        pytest.param({"properties": {"a": {}}, "additionalProperties": False}, {"x": 1}, "x", "no such field", id="too much"),
        pytest.param({"additionalProperties": False}, {"x": 1}, "", "nothing is allowed here", id="anything"),
        pytest.param({"unevaluatedProperties": False}, {"x": 1}, "x", "no such field", id="unevaluated"),
        pytest.param({"maxLength": 3}, "secret", "", "at most 3", id="length"),
        pytest.param({"minItems": 1}, [], "", "at least 1", id="entries"),
        pytest.param({"pattern": "^a"}, "secret", "", "pattern ^a", id="pattern"),
        pytest.param({"format": "date"}, "secret", "", "format date", id="format"),
        pytest.param({"exclusiveMinimum": 0}, 0, "", "more than 0", id="exclusive"),
        pytest.param({"anyOf": [{"type": "string"}, {"type": "null"}]}, 7, "", "any of", id="a rule without words of ours"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_without_what_was_sent(
    schema: dict[str, Any], value: Json, place: str, words: str, schemas: Schemas
) -> None:
    schemas.require_schema(schema)
    [(found, text)] = schemas.wrong(schema, value)
    assert (found, words in str(text)) == (place, True), str(text)
    assert "secret" not in str(text)


def test_all_that_is_wrong_is_told_but_not_without_end(schemas: Schemas) -> None:
    assert len(schemas.wrong({"items": {"type": "string"}}, list(range(1000)))) == MOST_TOLD


def test_what_is_right_has_nothing_wrong(schemas: Schemas) -> None:
    assert list(schemas.wrong({}, {"a": 1})) == list(schemas.wrong({"type": "object"}, {"a": 1})) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nope"}, {"$ref": "http://example.com/x"}, {"$ref": "file:///etc/passwd"}, {"$ref": "#/nowhere"}, {"pattern": "("},
        {"pattern": "(?=x)"}, {"properties": []}, {"description": "x" * 70_000},
    ],
    ids=lambda schema: str(schema)[:30],
)  # fmt: skip
def test_what_is_no_schema_is_refused(schema: dict[str, Any], schemas: Schemas) -> None:
    with pytest.raises(Refused, match=r"(?i)schema"):
        schemas.require_schema(schema)


def test_a_pattern_takes_no_longer_the_more_ways_there_are_to_match_it(schemas: Schemas) -> None:
    """`(a+)+$` takes an hour in engines that go back; this one has no way to."""
    schema = {"pattern": "^(a+)+$"}
    schemas.require_schema(schema)
    assert len(schemas.wrong(schema, "a" * 50_000 + "!")) == 1


@given(
    schema=st.dictionaries(st.sampled_from(["type", "enum", "minimum", "items", "properties", "pattern", "$ref", "allOf"]), JSON),
    value=JSON,
)
def test_whatever_is_given_as_a_schema_is_refused_or_answers(schema: dict[str, Any], value: Json) -> None:
    schemas = RustSchemas()
    try:
        schemas.require_schema(schema)
    except Refused:
        return
    assert all(isinstance(place, str) for place, _ in schemas.wrong(schema, value))
