"""Passages by their words: BM25 (Robertson and Zaragoza 2009), in arrays, so that ten thousand of them take some ten megabytes."""

import heapq
import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from hulk.modules.tools.domain.knowledge import Ranked
from hulk.modules.tools.domain.searching import K1, B, words

_TITLE = 2
"""How often a word of a title or place counts."""
_STEM = 6
"""Letters by which longer words are compared, too: `instalação` finds `instalar`."""
_STEM_WEIGHT = 0.4
_MOST_TIMES = 255
_FULL = 1.2
"""What a word that is there weighs on average, of how rare it is: BM25 gives it between 0 and 2.2 times that."""


@dataclass(slots=True)
class Words:
    """Numbered passages. What is removed is passed over, and truly gone when it is `worn` and made anew."""

    _places: "dict[str, tuple[array[int], array[int]]]" = field(default_factory=dict)
    _lengths: dict[int, int] = field(default_factory=dict)
    _removed: int = 0
    _total: int = 0

    def add(self, number: int, heading: str, text: str) -> None:
        """A passage; numbers rise."""
        counted = Counter(_terms(text))
        for word in _terms(heading):
            counted[word] += _TITLE
        self._lengths[number] = sum(counted.values())
        self._total += self._lengths[number]
        for word, times in counted.items():
            numbers, counts = self._places.setdefault(word, (array("I"), array("B")))
            numbers.append(number)
            counts.append(min(times, _MOST_TIMES))

    def remove(self, number: int) -> None:
        """It is found no more."""
        self._total -= self._lengths.pop(number)
        self._removed += 1

    @property
    def worn(self) -> bool:
        """Whether more is removed than there is."""
        return self._removed > max(1000, len(self._lengths))

    def search(self, query: str, most: int) -> Sequence[Ranked]:
        """The best first; only those in which a word of the query stands. A place in it is worth the square of how much of the question
        stands there: measured, it keeps what is found by words and lets a question in another language be answered by meaning."""
        scores, rarities = defaultdict[int, float](float), 0.0
        for word in dict.fromkeys(_terms(query)):
            rarities += self._score(word, scores)
        best = heapq.nlargest(most, ((score, -number) for number, score in scores.items()))
        return [Ranked(-number, score, min(1.0, score / (rarities * _FULL)) ** 2) for score, number in best]

    def _score(self, word: str, scores: dict[int, float]) -> float:
        """How rare the word is: one that stands nowhere is the rarest."""
        numbers, counts = self._places.get(word, ((), ()))
        there, all_ = len(numbers), len(self._lengths)
        rarity = math.log(1 + (all_ - min(there, all_) + 0.5) / (there + 0.5)) * (_STEM_WEIGHT if word.endswith("~") else 1)
        flat, slope = K1 * (1 - B), K1 * B / max(1.0, self._total / max(1, all_))
        lengths = self._lengths
        for number, times in zip(numbers, counts, strict=True):
            if (length := lengths.get(number)) is not None:
                scores[number] += rarity * times * (K1 + 1) / (times + flat + slope * length)
        return rarity


def _terms(text: str) -> list[str]:
    found = words(text)
    return [*found, *(f"{word[:_STEM]}~" for word in found if len(word) >= _STEM)]
