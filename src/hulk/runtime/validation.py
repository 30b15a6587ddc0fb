"""What pydantic found wrong with untrusted data, said as `Text`: for settings and for requests alike."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text

M = TypeVar("M", bound=BaseModel)

_SAYINGS: Mapping[str, Callable[[Mapping[str, Any]], Text]] = {
    "missing": lambda _: Text("it is required and missing"),
    "extra_forbidden": lambda _: Text("there is no such field; remove it"),
    "literal_error": lambda limits: Text("allowed: {choices}", choices=_choices(limits)),
    "enum": lambda limits: Text("allowed: {choices}", choices=_choices(limits)),
    "bool_parsing": lambda _: Text("allowed: {choices}", choices="true, false"),
    "bool_type": lambda _: Text("allowed: {choices}", choices="true, false"),
    "int_parsing": lambda _: Text("a whole number is expected"),
    "int_type": lambda _: Text("a whole number is expected"),
    "int_from_float": lambda _: Text("a whole number is expected"),
    "float_parsing": lambda _: Text("a number is expected"),
    "float_type": lambda _: Text("a number is expected"),
    "decimal_parsing": lambda _: Text("a number is expected"),
    "decimal_type": lambda _: Text("a number is expected"),
    "string_type": lambda _: Text("a text is expected; put it between quotes"),
    "string_unicode": lambda _: Text("a text of whole characters is expected, not half of a UTF-16 pair"),
    "list_type": lambda _: Text("a list is expected"),
    "tuple_type": lambda _: Text("a list is expected"),
    "dict_type": lambda _: Text("keys with values are expected"),
    "model_type": lambda _: Text("keys with values are expected"),
    "model_attributes_type": lambda _: Text("keys with values are expected"),
    "string_too_short": lambda limits: Text("the length must be at least {count}", count=limits["min_length"]),
    "string_too_long": lambda limits: Text("the length must be at most {count}", count=limits["max_length"]),
    "too_short": lambda limits: Text("the number of entries must be at least {count}", count=limits["min_length"]),
    "too_long": lambda limits: Text("the number of entries must be at most {count}", count=limits["max_length"]),
    "string_pattern_mismatch": lambda limits: Text("it must match the pattern {pattern}", pattern=limits["pattern"]),
    "greater_than": lambda limits: Text("it must be more than {limit}", limit=limits["gt"]),
    "greater_than_equal": lambda limits: Text("it must be at least {limit}", limit=limits["ge"]),
    "less_than": lambda limits: Text("it must be less than {limit}", limit=limits["lt"]),
    "less_than_equal": lambda limits: Text("it must be at most {limit}", limit=limits["le"]),
    "datetime_parsing": lambda _: Text("a time is expected, as in 2026-11-21T03:00:00Z"),
    "datetime_from_date_parsing": lambda _: Text("a time is expected, as in 2026-11-21T03:00:00Z"),
    "datetime_type": lambda _: Text("a time is expected, as in 2026-11-21T03:00:00Z"),
    "timezone_aware": lambda _: Text("a time with its zone is expected, as in 2026-11-21T03:00:00Z"),
    "json_invalid": lambda limits: Text("this is not valid JSON: {reason}", reason=str(limits.get("error", ""))),
}


class Explained(ValueError):
    """A validator's refusal in words of its own, which pydantic keeps and `expected` gives back."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(str(text))


def expected(error: ErrorDetails) -> Text:
    """What was expected where `error` stands. Never holds the value that was given."""
    limits: Mapping[str, Any] = error.get("ctx") or {}
    cause = limits.get("error")
    if isinstance(cause, Explained):
        return cause.text
    saying = _SAYINGS.get(error["type"])
    return saying(limits) if saying else Text("{reason}", reason=error["msg"])


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise Explained(Text("a time is expected that lies between the years 1 and 9999 in UTC too")) from error


Moment: TypeAlias = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A time that was sent, in UTC: the first and the last day of the calendar are another year's in some zones, which nothing can tell."""


def dotted(place: Iterable[int | str]) -> str:
    """`("providers", 0, "url")` as `providers[0].url`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def lines(texts: list[Text]) -> Text:
    """Several sentences as one text, each on a line of its own."""
    first, *rest = texts
    return Text("{first}\n{rest}", first=first, rest=lines(rest)) if rest else first


def parsed(kind: type[M], values: Mapping[str, Any]) -> M:
    """The values as `kind`; raises `Refused` saying of each that is wrong where it stands and what is expected there."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise refused(error) from error


def refused(error: ValidationError) -> Refused:
    """What pydantic found wrong, a line for each: where it stands, and what is expected there."""
    return Refused(lines([Text("{place}: {expected}", place=dotted(one["loc"]), expected=expected(one)) for one in error.errors()]))


def _choices(limits: Mapping[str, Any]) -> str:
    return str(limits["expected"]).replace(" or ", ", ").replace("'", "")
