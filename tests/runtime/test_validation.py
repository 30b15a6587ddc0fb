"""What untrusted data must be, once for all edges."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from hulk.runtime.validation import Moment, expected

MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


def test_a_moment_is_read_in_utc() -> None:
    found = MOMENT.validate_python("2026-11-21T00:00:00-03:00")
    assert (found, found.tzinfo) == (datetime(2026, 11, 21, 3, tzinfo=UTC), UTC)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-03:00"])
def test_a_moment_that_is_outside_the_calendar_in_utc_is_none(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        MOMENT.validate_python(text)
    assert "between the years 1 and 9999" in str(expected(refused.value.errors()[0]))
