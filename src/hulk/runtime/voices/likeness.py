"""How much of what was said was heard. Pure."""

import re
import unicodedata
from collections.abc import Sequence


def words(text: str) -> list[str]:
    """The words of a text as they are compared: in small letters, without marks, small numbers as figures."""
    plain = unicodedata.normalize("NFC", text.casefold())
    return [_NUMBERS.get(word, word) for word in re.findall(r"[^\W_]+", plain)]


_PORTUGUESE = "dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete dezoito dezenove vinte"
_ENGLISH = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
_NUMBERS = {word: str(number) for text in (_PORTUGUESE, _ENGLISH) for number, word in enumerate(text.split(), 2)} | {"duas": "2"}
"""From two to twenty: one is an article, too."""


def word_error(said: str, heard: str) -> float:
    """The word error rate: words that must be put in, taken out or replaced to get from what was heard to what was said, over the words
    that were said (0 is perfect; it may be over 1). https://en.wikipedia.org/wiki/Word_error_rate"""
    wanted, got = words(said), words(heard)
    return edits(wanted, got) / max(1, len(wanted))


def edits(wanted: Sequence[str], got: Sequence[str]) -> int:
    """How many words must be put in, taken out or replaced (Levenshtein)."""
    row = list(range(len(got) + 1))
    for place, word in enumerate(wanted, 1):
        before, row = row, [place]
        for other_place, other in enumerate(got, 1):
            row.append(min(before[other_place] + 1, row[-1] + 1, before[other_place - 1] + (word != other)))
    return row[-1]
