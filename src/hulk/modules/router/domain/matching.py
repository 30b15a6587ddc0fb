"""Whether a sentence means one of the skills, or none: by how it scores against what is known, on a calibrated margin.

What is known is the skills' examples and a background of sentences that no skill is. A classifier (a port) is fitted to
them and scores each as if it had not known it ("left out"). The threshold is where at most `FALSE_ACCEPTS` of the left-out
background would still pass, in the way of split conformal prediction (Vovk et al. 2005: the ⌈(n+1)(1-α)⌉-th smallest score);
the margin to the second skill is where at most that share of the examples would go to a wrong skill. Both move with the catalogue.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, TypeAlias

from hulk.kernel.text import LANGUAGES, Language, Text

Attachment: TypeAlias = Literal["file", "repository"]

FALSE_ACCEPTS = 0.03
"""The share of the left-out background which may still be taken for a skill. Half of it is chosen to be near: of other
sentences fewer are (tests/modules/router/test_router_matching.py)."""
FALSE_ACCEPTS_WITH_ATTACHMENT = 0.04
"""The same when a file or repository came along that the skill works on: who attaches one mostly wants something done with it."""
READ_CHARACTERS = 1000
"""How much of a sentence's start is matched. What comes after says no more about which skill is meant."""

_DATA = r"\.(?:csv|tsv|parquet|jsonl?|ndjson|xlsx?)\b"
_FILE_NAME = re.compile(rf"https?://[^\s\"'<>]*{_DATA}(?:[?#][^\s\"'<>)]+)?|[\w./~-]*{_DATA}", re.IGNORECASE)
_FORMAT = re.compile(r"\b(?:csv|tsv|parquet|jsonl|ndjson)\b", re.IGNORECASE)
_NOT_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A skill as the router sees it, or something that an agent knows how to do: its name, its examples, and what kinds of attachment it
    works on."""

    name: str
    examples: Mapping[Language, tuple[str, ...]]
    takes: frozenset[Attachment] = frozenset()
    kind: Literal["skill", "agent"] = "skill"


@dataclass(frozen=True, slots=True)
class Known:
    """A sentence whose skill is known; None: that no skill is."""

    text: str
    skill: str | None


Scores: TypeAlias = Mapping[str, float]
"""A score per skill: near 1 when it is meant, near 0 when not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A sentence's scores, and the known sentence that is nearest to it."""

    scores: Scores
    nearest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The score a skill must pass (and the one that is enough with a fitting attachment), and its least distance to the second."""

    threshold: float
    with_attachment: float
    margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What came of matching: the skill or None, with all that explains it. `score` is the best skill's, `best` its name."""

    skill: str | None
    best: str | None = None
    score: float = 0.0
    margin: float = 0.0
    threshold: float = 0.0
    nearest: str = ""
    reason: Text


def corpus(candidates: Sequence[Candidate], background: Iterable[str]) -> tuple[Known, ...]:
    """All that is known, in a stable order, each sentence once. What a skill gives as an example is no background."""
    examples = {masked(text): candidate.name for candidate in candidates for text in _examples(candidate)}
    folded = {fold(text) for text in examples}
    others = {masked(text): None for text in background if fold(text) not in folded}
    return tuple(Known(text, skill) for text, skill in (examples | others).items())


def claimed(known: Sequence[Known], left_out: Sequence[Scores]) -> frozenset[Known]:
    """The background that a skill of this catalogue means: it scores as well as half of the skill's own examples do."""
    own: dict[str, list[float]] = {}
    for item, scores in zip(known, left_out, strict=True):
        if item.skill is not None:
            own.setdefault(item.skill, []).append(scores[item.skill])
    typical = {skill: median(values) for skill, values in own.items()}
    others = ((item, scores) for item, scores in zip(known, left_out, strict=True) if item.skill is None)
    return frozenset(item for item, scores in others if any(score >= typical[skill] for skill, score in scores.items()))


