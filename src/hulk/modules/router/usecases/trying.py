"""Asking a model one public sentence, to see that it answers and how fast."""

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from hulk.kernel import ids
from hulk.kernel.errors import NotFound
from hulk.kernel.money import Money
from hulk.kernel.text import Language
from hulk.modules.router.domain.decision import Question
from hulk.modules.router.domain.model import Completion, Delta, Ended, Model
from hulk.modules.router.usecases.asking import Scan, planned
from hulk.modules.router.usecases.executing import Attempts
from hulk.modules.router.usecases.executing.paying import Bill
from hulk.modules.router.usecases.gateway import of_another_purpose
from hulk.modules.router.usecases.weighing import Able

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
    """Ask one model, in the way of all questions: by leave, with a receipt, paid for. Policies are not asked: an operator is."""

    models: Sequence[Model]
    scan: Scan
    attempts: Attempts

    async def __call__(self, tenant: str, name: str, language: Language) -> Tried:
        """What came. Raises `NotFound` when there is no such model, `Refused` when it gives no answers, and what `Execute` raises after
        one attempt."""
        model, key, bill = self._model(name), ids.new("try"), Bill()
        asked = await self.scan.question(Question(text=SENTENCES[language], language=language, tenant=tenant, intent="", key=key))
        most = await self.attempts.pay.finops.afford(planned(asked, model, asked.prompt, key))
        able = Able(model, most, asked.prompt, "local" if model.local else "any")
        begun = time.monotonic()
        async with self.attempts.stream(asked, able, bill, last=True) as (account, deltas):
            first = time.monotonic() - begun
            completion = await _last(deltas)
            seconds = time.monotonic() - begun
            await account.settle(completion)
        return Tried(
            text=completion.text, first_seconds=first, seconds=seconds, input_tokens=completion.input_tokens,
            output_tokens=completion.output_tokens, cost=bill.cost, decision=asked.decision,
        )  # fmt: skip

    def _model(self, name: str) -> Model:
        for model in self.models:
            if model.name == name and model.purpose != "chat":
                raise of_another_purpose(model)
            if model.name == name:
                return model
        known = ", ".join(model.name for model in self.models) or "-"
        raise NotFound("There is no model {model}; there are: {known}.", model=name, known=known)


async def _last(deltas: AsyncIterator[Delta]) -> Completion:
    """The whole, which comes last."""
    async for delta in deltas:
        if isinstance(delta, Ended):
            return delta.completion
    raise AssertionError("unreachable: a stream ends with Ended or raises")
