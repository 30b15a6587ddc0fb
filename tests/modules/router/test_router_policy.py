"""Policies: which models may answer what, and which policies cannot be meant."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.router.domain.policy import DAYS, Circumstances, Hours, Policy, When, ruling, wrong
from hulk.modules.router.domain.policy.conflicts import alike

MODELS = ("local-qwen", "cloud-small", "cloud-large")
NOON = datetime(2026, 11, 20, 15, tzinfo=UTC)  # a Friday, noon in São Paulo
AROUND = Circumstances(tenant="acme", channel="whatsapp", agent="retail", sensitivity="public", at=NOON)


def left(policies: list[Policy], around: Circumstances = AROUND) -> list[str]:
    found = ruling(policies, around)
    return [model for model in MODELS if found.objection(model) is None]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param(Policy(name="p"), list(MODELS), id="one that says nothing"),
        pytest.param(Policy(name="p", allow=("cloud-*",)), ["cloud-small", "cloud-large"], id="allowed by pattern"),
        pytest.param(Policy(name="p", allow=("cloud-*",), deny=("*-large",)), ["cloud-small"], id="denied beats allowed"),
        pytest.param(Policy(name="p", deny=("*",)), [], id="denies all"),
        pytest.param(Policy(name="p", when=When(tenants=("other",)), deny=("*",)), list(MODELS), id="another tenant's"),
        pytest.param(Policy(name="p", when=When(channels=("whats*",)), deny=("cloud-*",)), ["local-qwen"], id="of a channel"),
        pytest.param(Policy(name="p", when=When(agents=("industrial",)), deny=("*",)), list(MODELS), id="another agent's"),
        pytest.param(Policy(name="p", when=When(sensitivity="p0"), deny=("*",)), list(MODELS), id="of sensitive data"),
        pytest.param(Policy(name="p", when=When(spent=Decimal("0.8")), deny=("*",)), list(MODELS), id="without a budget none is spent"),
    ],
)
def test_what_a_policy_lets_answer(policy: Policy, expected: list[str]) -> None:
    assert left([policy]) == expected


def test_a_policy_of_the_budget_applies_from_its_share_on() -> None:
    thrifty = Policy(name="thrifty", when=When(spent=Decimal("0.8")), deny=("cloud-large",))
    shares = {share: "cloud-large" in left([thrifty], _spent(share)) for share in ("0.79", "0.8", "1.2")}
    assert shares == {"0.79": True, "0.8": False, "1.2": False}


def _spent(share: str) -> Circumstances:
    return Circumstances(tenant="acme", sensitivity="public", at=NOON, spent=Decimal(share))


def test_all_policies_that_apply_hold_and_the_objection_names_the_one() -> None:
    policies = [Policy(name="house", allow=("cloud-*",)), Policy(name="cheap", deny=("*-large",))]
    assert left(policies) == ["cloud-small"]
    said = ruling(policies, AROUND)
    assert "“house” allows only cloud-*" in str(said.objection("local-qwen"))
    assert "“cheap” denies it" in str(said.objection("cloud-large"))


def test_the_lowest_limits_count() -> None:
    policies = [
        Policy(name="a", most_cost=Decimal("0.50"), most_time=timedelta(seconds=2)),
        Policy(name="b", most_cost=Decimal("0.05"), mask=True),
        Policy(name="c", when=When(tenants=("other",)), most_cost=Decimal("0.01")),
    ]
    said = ruling(policies, AROUND)
    assert (said.most_cost, said.most_time, said.masks) == ((Decimal("0.05"), "b"), (timedelta(seconds=2), "a"), True)
    assert ruling([], AROUND).most_cost is None


NIGHT = Hours(begin=time(22), end=time(6), days=("fri",))


@pytest.mark.parametrize(
    ("utc", "holds"),
    [
        pytest.param("2026-11-21T00:59", False, id="just before"),
        pytest.param("2026-11-21T01:00", True, id="Friday at ten in the evening"),
        pytest.param("2026-11-21T08:59", True, id="Saturday before six belongs to Friday"),
        pytest.param("2026-11-21T09:00", False, id="the end is not in it"),
        pytest.param("2026-11-20T08:00", False, id="Friday before six belongs to Thursday"),
        pytest.param("2026-11-22T02:00", False, id="Saturday evening"),
    ],
)
def test_hours_over_midnight(utc: str, holds: bool) -> None:
    assert NIGHT.hold(datetime.fromisoformat(f"{utc}+00:00")) is holds


MOMENTS = st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(st.times(), MOMENTS)
def test_equal_ends_are_a_whole_day(moment: time, at: datetime) -> None:
    assert Hours(begin=moment, end=moment).hold(at)


@given(st.sets(st.sampled_from(DAYS), min_size=1), st.times(), st.times(), MOMENTS)
def test_hours_and_the_hours_between_them_share_out_the_week(days: set[str], begin: time, end: time, at: datetime) -> None:
    """UTC has no change of clocks."""
    if begin == end:
        return
    every = [Hours(begin=begin, end=end, zone="UTC"), Hours(begin=end, end=begin, zone="UTC")]
    assert sum(hours.hold(at) for hours in every) == 1
    some = [Hours(begin=begin, end=end, zone="UTC", days=(day,)).hold(at) for day in DAYS]
    assert sum(some) == every[0].hold(at)


def test_policies_that_fit_together_are_right() -> None:
    policies = [
        Policy(name="private", when=When(sensitivity="p0"), allow=("local-*",)),
        Policy(name="open", when=When(sensitivity="public"), allow=("cloud-*",)),
        Policy(name="closed", when=When(hours=(Hours(begin=time(22), end=time(6)),)), deny=("*",)),
    ]
    assert list(wrong(policies, MODELS)) == []


DAY, EVENING = Hours(begin=time(8), end=time(18)), Hours(begin=time(18), end=time(22))
LOCAL, CLOUD = ("local-*",), ("cloud-*",)


@pytest.mark.parametrize(
    ("policies", "where"),
    [
        pytest.param([Policy(name="a"), Policy(name="a")], ["[1].name"], id="a name twice"),
        pytest.param([Policy(name="a", allow=("gpt-*",))], ["[0].allow[0]", "[0].allow"], id="a model that is not there"),
        pytest.param([Policy(name="a", deny=("cloud-small", "nobody"))], ["[0].deny[1]"], id="denies a model that is not there"),
        pytest.param([Policy(name="a", allow=CLOUD, deny=CLOUD)], ["[0].allow"], id="denies all it allows"),
        pytest.param([Policy(name="a", allow=LOCAL), Policy(name="b", allow=CLOUD)], ["[0]"], id="leave none together"),
        pytest.param(
            [
                Policy(name="a", when=When(channels=("web-*",)), allow=LOCAL),
                Policy(name="b", when=When(channels=("*-public",)), allow=CLOUD),
            ],
            ["[0]"],
            id="patterns that a name can fit both",
        ),
        pytest.param(
            [Policy(name="a", when=When(tenants=("acme",)), allow=LOCAL), Policy(name="b", when=When(tenants=("bolt",)), allow=CLOUD)],
            [],
            id="never both",
        ),
        pytest.param(
            [Policy(name="a", when=When(hours=(DAY,)), allow=LOCAL), Policy(name="b", when=When(hours=(EVENING,)), allow=CLOUD)],
            [],
            id="hours that meet but do not overlap",
        ),
        pytest.param(
            [
                Policy(name="a", when=When(hours=(DAY,)), allow=LOCAL),
                Policy(name="b", when=When(hours=(Hours(begin=time(17), end=time(9)),)), allow=CLOUD),
            ],
            ["[0]"],
            id="hours that overlap",
        ),
    ],
)
def test_policies_that_cannot_be_meant(policies: list[Policy], where: list[str]) -> None:
    assert [place for place, _ in wrong(policies, MODELS)] == where


PATTERNS = st.text("ab*?", max_size=5)


@given(PATTERNS, PATTERNS, st.text("ab", max_size=5))
def test_two_patterns_that_a_name_fits_are_found_to_meet(one: str, other: str, name: str) -> None:
    policies = [Policy(name="a", when=When(tenants=(one,)), allow=LOCAL), Policy(name="b", when=When(tenants=(other,)), allow=CLOUD)]
    if fnmatchcase(name, one) and fnmatchcase(name, other):
        assert [place for place, _ in wrong(policies, MODELS)] == ["[0]"]


def _meet(one: str, other: str) -> bool:
    """Letter by letter, which takes long: a star takes nothing, or one letter more."""
    if not one or not other:
        return not (one + other).strip("*")
    if "*" in (one[0], other[0]):
        return _meet(one[1:], other) or _meet(one, other[1:])
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _meet(one[1:], other[1:])


@given(PATTERNS, PATTERNS)
def test_two_patterns_meet_exactly_when_a_name_can_fit_both(one: str, other: str) -> None:
    assert alike(one, other) == alike(other, one) == _meet(one, other)


@given(st.text("ab", max_size=5), PATTERNS)
def test_a_plain_name_meets_exactly_the_patterns_that_it_fits(name: str, pattern: str) -> None:
    policies = [Policy(name="a", when=When(tenants=(name,)), allow=LOCAL), Policy(name="b", when=When(tenants=(pattern,)), allow=CLOUD)]
    assert bool(list(wrong(policies, MODELS))) == fnmatchcase(name, pattern)
