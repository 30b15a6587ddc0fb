"""Finding tools by words, in Portuguese and English alike: BM25 (Robertson and Zaragoza 2009) over names, titles, tags and descriptions.

Accents and case do not matter, a word that is begun will do (`fat` finds `faturas`), and a plural finds its singular.
"""

import math
import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hulk.modules.tools.domain.tool import Tool

_WORD = re.compile(r"[a-z0-9]+")
_MARKS = re.compile("[\u0300-\u036f]")
K1, B = 1.2, 0.75
_TITLE, _TAG, _ABOUT = 3, 2, 1
"""How often a word of a name or title, of a tag, and of the rest counts."""
_BEGUN = 0.6
"""What a word that is only begun counts of a whole one."""
_SHORTEST = 3
_MOST_BEGUN = 50


@dataclass(frozen=True, slots=True)
class Index:
    """Tools by the words that stand in them."""

    tools: Sequence[Tool]
    places: Mapping[str, Sequence[tuple[int, int]]]
    """Of each word, in which tools it stands, and how often."""
    words: Sequence[str]
    lengths: Sequence[int]
    average: float
    """Of the lengths."""

    @classmethod
    def of(cls, tools: Iterable[Tool]) -> "Index":
        """An index of those tools."""
        kept = tuple(tools)
        places = defaultdict[str, list[tuple[int, int]]](list)
        lengths = []
        for number, tool in enumerate(kept):
            counted = _counted(tool)
            lengths.append(sum(counted.values()))
            for word, times in counted.items():
                places[word].append((number, times))
        return cls(kept, places, sorted(places), lengths, sum(lengths) / max(1, len(lengths)))

    def search(self, query: str, most: int = 20) -> Sequence[Tool]:
        """The tools that are meant, best first; all, in their order, for a query without words."""
        wanted = words(query)
        if not wanted:
            return self.tools[:most]
        scores = Counter[int]()
        for word in dict.fromkeys(wanted):
            scores.update(self._scored(word))
        ranked = sorted(scores, key=lambda number: (-scores[number], self.tools[number].name))
        return [self.tools[number] for number in ranked[:most]]

    def _scored(self, word: str) -> Mapping[int, float]:
        best: dict[int, float] = {}
        for found, weight in self._meant(word):
            for number, times in self.places[found]:
                best[number] = max(best.get(number, 0.0), weight * self._bm25(found, number, times))
        return best

    def _meant(self, word: str) -> Iterable[tuple[str, float]]:
        if word in self.places:
            yield word, 1.0
        if len(word) < _SHORTEST:
            return
        first = bisect_left(self.words, word)
        for found in self.words[first : first + _MOST_BEGUN]:
            if not found.startswith(word):
                return
            yield found, _BEGUN

    def _bm25(self, word: str, number: int, times: int) -> float:
        there = len(self.places[word])
        rarity = math.log(1 + (len(self.tools) - there + 0.5) / (there + 0.5))
        return rarity * times * (K1 + 1) / (times + K1 * (1 - B + B * self.lengths[number] / max(1.0, self.average)))


def _counted(tool: Tool) -> Counter[str]:
    counted = Counter[str]()
    for weight, text in (
        (_TITLE, f"{tool.name} {tool.title}"), (_TAG, " ".join(tool.tags)), (_ABOUT, f"{tool.description} {' '.join(_arguments(tool))}")
    ):  # fmt: skip
        for word in words(text):
            counted[word] += weight
    return counted


def _arguments(tool: Tool) -> Iterable[str]:
    properties = tool.input.get("properties")
    return map(str, properties) if isinstance(properties, Mapping) else ()


def words(text: str) -> list[str]:
    """Of a text, as they are compared."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return [_singular(word) for word in _WORD.findall(plain.replace("_", " "))]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > _SHORTEST and word.endswith("s") and not word.endswith("ss") else word
