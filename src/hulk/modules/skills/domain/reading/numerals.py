"""Whole numbers as people write them: `30`, `1.000`, `trinta e cinco`, `twenty-five`, `cento e vinte`, `a hundred`."""

import re

_UNITS = (
    "um uma a an one|dois duas two|tres three|quatro four|cinco five|seis six|sete seven|oito eight|nove nine|dez ten|onze eleven"
    "|doze twelve|treze thirteen|quatorze catorze fourteen|quinze fifteen|dezesseis dezasseis sixteen|dezessete dezassete seventeen"
    "|dezoito eighteen|dezenove dezanove nineteen"
)
_TENS = "|vinte twenty|trinta thirty|quarenta forty|cinquenta fifty|sessenta sixty|setenta seventy|oitenta eighty|noventa ninety"
_HUNDREDS = "cem cento hundred|duzentos duzentas|trezentos trezentas|quatrocentos|quinhentos|seiscentos|setecentos|oitocentos|novecentos"


def _values(groups: str, step: int) -> dict[str, int]:
    return {word: step * place for place, words in enumerate(groups.split("|"), 1) for word in words.split()}


_VALUES = _values(_UNITS, 1) | _values(_TENS, 10) | _values(_HUNDREDS, 100) | {"duzia": 12, "dozen": 12, "couple": 2}


def _one_of(groups: str) -> str:
    return "|".join(sorted(groups.replace("|", " ").split(), key=len, reverse=True))


_SMALL = rf"(?:{_one_of(_UNITS)})"
_TEN = rf"(?:{_one_of(_TENS)})(?:(?:\s+e\s+|\s+|-){_SMALL})?"
_HUNDRED = rf"(?:{_SMALL}\s+hundred|{_one_of(_HUNDREDS)})(?:\s+(?:e|and)\s+(?:{_TEN}|{_SMALL}))?"
_IN_WORDS = rf"(?:{_HUNDRED}|{_TEN}|(?:(?:a|uma)\s+)?(?:duzia|dozen|couple)(?:\s+(?:de|of))?|{_SMALL})"

DIGITS = r"(?:[0-9]{1,3}(?:[.,][0-9]{3}){1,3}|[0-9]{1,9})(?![0-9])(?![.,:/][0-9])"
NUMERAL = rf"(?<![\w.,:/])(?:{DIGITS}|{_IN_WORDS}(?!\w))"
"""A pattern for a whole number in digits or words. Matches `um` and `a` as well."""

_ARTICLE = r"(?!(?:um|uma|a|an|one)(?:\s+(?!hundred|duzia|dozen|couple)|[^\w\s-]|$))"
MANY = rf"{_ARTICLE}{NUMERAL}"
"""`NUMERAL` without those that may be articles (`um`, `a`, `one`)."""

WORDED = rf"{_ARTICLE}(?<![\w.,:/]){_IN_WORDS}(?!\w)"
"""`MANY` in words only."""


def whole(written: str) -> int:
    """The value of what `NUMERAL` matched."""
    digits = re.sub(r"[.,\s]", "", written)
    return int(digits) if digits.isdecimal() else _in_words(written)


def _in_words(written: str) -> int:
    total = 0
    for word in re.findall(r"[a-z]+", written):
        if word == "hundred":
            total = max(total, 1) * 100
        elif word in ("dozen", "duzia", "couple"):
            total = _VALUES[word]
        else:
            total += _VALUES.get(word, 0)
    return total
