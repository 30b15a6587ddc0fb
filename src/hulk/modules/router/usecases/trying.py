"""Asking a model one public sentence, to see that it answers and how fast."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from hulk.kernel import ids
from hulk.kernel.durable import Commit
from hulk.kernel.errors import HulkError, NotFound
from hulk.kernel.money import Money
from hulk.kernel.text import Language
from hulk.modules.finops import Charge, Finops, Usage
from hulk.modules.router.domain.capability import Capability
from hulk.modules.router.domain.decision import Question
from hulk.modules.router.domain.model import Completion, Ended, Model, Prompt, Said, Uncertain
from hulk.modules.router.usecases.asking import planned, prompt_of
from hulk.modules.router.usecases.sending import GiveLeave, Send

SENTENCES: dict[Language, str] = {
    "pt": "Qual é a capital do Brasil? Responda em uma frase.",
    "en": "What is the capital of Brazil? Answer in one sentence.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came: the answer, seconds until its first words and its end, tokens, cost, and the decision that its receipt tells of."""

    text: str
    first_seconds: float
    seconds: float
    input_tokens: int
    output_tokens: int
    cost: Money
    decision: str

    @property
    def speed(self) -> float | None:
        """Tokens a second from the first words on, None where all came at once."""
        rest = self.seconds - self.first_seconds
        return (self.output_tokens - 1) / rest if rest > 0.01 and self.output_tokens > 1 else None


@dataclass(frozen=True, slots=True)
class TryModel:
    """Ask one model, in the way of all questions: by leave, with a receipt, paid for."""

    models: Sequence[Model]
    give_leave: GiveLeave
    send: Send
    finops: Finops
    commit: Commit

    async def __call__(self, tenant: str, name: str, language: Language) -> Tried:
        """What came. Raises `NotFound` when there is no such model, and what `AnswerFreely` raises after one attempt."""
        model, key = self._model(name), ids.new("try")
        question = Question(text=SENTENCES[language], language=language, tenant=tenant, intent="", key=key)
        prompt, decision = prompt_of(question), ids.derived("dec", key)
        charge = await self.finops.reserve(planned(question, model, prompt, key))
        leave = self.give_leave(decision=decision, tenant=tenant, prompt=prompt, reach="local" if model.local else "any")
        first, seconds, completion = await self._paid(charge, leave, model, prompt)
        usage = Usage(input_tokens=completion.input_tokens, output_tokens=completion.output_tokens)
        settled = await self.commit(self.finops.settle(charge, usage))
        return Tried(
            text=completion.text, first_seconds=first, seconds=seconds, input_tokens=completion.input_tokens,
            output_tokens=completion.output_tokens, cost=_sum(settled), decision=decision,
        )  # fmt: skip

    async def _paid(self, charge: Charge, leave: Capability, model: Model, prompt: Prompt) -> tuple[float, float, Completion]:
        """The answer; where there is none, its charge ends as what is known of it says."""
        try:
            return await self._timed(leave, model, prompt)
        except Uncertain:
            await self.commit(self.finops.assume(charge))
            raise
        except HulkError:
            await self.commit(self.finops.release(charge))
            raise
        except BaseException:  # cancelled, or a mistake of ours: the model may have done its work
            await asyncio.shield(self.commit(self.finops.assume(charge)))
            raise

    async def _timed(self, leave: Capability, model: Model, prompt: Prompt) -> tuple[float, float, Completion]:
        begun, first = time.monotonic(), 0.0
        async with self.send.stream(leave, model, prompt) as deltas:
            async for delta in deltas:
                if isinstance(delta, Said) and not first:
                    first = time.monotonic() - begun
                if isinstance(delta, Ended):
                    seconds = time.monotonic() - begun
                    return first or seconds, seconds, delta.completion
        raise AssertionError("unreachable: a stream ends with Ended or raises")

    def _model(self, name: str) -> Model:
        for model in self.models:
            if model.name == name:
                return model
        known = ", ".join(model.name for model in self.models) or "-"
        raise NotFound("There is no model {model}; there are: {known}.", model=name, known=known)


def _sum(charges: Sequence[Charge]) -> Money:
    total = Money.zero(charges[0].currency)
    for charge in charges:
        total += Money(charge.amount, charge.currency)
    return total
