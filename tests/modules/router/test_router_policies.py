"""A tenant's own policies: changing them, putting them back, what would apply, and which hold for whoever decides."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Unavailable
from hulk.kernel.fresh import FRESH
from hulk.kernel.tenancy import Grant, Principal
from hulk.modules.router.adapters.memory import MemoryPolicySets
from hulk.modules.router.adapters.sql_policies import SqlPolicySets
from hulk.modules.router.domain.model import Model
from hulk.modules.router.domain.policy import (
    DAYS,
    MOST_NAMES,
    MOST_POLICIES,
    Circumstances,
    Hours,
    Policy,
    PolicySet,
    When,
    changes,
    ruling,
    standing,
    wrong,
)
from hulk.modules.router.usecases.in_force import PoliciesInForce
from hulk.modules.router.usecases.policies import PolicyActs, Put, Rulebook, policy_acts
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import opened
from support.memory import Told, at_once
from support.patience import until_found
from support.postgres import Postgres
from support.stores import KINDS, Kind, a_store, url_of

NOON = datetime(2026, 11, 20, 15, tzinfo=UTC)
MODELS = tuple(Model(name=name, url="http://x", model="m", local=name.startswith("local")) for name in ("local-a", "cloud-a", "cloud-b"))
NAMES = tuple(model.name for model in MODELS)
HOUSE = Policy(name="house", deny=("cloud-b",), most_cost=Decimal("0.10"))
OTHERS = Policy(name="others", when=When(tenants=("t2",)), deny=("*",))
AROUND = Circumstances(tenant="t1", at=NOON, sensitivity="public", channel="web", agent="retail")


def person(role: Any = "admin", tenant: str = "t1") -> Principal:
    return Principal(tenant=tenant, actor="ana", grants=(Grant(role),))


@dataclass
class Bench:
    """The acts over policies in memory, with a clock that is set by hand."""

    settings: tuple[Policy, ...] = (HOUSE, OTHERS)
    sets: MemoryPolicySets = field(default_factory=MemoryPolicySets)
    trail: Told = field(default_factory=Told)
    acts: PolicyActs = field(init=False)

    def __post_init__(self) -> None:
        self.acts = policy_acts(self.sets, Rulebook(self.settings, MODELS), self.trail, at_once, lambda: NOON)

    async def put(self, *policies: Policy, **more: Any) -> Put:
        return await self.acts.put(person(), policies, **more)

    async def allowed(self, around: Circumstances = AROUND) -> list[str]:
        found = await self.acts.check(person(), around)
        return [name for name, why in found.models if why is None]


# Changing -------------------------------------------------------------------------------------------------------------------------


async def test_a_change_is_a_version_with_who_when_and_why_and_is_told() -> None:
    bench = Bench()
    done = await bench.put(Policy(name="small", deny=("cloud-*",)), reason="too dear")
    assert done.now is not None
    assert (done.now.number, done.now.by, done.now.at, done.now.reason) == (1, "ana", NOON, "too dear")
    assert [str(text) for text in done.changes] == ["“small” is new"]
    [event] = bench.trail.events
    assert (event.type, event.actor, event.data["reason"], event.data["before"]) == ("hulk.policies.changed.v1", "ana", "too dear", None)
    assert (event.data["after"]["version"], event.data["after"]["names"]) == (1, ["small"])


async def test_the_same_again_is_neither_a_version_nor_told() -> None:
    bench = Bench()
    await bench.put(Policy(name="small"))
    done = await bench.put(Policy(name="small"))
    assert done.now is not None
    assert (done.now.number, done.changes, len(bench.trail.events)) == (1, (), 1)


async def test_a_trial_changes_nothing_and_says_what_it_would() -> None:
    bench = Bench()
    trial = await bench.acts.put.dry_run(person(), [Policy(name="small")])
    assert (trial.now, [str(text) for text in trial.changes]) == (None, ["“small” is new"])
    with pytest.raises(Invalid, match="names no model"):
        await bench.acts.put.dry_run(person(), [Policy(name="x", allow=("gpt",))])
    with pytest.raises(Conflict):
        await bench.acts.put.dry_run(person(), [], expected=3)
    assert (await bench.sets.number("t1"), bench.trail.events) == (0, [])


async def test_who_has_not_seen_the_newest_version_changes_nothing() -> None:
    bench = Bench()
    await bench.put(Policy(name="a"), expected=0)
    with pytest.raises(Conflict, match="version 1 now, not 0"):
        await bench.put(Policy(name="b"), expected=0)
    assert [one.name for one in (await bench.acts.version(person(), 1))[0].policies] == ["a"]


async def test_putting_back_is_a_new_version_that_says_of_which() -> None:
    bench = Bench()
    for cost in ("1", "2"):
        await bench.put(Policy(name="a", most_cost=Decimal(cost)))
    done = await bench.acts.restore(person(), 1, "as before")
    assert done.now is not None
    assert (done.now.number, done.now.restored, done.policies[0].most_cost) == (3, 1, Decimal(1))
    assert [str(text) for text in done.changes] == ["“a”: max_cost was 2, is 1"]
    assert bench.trail.events[-1].data["restored"] == 1
    with pytest.raises(NotFound):
        await bench.acts.restore(person(), 9)


async def test_what_contradicts_the_settings_of_today_is_not_put_back_and_what_holds_is_shown_with_its_problem() -> None:
    before = Bench(settings=())
    for cost in ("1", "2"):
        await before.put(Policy(name="a", allow=("cloud-b",), most_cost=Decimal(cost)))
    after = Bench(sets=before.sets)  # the settings deny cloud-b by now
    with pytest.raises(Invalid, match="together with the policy “house” it leaves no model"):
        await after.acts.restore(person(), 1)
    shown = await after.acts.show(person())
    assert [place for place, _ in shown.wrong] == ["[0]"]
    assert await after.allowed() == []


async def test_versions_are_compared_in_words() -> None:
    bench = Bench()
    night = When(hours=(Hours(begin=time(22), end=time(6)),))
    await bench.put(Policy(name="a", deny=("cloud-b",)), Policy(name="b"))
    await bench.put(Policy(name="b", when=night), Policy(name="c"))
    found, words = await bench.acts.version(person(), 2)
    assert [str(text) for text in words] == [
        "“a” is gone", "“c” is new", "“b”: when.hours was —, is 22:00-06:00 America/Sao_Paulo",
    ]  # fmt: skip
    assert found.version.number == 2
    assert [str(text) for text in (await bench.acts.version(person(), 1, 0))[1]] == ["“a” is new", "“b” is new"]
    assert [str(text) for text in changes([Policy(name="a"), Policy(name="b")], [Policy(name="b"), Policy(name="a")])] == [
        "the order is another"
    ]


@pytest.mark.parametrize(("role", "reads", "changes_"), [("viewer", True, False), ("operator", True, False), ("admin", True, True)])
async def test_who_may_look_and_who_may_change(role: str, reads: bool, changes_: bool) -> None:
    bench, by = Bench(), person(role)
    await bench.put(Policy(name="a"))
    looks = (
        bench.acts.show(by), bench.acts.versions(by, None, 10), bench.acts.version(by, 1), bench.acts.check(by, AROUND),
    )  # fmt: skip
    writes = (bench.acts.put(by, []), bench.acts.put.dry_run(by, []), bench.acts.restore(by, 1))
    assert [await _may(look) for look in looks] == [reads] * 4
    assert [await _may(write) for write in writes] == [changes_] * 3


async def _may(act: Any) -> bool:
    try:
        await act
    except Forbidden:
        return False
    return True


MANY = tuple(Policy(name=f"p{number}") for number in range(MOST_POLICIES + 1))
CROWD = tuple(Policy(name=f"p{number}", when=When(agents=("a",) * 100)) for number in range(MOST_NAMES // 100 + 1))


@pytest.mark.parametrize(
    ("policies", "where", "words"),
    [
        pytest.param([Policy(name="a", allow=("gpt",))], "policies[0].allow[0]", "it names no model; there are local-a", id="no model"),
        pytest.param([Policy(name="a"), Policy(name="a")], "policies[1].name", "another policy has this name", id="a name twice"),
        pytest.param([Policy(name="house")], "policies[0].name", "another policy has this name", id="the name of one of the settings"),
        pytest.param([Policy(name="a", allow=("cloud-b",))], "policies[0]", "the policy “house”", id="denied by the settings"),
        pytest.param(
            [Policy(name="a", deny=("cloud-a",)), Policy(name="b", deny=("local-a",))],
            "policies[1]",
            "together with the others that hold everywhere it leaves no model",
            id="three leave none, no two do",
        ),
        pytest.param(
            [Policy(name="a", when=When(channels=("web",)), allow=("cloud-*",)), Policy(name="b", deny=("cloud-a",))],
            "policies[0]",
            "where it applies, it leaves no model",
            id="three leave none somewhere",
        ),
        pytest.param([Policy(name="a", mask=True)], "policies[0]", "neither tenants nor mask", id="leave to mask"),
        pytest.param([Policy(name="a", when=When(tenants=("t2",)))], "policies[0]", "neither tenants", id="of another tenant"),
        pytest.param(MANY, "policies", "at most 200 policies", id="too many"),
        pytest.param(CROWD, "policies", "at most 1000 things", id="too many names"),
    ],
)
async def test_what_cannot_be_meant_is_refused_with_its_place(policies: Sequence[Policy], where: str, words: str) -> None:
    bench = Bench()
    with pytest.raises(Invalid) as refused:
        await bench.put(*policies)
    assert refused.value.fields[0][0] == where
    assert words in str(refused.value)
    assert await bench.sets.number("t1") == 0


async def test_a_reason_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(Refused):
        await Bench().put(reason="x" * 501)


def test_settings_that_apply_somewhere_only_count_beside_those_that_hold_everywhere() -> None:
    night = Policy(name="night", when=When(channels=("web",)), allow=("cloud-a", "local-a"))
    own = [Policy(name="a", deny=("cloud-a",)), Policy(name="b", deny=("local-a",))]
    [(place, text)] = wrong(own, NAMES, [night])
    assert (place, "where the policy “night” applies" in str(text)) == ("[1]", True)


def test_hours_of_zones_that_meet_only_in_summer_are_found_to_meet() -> None:
    """New York is two hours behind São Paulo in winter, one in summer."""
    one = Policy(name="a", when=When(hours=(Hours(begin=time(8), end=time(9), zone="America/New_York"),)), allow=("local-a",))
    other = Policy(name="b", when=When(hours=(Hours(begin=time(9), end=time(10)),)), allow=("cloud-a",))
    assert [place for place, _ in wrong([one, other], NAMES)] == ["[0]"]


async def test_the_worst_set_that_is_taken_is_looked_through_in_seconds() -> None:
    """No two of its patterns meet, and each has to be compared with each."""
    stars = [Policy(name=f"s{n}", when=When(agents=("*" + "?a" * 60 + f"{n:03}",) * 4), allow=("local-a",)) for n in range(100)]
    plain = [Policy(name=f"p{n}", when=When(agents=("?b" * 60 + f"{n:03}",) * 4), allow=("cloud-a",)) for n in range(100)]
    begun = asyncio.get_running_loop().time()
    await Bench().put(*stars, *plain)
    assert asyncio.get_running_loop().time() - begun < 20


# What would apply ------------------------------------------------------------------------------------------------------------------


async def test_what_would_hold_is_told_policy_by_policy_and_model_by_model() -> None:
    bench = Bench()
    office = Hours(begin=time(8), end=time(18), days=("mon",))
    await bench.put(
        Policy(name="web", when=When(channels=("web*",)), deny=("cloud-a",), most_time=timedelta(seconds=2)),
        Policy(name="monday", when=When(hours=(office,)), deny=("*",)),
        Policy(name="thrifty", when=When(spent=Decimal("0.8")), deny=("cloud-*",)),
    )
    found = await bench.acts.check(person("viewer"), replace(AROUND, spent=Decimal("0.5")))
    assert [(one.policy.name, given, one.applies, str(one.why)) for one, given in found.standings] == [
        ("house", True, True, "It applies everywhere."),
        ("web", False, True, "It applies: the channel web is one of web*."),
        ("monday", False, False,
         "It does not apply: 2026-11-20T15:00:00.000000Z is not in its hours: mon 08:00-18:00 America/Sao_Paulo."),
        ("thrifty", False, False, "It does not apply: 0.5 of the month's budget is used, and it begins at 0.8 only."),
    ]  # fmt: skip
    assert [(name, why and str(why)) for name, why in found.models] == [
        ("local-a", None),
        ("cloud-a", "cloud-a is not asked: the policy “web” denies it."),
        ("cloud-b", "cloud-b is not asked: the policy “house” denies it."),
    ]
    assert (found.ruling.most_cost, found.ruling.most_time) == ((Decimal("0.10"), "house"), (timedelta(seconds=2), "web"))


async def test_what_must_stay_in_the_company_is_for_local_models_only_whatever_is_allowed() -> None:
    assert await Bench().allowed(replace(AROUND, sensitivity="p0")) == ["local-a"]


async def test_of_other_tenants_policies_nothing_is_shown() -> None:
    bench = Bench()
    assert [one.name for one in (await bench.acts.show(person())).settings] == ["house"]
    assert [one.name for one in (await bench.acts.show(person(tenant="t2"))).settings] == ["house", "others"]
    await bench.put(Policy(name="mine"))
    assert (await bench.acts.show(person(tenant="t2"))).own is None


# Laws ------------------------------------------------------------------------------------------------------------------------------

PATTERNS = st.lists(st.sampled_from(("local-a", "cloud-a", "cloud-b", "cloud-*", "*", "*-a")), max_size=2).map(tuple)
PLACES = st.lists(st.sampled_from(("web", "web*", "tele?ram", "*")), max_size=2).map(tuple)
HOURS = st.builds(
    Hours, begin=st.times().map(lambda one: one.replace(microsecond=0)), end=st.times(), zone=st.sampled_from(("UTC", "America/Sao_Paulo")),
    days=st.lists(st.sampled_from(DAYS), max_size=2).map(tuple),
)  # fmt: skip
SHARES = st.decimals("0", "2", places=2)
WHENS = st.builds(
    When, channels=PLACES, agents=PLACES, sensitivity=st.sampled_from((None, "public", "p0")),
    hours=st.lists(HOURS, max_size=2).map(tuple), spent=st.none() | SHARES,
)  # fmt: skip
POLICIES = st.builds(
    Policy, name=st.sampled_from("abcdef"), when=WHENS, allow=PATTERNS, deny=PATTERNS, most_cost=st.none() | SHARES,
    most_time=st.none() | st.timedeltas(timedelta(seconds=1), timedelta(hours=1)),
)  # fmt: skip
SETTINGS = st.lists(st.tuples(POLICIES, st.booleans()).map(lambda pair: replace(pair[0], mask=pair[1])), max_size=4)
SETS = st.lists(POLICIES, max_size=4, unique_by=lambda policy: policy.name)
SITUATIONS = st.builds(
    Circumstances, tenant=st.just("t1"), at=st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    sensitivity=st.sampled_from(("public", "p0")), channel=st.sampled_from(("", "web", "webapp", "telegram")),
    agent=st.sampled_from(("", "web", "x")), spent=st.none() | SHARES,
)  # fmt: skip


def _least(limit: tuple[Any, str] | None) -> Any:
    return None if limit is None else limit[0]


@given(SETTINGS, SETS, SITUATIONS)
def test_own_policies_only_ever_take_away(settings: list[Policy], own: list[Policy], around: Circumstances) -> None:
    """Fewer models, lower limits, no leave to mask that the settings do not give."""
    without, with_own = ruling(settings, around), ruling([*settings, *own], around)
    for model in NAMES:
        assert without.objection(model) is None or with_own.objection(model) is not None
    for before, after in ((_least(without.most_cost), _least(with_own.most_cost)), (_least(without.most_time), _least(with_own.most_time))):
        assert before is None or after <= before
    assert with_own.masks == without.masks


@given(SETS, SETS)
def test_nothing_is_told_to_be_another_only_of_equal_sets(one: list[Policy], other: list[Policy]) -> None:
    assert (changes(one, other) == ()) == (one == other)


@given(POLICIES, SITUATIONS)
def test_the_words_say_what_the_rule_does(policy: Policy, around: Circumstances) -> None:
    assert standing(policy, around).applies == policy.when.fits(around)


STEPS = st.lists(SETS.map(tuple) | st.integers(1, 6), max_size=8)


@given(STEPS)
def test_whatever_is_put_and_put_back_each_version_stays_as_it_was(steps: list[tuple[Policy, ...] | int]) -> None:
    asyncio.run(_walked(steps))


async def _walked(steps: Iterable[tuple[Policy, ...] | int]) -> None:
    """Without models no policy contradicts another, and only `*` may be named."""
    sets, trail = MemoryPolicySets(), Told()
    acts, kept = policy_acts(sets, Rulebook((), ()), trail, at_once, lambda: NOON), list[tuple[Policy, ...]]()
    for step in steps:
        wanted = _plain(step) if isinstance(step, tuple) else kept[step - 1] if step <= len(kept) else None
        if wanted is None:
            with pytest.raises(NotFound):
                await acts.restore(person(), step)  # type: ignore[arg-type]  # a number
            continue
        done = await (acts.put(person(), wanted) if isinstance(step, tuple) else acts.restore(person(), step))
        kept += [wanted] if not kept or kept[-1] != wanted else []
        assert (done.policies, done.now and done.now.number) == (wanted, len(kept))
        assert await acts.of("t1") == wanted
    assert [(await sets.get("t1", number)).policies for number in range(1, len(kept) + 1)] == kept
    assert [event.data["after"]["version"] for event in trail.events] == list(range(1, len(kept) + 1))


def _plain(policies: tuple[Policy, ...]) -> tuple[Policy, ...]:
    return tuple(replace(one, allow=(), deny=()) for one in policies)


# Which hold ------------------------------------------------------------------------------------------------------------------------


class Watched(MemoryPolicySets):
    """Counts how often it is asked; may be away, or hold an answer back."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.away = 0, False
        self.let = asyncio.Event()
        self.let.set()

    async def number(self, tenant: str) -> int:
        self.asked += 1
        if self.away:
            raise Unavailable("The store is away.")
        found = await super().number(tenant)
        await self.let.wait()
        return found


