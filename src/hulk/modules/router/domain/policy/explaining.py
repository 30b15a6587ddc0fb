"""Why a policy applies or not, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hulk.kernel.text import Text
from hulk.kernel.time import iso
from hulk.modules.router.domain.policy.hours import Hours
from hulk.modules.router.domain.policy.rules import Circumstances, Policy, When, named


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a policy applies in some circumstances, and why."""

    policy: Policy
    applies: bool
    why: Text


def standing(policy: Policy, around: Circumstances) -> Standing:
    """Whether it applies: for all its conditions, or for lack of one."""
    conditions = tuple(_conditions(policy.when, around))
    if (missing := next((said for holds, said in conditions if not holds), None)) is not None:
        return Standing(policy, False, Text("It does not apply: {reason}.", reason=missing))
    if not conditions:
        return Standing(policy, True, Text("It applies everywhere."))
    return Standing(policy, True, Text("It applies: {reason}.", reason=_joined([said for _, said in conditions])))


def _conditions(when: When, around: Circumstances) -> Iterator[tuple[bool, Text]]:
    """Each that it has: whether it is so, and what is to be said of it."""
    if when.tenants:
        holds = named(around.tenant, when.tenants)
        yield holds, Text("the tenant is one of its own") if holds else Text("it is for other tenants")
    if when.channels:
        yield _of_channels(when.channels, around.channel)
    if when.agents:
        yield _of_agents(when.agents, around.agent)
    if when.sensitivity is not None:
        yield _sensitive(when.sensitivity, around)
    if when.hours:
        yield _timely(when.hours, around)
    if when.spent is not None:
        yield _thrifty(when.spent, around)


def _of_channels(patterns: Sequence[str], name: str) -> tuple[bool, Text]:
    values = {"name": name or "—", "patterns": ", ".join(patterns)}
    if named(name, patterns):
        return True, Text("the channel {name} is one of {patterns}", **values)
    return False, Text("the channel {name} is none of {patterns}", **values)


def _of_agents(patterns: Sequence[str], name: str) -> tuple[bool, Text]:
    values = {"name": name or "—", "patterns": ", ".join(patterns)}
    if named(name, patterns):
        return True, Text("the agent {name} is one of {patterns}", **values)
    return False, Text("the agent {name} is none of {patterns}", **values)


def _sensitive(wanted: str, around: Circumstances) -> tuple[bool, Text]:
    holds = wanted == around.sensitivity
    said = Text("the text is {found}", found=around.sensitivity)
    return holds, said if holds else Text("the text is {found}, and it is for {wanted}", found=around.sensitivity, wanted=wanted)


def _timely(hours: Sequence[Hours], around: Circumstances) -> tuple[bool, Text]:
    holds = any(one.hold(around.at) for one in hours)
    values = {"moment": iso(around.at), "hours": "; ".join(map(str, hours))}
    return holds, Text("{moment} is in its hours: {hours}", **values) if holds else Text("{moment} is not in its hours: {hours}", **values)


def _thrifty(wanted: Decimal, around: Circumstances) -> tuple[bool, Text]:
    if around.spent is None:
        return False, Text("it begins at {wanted} of the month's budget, and there is no budget, or none is known", wanted=f"{wanted:f}")
    values = {"spent": f"{around.spent:f}", "wanted": f"{wanted:f}"}
    if around.spent >= wanted:
        return True, Text("{spent} of the month's budget is used, and it begins at {wanted}", **values)
    return False, Text("{spent} of the month's budget is used, and it begins at {wanted} only", **values)


def _joined(texts: Sequence[Text]) -> Text:
    first, *rest = texts
    return Text("{first}; {rest}", first=first, rest=_joined(rest)) if rest else first
