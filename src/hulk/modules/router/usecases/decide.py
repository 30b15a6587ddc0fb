"""Deciding who answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hulk.kernel import ids
from hulk.kernel.durable import Change
from hulk.kernel.errors import HulkError
from hulk.kernel.money import Money
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.finops import Finops
from hulk.modules.router.domain.decision import Decision, Question
from hulk.modules.router.domain.matching import Match
from hulk.modules.router.domain.model import Model
from hulk.modules.router.domain.policy import Policy, Ruling
from hulk.modules.router.domain.sensitivity import Classified
from hulk.modules.router.ports import Catalogue, Decisions
from hulk.modules.router.usecases.asking import kept_in, planned, prompt_of, rules_of, scanned
from hulk.modules.router.usecases.choosing import Choose, Chosen
from hulk.modules.router.usecases.recognise import Recognise


@dataclass(frozen=True, slots=True)
class _Found:
    """Who answers, why, and what is to be committed with that."""

    kind: Literal["skill", "model", "none"]
    name: str | None
    reasons: tuple[Text, ...] = ()
    changes: Sequence[Change[Any]] = ()


@dataclass(frozen=True, slots=True)
class Decide:
    """Say who answers a question: the skill that is meant, else a model that may, else nobody, and why."""

    recognise: Recognise
    catalogue: Catalogue
    models: tuple[Model, ...]
    decisions: Decisions
    finops: Finops
    clock: Clock
    policies: Sequence[Policy] = ()
    choose: Choose | None = None
    """None takes the first that may answer."""

    async def __call__(self, question: Question) -> tuple[Decision, Sequence[Change[Any]]]:
        """The decision, with the changes to commit together with whatever it leads to: its row and its cost row."""
        scan = await scanned(question.text)
        match = await self.recognise(question.text, question.attachments)
        found = await self._found(question, scan, match, rules_of(self.policies, question, scan, self.clock()))
        decision = Decision(
            id=ids.derived("dec", question.key),
            tenant=question.tenant,
            intent=question.intent,
            kind=found.kind,
            name=found.name,
            reasons=(match.reason, *found.reasons),
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
        return decision, (self.decisions.record(decision), cost, *found.changes)

    async def _found(self, question: Question, scan: Classified, match: Match, rules: Ruling) -> "_Found":
        if match.skill is not None:
            return _Found("skill", match.skill)
        able, objections = await self._able(question, scan, rules)
        if not able:
            return _Found("none", None, tuple(objections) or (Text("No model is configured (models.providers)."),))
        chosen = await self._chosen(question, scan, able)
        return _Found("model", chosen.name, (*objections, *chosen.reasons), chosen.changes)

    async def _able(self, question: Question, scan: Classified, rules: Ruling) -> tuple[list[tuple[Model, Money]], list[Text]]:
        """The models that may answer, with the most that each may cost, and why others may not. Where they are taken in their order, one
        is enough."""
        able: list[tuple[Model, Money]] = []
        objections: list[Text] = []
        for model in self.models:
            found = await self._looked_at(question, scan, rules, model)
            if isinstance(found, Text):
                objections.append(found)
                continue
            able.append((model, found))
            if self.choose is None:
                break
        return able, objections

    async def _looked_at(self, question: Question, scan: Classified, rules: Ruling, model: Model) -> Text | Money:
        """The most that it may cost, or why it may not answer."""
        if scan.sensitivity == "p0" and not model.local:
            return kept_in(model, scan).text
        if (denied := rules.objection(model.name)) is not None:
            return denied
        try:
            most = await self.finops.afford(planned(question, model, prompt_of(question), question.key))
        except HulkError as error:
            return Text("{model} is not asked: {reason}", model=model.name, reason=error.text)
        return _dear(rules, model, most) or most

    async def _chosen(self, question: Question, scan: Classified, able: Sequence[tuple[Model, Money]]) -> Chosen:
        first = able[0][0].name
        reason = Text("{model} answers what no skill does.", model=first)
        if self.choose is None:
            return Chosen(first, (reason,), ())
        try:
            return await self.choose(question, ids.derived("dec", question.key), scan.sensitivity == "p0", able)
        except HulkError as error:
            return Chosen(first, (Text("Models are taken in their order right now: {reason}", reason=error.text), reason), ())


def _dear(rules: Ruling, model: Model, most: Money) -> Text | None:
    """Why a call that may cost so much is too dear for the policies, if it is."""
    if rules.most_cost is None or most.amount <= rules.most_cost[0]:
        return None
    limit, policy = rules.most_cost
    return Text(
        "{model} is not asked: the policy “{policy}” allows {limit} a call, and this one may cost {most}.",
        model=model.name,
        policy=policy,
        limit=str(Money(limit, most.currency)),
        most=str(most),
    )