def calibrated(known: Sequence[Known], left_out: Sequence[Scores]) -> Calibration:
    """The thresholds for that knowledge, from the scores that each sentence got when it was left out."""
    pairs = list(zip(known, left_out, strict=True))
    strangers = sorted(max(scores.values()) for item, scores in pairs if item.skill is None)
    threshold = _quantile(strangers, FALSE_ACCEPTS)
    taken = [(item.skill, *_best(scores)) for item, scores in pairs if item.skill is not None and max(scores.values()) > threshold]
    mistaken = sorted(margin for skill, best, _, margin in taken if best != skill)
    allowed = math.floor(FALSE_ACCEPTS * len(taken))
    return Calibration(
        threshold=threshold,
        with_attachment=_quantile(strangers, FALSE_ACCEPTS_WITH_ATTACHMENT),
        margin=mistaken[-1 - allowed] if len(mistaken) > allowed else 0.0,
    )


def matched(scored: Scored, calibration: Calibration, fitting: frozenset[str] = frozenset()) -> Match:
    """The skill that the scores mean, if any. `fitting` are the skills that work on what was attached."""
    if not scored.scores:
        return Match(skill=None, reason=Text("There is no skill to choose from."))
    best, score, margin = _best(scored.scores)
    threshold = calibration.with_attachment if best in fitting else calibration.threshold
    found = score > threshold and margin > calibration.margin
    reason = _reason(scored, best, score, threshold, margin, calibration)
    return Match(
        skill=best if found else None, best=best, score=score, margin=margin, threshold=threshold, nearest=scored.nearest, reason=reason
    )


def phrases(candidates: Sequence[Candidate]) -> Mapping[str, Known]:
    """The examples by their bare words (see `fold`), without those that several skills give."""
    found: dict[str, Known] = {}
    shared: set[str] = set()
    for candidate in candidates:
        for text in _examples(candidate):
            if found.setdefault(fold(text), Known(text, candidate.name)).skill != candidate.name:
                shared.add(fold(text))
    return {words: known for words, known in found.items() if words and words not in shared}


def exact(text: str, examples: Mapping[str, Known]) -> Match | None:
    """The skill of which the sentence is an example, but for case, accents, marks, numbers and file names; None when of none."""
    known = examples.get(fold(text))
    if known is None:
        return None
    reason = Text("It says what an example of {skill} says: “{nearest}”.", skill=known.skill, nearest=known.text)
    return Match(skill=known.skill, best=known.skill, score=1.0, margin=1.0, nearest=known.text, reason=reason)


def fitting(candidates: Sequence[Candidate], attachments: Iterable[Attachment]) -> frozenset[str]:
    """The skills that work on something that was attached."""
    kinds = frozenset(attachments)
    return frozenset(candidate.name for candidate in candidates if candidate.takes & kinds)


def masked(text: str) -> str:
    """The sentence's start as it is compared: a file's name and format do not say what to do with it, so all are made the same."""
    text = unicodedata.normalize("NFKC", text[:READ_CHARACTERS].encode("utf-8", "replace").decode())
    return " ".join(_FILE_NAME.sub("arquivo.csv", _FORMAT.sub("csv", text)).split())


def fold(text: str) -> str:
    """The bare words: no case, accents or marks, every number as 0."""
    plain = unicodedata.normalize("NFKD", masked(text).casefold())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"\d+", "0", _NOT_WORDS.sub(" ", bare)).strip()


def _examples(candidate: Candidate) -> list[str]:
    return [text for language in LANGUAGES for text in candidate.examples.get(language, ())]


def _best(scores: Scores) -> tuple[str, float, float]:
    """The best skill, its score, and its distance to the second (to zero when there is none)."""
    ranked = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    return ranked[0][0], ranked[0][1], ranked[0][1] - second


def _quantile(ascending: Sequence[float], share: float) -> float:
    """The score that at most `share` of further such scores are expected to pass; with too few to tell, the largest."""
    if not ascending:
        return 0.5
    return ascending[min(len(ascending), math.ceil((len(ascending) + 1) * (1 - share))) - 1]


def _reason(scored: Scored, best: str, score: float, threshold: float, margin: float, calibration: Calibration) -> Text:
    values = {
        "skill": best,
        "nearest": scored.nearest,
        "score": round(score, 2),
        "threshold": round(threshold, 2),
        "margin": round(margin, 2),
        "least": round(calibration.margin, 2),
    }
    if score <= threshold:
        return Text("No skill is near enough: the best, {skill}, scores {score}, and {threshold} is needed.", **values)
    if margin <= calibration.margin:
        return Text("It could be several skills: {skill} leads by {margin} only, and {least} is needed.", **values)
    return Text("Nearest is “{nearest}”: {skill} scores {score} ({threshold} is needed) and leads by {margin}.", **values)
