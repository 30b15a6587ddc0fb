"""A tenant's own policies: looking, changing, putting back, asking what would apply; and which hold, for whoever decides."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from hulk.kernel.durable import Commit, followed
from hulk.kernel.errors import Forbidden, Invalid
from hulk.kernel.events import Event, Trail, changed_as, digest, reasoned
from hulk.kernel.records import JsonObject, to_json
from hulk.kernel.tenancy import Principal, Verb
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.router.domain.model import Model
from hulk.modules.router.domain.policy import (
    MOST_NAMES,
    MOST_POLICIES,
    Circumstances,
    Policy,
    PolicySet,
    Ruling,
    Standing,
    Version,
    Wrong,
    changes,
    expect,
    meant_for,
    narrow,
    ruling,
    standing,
    wrong,
)
from hulk.modules.router.ports.policies import PolicySets
from hulk.modules.router.usecases.in_force import PoliciesInForce

CHANGED = "hulk.policies.changed.v1"
_MOST_TOLD = 20
"""Things that are wrong with a set, and told."""


def require(by: Principal, verb: Verb) -> None:
    """Raises `Forbidden` unless `by` may do that to the tenant's policies."""
    if not by.may(verb, "router"):
        needed = "viewer" if verb == "read" else "admin"
        raise Forbidden(
            "Policies need the role {needed} in all of the tenant; your roles are {roles}.", needed=needed, roles=by.roles or "—"
        )


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The policies of the settings, and the models that all policies are about. `known` are names besides that they may have."""

    settings: tuple[Policy, ...]
    models: tuple[Model, ...]
    known: tuple[str, ...] = ()

    async def wrong(self, tenant: str, own: Sequence[Policy]) -> Sequence[Wrong]:
        """What is wrong with a tenant's own policies beside those of the settings: the first few things. Found in a thread, since each is
        compared with each."""
        beside, names = meant_for(tenant, self.settings), [model.name for model in self.models]
        return await asyncio.to_thread(lambda: list(islice(wrong(own, names, beside, self.known), _MOST_TOLD)))

    async def check(self, tenant: str, own: Sequence[Policy]) -> None:
        """Raises `Invalid`, with the places, for own policies that cannot be meant, are too many, or would add."""
        if found := [*_too_much(own), *_wide(own)] or await self.wrong(tenant, own):
            raise Invalid([(f"policies{place}", text) for place, text in found])


def _too_much(own: Sequence[Policy]) -> Sequence[Wrong]:
    if len(own) > MOST_POLICIES:
        return [("", Text("there may be at most {most} policies", most=MOST_POLICIES))]
    names = sum(len(some) for one in own for some in (one.allow, one.deny, one.when.channels, one.when.agents))
    return [("", Text("they may name at most {most} things together", most=MOST_NAMES))] if names > MOST_NAMES else []


def _wide(own: Sequence[Policy]) -> Sequence[Wrong]:
    text = Text("a tenant's own policy has neither tenants nor mask: only the settings have those")
    return [(f"[{place}]", text) for place, one in enumerate(own) if not narrow(one)]


@dataclass(frozen=True, slots=True)
class InForce:
    """The policies that hold for a tenant, and what is wrong with its own by now: the settings or the models may be others than when
    they were made. Such policies hold all the same, and leave less."""

    settings: tuple[Policy, ...]
    own: PolicySet | None
    wrong: Sequence[Wrong]


@dataclass(frozen=True, slots=True)
class ShowPolicies:
    """The policies that hold for the caller's tenant."""

    sets: PolicySets
    rulebook: Rulebook

    async def __call__(self, by: Principal) -> InForce:
        """Raises `Forbidden`, `Unavailable`."""
        require(by, "read")
        own = await self.sets.newest(by.tenant)
        found = await self.rulebook.wrong(by.tenant, own.policies) if own else ()
        return InForce(meant_for(by.tenant, self.rulebook.settings), own, found)


@dataclass(frozen=True, slots=True)
class ListVersions:
    """The versions of the caller's tenant's own policies, newest first."""

    sets: PolicySets

    async def __call__(self, by: Principal, before: int | None, most: int) -> Sequence[Version]:
        """Raises `Forbidden`."""
        require(by, "read")
        return await self.sets.history(by.tenant, before, most)


@dataclass(frozen=True, slots=True)
class ShowVersion:
    """One version, and what is another in it than in an earlier one."""

    sets: PolicySets

    async def __call__(self, by: Principal, number: int, against: int | None = None) -> tuple[PolicySet, tuple[Text, ...]]:
        """`against` is the one before it unless given; 0 has no policies. Raises `Forbidden`, `NotFound`."""
        require(by, "read")
        found = await self.sets.get(by.tenant, number)
        other = number - 1 if against is None else against
        before = (await self.sets.get(by.tenant, other)).policies if other else ()
        return found, changes(before, found.policies)


