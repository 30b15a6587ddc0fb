"""What a plan may take: it fits its limits, its steps shrink alike, or it is refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.modules.agents.domain.agent import Limits
from hulk.modules.agents.domain.plan import Plan
from hulk.modules.agents.domain.pricing import LEAST_TOKENS, money, priced, worst
from support.plans import a_plan, step

TOKENS = st.lists(st.integers(1, 50_000), min_size=1, max_size=8)
PAID = st.decimals(0, 120, places=4, allow_nan=False)
PRICE = st.none() | st.decimals(0, "0.01", places=8, allow_nan=False)


def thinking(tokens: list[int]) -> Plan:
    """Models' steps with so many tokens each, and one without a model."""
    return a_plan(step("tool"), *(step(f"t{place}", does="think", tokens=one) for place, one in enumerate(tokens)))


@given(TOKENS, st.integers(1, 200_000), st.none() | st.decimals(0, 100, places=4, allow_nan=False), PRICE, st.integers(0, 20_000), PAID)
def test_a_priced_plan_is_within_its_limits_shrunk_alike_or_refused(
    tokens: list[int], most: int, cost: Decimal | None, per_token: Decimal | None, spent: int, paid: Decimal
) -> None:
    plan, limits = thinking(tokens), Limits(tokens=most, cost=cost)
    try:
        fit = priced(plan, limits, per_token, spent, paid)
    except Refused:
        return
    assert fit.tokens == worst(fit.plan)
    assert fit.tokens + spent <= most or fit.tokens == 0
    if per_token is not None and cost is not None:
        assert fit.tokens == 0 or per_token == 0 or money(fit.tokens, per_token) + paid <= cost + Decimal("0.000001")
    got = [node.tokens for node in fit.plan.nodes if node.does == "think"]
    if not fit.shrunk:
        assert fit.plan == plan
        return
    assert all(LEAST_TOKENS <= now <= before for now, before in zip(got, tokens, strict=True))
    whole = sum(tokens)
    share = [Decimal(now) - Decimal(before) * sum(got) / whole for now, before in zip(got, tokens, strict=True)]
    assert all(abs(one) <= len(tokens) for one in share), "each has the part of the whole that it had"


@pytest.mark.parametrize(
    ("tokens", "limits", "per_token", "gives"),
    [
        pytest.param([6000], Limits(tokens=40_000), None, [6000], id="there is enough"),
        pytest.param([6000, 2000], Limits(tokens=8000), None, [6000, 2000], id="there is just enough"),
        pytest.param([12_000, 4000], Limits(tokens=8000), None, [6000, 2000], id="half of it"),
        pytest.param([6000], Limits(tokens=40_000, cost=Decimal("0.3")), Decimal("0.0001"), [3000], id="the money is less"),
        pytest.param([6000], Limits(tokens=40_000, cost=Decimal(0)), Decimal(0), [6000], id="for nothing"),
    ],
)
def test_steps_get_their_share(tokens: list[int], limits: Limits, per_token: Any, gives: list[int]) -> None:
    fit = priced(thinking(tokens), limits, per_token)
    assert [node.tokens for node in fit.plan.nodes if node.does == "think"] == gives


@pytest.mark.parametrize(
    ("limits", "per_token"),
    [
        pytest.param(Limits(tokens=2000), None, id="too few tokens"),
        pytest.param(Limits(tokens=40_000, cost=Decimal("0.01")), Decimal("0.0001"), id="too little money"),
        pytest.param(Limits(tokens=40_000, cost=Decimal(0)), Decimal("0.0001"), id="no money"),
    ],
)
def test_a_plan_that_cannot_be_made_to_fit_is_refused_and_says_what_to_do(limits: Limits, per_token: Any) -> None:
    with pytest.raises(Refused, match=r"“t0”.*Raise the agent's limits"):
        priced(thinking([6000, 6000]), limits, per_token)


def test_steps_that_are_done_keep_what_they_had_and_take_no_more() -> None:
    fit = priced(thinking([9000, 8000]), Limits(tokens=8000), None, spent=2000, done=frozenset({"t0"}))
    assert ([node.tokens for node in fit.plan.nodes if node.does == "think"], fit.tokens) == ([9000, 6000], 6000)


def test_a_plan_without_models_fits_whatever_is_spent() -> None:
    fit = priced(a_plan(step("tool")), Limits(tokens=1000), None, spent=2000)
    assert (fit.tokens, fit.shrunk) == (0, False)
