"""Policies: which models may answer what, as data. Pure rules.

All policies that apply hold at once: a model must be allowed by each of them and denied by none, and the lowest of their limits counts.
What must stay in the company is kept there before any policy is asked, so none can let it out.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import combinations
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from hulk.kernel.text import Text
from hulk.modules.router.domain.sensitivity import Sensitivity

Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Wrong: TypeAlias = tuple[str, Text]
"""Where something is wrong, and what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """From `begin` up to `end` by the clock of `zone`, on these days (none: all). An end that is not behind the beginning is that of the
    next day, so equal ones are a whole day; what begins on Friday night belongs to Friday."""

    begin: time
    end: time
    zone: str = "America/Sao_Paulo"
    days: tuple[Day, ...] = ()

    def hold(self, moment: datetime) -> bool:
        """Whether that moment, which knows its zone, is in them."""
        there = moment.astimezone(ZoneInfo(self.zone))
        clock, today = there.time(), DAYS[there.weekday()]
        if self.begin < self.end:
            return self.begin <= clock < self.end and self._on(today)
        yesterday = DAYS[(there.weekday() - 1) % 7]
        return (clock >= self.begin and self._on(today)) or (clock < self.end and self._on(yesterday))

    def _on(self, day: Day) -> bool:
        return not self.days or day in self.days


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Where a policy applies: where all that is given fits. Names may hold `*` and `?`."""

    tenants: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    sensitivity: Sensitivity | None = None
    hours: tuple[Hours, ...] = ()
    spent: Decimal | None = None
    """From that share of the month's budget on: 0.8 is four fifths."""

    def fits(self, around: "Circumstances") -> bool:
        """Whether it is so now."""
        named = ((self.tenants, around.tenant), (self.channels, around.channel), (self.agents, around.agent))
        return (
            all(not patterns or _named(name, patterns) for patterns, name in named)
            and self.sensitivity in (None, around.sensitivity)
            and (not self.hours or any(one.hold(around.at) for one in self.hours))
            and (self.spent is None or (around.spent is not None and around.spent >= self.spent))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a question comes with. `spent` is the share of the month's budget that is used; None without a budget."""

    tenant: str
    at: datetime
    sensitivity: Sensitivity
    channel: str = ""
    agent: str = ""
    spent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds where it applies. `allow` and `deny` are names of models, which may hold `*` and `?`; no `allow` is any."""

    name: str
    when: When = When()
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    most_cost: Decimal | None = None
    """The most that one call may cost, in `finops.currency`."""
    most_time: timedelta | None = None
    """The longest that an answer may be expected to take."""
    mask: bool = False
    """Whether what must stay in the company may be replaced by tokens, so that the rest may go out."""

    def lets(self, model: str) -> bool:
        """Whether it lets that model answer."""
        return (not self.allow or _named(model, self.allow)) and not _named(model, self.deny)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policies that apply say together."""

    applied: tuple[Policy, ...]

    def objection(self, model: str) -> Text | None:
        """Why that model may not answer; None when it may."""
        for policy in self.applied:
            if _named(model, policy.deny):
                return Text("{model} is not asked: the policy “{policy}” denies it.", model=model, policy=policy.name)
            if not policy.lets(model):
                return Text(
                    "{model} is not asked: the policy “{policy}” allows only {allowed}.",
                    model=model,
                    policy=policy.name,
                    allowed=", ".join(policy.allow),
                )
        return None

    @property
    def most_cost(self) -> tuple[Decimal, str] | None:
        """The most that a call may cost, and the policy that says so."""
        return min(((one.most_cost, one.name) for one in self.applied if one.most_cost is not None), default=None)

    @property
    def most_time(self) -> tuple[timedelta, str] | None:
        """The longest that an answer may be expected to take, and the policy that says so."""
        return min(((one.most_time, one.name) for one in self.applied if one.most_time is not None), default=None)

    @property
    def masks(self) -> bool:
        """Whether one of them allows masking."""
        return any(one.mask for one in self.applied)


def ruling(policies: Sequence[Policy], around: Circumstances) -> Ruling:
    """What holds in these circumstances."""
    return Ruling(tuple(policy for policy in policies if policy.when.fits(around)))


def wrong(policies: Sequence[Policy], models: Sequence[str], known: Sequence[str] = ()) -> Iterator[Wrong]:
    """What is wrong with policies that are to hold together for these models: names used twice, names of no model (of these or of others
    that are `known`), and such that leave no model, alone without meaning to (`deny: ["*"]` does) or two of them together."""
    for place, policy in enumerate(policies):
        if any(other.name == policy.name for other in policies[:place]):
            yield f"[{place}].name", Text("another policy has this name")
        yield from ((f"[{place}].{field}", text) for field, text in _alone(policy, models, known or models))
    for (place, one), (_, other) in combinations(enumerate(policies), 2):
        if models and _conflict(one, other, models):
            yield f"[{place}]", Text("together with the policy “{other}” it leaves no model where both apply", other=other.name)


def _alone(policy: Policy, models: Sequence[str], known: Sequence[str]) -> Iterator[Wrong]:
    for field, patterns in (("allow", policy.allow), ("deny", policy.deny)):
        for place, pattern in enumerate(patterns):
            if pattern != "*" and not any(fnmatchcase(model, pattern) for model in known):
                yield f"{field}[{place}]", Text("it names no model; there are {models}", models=", ".join(known) or "—")
    if models and policy.allow and not any(policy.lets(model) for model in known):
        yield "allow", Text("all that it allows it denies, or there is none of it")


def _conflict(one: Policy, other: Policy, models: Sequence[str]) -> bool:
    """Whether both may apply at once and only together leave no model."""
    left, right = ({model for model in models if policy.lets(model)} for policy in (one, other))
    return bool(left and right) and not left & right and _meet(one.when, other.when)


def _meet(one: When, other: When) -> bool:
    """Whether both can be so at once, as far as names and sensitivity tell."""
    named = ((one.tenants, other.tenants), (one.channels, other.channels), (one.agents, other.agents))
    sensitive = None in (one.sensitivity, other.sensitivity) or one.sensitivity == other.sensitivity
    return sensitive and all(_overlap(left, right) for left, right in named) and _at_once(one.hours, other.hours)


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether a name can fit both."""
    return not one or not other or any(_alike(left, right) for left in one for right in other)


@functools.cache
def _alike(one: str, other: str) -> bool:
    """Whether a name can fit both patterns: a star takes nothing, or one letter more."""
    if not one or not other:
        return not (one + other).strip("*")
    if "*" in (one[0], other[0]):
        return _alike(one[1:], other) or _alike(one, other[1:])
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _alike(one[1:], other[1:])


def _at_once(one: Sequence[Hours], other: Sequence[Hours]) -> bool:
    """Whether both have a moment in common: each begins at some time, so look at all beginnings of both in a week."""
    if not one or not other:
        return True
    return any(_hold(one, moment) and _hold(other, moment) for hours in (*one, *other) for moment in _beginnings(hours))


def _hold(hours: Sequence[Hours], moment: datetime) -> bool:
    return any(one.hold(moment) for one in hours)


def _beginnings(hours: Hours) -> Iterator[datetime]:
    """When they begin on each day of a week without a change of clocks in Brazil (2026-11-16 is a Monday)."""
    monday = datetime(2026, 11, 16, hours.begin.hour, hours.begin.minute, tzinfo=ZoneInfo(hours.zone))
    return (monday + timedelta(days=day) for day in range(7))


def _named(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
