"""What a policy says, where it applies, and what all that apply say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase

from hulk.kernel.text import Text
from hulk.modules.router.domain.policy.hours import Hours
from hulk.modules.router.domain.sensitivity import Sensitivity


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
        asked = ((self.tenants, around.tenant), (self.channels, around.channel), (self.agents, around.agent))
        return (
            all(not patterns or named(name, patterns) for patterns, name in asked)
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
        return (not self.allow or named(model, self.allow)) and not named(model, self.deny)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policies that apply say together."""

    applied: tuple[Policy, ...]

    def objection(self, model: str) -> Text | None:
        """Why that model may not answer; None when it may."""
        for policy in self.applied:
            if named(model, policy.deny):
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


def meant_for(tenant: str, policies: Sequence[Policy]) -> tuple[Policy, ...]:
    """Those that may ever apply to that tenant."""
    return tuple(policy for policy in policies if not policy.when.tenants or named(tenant, policy.when.tenants))


def named(name: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns, which may hold `*` and `?`, fits the name."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
