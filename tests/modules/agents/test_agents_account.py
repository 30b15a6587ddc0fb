"""The account of a task: whatever is set aside, put right or assumed, in whatever order, no cap is passed and nothing is forgotten."""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hulk.kernel.errors import Exhausted, HulkError, Refused
from hulk.modules.agents.adapters.memory import MemoryAccounts
from hulk.modules.agents.domain.account import Account, step_refusal
from hulk.modules.agents.ports import Hold

CAP, MONEY, STEP = 1000, Decimal("1.5"), 400
KEYS = ("one", "two", "three")


@dataclass
class Asking:
    """A question for which something is set aside."""

    hold: Hold
    took: int | None = None
    counted: bool = False
    cost: Decimal = field(default=Decimal(0))


class Interleaved(RuleBasedStateMachine):
    """Steps that ask at once, each question at its own pace: some are put right, some are forgotten by a process that died."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts = MemoryAccounts()
        self.accounts.open("tsk", Account(most_tokens=CAP, most_cost=MONEY))(None)
        self.asked: list[Asking] = []

    def taken(self, key: str = "") -> int:
        """What questions took or may take, as a naive count has it."""
        mine = [one for one in self.asked if key in ("", one.hold.key)]
        return sum(one.hold.tokens if one.took is None else one.took for one in mine)

    @rule(key=st.sampled_from(KEYS), tokens=st.integers(0, 600), cents=st.integers(0, 90))
    def ask(self, key: str, tokens: int, cents: int) -> None:
        hold = Hold(id=f"h{len(self.asked)}", task="tsk", key=key, tokens=tokens, cost=Decimal(cents) / 100, most=STEP)
        fits = self.taken() + tokens <= CAP and self.taken(key) + tokens <= STEP
        costs = sum((one.hold.cost if one.took is None else one.cost for one in self.asked), Decimal(0))
        refusal = self.accounts.hold(hold)(None)
        assert (refusal is None) == (fits and costs + hold.cost <= MONEY)
        if refusal is None:
            self.asked.append(Asking(hold))

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), share=st.integers(0, 100))
    def answered(self, data: st.DataObject, share: int) -> None:
        one = data.draw(st.sampled_from(self.asked))
        took, cost = one.hold.tokens * share // 100, one.hold.cost * share / 100
        self.accounts.settle(one.hold.id, took, cost)(None)
        if not one.counted:
            one.took, one.cost, one.counted = took, cost, True

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def asked_again(self, data: st.DataObject) -> None:
        assert self.accounts.hold(data.draw(st.sampled_from(self.asked)).hold)(None) is None

    @rule(key=st.sampled_from(KEYS))
    def ended(self, key: str) -> None:
        self.accounts.assume("tsk", key)(None)
        for one in self.asked:
            one.counted |= one.hold.key == key

    @rule()
    def opened_again(self) -> None:
        self.accounts.open("tsk", Account(most_tokens=CAP, most_cost=MONEY))(None)

    @invariant()
    def no_cap_is_passed_and_the_count_is_the_sum(self) -> None:
        account = self.accounts.kept["tsk"]
        assert account.tokens == self.taken() <= CAP
        assert account.cost <= MONEY
        assert all(self.taken(key) <= STEP for key in KEYS)


TestInterleaved = Interleaved.TestCase
TestInterleaved.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize(
    ("tokens", "cost", "told"),
    [
        pytest.param(100, "0.5", None, id="just enough"),
        pytest.param(101, "0", "may take 1000 tokens and has 100 left; the next question may take 101", id="too many tokens"),
        pytest.param(1, "0.51", "may cost 1.5 and has 0.5 left; the next question may cost 0.51", id="too much money"),
    ],
)
def test_why_no_more_can_be_set_aside_is_told(tokens: int, cost: str, told: str | None) -> None:
    account = Account(most_tokens=1000, most_cost=MONEY, tokens=900, cost=Decimal(1))
    _told(account.refusal(tokens, Decimal(cost)), told, Exhausted)


@pytest.mark.parametrize(
    ("used", "most", "told"),
    [
        pytest.param(300, 400, None, id="just enough"),
        pytest.param(10**9, None, None, id="the account alone limits it"),
        pytest.param(301, 400, "The step may take 400 tokens and has 99 left; the next question may take 100", id="too many"),
    ],
)
def test_why_a_step_can_set_no_more_aside_is_told(used: int, most: int | None, told: str | None) -> None:
    _told(step_refusal(used, 100, most), told, Refused)


def _told(refusal: HulkError | None, told: str | None, kind: type[HulkError]) -> None:
    if told is None:
        assert refusal is None
    else:
        assert isinstance(refusal, kind)
        assert told in str(refusal)
