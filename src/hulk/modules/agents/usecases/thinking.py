"""Having a model think, within the account of its task."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hulk.kernel import ids
from hulk.kernel.durable import Commit
from hulk.modules.agents.domain.talk import Thought
from hulk.modules.agents.ports import Accounts, Hold, Models, Question, Weighed


@dataclass(frozen=True, slots=True)
class Think:
    """Ask a model: the most that it may take is set aside before, and put right after. What a process that died had set aside stays
    counted, so asking again after that can only take less."""

    models: Models
    accounts: Accounts
    commit: Commit

    async def __call__(self, question: Question, key: str, most: int | None = None) -> Thought:
        """What it said. `key` is what asks, and `most` how many tokens that may take altogether. Raises `Nobody`, `Exhausted` (the account,
        a budget), `Refused` (among others when that is used up), `Unavailable`."""
        weighed = await self.models.weigh(question)
        hold = Hold(id=ids.new("hld"), task=question.task, key=key, tokens=weighed.tokens, cost=weighed.cost, most=most)
        [refusal] = await self.commit(self.accounts.hold(hold))
        if refusal is not None:
            raise refusal
        return await self._asked(weighed, hold)

    async def _asked(self, weighed: Weighed, hold: Hold) -> Thought:
        """What failed counts in full: some of it may have been done."""
        thought = await weighed.ask()
        await self.commit(self.accounts.settle(hold.id, thought.tokens, Decimal(thought.cost), thought.written))
        return thought

    async def per_token(self, questions: Sequence[Question]) -> Decimal:
        """The most that a token costs of the models that may answer these. Raises `Nobody`."""
        return max([(await self.models.weigh(one)).per_token for one in questions])