@dataclass
class Hand:
    at: float = 100.0

    def __call__(self) -> float:
        return self.at


async def test_the_policies_of_the_settings_come_first_and_only_those_that_may_apply() -> None:
    bench = Bench()
    own = Policy(name="own")
    await bench.put(own)
    assert list(await bench.acts.of("t1")) == [HOUSE, own]
    assert list(await bench.acts.of("t2")) == [HOUSE, OTHERS]


async def test_within_a_second_nobody_is_asked_and_after_it_once_for_all() -> None:
    sets, clock = Watched(), Hand()
    of = PoliciesInForce(sets, (HOUSE,), clock)
    for _ in range(100):
        assert await of("t1") == (HOUSE,)
    assert sets.asked == 1
    clock.at += FRESH
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(of("t1")) for _ in range(50)]
    assert {task.result() for task in tasks} == {(HOUSE,)}
    assert sets.asked == 2


async def test_what_cannot_be_read_is_unavailable_and_never_an_empty_set() -> None:
    sets, clock = Watched(), Hand()
    of = PoliciesInForce(sets, (HOUSE,), clock)
    sets.away = True
    for _ in range(2):
        with pytest.raises(Unavailable):
            await of("t1")
    sets.away = False
    assert await of("t1") == (HOUSE,)
    sets.away, clock.at = True, clock.at + FRESH
    with pytest.raises(Unavailable):
        await of("t1")


