"""An answer, whole: by the first model of a chain that gives one, mended once when it does not follow its schema."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from hulk.kernel.errors import Refused
from hulk.modules.router.domain.asked import Asked, unmasked_completion
from hulk.modules.router.domain.model import Completion, Prompt
from hulk.modules.router.domain.repair import asked_again, to_check
from hulk.modules.router.ports import Schemas
from hulk.modules.router.usecases.executing.attempts import Attempts
from hulk.modules.router.usecases.executing.ordering import in_order
from hulk.modules.router.usecases.executing.paying import Bill
from hulk.modules.router.usecases.weighing import Able


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: of which model, and what all of it cost."""

    able: Able
    completion: Completion
    bill: Bill


@dataclass(frozen=True, slots=True)
class Execute:
    """Ask the models of a chain in their order. `mends`: an answer that does not follow its schema is asked for once more; else it is given
    as it came, to who mends it themselves."""

    attempts: Attempts
    schemas: Schemas
    mends: bool = True

    async def __call__(self, asked: Asked, chain: Sequence[Able]) -> Answered:
        """The first answer. What keeps one model from answering is no hindrance to the next, but for leave that is denied.

        Raises `Forbidden` when something may not go out, else what the only model raised, or for all of them `Unavailable` when one may
        be asked later, `Exhausted`, `Refused`."""
        bill = Bill()
        first = await in_order(chain, partial(self._of, asked, bill), self.attempts.patience.hedge_after)
        return Answered(first.able, unmasked_completion(first.answer, first.able.vault), bill)

    async def _of(self, asked: Asked, bill: Bill, able: Able, last: bool) -> Completion:
        completion = await self.attempts.complete(asked, able, bill, last=last)
        wrong = self._wrong(able.prompt, completion) if self.mends else None
        if wrong is None:
            return completion
        again = replace(able, prompt=asked_again(able.prompt, completion, wrong))
        mended = await self.attempts.complete(asked, again, bill, last=last)
        if self._wrong(able.prompt, mended) is not None:
            raise Refused("{model} did not follow the JSON Schema, nor when it was asked once more.", model=able.model.name)
        return mended

    def _wrong(self, prompt: Prompt, completion: Completion) -> str | None:
        """What is wrong with an answer that should follow a schema."""
        if prompt.schema is None or not to_check(prompt, completion):
            return None
        try:
            value = json.loads(completion.text)
        except (ValueError, RecursionError):
            return "it is not JSON."
        found = self.schemas.wrong(dict(prompt.schema.schema), value)
        return "; ".join(f"{place or 'the value'}: {text}" for place, text in found) or None
