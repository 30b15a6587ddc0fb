"""Which policies cannot be meant: names of nothing, and such that leave no model, alone or together."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import combinations
from typing import TypeAlias

from hulk.kernel.text import Text
from hulk.modules.router.domain.policy.hours import Span, overlap, spans
from hulk.modules.router.domain.policy.rules import Policy, When

Wrong: TypeAlias = tuple[str, Text]
"""Where something is wrong, and what."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A policy with what is looked at again and again: the models that it leaves, and its hours."""

    policy: Policy
    left: frozenset[str]
    spans: tuple[Span, ...]

    @property
    def everywhere(self) -> bool:
        """Whether it holds everywhere, and leaves some."""
        return bool(self.left) and self.policy.when == When()

    @property
    def sometimes(self) -> bool:
        """Whether it holds in some circumstances only, and leaves some."""
        return bool(self.left) and self.policy.when != When()


def wrong(
    policies: Sequence[Policy], models: Sequence[str], beside: Sequence[Policy] = (), known: Sequence[str] = ()
) -> Iterator[Wrong]:  # fmt: skip
    """What is wrong with policies that are to hold together for these models, and with those `beside` them, which hold already: names
    used twice, names of no model, and such that leave no model, alone without meaning to (`deny: ["*"]` does), two of them together, or
    one with all that hold everywhere. They may also name what is `known`; it is nobody's way out."""
    taken = {other.name for other in beside}
    for place, policy in enumerate(policies):
        if policy.name in taken or any(other.name == policy.name for other in policies[:place]):
            yield f"[{place}].name", Text("another policy has this name")
        yield from ((f"[{place}].{field}", text) for field, text in _alone(policy, (*models, *known)))
    if models:
        seen, others = ([_seen(policy, models) for policy in some] for some in (policies, beside))
        pairs = list(_pairs(seen, others))
        yield from pairs or _crowded(seen, others, frozenset(models))


def _alone(policy: Policy, models: Sequence[str]) -> Iterator[Wrong]:
    for field, patterns in (("allow", policy.allow), ("deny", policy.deny)):
        for place, pattern in enumerate(patterns):
            if pattern != "*" and not any(fnmatchcase(model, pattern) for model in models):
                known = ", ".join(models) or "—"
                yield f"{field}[{place}]", Text("it names no model; there are {models}", models=known)
    if models and policy.allow and not any(policy.lets(model) for model in models):
        yield "allow", Text("all that it allows it denies, or there is none of it")


def _seen(policy: Policy, models: Sequence[str]) -> _Seen:
    return _Seen(policy, frozenset(model for model in models if policy.lets(model)), spans(policy.when.hours))


def _pairs(policies: Sequence[_Seen], beside: Sequence[_Seen]) -> Iterator[Wrong]:
    """Each two that only together leave no model."""
    among = [(place, one, other) for (place, one), (_, other) in combinations(enumerate(policies), 2)]
    with_others = [(place, one, other) for place, one in enumerate(policies) for other in beside]
    for place, one, other in (*among, *with_others):
        if one.left and other.left and not one.left & other.left and _meet(one, other):
            yield f"[{place}]", Text("together with the policy “{other}” it leaves no model where both apply", other=other.policy.name)


def _crowded(policies: Sequence[_Seen], beside: Sequence[_Seen], models: frozenset[str]) -> Iterator[Wrong]:
    """Those that leave no model together with all that hold everywhere, where no two do."""
    always = _everywhere(beside, models)
    for place, one in enumerate(policies):
        if one.everywhere:
            before, always = always, always & one.left
            yield from ((f"[{place}]", text) for text in _emptied(before, always, beside))
    for place, one in enumerate(policies):
        if always and one.sometimes and not always & one.left:
            yield f"[{place}]", Text("where it applies, it leaves no model together with those that hold everywhere")


def _emptied(before: frozenset[str], after: frozenset[str], beside: Sequence[_Seen]) -> Iterator[Text]:
    """What is wrong when those that hold everywhere leave only those models now."""
    if before and not after:
        yield Text("together with the others that hold everywhere it leaves no model")
        return
    for other in beside:
        if other.sometimes and before & other.left and not after & other.left:
            name = other.policy.name
            yield Text("together with the others that hold everywhere it leaves no model where the policy “{other}” applies", other=name)


def _everywhere(policies: Sequence[_Seen], models: frozenset[str]) -> frozenset[str]:
    """The models that those leave which hold everywhere, but for such that mean to leave none."""
    return models.intersection(*(one.left for one in policies if one.everywhere))


def _meet(one: _Seen, other: _Seen) -> bool:
    """Whether both can be so at once, as far as names, sensitivity and hours tell."""
    left, right = one.policy.when, other.policy.when
    named = ((left.tenants, right.tenants), (left.channels, right.channels), (left.agents, right.agents))
    sensitive = None in (left.sensitivity, right.sensitivity) or left.sensitivity == right.sensitivity
    return sensitive and all(_overlap(*pair) for pair in named) and (not one.spans or not other.spans or overlap(one.spans, other.spans))


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether a name can fit both."""
    return not one or not other or any(alike(left, right) for left in one for right in other)


def alike(one: str, other: str) -> bool:
    """Whether a name can fit both patterns, in time that grows with their length."""
    if "*" in one and "*" in other:  # between their ends, each star takes what the other pattern asks for there
        return _agree(one, other) and _agree(one[::-1], other[::-1])
    starred, plain = (one, other) if "*" in one else (other, one)
    if "*" not in starred:
        return len(one) == len(other) and all(_same(left, right) for left, right in zip(one, other, strict=True))
    return _takes(starred, plain)


def _agree(one: str, other: str) -> bool:
    """Whether a name can begin as both do before their first star."""
    return all(_same(left, right) for left, right in zip(one.partition("*")[0], other.partition("*")[0], strict=False))


def _takes(starred: str, plain: str) -> bool:
    """Whether the pattern can take one without stars: how far it may have come in that is a set of bits."""
    length, places = len(plain), _places(plain)
    other = places[""]
    reached = 1
    for letter in starred:
        reached = _from_lowest(reached, length) if letter == "*" else (reached & places.get(letter, other)) << 1
    return bool(reached >> length & 1)


@functools.lru_cache(maxsize=2_000)
def _places(plain: str) -> Mapping[str, int]:
    """The places, as bits, at which a pattern without stars takes a letter; under "" those at which it takes any other."""
    anywhere = _bits(plain, "?")
    return {**{letter: _bits(plain, letter) | anywhere for letter in plain}, "": anywhere, "?": (1 << len(plain)) - 1}


def _bits(plain: str, letter: str) -> int:
    return sum(1 << place for place, other in enumerate(plain) if other == letter)


def _from_lowest(reached: int, length: int) -> int:
    """All places from the first on that is reached."""
    return (1 << length + 1) - (reached & -reached) if reached else 0


def _same(one: str, other: str) -> bool:
    return one == other or "?" in (one, other)