async def test_a_look_that_began_before_a_change_here_does_not_count() -> None:
    sets, clock, own = Watched(), Hand(), Policy(name="own")
    of = PoliciesInForce(sets, (HOUSE,), clock)
    acts = policy_acts(sets, Rulebook((HOUSE,), MODELS), Told(), at_once, lambda: NOON)
    await of("t1")
    clock.at += FRESH
    sets.let.clear()

    async def looking() -> bool:
        return sets.asked == 2

    async with asyncio.TaskGroup() as group:
        early = group.create_task(of("t1"))
        await until_found(looking)
        await acts.put(person(), [own])
        of.stale("t1")
        sets.let.set()
    assert early.result() == (HOUSE,)
    assert await of("t1") == (HOUSE, own)


@pytest.mark.parametrize("kind", KINDS)
async def test_another_process_heeds_a_change_within_two_seconds(kind: Kind, tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(a_store(kind, tmp_path, postgres))
        there = await stack.enter_async_context(opened(url_of(here), tmp_path))
        mine, other = (
            policy_acts(SqlPolicySets(store), Rulebook((HOUSE,), MODELS), Outbox(store, b"k" * 32), store.commit, lambda: NOON)
            for store in (here, there)
        )
        own = Policy(name="own", deny=("cloud-a",))
        assert list(await other.of("t1")) == [HOUSE]
        await mine.put(person(), [own])
        assert list(await mine.of("t1")) == [HOUSE, own]

        async def heeded() -> bool:
            return own in await other.of("t1")

        assert await until_found(heeded) < 2


async def test_policies_set_is_shown_with_its_version() -> None:
    bench = Bench()
    await bench.put(Policy(name="a"))
    shown = await bench.acts.show(person())
    assert isinstance(shown.own, PolicySet)
    assert [one.number for one in await bench.acts.versions(person(), None, 5)] == [1]
