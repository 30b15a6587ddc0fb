"""An answer, whole: by the first model of a chain that gives one, mended once when it does not follow its schema."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from hulk.kernel.errors import Forbidden, HulkError, Refused
from hulk.kernel.text import Text
from hulk.modules.router.domain.asked import Asked, unmasked_completion
from hulk.modules.router.domain.model import Completion, Prompt
from hulk.modules.router.domain.repair import asked_again, to_check
from hulk.modules.router.ports import Schemas
from hulk.modules.router.usecases.executing.attempts import Attempts
from hulk.modules.router.usecases.executing.paying import Bill
from hulk.modules.router.usecases.weighing import Able, none_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: of which model, what came before it, and what all of it cost."""

    able: Able
    completion: Completion
    bill: Bill
    failed: tuple[Text, ...] = ()
    """Why models before it gave none."""


@dataclass(frozen=True, slots=True)
class Execute:
    """Ask the models of a chain in their order."""

    attempts: Attempts
    schemas: Schemas

    async def __call__(self, asked: Asked, chain: Sequence[Able]) -> Answered:
        """The first answer. What keeps one model from answering is no hindrance to the next, but for leave that is denied.

        Raises `Forbidden` when something may not go out, else what the only model raised, or for all of them `Unavailable` when one may
        be asked later, `Exhausted`, `Refused`."""
        bill = Bill()
        after = self.attempts.patience.hedge_after
        if after is not None and len(chain) > 1:
            return await hedged(lambda part: self._first(asked, part, bill), chain, after.total_seconds())
        return await self._first(asked, chain, bill)

    async def _first(self, asked: Asked, chain: Sequence[Able], bill: Bill) -> Answered:
        errors: list[HulkError] = []
        for able in chain:
            try:
                completion = await self._of(asked, able, bill, last=able is chain[-1])
            except Forbidden:
                raise
            except HulkError as error:
                log.info("model_passed_over", model=able.model.name, reason=error.code)
                errors.append(error)
                continue
            return Answered(able, unmasked_completion(completion, able.vault), bill, tuple(error.text for error in errors))
        raise errors[0] if len(errors) == 1 else none_of(errors)

    async def _of(self, asked: Asked, able: Able, bill: Bill, *, last: bool) -> Completion:
        completion = await self.attempts.complete(asked, able, bill, last=last)
        wrong = self._wrong(able.prompt, completion)
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


async def hedged(act: Callable[[Sequence[Able]], Awaitable[Answered]], chain: Sequence[Able], seconds: float) -> Answered:
    """What `act` gives for the first of the chain; when that takes longer than so many seconds, or fails, also for the others, whichever
    comes first. The slower one is cancelled, and paid for in full."""
    errors: list[HulkError] = []
    answers: asyncio.Queue[Answered | HulkError] = asyncio.Queue()

    async def told(part: Sequence[Able]) -> None:
        try:
            answers.put_nowait(await act(part))
        except HulkError as error:
            answers.put_nowait(error)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(told(chain[:1]))]
        found = await _within(answers, seconds)
        if not isinstance(found, Answered):
            tasks.append(group.create_task(told(chain[1:])))
            errors += [found] if found is not None else []
        while not isinstance(found, Answered) and len(errors) < len(tasks):
            if isinstance(found := await answers.get(), HulkError):
                errors.append(found)
        for task in tasks:
            task.cancel()
    if isinstance(found, Answered):
        return found
    raise none_of(errors)


async def _within(answers: "asyncio.Queue[Answered | HulkError]", seconds: float) -> Answered | HulkError | None:
    try:
        async with asyncio.timeout(seconds):
            return await answers.get()
    except TimeoutError:
        return None
