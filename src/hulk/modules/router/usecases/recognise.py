"""Finding the skill that is meant."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import hulk
from hulk.kernel.errors import HulkError
from hulk.kernel.text import LANGUAGES, Text
from hulk.modules.router.domain.background import BACKGROUND
from hulk.modules.router.domain.matching import (
    Attachment,
    Calibration,
    Candidate,
    Known,
    Match,
    calibrated,
    claimed,
    corpus,
    exact,
    fitting,
    fold,
    masked,
    matched,
    phrases,
)
from hulk.modules.router.ports import Catalogue, Classifier, Fitted, Matches


@dataclass(frozen=True, slots=True)
class _Learnt:
    """What was made from one state of the catalogue."""

    candidates: tuple[Candidate, ...]
    fitted: Fitted
    calibration: Calibration


class Recognise:
    """Find the skill that a sentence means. Learns the catalogue at first need, and anew when it has changed. What was found is looked up
    in `matches`: it holds for that catalogue, so that another one finds anew."""

    def __init__(self, catalogue: Catalogue, classifier: Classifier, matches: Matches | None = None) -> None:
        self._catalogue = catalogue
        self._classifier = classifier
        self._matches = matches
        self._learning = asyncio.Lock()
        self._learnt: _Learnt | None = None
        self._stated: tuple[tuple[Candidate, ...], str] = ((), "")
        self._phrases: tuple[tuple[Candidate, ...], dict[str, Known]] = ((), {})

    async def __call__(self, text: str, attachments: Sequence[Attachment] = (), tenant: str = "") -> Match:
        """The match, with its reason. A sentence that says what an example says needs no model; when the model fails, only such do."""
        candidates = self._catalogue.candidates()
        if said := exact(text, self._examples(candidates)):
            return said
        if not fold(text):
            return Match(skill=None, reason=Text("It says nothing."))
        if not any(candidate.examples.get(language) for candidate in candidates for language in LANGUAGES):
            return Match(skill=None, reason=Text("There is no skill to choose from."))
        try:
            return await self._remembered(candidates, text, attachments, tenant)
        except HulkError as error:
            return Match(
                skill=None, reason=Text("Skills are recognised only by their exact examples right now: {reason}", reason=error.text)
            )

    def expect(self, text: str) -> None:
        """What that sentence means will be asked in a moment: what takes the longest of it is begun, where the catalogue is learnt."""
        learnt = self._learnt
        if learnt is not None and fold(text) and not exact(text, self._examples(learnt.candidates)):
            learnt.fitted.expect(masked(text))

    async def _remembered(self, candidates: tuple[Candidate, ...], text: str, attachments: Sequence[Attachment], tenant: str) -> Match:
        async def found() -> Match:
            learnt = await self._current(candidates)
            scored = await learnt.fitted.scores(masked(text))
            return matched(scored, learnt.calibration, fitting(candidates, attachments))

        if self._matches is None:
            return await found()
        return await self._matches.found(tenant, json.dumps([self._state(candidates), text, sorted(attachments)]), found)

    def _state(self, candidates: tuple[Candidate, ...]) -> str:
        """The catalogue and the program in short: what is found depends on both."""
        if self._stated[0] != candidates:
            told = [(one.name, sorted(one.examples.items()), sorted(one.takes)) for one in candidates]
            self._stated = (candidates, hashlib.sha256(json.dumps([hulk.__version__, told]).encode()).hexdigest())
        return self._stated[1]

    async def warm(self) -> Calibration:
        """Learn now what would be learnt at the first question; raises what the classifier raises."""
        return (await self._current(self._catalogue.candidates())).calibration

    async def _current(self, candidates: tuple[Candidate, ...]) -> _Learnt:
        async with self._learning:
            if self._learnt is None or self._learnt.candidates != candidates:
                self._learnt = await self._learn(candidates)
            return self._learnt

    async def _learn(self, candidates: tuple[Candidate, ...]) -> _Learnt:
        known = corpus(candidates, (text for language in LANGUAGES for text in BACKGROUND[language]))
        fitted = await self._classifier.fit(known)
        taken = claimed(known, fitted.left_out)
        if taken:
            known = tuple(item for item in known if item not in taken)
            fitted = await self._classifier.fit(known)
        return _Learnt(candidates, fitted, calibrated(known, fitted.left_out))

    def _examples(self, candidates: tuple[Candidate, ...]) -> dict[str, Known]:
        if self._phrases[0] != candidates:
            self._phrases = (candidates, dict(phrases(candidates)))
        return self._phrases[1]
