"""Asking the model that was decided on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import stamina
import structlog

from hulk.kernel import ids
from hulk.kernel.durable import Commit
from hulk.kernel.errors import Forbidden, HulkError, NotFound
from hulk.kernel.money import Money
from hulk.kernel.time import Clock
from hulk.modules.finops import Charge, Finops, Usage
from hulk.modules.router.domain.capability import Capability
from hulk.modules.router.domain.decision import Question
from hulk.modules.router.domain.model import Completion, Model, Prompt, Reply, Uncertain, Unsent
from hulk.modules.router.domain.policy import Policy
from hulk.modules.router.domain.sensitivity import Classified
from hulk.modules.router.usecases.asking import kept_in, planned, prompt_of, rules_of, scanned
from hulk.modules.router.usecases.choosing import Choose
from hulk.modules.router.usecases.sending import GiveLeave, Send

log = structlog.get_logger(__name__)

ATTEMPTS = 3
MOST_WAIT = 20.0
"""Seconds. A provider that wants a longer pause is asked again by the run, not by holding a worker."""


@dataclass(frozen=True, slots=True)
class AnswerFreely:
    """Ask the model that was decided on. Each attempt is paid for by itself: reserved before, settled or released after."""

    models: tuple[Model, ...]
    give_leave: GiveLeave
    send: Send
    finops: Finops
    commit: Commit
    clock: Clock
    policies: Sequence[Policy] = ()
    """Asked again: a decision may be days old when it is carried out."""
    choose: Choose | None = None
    """Is told what answers took."""

    async def __call__(self, question: Question, model_name: str) -> Reply:
        """The model's reply.

        Raises `NotFound` when the model is no longer configured, `Forbidden` when the text may not go to it, `Refused` when the
        provider or the price forbids it, `Exhausted` when the budget does, `Unavailable` when all attempts failed."""
        model = self._model(model_name)
        scan = await scanned(question.text)
        if scan.sensitivity == "p0" and not model.local:
            raise kept_in(model, scan)
        if (denied := rules_of(self.policies, question, scan, self.clock()).objection(model.name)) is not None:
            raise Forbidden(denied)
        begun = self.clock()
        reply = await self._answered(question, scan, model)
        await self._measured(question, reply, (self.clock() - begun).total_seconds())
        return reply

    async def _answered(self, question: Question, scan: Classified, model: Model) -> Reply:
        spent: list[Charge] = []
        prompt = prompt_of(question)
        leave = self.give_leave(
            decision=ids.derived("dec", question.key), tenant=question.tenant, prompt=prompt,
            reach="local" if scan.sensitivity == "p0" else "any",
        )  # fmt: skip
        async for attempt in stamina.retry_context(on=_wait, attempts=ATTEMPTS, timeout=None, wait_max=timedelta(seconds=MOST_WAIT)):
            with attempt:
                completion = await self._attempt(question, leave, model, prompt, spent)
                return _reply(completion, model, spent)
        raise AssertionError("stamina gives at least one attempt")

    async def _measured(self, question: Question, reply: Reply, seconds: float) -> None:
        """Tell what was learnt. The answer is there and paid for: it is not lost because this is."""
        if self.choose is None:
            return
        try:
            await self.commit(self.choose.measured(question.tenant, ids.derived("dec", question.key), reply.cost.amount, max(0.0, seconds)))
        except HulkError as error:
            log.warning("answer_not_measured", model=reply.model, reason=str(error))

    async def _attempt(self, question: Question, leave: Capability, model: Model, prompt: Prompt, spent: list[Charge]) -> Completion:
        """One call. Its charge has an id of its own: when the step is executed again after a crash, that is a second call."""
        charge = await self.finops.reserve(planned(question, model, prompt, f"{question.key}/{ids.new('try')}"))
        try:
            completion = await self.send(leave, model, prompt)
        except Uncertain:
            spent.extend(await self.commit(self.finops.assume(charge)))
            raise
        except HulkError:
            await self.commit(self.finops.release(charge))
            raise
        except BaseException:  # cancelled, or a mistake of ours: the model may have done its work
            await asyncio.shield(self.commit(self.finops.assume(charge)))
            raise
        spent.extend(await self.commit(self.finops.settle(charge, _usage(completion))))
        return completion

    def _model(self, name: str) -> Model:
        for model in self.models:
            if model.name == name:
                return model
        raise NotFound("The model {model} is not configured any more: see models.providers.", model=name)


def _usage(completion: Completion) -> Usage:
    return Usage(
        input_tokens=completion.input_tokens,
        output_tokens=completion.output_tokens,
        cached_read_tokens=completion.cache_read_tokens,
        cached_write_tokens=completion.cache_write_tokens,
        reasoning_tokens=completion.reasoning_tokens,
    )


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
