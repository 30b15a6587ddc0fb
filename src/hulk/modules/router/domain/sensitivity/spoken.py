"""Digits that are written as words (`cinco dois nove`, `five two nine`) or as letters that look like them (`52O.982`)."""

import re
from collections.abc import Iterator

from hulk.modules.router.domain.sensitivity.view import Edit, View

_UNITS = {
    "zero": "0", "oh": "0", "um": "1", "uma": "1", "hum": "1", "one": "1", "dois": "2", "duas": "2", "two": "2", "tres": "3", "three": "3",
    "quatro": "4", "four": "4", "cinco": "5", "five": "5", "seis": "6", "meia": "6", "six": "6", "sete": "7", "seven": "7", "oito": "8",
    "eight": "8", "nove": "9", "nine": "9", "dez": "10", "onze": "11", "doze": "12", "treze": "13", "catorze": "14", "quatorze": "14",
    "quinze": "15", "dezesseis": "16", "dezessete": "17", "dezoito": "18", "dezenove": "19",
}  # fmt: skip
_TENS = {
    "vinte": "2", "trinta": "3", "quarenta": "4", "cinquenta": "5", "sessenta": "6", "setenta": "7", "oitenta": "8", "noventa": "9",
    "twenty": "2", "thirty": "3", "forty": "4", "fifty": "5", "sixty": "6", "seventy": "7", "eighty": "8", "ninety": "9",
}  # fmt: skip
_MARKS = {
    "ponto": ".", "dot": ".", "point": ".", "traco": "-", "hifen": "-", "dash": "-", "hyphen": "-", "menos": "-", "barra": "/",
    "slash": "/", "virgula": ",", "espaco": " ",
}  # fmt: skip
_COUNTED = [word for word, digit in _UNITS.items() if len(digit) == 1 and word not in ("um", "uma", "hum", "one", "oh", "meia")]
_FEWEST = 3
_ONE = "|".join(sorted(_UNITS, key=len, reverse=True))
_TEN = "|".join(_TENS)
_MARK = "|".join(_MARKS)
_WORD = re.compile(rf"(?<![a-z])(?:(?:({_TEN})(?:(?: e |[ -])({_ONE}))?)|({_ONE})|({_MARK})|(e))(?![a-z])")
_DRAWN_AS = "0-9OoIlSsBZ|"
_LETTERS = re.compile(rf"(?<![A-Za-z0-9])[{_DRAWN_AS}]++(?![A-Za-z0-9])(?:[.\-/ ()]{{1,3}}[{_DRAWN_AS}]++(?![A-Za-z0-9]))*")
_SORT_OF = {**dict.fromkeys("0123456789", "0"), **dict.fromkeys("OoIlSsBZ", "o"), **dict.fromkeys(".-/", "."), **dict.fromkeys(" ()", " ")}
_SORTS = bytes(ord(_SORT_OF.get(letter, letter if letter == "|" else "x")) for letter in map(chr, range(128))) + b"x" * 128
_NEAR = re.compile(rb"0[. ]{0,3}o|o[. ]{0,3}0|0\.?\||\|\.?0")
"""Digits beside letters that look like digits, with or without marks between, as many as `_LETTERS` takes, when each is written as one of
its sort. What stands between the columns of a table has spaces around it."""
_DRAWN = str.maketrans("OoIlSsBZ|", "001155821")


def read_out(view: View) -> View | None:
    """The view with the words for digits as digits; None when too few stand there to matter."""
    if sum(map(view.lower.count, _COUNTED)) < _FEWEST and view.lower.count("meia") < _FEWEST:
        return None
    return view.edited(_edits(view), depth=0)


def _edits(view: View) -> Iterator[Edit]:
    after = -1
    for hit in _WORD.finditer(view.lower):
        ten, unit, one, mark, _ = hit.groups()
        if ten:
            yield hit.start(), hit.end(), _TENS[ten] + (_UNITS[unit] if unit and len(_UNITS[unit]) == 1 else "0")
        elif one:
            yield hit.start(), hit.end(), _UNITS[one]
        elif after >= 0 and hit.start() - after <= 2:  # a mark or `e` only right behind a digit
            yield hit.start(), hit.end(), _MARKS[mark] if mark else ""
        else:
            continue
        after = hit.end()


def drawn(view: View) -> View | None:
    """The view with letters that look like digits as digits, in words that are made of both; None where none are."""
    sorts = view.text.encode("ascii", "replace").translate(_SORTS)
    hits = (
        hit for start, end in _near(sorts) for hit in _LETTERS.finditer(view.text, start, end + 1)
    )  # the sign behind too: is it a letter?
    edits = [(hit.start(), hit.end(), hit[0].translate(_DRAWN)) for hit in hits if _mixed(hit[0])]
    return view.edited(edits) if edits else None


def _near(sorts: bytes) -> Iterator[tuple[int, int]]:
    """Stretches of digits, look-alikes and marks in which the two stand side by side."""
    reached = 0
    while hit := _NEAR.search(sorts, reached):
        begin, end = sorts.rfind(b"x", reached, hit.start()) + 1, sorts.find(b"x", hit.end())
        reached = len(sorts) if end < 0 else end
        yield begin, reached


def _mixed(run: str) -> bool:
    """Whether so many digits stand among the letters that these may be digits too."""
    digits = sum(letter.isdigit() for letter in run)
    letters = sum(letter.isalpha() or letter == "|" for letter in run)
    return letters > 0 and digits >= _FEWEST
