"""The account of a task: what its models may take, set aside before each question and put right after it. Pure rules.

All steps of a task, which run at once and in several processes, draw on the same account. What was set aside by a process that died stays
counted in full, so that no cap is passed whatever happens.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from hulk.kernel.errors import Exhausted, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Caps, and what is used of them: `tokens` and `cost` are spent or set aside; of the spent ones models wrote `written`."""

    most_tokens: int
    most_cost: Decimal | None
    tokens: int = 0
    cost: Decimal = Decimal(0)
    written: int = 0

    @property
    def left(self) -> int:
        """Tokens that are left."""
        return max(0, self.most_tokens - self.tokens)

    def refusal(self, tokens: int, cost: Decimal) -> Exhausted | None:
        """Why so much more cannot be set aside; None when it can."""
        if self.tokens + tokens > self.most_tokens:
            return Exhausted(
                "The task may take {most} tokens and has {left} left; the next question may take {wanted}.", most=self.most_tokens,
                left=self.left, wanted=tokens,
            )  # fmt: skip
        if self.most_cost is not None and self.cost + cost > self.most_cost:
            return Exhausted(
                "The task may cost {most} and has {left} left; the next question may cost {wanted}.", most=self.most_cost,
                left=max(Decimal(0), self.most_cost - self.cost), wanted=cost,
            )  # fmt: skip
        return None

    def with_more(self, tokens: int, cost: Decimal, written: int = 0) -> "Account":
        """With so much more used (or less, when it is negative)."""
        return replace(self, tokens=self.tokens + tokens, cost=self.cost + cost, written=self.written + written)


def step_refusal(used: int, tokens: int, most: int | None) -> Refused | None:
    """Why a step that may take `most` tokens and has `used` so many cannot set so much more aside; None when it can. What it has left
    grows no more, unlike what is left of an account on which other steps draw."""
    if most is None or used + tokens <= most:
        return None
    return Refused(
        "The step may take {most} tokens and has {left} left; the next question may take {wanted}.", most=most, left=max(0, most - used),
        wanted=tokens,
    )  # fmt: skip
