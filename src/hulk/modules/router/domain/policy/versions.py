"""A tenant's own policies as they were changed: a number for each set, never overwritten, and in words what is another between two.

The number is that of the whole set, not of each policy: policies hold together, contradict each other together, and are put back together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from hulk.kernel.errors import Conflict
from hulk.kernel.text import Text
from hulk.modules.router.domain.policy.rules import Policy

MOST_POLICIES = 200
"""Policies that a tenant may have."""
MOST_NAMES = 1_000
"""Names and patterns in all of them together: each is compared with each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Who made a set when and why. `restored` is the version whose policies were put in force again, if it was made so."""

    tenant: str
    number: int
    at: datetime
    by: str
    reason: str = ""
    restored: int | None = None
    size: int = 0
    """How many policies it has."""


@dataclass(frozen=True, slots=True)
class PolicySet:
    """All own policies of a tenant in one version."""

    version: Version
    policies: tuple[Policy, ...]


def expect(expected: int | None, number: int) -> None:
    """Raises `Conflict` when the version in force is another than who changes it has seen; None has seen none."""
    if expected not in (None, number):
        raise Conflict(
            "The policies are of version {number} now, not {expected}: look at what was changed, then decide.",
            number=number, expected=expected,
        )  # fmt: skip


def narrow(policy: Policy) -> bool:
    """Whether it is one that a tenant may have: it is for that tenant anyway, and takes away only. Leave to mask would add."""
    return not policy.when.tenants and not policy.mask


_FIELDS: Mapping[str, Callable[[Policy], object]] = MappingProxyType(
    {
        "when.channels": lambda one: one.when.channels,
        "when.agents": lambda one: one.when.agents,
        "when.sensitivity": lambda one: one.when.sensitivity,
        "when.hours": lambda one: one.when.hours,
        "when.spent": lambda one: one.when.spent,
        "allow": lambda one: one.allow,
        "deny": lambda one: one.deny,
        "max_cost": lambda one: one.most_cost,
        "max_time": lambda one: one.most_time,
    }
)
"""What may be another, by its name in the settings."""


def changes(before: Sequence[Policy], after: Sequence[Policy]) -> tuple[Text, ...]:
    """What is another, policy by policy; nothing only when both are equal. Names stand once in each."""
    old, new = ({policy.name: policy for policy in some} for some in (before, after))
    gone = [Text("“{policy}” is gone", policy=name) for name in old if name not in new]
    come = [Text("“{policy}” is new", policy=name) for name in new if name not in old]
    other = [text for name, policy in new.items() if name in old for text in _altered(old[name], policy)]
    moved = [Text("the order is another")] if list(old) != list(new) and old.keys() == new.keys() else []
    return (*gone, *come, *other, *moved)


def _altered(before: Policy, after: Policy) -> Iterator[Text]:
    for field, value in _FIELDS.items():
        was, is_ = value(before), value(after)
        if was != is_:
            yield Text("“{policy}”: {field} was {before}, is {after}", policy=after.name, field=field, before=_word(was), after=_word(is_))


def _word(value: object) -> str:
    """A value as people read it."""
    written = "; ".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)
    return written or "—"