@dataclass(frozen=True, slots=True)
class Put:
    """What a change came to: the version in force, None while there is none, and what is another than before."""

    now: Version | None
    policies: tuple[Policy, ...]
    changes: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class PutPolicies:
    """Replaces all own policies of the caller's tenant: a new version."""

    sets: PolicySets
    rulebook: Rulebook
    trail: Trail
    commit: Commit
    clock: Clock
    stale: Callable[[str], None]

    async def __call__(
        self, by: Principal, policies: Sequence[Policy], reason: str = "", *, expected: int | None = None, restored: int | None = None
    ) -> Put:
        """They hold from now on; the same again makes no version. Raises `Forbidden`, `Invalid`, and `Conflict` when another version than
        `expected` is in force."""
        require(by, "manage")
        why, own = reasoned(reason), tuple(policies)
        await self.rulebook.check(by.tenant, own)
        about = Version(tenant=by.tenant, number=0, at=self.clock(), by=by.actor, reason=why, restored=restored, size=len(own))
        change = followed(self.sets.add(PolicySet(about, own), expected), lambda pair: [self.trail.append(it) for it in _told(*pair)])
        [(before, after)] = await self.commit(change)
        self.stale(by.tenant)
        return Put(after.version, after.policies, changes(before.policies if before else (), after.policies))

    async def dry_run(self, by: Principal, policies: Sequence[Policy], *, expected: int | None = None) -> Put:
        """What it would come to; raises as it would."""
        require(by, "manage")
        await self.rulebook.check(by.tenant, policies)
        now = await self.sets.newest(by.tenant)
        expect(expected, now.version.number if now else 0)
        return Put(now.version if now else None, tuple(policies), changes(now.policies if now else (), policies))


@dataclass(frozen=True, slots=True)
class RestoreVersion:
    """Puts the policies of an old version in force again: as a new one."""

    sets: PolicySets
    put: PutPolicies

    async def __call__(self, by: Principal, number: int, reason: str = "", *, expected: int | None = None) -> Put:
        """Raises `Forbidden`, `NotFound`, and as `PutPolicies`: what was right then may contradict the settings of today."""
        require(by, "manage")
        old = await self.sets.get(by.tenant, number)
        return await self.put(by, old.policies, reason, expected=expected, restored=number)


@dataclass(frozen=True, slots=True)
class Checked:
    """What holds in some circumstances: every policy with whether it applies, every model with why it may not answer, if so."""

    around: Circumstances
    standings: Sequence[tuple[Standing, bool]]
    """With whether it is one of the settings."""
    models: Sequence[tuple[str, Text | None]]
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class CheckPolicies:
    """What would hold in some circumstances of the caller's tenant."""

    sets: PolicySets
    rulebook: Rulebook

    async def __call__(self, by: Principal, around: Circumstances, instead: Sequence[Policy] | None = None) -> Checked:
        """With the policies `instead` in the place of its own, where they are given. Raises `Forbidden`, `Unavailable`, and `Invalid` for
        policies that could not be put."""
        require(by, "read")
        settings = meant_for(by.tenant, self.rulebook.settings)
        named = [(policy, True) for policy in settings] + [(policy, False) for policy in await self._own(by.tenant, instead)]
        rules = ruling([policy for policy, _ in named], around)
        models = [(model.name, _objection(model, rules, around)) for model in self.rulebook.models]
        return Checked(around, [(standing(policy, around), given) for policy, given in named], models, rules)

    async def _own(self, tenant: str, instead: Sequence[Policy] | None) -> Sequence[Policy]:
        if instead is not None:
            await self.rulebook.check(tenant, instead)
            return instead
        own = await self.sets.newest(tenant)
        return own.policies if own else ()


def _objection(model: Model, rules: Ruling, around: Circumstances) -> Text | None:
    if around.sensitivity == "p0" and not model.local:
        return Text(
            "{model} is not asked: the text holds what must stay in the company, and only a model with local: true may see it.",
            model=model.name,
        )
    return rules.objection(model.name)


def _told(before: PolicySet | None, after: PolicySet) -> Sequence[Event]:
    """What is told of a change; nothing of none."""
    if before is after:
        return []
    about = after.version
    data = changed_as(plain, about.reason, before, after) | {"restored": about.restored}
    return [Event(type=CHANGED, subject=f"policies/{about.number}", tenant=about.tenant, actor=about.by, data=data)]


def plain(one: PolicySet) -> JsonObject:
    """What may be told of a set: its version, which is kept, the names, and the digest of all of it."""
    return {
        "version": one.version.number, "names": [policy.name for policy in one.policies], "digest": digest(to_json(one.policies)),
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyActs:
    """All the acts on policies."""

    of: PoliciesInForce
    """`PoliciesOf`: what holds for a tenant, for whoever decides."""
    show: ShowPolicies
    put: PutPolicies
    versions: ListVersions
    version: ShowVersion
    restore: RestoreVersion
    check: CheckPolicies
    clock: Callable[[], datetime]


def policy_acts(sets: PolicySets, rulebook: Rulebook, trail: Trail, commit: Commit, clock: Clock) -> PolicyActs:
    """The acts over these."""
    of = PoliciesInForce(sets, rulebook.settings)
    put = PutPolicies(sets, rulebook, trail, commit, clock, of.stale)
    return PolicyActs(
        of=of, show=ShowPolicies(sets, rulebook), put=put, versions=ListVersions(sets), version=ShowVersion(sets),
        restore=RestoreVersion(sets, put), check=CheckPolicies(sets, rulebook), clock=clock,
    )  # fmt: skip
