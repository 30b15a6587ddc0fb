"""What a plan may take, looked at before it is begun: it is made to fit its limits, or refused. Pure rules."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_UP, Decimal

from hulk.kernel.errors import Refused
from hulk.modules.agents.domain.agent import Limits
from hulk.modules.agents.domain.plan import Node, Plan

LEAST_TOKENS = 1_500
"""A model's step with less cannot say anything of use: its question alone takes more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A plan that fits, with the most that it may take. `cost` is None where no model may be asked; `shrunk`: its steps were given less
    than they asked for."""

    plan: Plan
    tokens: int
    cost: Decimal | None
    shrunk: bool = False


def worst(plan: Plan, done: frozenset[str] = frozenset()) -> int:
    """The most tokens that its models may take together, but for the steps that are `done`."""
    return sum(node.tokens for node in _thinking(plan, done))


def priced(
    plan: Plan, limits: Limits, per_token: Decimal | None, spent: int = 0, paid: Decimal = Decimal(0), done: frozenset[str] = frozenset()
) -> Priced:  # fmt: skip
    """The plan, its steps given less where they ask for more than is left of the task's limits.

    `per_token` is what a token costs of the models that may be asked, in the first question to them, None when none may; `spent` are the
    tokens, and `paid` the money, that planning and the steps that are `done` already took. An estimate: what no question passes is the
    task's account. Raises `Refused` when it cannot be made to fit."""
    most = limits.tokens - spent
    if per_token and limits.cost is not None:
        most = min(most, int(max(Decimal(0), limits.cost - paid) / per_token))
    wanted = worst(plan, done)
    fit = plan if not wanted or wanted <= most else _shrunk(plan, wanted, most, done)
    tokens = worst(fit, done)
    return Priced(plan=fit, tokens=tokens, cost=None if per_token is None else money(tokens, per_token), shrunk=fit is not plan)


def money(tokens: int, per_token: Decimal) -> Decimal:
    """What so many tokens cost at the most, rounded up to millionths."""
    return (tokens * per_token).quantize(Decimal("0.000001"), rounding=ROUND_UP)


def _thinking(plan: Plan, done: frozenset[str]) -> Iterator[Node]:
    return (node for node in plan.nodes if node.does == "think" and node.key not in done)


def _shrunk(plan: Plan, wanted: int, most: int, done: frozenset[str]) -> Plan:
    """Each model's step gets its share of what there is."""
    shares = {node.key: node.tokens * most // wanted for node in _thinking(plan, done)}
    fit = replace(plan, nodes=tuple(replace(node, tokens=shares.get(node.key, node.tokens)) for node in plan.nodes))
    small = next((node for node in _thinking(fit, done) if node.tokens < LEAST_TOKENS), None)
    if small is not None:
        raise Refused(
            "The plan may take {wanted} tokens and {most} are allowed: the step “{key}” would be left with {share}, and less than {least} "
            "is of no use. Raise the agent's limits, or ask for less at once.",
            wanted=wanted, most=max(0, most), key=small.key, share=max(0, small.tokens), least=LEAST_TOKENS,
        )  # fmt: skip
    return fit
