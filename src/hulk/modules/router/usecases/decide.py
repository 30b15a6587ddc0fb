"""Deciding who answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hulk.kernel.durable import Change
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.finops import Finops
from hulk.modules.router.domain.asked import Asked
from hulk.modules.router.domain.decision import Decision, Question
from hulk.modules.router.domain.matching import Match
from hulk.modules.router.domain.model import Model, Unsent
from hulk.modules.router.ports import Catalogue, Decisions
from hulk.modules.router.usecases.asking import Scan
from hulk.modules.router.usecases.choosing import Select, Selected
from hulk.modules.router.usecases.recognise import Recognise

NONE = Text("No model is configured (models.providers).")


@dataclass(frozen=True, slots=True)
class Found:
    """Who answers, why, and what is to be committed with that."""

    kind: Literal["skill", "agent", "model", "none"]
    name: str | None
    reasons: tuple[Text, ...] = ()
    changes: Sequence[Change[Any]] = ()


@dataclass(frozen=True, slots=True)
class Keep:
    """Decisions as they are kept: each with its cost row."""

    decisions: Decisions
    finops: Finops
    clock: Clock

    def __call__(self, asked: Asked, found: "Found", candidates: tuple[str, ...], match: Match) -> tuple[Decision, Sequence[Change[Any]]]:
        """The decision, with the changes to commit together with whatever it leads to: its row and its cost row."""
        decision = Decision(
            id=asked.decision,
            tenant=asked.tenant,
            intent=asked.intent,
            kind=found.kind,
            name=found.name,
            reasons=(match.reason, *found.reasons),
            sensitivity=asked.scan.sensitivity,
            labels=asked.scan.labels,
            language=asked.language,
            candidates=candidates,
            score=match.score,
            margin=match.margin,
            threshold=match.threshold,
            at=self.clock(),
        )
        cost = self.finops.record_decision(decision=decision.id, tenant=asked.tenant, intent=asked.intent)
        return decision, (self.decisions.record(decision), cost, *found.changes)


@dataclass(frozen=True, slots=True)
class Decide:
    """Say who answers a question: the skill that is meant, else a model that may, else nobody, and why."""

    recognise: Recognise
    catalogue: Catalogue
    models: Sequence[Model]
    scan: Scan
    select: Select
    keep: Keep

    async def __call__(self, question: Question) -> tuple[Decision, Sequence[Change[Any]]]:
        """The decision, with the changes to commit together with whatever it leads to: its row and its cost row."""
        asked = await self.scan.question(question)
        match = await self.recognise(question.text, question.attachments, question.tenant)
        found = self._found(question, match) or of_models(await self.select(asked), patient=True)
        names = (*(one.name for one in self.catalogue.candidates()), *(model.name for model in self.models))
        return self.keep(asked, found, names, match)

    def _found(self, question: Question, match: Match) -> Found | None:
        """The agent that was asked by its name, else what the sentence means, if that is anything."""
        if question.addressed:
            named = agent_name(question.addressed)
            known = match.skill if match.skill is not None and match.skill.startswith(f"{named}.") else named
            return Found("agent", known, (Text("{agent} was asked by its name.", agent=question.addressed),))
        if match.skill is None:
            return None
        kind: Literal["skill", "agent"] = next((one.kind for one in self.catalogue.candidates() if one.name == match.skill), "skill")
        return Found(kind, match.skill)


def agent_name(agent: str) -> str:
    """How a decision names an agent; what it knows how to do is named with that before it and a dot between."""
    return f"agents.{agent}"


def of_models(selected: Selected, *, patient: bool = False) -> Found:
    """The first of those that answer, or nobody. `patient`: whoever asks waits, so one that only cannot answer now will do."""
    if selected.chain:
        return Found("model", selected.chain[0].model.name, selected.reasons, selected.changes)
    later = [model.name for model, error in selected.weighed.objections if isinstance(error, Unsent)]
    if patient and later:
        return Found("model", later[0], (*selected.reasons, Text("{model} is asked as soon as it can answer.", model=later[0])))
    return Found("none", None, selected.reasons or (NONE,))
