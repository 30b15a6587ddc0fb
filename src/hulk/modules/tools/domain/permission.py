"""Who may use which tools, and how far they may go without a person. Nobody may anything that no rule allows.

    rule = Rule(name="sales", tools=("crm.*",), roles=("operator",), agents=("retail",), autonomy="act", up_to=Decimal(500))
    verdict((rule,), tool, who)         # Allowed("act", up_to=Decimal(500), rules=("sales",)), Denied(…) for everybody else

As in AWS IAM: a rule that denies beats all that allow, and of those the one counts that allows most.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import EVERYWHERE, Principal, Role
from hulk.modules.tools.domain.tool import Tool

Autonomy: TypeAlias = Literal["suggest", "approve", "act"]
"""What becomes of a call that changes something: it is only said what would be done; a person is asked first; it is done and told."""
ORDER: Sequence[Autonomy] = ("suggest", "approve", "act")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Tools, and whom it is about: who holds one of the `roles` or is one of the `people` (`key:ab12*`), everybody when there is neither.

    It is about people's own calls; with `agents`, about those of these agents on behalf of such people instead; one that forbids and names
    no agents is about both. All lists but `roles` are of patterns (`*`). `up_to`: larger amounts wait for a person, in the tool's own
    currency. `sensitive`: they may see what must stay in the company. `tenants`, in the settings: those that it is about, all when there
    is none. `wait`: how long a person is waited for at the most, where others allow longer."""

    name: str
    tools: tuple[str, ...]
    roles: tuple[Role, ...] = ()
    people: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    deny: bool = False
    autonomy: Autonomy = "approve"
    up_to: Decimal | None = None
    sensitive: bool = False
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who calls: a principal, by itself or through an agent, in a namespace."""

    principal: Principal
    agent: str = ""
    namespace: str = EVERYWHERE

    @property
    def roles(self) -> frozenset[Role]:
        """Its roles there."""
        return frozenset(grant.role for grant in self.principal.grants if grant.namespace in (EVERYWHERE, self.namespace))


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """It may, by these rules. `autonomy` is about tools that change something, `wait` how long a person is waited for at the most."""

    autonomy: Autonomy
    up_to: Decimal | None = None
    sensitive: bool = False
    rules: tuple[str, ...] = ()
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    """It may not: by that rule, or because none allows it."""

    rule: str | None = None


Verdict: TypeAlias = Allowed | Denied


def verdict(rules: Iterable[Rule], tool: Tool, who: Who) -> Verdict:
    """What the rules say of it."""
    about = [rule for rule in rules if _covers(rule, tool, who)]
    denying = next((rule for rule in about if rule.deny), None)
    if denying is not None:
        return Denied(denying.name)
    if not about:
        return Denied()
    return _most(about, tool)


def _most(rules: Sequence[Rule], tool: Tool) -> Allowed:
    autonomy = max((_autonomy(rule, tool) for rule in rules), key=ORDER.index)
    limits = [rule.up_to for rule in rules if _autonomy(rule, tool) == autonomy]
    known = [limit for limit in limits if limit is not None]
    return Allowed(
        autonomy=autonomy, up_to=max(known) if len(known) == len(limits) else None, sensitive=any(rule.sensitive for rule in rules),
        rules=tuple(rule.name for rule in rules), wait=shortest(rule.wait for rule in rules),
    )  # fmt: skip


def shortest(waits: Iterable[timedelta | None]) -> timedelta | None:
    """The shortest of those that are said; None when none is."""
    return min((one for one in waits if one is not None), default=None)


def _autonomy(rule: Rule, tool: Tool) -> Autonomy:
    """What destroys something is never done without a person by a rule that does not name it."""
    return "approve" if rule.autonomy == "act" and tool.effect == "destroy" and tool.name not in rule.tools else rule.autonomy


def _covers(rule: Rule, tool: Tool, who: Who) -> bool:
    return (
        any_of(tool.name, rule.tools)
        and (not rule.tenants or who.principal.tenant in rule.tenants)
        and _by_such(rule, who.agent)
        and holds(who, rule.roles, rule.people)
    )


def _by_such(rule: Rule, agent: str) -> bool:
    """Whether it is about calls through that agent, or through none: what forbids and names no agents lets no agent round it."""
    if not rule.agents:
        return rule.deny or not agent
    return agent != "" and any_of(agent, rule.agents)


def holds(who: Who, roles: Sequence[Role], people: Sequence[str]) -> bool:
    """Whether it has one of the roles or is one of the people; if none are named, whoever it is."""
    return not (roles or people) or not who.roles.isdisjoint(roles) or any_of(who.principal.actor, people)


def any_of(name: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns stands for it."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def autonomy_for(allowed: Allowed, tool: Tool, arguments: JsonObject) -> Autonomy:
    """How far that call may go. An amount that cannot be told is more than any limit."""
    if not tool.writes:
        return "act"
    if allowed.autonomy != "act" or allowed.up_to is None:
        return allowed.autonomy
    amount = _amount(arguments.get(tool.amount)) if tool.amount else None
    return "act" if amount is not None and amount <= allowed.up_to else "approve"


def lesser(one: Autonomy, other: Autonomy) -> Autonomy:
    """The one that goes less far."""
    return min(one, other, key=ORDER.index)


_PLAIN = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,2})?")
"""An amount in words that nobody reads as another: “1.000” is one to some and a thousand to others."""


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        return None
    try:
        found = abs(Decimal(str(value)))
    except ArithmeticError:
        return None
    return found if found.is_finite() else None
