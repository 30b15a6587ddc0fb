"""Asking the model that was decided on."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from hulk.kernel.durable import Commit
from hulk.kernel.errors import HulkError, NotFound, Unavailable
from hulk.kernel.time import Clock
from hulk.modules.router.domain.asked import Asked
from hulk.modules.router.domain.decision import Question
from hulk.modules.router.domain.model import Model, Reply
from hulk.modules.router.usecases.asking import Scan
from hulk.modules.router.usecases.choosing import Choose
from hulk.modules.router.usecases.executing import Answered, Execute
from hulk.modules.router.usecases.weighing import Able, Weigh, Weighed, none_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Measure:
    """Tell what chooses among models what an answer took."""

    commit: Commit
    choose: Choose | None = None

    async def __call__(self, asked: Asked, answered: Answered, chosen: str, seconds: float) -> None:
        """The answer is there and paid for: it is not lost because this is. One of another model than was chosen says nothing of that."""
        if self.choose is None or answered.able.model.name != chosen:
            return
        try:
            await self.commit(self.choose.measured(asked.tenant, asked.decision, answered.bill.cost.amount, max(0.0, seconds)))
        except HulkError as error:
            log.warning("answer_not_measured", model=chosen, reason=str(error))


@dataclass(frozen=True, slots=True)
class AnswerFreely:
    """Ask the model that was decided on, and those that may answer in its place when it cannot right now."""

    models: Sequence[Model]
    scan: Scan
    weigh: Weigh
    execute: Execute
    measure: Measure
    clock: Clock
    fallbacks: int = 2

    async def __call__(self, question: Question, model_name: str) -> Reply:
        """The model's reply. All is looked at again: a decision may be days old when it is carried out.

        Raises `NotFound` when the model is no longer configured, `Forbidden` when the text may not go to it, `Refused` when the
        provider or the price forbids it, `Exhausted` when the budget does, `Unavailable` when all attempts failed."""
        if model_name not in {model.name for model in self.models}:
            raise NotFound("The model {model} is not configured any more: see models.providers.", model=model_name)
        asked = await self.scan.question(question)
        chain = chained(await self.weigh(asked), model_name)[: 1 + self.fallbacks]
        begun = self.clock()
        answered = await self.execute(asked, chain)
        await self.measure(asked, answered, model_name, (self.clock() - begun).total_seconds())
        return _reply(answered)


def chained(weighed: Weighed, first: str) -> Sequence[Able]:
    """That model, then the others that may answer. Raises why it may not, unless that may pass and others can."""
    objection = next((error for model, error in weighed.objections if model.name == first), None)
    if objection is not None and not (weighed.able and isinstance(objection, Unavailable)):
        raise objection
    if not weighed.able:
        raise none_of([error for _, error in weighed.objections])
    return sorted(weighed.able, key=lambda able: able.model.name != first)


def _reply(answered: Answered) -> Reply:
    completion = answered.completion
    return Reply(
        text=completion.text,
        model=answered.able.model.name,
        input_tokens=completion.input_tokens,
        output_tokens=completion.output_tokens,
        cost=answered.bill.cost,
        cut=completion.cut,
    )
