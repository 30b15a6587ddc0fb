"""Finding the skill that is meant, deciding who answers, and asking a model when none is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import stamina

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import Forbidden, HulkError, NotFound
from hulk.kernel.money import Money
from hulk.kernel.text import LANGUAGES, Language, Text
from hulk.kernel.time import Clock
from hulk.modules.finops import Charge, Finops, OwnPrice, Planned, Priced, Usage
from hulk.modules.router.domain.background import BACKGROUND
from hulk.modules.router.domain.decision import Decision, Question
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
from hulk.modules.router.domain.model import Completion, Model, Prompt, Reply, Uncertain, Unsent
from hulk.modules.router.domain.sensitivity import Classified, classified
from hulk.modules.router.ports import Catalogue, Classifier, Decisions, Fitted, Provider

ATTEMPTS = 3
MOST_WAIT = 20.0
"""Seconds. A provider that wants a longer pause is asked again by the run, not by holding a worker."""
_LONG = 10_000
"""Characters above which a scan is given a thread of its own."""

INSTRUCTIONS: dict[Language, str] = {
    "pt": "Você é o Hulk, um assistente de operações. Responda em português do Brasil, de forma direta e curta, em Markdown."
    " Se não souber, diga que não sabe. Você não tem acesso a arquivos nem a sistemas.",
    "en": "You are Hulk, an operations assistant. Answer in English, directly and briefly, in Markdown."
    " If you do not know, say so. You have no access to files or systems.",
}


@dataclass(frozen=True, slots=True)
class _Learnt:
    """What was made from one state of the catalogue."""

    candidates: tuple[Candidate, ...]
    fitted: Fitted
    calibration: Calibration


class Recognise:
    """Find the skill that a sentence means. Learns the catalogue at first need, and anew when it has changed."""

    def __init__(self, catalogue: Catalogue, classifier: Classifier) -> None:
        self._catalogue = catalogue
        self._classifier = classifier
        self._learning = asyncio.Lock()
        self._learnt: _Learnt | None = None
        self._phrases: tuple[tuple[Candidate, ...], dict[str, Known]] = ((), {})

    async def __call__(self, text: str, attachments: Sequence[Attachment] = ()) -> Match:
        """The match, with its reason. A sentence that says what an example says needs no model; when the model fails, only such do."""
        candidates = self._catalogue.candidates()
        said = exact(text, self._examples(candidates))
        if said is not None:
            return said
        if not fold(text):
            return Match(skill=None, reason=Text("It says nothing."))
        if not any(candidate.examples.get(language) for candidate in candidates for language in LANGUAGES):
            return Match(skill=None, reason=Text("There is no skill to choose from."))
        try:
            learnt = await self._current(candidates)
            scored = await learnt.fitted.scores(masked(text))
        except HulkError as error:
            return Match(
                skill=None, reason=Text("Skills are recognised only by their exact examples right now: {reason}", reason=error.text)
            )
        return matched(scored, learnt.calibration, fitting(candidates, attachments))

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


@dataclass(frozen=True, slots=True)
class Decide:
    """Say who answers a question: the skill that is meant, else the first model that may, else nobody, and why."""

    recognise: Recognise
    catalogue: Catalogue
    models: tuple[Model, ...]
    decisions: Decisions
    finops: Finops
    clock: Clock

    async def __call__(self, question: Question) -> tuple[Decision, Sequence[Change[Any]]]:
        """The decision, with the changes to commit together with whatever it leads to: its row and its cost row."""
        scan = await _scanned(question.text)
        match = await self.recognise(question.text, question.attachments)
        kind, name, reasons = await self._chosen(question, scan, match)
        decision = Decision(
            id=ids.derived("dec", question.key),
            tenant=question.tenant,
            intent=question.intent,
            kind=kind,
            name=name,
            reasons=(match.reason, *reasons),
            sensitivity=scan.sensitivity,
            labels=scan.labels,
            language=question.language,
            candidates=tuple(candidate.name for candidate in self.catalogue.candidates()) + tuple(model.name for model in self.models),
            score=match.score,
            margin=match.margin,
            threshold=match.threshold,
            at=self.clock(),
        )
        cost = self.finops.record_decision(decision=decision.id, tenant=question.tenant, intent=question.intent)
        return decision, (self.decisions.record(decision), cost)

    async def _chosen(self, question: Question, scan: Classified, match: Match) -> tuple[Any, str | None, tuple[Text, ...]]:
        if match.skill is not None:
            return "skill", match.skill, ()
        objections: list[Text] = []
        for model in self.models:
            objection = await self._objection(question, scan, model)
            if objection is None:
                return "model", model.name, (*objections, Text("{model} answers what no skill does.", model=model.name))
            objections.append(objection)
        return "none", None, tuple(objections) or (Text("No model is configured (models.providers)."),)

    async def _objection(self, question: Question, scan: Classified, model: Model) -> Text | None:
        if scan.sensitivity == "p0" and not model.local:
            return _kept_in(model, scan).text
        try:
            await self.finops.afford(_planned(question, model, prompt_of(question), question.key))
        except HulkError as error:
            return Text("{model} is not asked: {reason}", model=model.name, reason=error.text)
        return None


@dataclass(frozen=True, slots=True)
class AnswerFreely:
    """Ask the model that was decided on. Each attempt is paid for by itself: reserved before, settled or released after."""

    models: tuple[Model, ...]
    provider: Provider
    finops: Finops
    commit: Commit

    async def __call__(self, question: Question, model_name: str) -> Reply:
        """The model's reply.

        Raises `NotFound` when the model is no longer configured, `Forbidden` when the text may not go to it, `Refused` when the
        provider or the price forbids it, `Exhausted` when the budget does, `Unavailable` when all attempts failed."""
        model = self._model(model_name)
        scan = await _scanned(question.text)
        if scan.sensitivity == "p0" and not model.local:
            raise _kept_in(model, scan)
        spent: list[Charge] = []
        async for attempt in stamina.retry_context(on=_wait, attempts=ATTEMPTS, timeout=None, wait_max=timedelta(seconds=MOST_WAIT)):
            with attempt:
                completion = await self._attempt(question, model, spent)
                return _reply(completion, model, spent)
        raise AssertionError("stamina gives at least one attempt")

    async def _attempt(self, question: Question, model: Model, spent: list[Charge]) -> Completion:
        """One call. Its charge has an id of its own: when the step is executed again after a crash, that is a second call."""
        prompt = prompt_of(question)
        charge = await self.finops.reserve(_planned(question, model, prompt, f"{question.key}/{ids.new('try')}"))
        try:
            completion = await self.provider.complete(model, prompt)
        except Uncertain:
            spent.extend(await self.commit(self.finops.assume(charge)))
            raise
        except HulkError:
            await self.commit(self.finops.release(charge))
            raise
        usage = Usage(input_tokens=completion.input_tokens, output_tokens=completion.output_tokens)
        spent.extend(await self.commit(self.finops.settle(charge, usage)))
        return completion

    def _model(self, name: str) -> Model:
        for model in self.models:
            if model.name == name:
                return model
        raise NotFound("The model {model} is not configured any more: see models.providers.", model=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """All the acts of this module, made once by its wiring."""

    decide: Decide
    answer_freely: AnswerFreely
    recognise: Recognise
    decisions: Decisions


def prompt_of(question: Question) -> Prompt:
    """What a model is asked for that question."""
    return Prompt(instructions=INSTRUCTIONS[question.language], text=question.text)


async def _scanned(text: str) -> Classified:
    return classified(text) if len(text) <= _LONG else await asyncio.to_thread(classified, text)


def _kept_in(model: Model, scan: Classified) -> Forbidden:
    return Forbidden(
        "{model} is not asked: the text holds what must stay in the company ({labels}), and only a model with local: true may see it.",
        model=model.name,
        labels=", ".join(scan.labels),
    )


def _planned(question: Question, model: Model, prompt: Prompt, key: str) -> Planned:
    return Planned(
        key=key,
        tenant=question.tenant,
        intent=question.intent,
        subject=ids.derived("dec", question.key),
        priced=_priced(model),
        most=Usage(input_tokens=prompt.most_input_tokens, output_tokens=model.most_output_tokens),
    )


def _priced(model: Model) -> Priced:
    known = model.input_price is not None and model.output_price is not None
    own = OwnPrice(input=model.input_price, output=model.output_price) if known else None  # type: ignore[arg-type]  # known says so
    return Priced(provider=model.name, model=model.model, url=model.url, local=model.local, own=own)


def _reply(completion: Completion, model: Model, spent: Sequence[Charge]) -> Reply:
    cost = Money.zero(spent[0].currency)
    for charge in spent:
        cost += Money(charge.amount, charge.currency)
    return Reply(
        text=completion.text,
        model=model.name,
        input_tokens=completion.input_tokens,
        output_tokens=completion.output_tokens,
        cost=cost,
        cut=completion.cut,
    )


def _wait(error: Exception) -> bool | float:
    """Whether a failed attempt is followed by another, and after how many seconds when the provider said."""
    if not isinstance(error, (Unsent, Uncertain)):
        return False
    if error.retry_after is None:
        return True
    return error.retry_after if error.retry_after <= MOST_WAIT else False
