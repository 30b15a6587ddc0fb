"""What is known, as it is found: passages of documents in collections, each with where it stands. Pure rules, no index."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hulk.kernel.text import Text
from hulk.modules.tools.domain.tool import DataClass

_FLAT = 60
"""How little the first places differ (Cormack, Clarke and Büttcher 2009, “Reciprocal Rank Fusion outperforms Condorcet…”)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A part of a document that can be read on its own. `place` says where in it (`Installing > Linux`, `p. 3`); `score` is between
    0 and 1 and says something only beside others of the same answer."""

    uri: str
    title: str
    place: str
    text: str
    collection: str
    updated: datetime
    score: float = 0.0
    data: DataClass = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A document that could not be read, and why."""

    uri: str
    why: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Documents under one name. `meant` is how much of it can be found by its meaning, too, from 0 to 1."""

    name: str
    about: str
    documents: int
    passages: int
    meant: float
    data: DataClass
    unread: Sequence[Unread] = ()
    reading: bool = False
    """Whether there are new or changed documents of it that are not read yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPassages:
    """The best first. `left_out` are collections that were not looked through because nobody named them (`WantedPassages`)."""

    passages: Sequence[Passage]
    searched: Sequence[Collection]
    left_out: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Text of a document from the character `start` on; it has `size` in all."""

    uri: str
    title: str
    collection: str
    text: str
    start: int
    size: int
    updated: datetime
    data: DataClass


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage by its number. `trust`, from 0 to 1, says how much its place in this ranking is worth: of words, how much of the question
    stands there, so that a question in another language is not answered by the little words that both have."""

    number: int
    score: float
    trust: float = 1.0


def fused(rankings: Sequence[Sequence[Ranked]], most: int) -> Sequence[tuple[int, float]]:
    """One ranking of several, with scores: 1 for what is first in all of them."""
    scores = defaultdict[int, float](float)
    for ranking in rankings:
        for place, one in enumerate(ranking):
            scores[one.number] += one.trust * (_FLAT + 1) / (_FLAT + 1 + place) / len(rankings)
    return sorted(scores.items(), key=lambda found: (-found[1], found[0]))[:most]
