"""What the texts of a column are: numbers, dates, yes and no, and how they are written, as SQL that reads them. Judged by a sample."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from hulk.modules.skills import PLACEHOLDERS, Type, terms, words

ENOUGH = 0.8
"""The share of a sample's values that must read as a type for the column to be of it."""

Style: TypeAlias = Literal["plain", "comma", "thousands"]
"""plain: 1234.56; comma: 1.234,56; thousands: 1,234.56."""

_STYLES: Mapping[Style, re.Pattern[str]] = {
    "plain": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"),
    "comma": re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?"),
    "thousands": re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?"),
}
_DRESSED = re.compile(r"^([+-]?)\s*(?:R\$|US\$|\$|€)\s*|\s*(?:%|R\$|€)$")
_CODE = re.compile(r"[+-]?0\d+")
_YES_NO = tuple(
    map(
        frozenset,
        (("true", "false"), ("sim", "não"), ("sim", "nao"), ("yes", "no"), ("s", "n"), ("y", "n"), ("t", "f"), ("verdadeiro", "falso")),
    )
)
_DATE_NAMES = terms("data date dia day dt")
_EPOCH_NAMES = terms("timestamp time ts epoch unix unixtime datetime momento instante")
_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?P<time>[T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?")
_ORDERED = re.compile(
    r"(?P<a>\d{1,4})(?P<mark>[/.-])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{4}|\d{2})(?P<time>[T ]\d{1,2}:\d{2}(?P<seconds>:\d{2})?)?"
)
_MONTHS = {"%Y-%m": re.compile(r"(19|20)\d{2}-(0[1-9]|1[0-2])"), "%m/%Y": re.compile(r"(0?[1-9]|1[0-2])/(19|20)\d{2}")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A column's type and how its value is read: `sql` has `{t}` where the trimmed text stands; gives DOUBLE, TIMESTAMP or VARCHAR."""

    type: Type
    sql: str = "{t}"
    disguised: bool = False


TEXT = Reading(type="text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What the rest of the file suggests: whether commas are decimal marks, whether days come before months."""

    comma: bool = False
    day_first: bool = True


@dataclass(frozen=True, slots=True)
class Sample:
    """The values of a column's beginning that say something: trimmed, neither blank nor a placeholder.

    `odd`: there were other blanks around them than spaces."""

    values: tuple[str, ...]
    odd: bool = False


def sample(values: Iterable[str | None]) -> Sample:
    """The sample of these texts."""
    texts = [value for value in values if value]
    trimmed = [text.strip() for text in texts]
    odd = any(text.strip(" ") != bare for text, bare in zip(texts, trimmed, strict=True))
    return Sample(tuple(bare for bare in trimmed if bare and bare.lower() not in PLACEHOLDERS), odd)


def reading(name: str, values: Sequence[str], hints: Hints = Hints()) -> Reading:
    """What a column of that name is whose values (see `sample`) are such; text when nothing fits most of them."""
    if not values:
        return TEXT
    for read in (_yes_no, _moment, _number):
        found = read(name, values, hints)
        if found:
            return found
    return TEXT


def _yes_no(_: str, values: Sequence[str], __: Hints) -> Reading | None:
    seen = {value.lower() for value in values}
    return Reading(type="yesno", sql="lower({t})") if any(seen == pair for pair in _YES_NO) else None


def undressed(value: str) -> str:
    """`R$ 1.234,56` as `1.234,56`, `-$5` as `-5`, `12%` as `12`."""
    return _DRESSED.sub(r"\1", value) if not value[-1:].isdigit() or not value[:1].isdigit() else value


def _number(name: str, values: Sequence[str], hints: Hints) -> Reading | None:
    bare = [undressed(value) for value in values]
    if any(_CODE.fullmatch(value) for value in bare) or any(len(value) > 15 and value.isdigit() for value in bare):
        return None  # 007 and 01310-100 are codes; a number of 16 digits and more would lose its last ones
    fits = {style: sum(1 for value in bare if pattern.fullmatch(value)) for style, pattern in _STYLES.items()}
    style = max(fits, key=lambda style: (fits[style], _likelihood(style, bare, hints)))
    if fits[style] < ENOUGH * len(bare):
        return None
    dressed = any(value != plain for value, plain in zip(values, bare, strict=True))
    if not dressed and style == "plain":
        epoch = _epoch(name, bare)
        if epoch:
            return epoch
    whole = all(float(_plain(value, style)).is_integer() for value in bare if _STYLES[style].fullmatch(value))
    return Reading(type="whole" if whole else "decimal", sql=_number_sql(style, dressed), disguised=dressed)


def _likelihood(style: Style, values: Sequence[str], hints: Hints) -> int:
    """Among styles that fit as well: commas as the file suggests; a dot is a decimal mark unless commas are."""
    if style == "comma":
        return 2 if hints.comma and any("," in value or "." in value for value in values) else 0
    return 1 if style == "plain" else 0


def _plain(value: str, style: Style) -> str:
    return value.replace(".", "").replace(",", ".") if style == "comma" else value.replace(",", "")


def _number_sql(style: Style, dressed: bool) -> str:
    text = r"regexp_replace({t}, '^([+-]?)\s*(R\$|US\$|\$|€)\s*|\s*(%|R\$|€)$', '\1', 'g')" if dressed else "{t}"
    if style == "plain":
        cast = f"try_cast({text} AS DOUBLE)"
    elif style == "comma":
        shaped = rf"regexp_full_match({text}, '[+-]?([0-9]{{{{1,3}}}}(\.[0-9]{{{{3}}}})+|[0-9]+)(,[0-9]+)?')"
        cast = f"CASE WHEN {shaped} THEN try_cast(replace(replace({text}, '.', ''), ',', '.') AS DOUBLE) END"
    else:
        cast = f"try_cast(replace({text}, ',', '') AS DOUBLE)"
    return f"CASE WHEN isfinite({cast}) THEN {cast} END"


def _epoch(name: str, values: Sequence[str]) -> Reading | None:
    if not _EPOCH_NAMES & set(words(name)):
        return None
    numbers = [float(value) for value in values if _STYLES["plain"].fullmatch(value)]
    for scale in (1, 1000):
        if all(1e8 * scale <= number < 4.2e9 * scale for number in numbers):
            return Reading(type="moment", sql=f"make_timestamp(CAST(try_cast({{t}} AS DOUBLE) * {1_000_000 // scale} AS BIGINT))")
    return None


def _moment(name: str, values: Sequence[str], hints: Hints) -> Reading | None:
    iso = [match for match in map(_ISO.fullmatch, values) if match]
    if len(iso) >= ENOUGH * len(values):
        kind: Type = "moment" if any(match["time"] for match in iso) else "date"
        return Reading(
            type=kind,
            sql="try_cast(replace({t}, ',', '.') AS TIMESTAMP)" if any("," in match[0] for match in iso) else "try_cast({t} AS TIMESTAMP)",
        )
    ordered = [match for match in map(_ORDERED.fullmatch, values) if match and _plausible(match)]
    if len(ordered) >= ENOUGH * len(values):
        return _ordered(ordered, hints)
    for pattern, shape in _MONTHS.items():
        if sum(1 for value in values if shape.fullmatch(value)) >= ENOUGH * len(values):
            return Reading(type="date", sql=f"try_strptime({{t}}, '{pattern}')")
    if _DATE_NAMES & set(words(name)) and sum(1 for value in values if _reads(value, "%Y%m%d") and len(value) == 8) >= ENOUGH * len(values):
        return Reading(type="date", sql="try_strptime({t}, '%Y%m%d')")
    return None


def _plausible(match: re.Match[str]) -> bool:
    """`1.2.19` may be a version; three parts are a date when a year has four digits, or with slashes."""
    return len(match["c"]) == 4 or len(match["a"]) == 4 or match["mark"] == "/"


def _ordered(matches: Sequence[re.Match[str]], hints: Hints) -> Reading:
    """The formats that occur, the most frequent first; day or month first by what reads the most values."""
    shapes = Counter(
        (match["mark"], len(match["a"]) == 4, len(match["c"]), (match["time"] or "")[:1], bool(match["seconds"])) for match in matches
    )
    firsts = ("%d{m}%m", "%m{m}%d") if hints.day_first else ("%m{m}%d", "%d{m}%m")
    texts = [match[0] for match in matches]
    best = max(
        firsts, key=lambda first: sum(1 for text, match in zip(texts, matches, strict=True) if _reads(text, _format(first, *_shape(match))))
    )
    formats = dict.fromkeys(_format(best, *shape) for shape, _ in shapes.most_common())
    listed = ", ".join(f"'{one}'" for one in formats)
    return Reading(type="moment" if any(match["time"] for match in matches) else "date", sql=f"try_strptime({{t}}, [{listed}])")


def _shape(match: re.Match[str]) -> tuple[str, bool, int, str, bool]:
    return (match["mark"], len(match["a"]) == 4, len(match["c"]), (match["time"] or "")[:1], bool(match["seconds"]))


def _format(first: str, mark: str, year_first: bool, year_digits: int, separator: str, seconds: bool) -> str:
    day = f"%Y{mark}%m{mark}%d" if year_first else first.format(m=mark) + mark + ("%Y" if year_digits == 4 else "%y")
    return day + (separator + ("%H:%M:%S" if seconds else "%H:%M") if separator else "")


def _reads(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007  only whether it reads matters
    except ValueError:
        return False
    return True
