"""Deciding who answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
from hulk.modules.router.usecases.recognise import Recognise


@dataclass(frozen=True, slots=True)
class Decide:
    """Say who answers a question: the skill that is meant, else the first model that may, else nobody, and why."""

    recognise: Recognise
    catalogue: Catalogue
    models: tuple[Model, ...]
    decisions: Decisions
    finops: Finops
    clock: Clock
    policies: Sequence[Policy] = ()

    async def __call__(self, question: Question) -> tuple[Decision, Sequence[Change[Any]]]:
        """The decision, with the changes to commit together with whatever it leads to: its row and its cost row."""
        scan = await scanned(question.text)
        match = await self.recognise(question.text, question.attachments)
        kind, name, reasons = await self._chosen(question, scan, match, rules_of(self.policies, question, scan, self.clock()))
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

    async def _chosen(self, question: Question, scan: Classified, match: Match, rules: Ruling) -> tuple[Any, str | None, tuple[Text, ...]]:
        if match.skill is not None:
            return "skill", match.skill, ()
        objections: list[Text] = []
        for model in self.models:
            objection = await self._objection(question, scan, rules, model)
            if objection is None:
                return "model", model.name, (*objections, Text("{model} answers what no skill does.", model=model.name))
            objections.append(objection)
        return "none", None, tuple(objections) or (Text("No model is configured (models.providers)."),)

    async def _objection(self, question: Question, scan: Classified, rules: Ruling, model: Model) -> Text | None:
        if scan.sensitivity == "p0" and not model.local:
            return kept_in(model, scan).text
        if (denied := rules.objection(model.name)) is not None:
            return denied
        try:
            most = await self.finops.afford(planned(question, model, prompt_of(question), question.key))
        except HulkError as error:
            return Text("{model} is not asked: {reason}", model=model.name, reason=error.text)
        return _dear(rules, model, most)


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
