"""The rules of learning: chances, rewards, experiments, confidence sequences, off-policy estimates."""

import math
import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Invalid, Refused
from hulk.modules.router.domain.learning.case import Aims, Arm, Estimate, Neighbour, Predicted
from hulk.modules.router.domain.learning.choosing import chosen, permitted
from hulk.modules.router.domain.learning.drift import begun
from hulk.modules.router.domain.learning.experiments import (
    Experiment,
    Variant,
    assigned,
    checked,
    ended,
    enrolments,
    enrols,
    judged,
    observed,
    shares,
    standings,
)
from hulk.modules.router.domain.learning.exploring import Exploration, chances, drawn, uniform
from hulk.modules.router.domain.learning.feedback import Feedback, replaces, rewarded
from hulk.modules.router.domain.learning.feedback import checked as checked_feedback
from hulk.modules.router.domain.learning.log import Candidate, played
from hulk.modules.router.domain.learning.offpolicy import Played, estimated
from hulk.modules.router.domain.learning.sequence import bounds, seen, unseen
from support.learning import AT, kept

INDEXES = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.floats(-5, 5), min_size=1, max_size=12)

# Chances -------------------------------------------------------------------------------------------------------------------------


@given(INDEXES, st.floats(0, 1e6), st.floats(0, 0.5))
def test_chances_sum_to_one_and_none_is_below_the_floor(index: dict[str, float], greed: float, floor: float) -> None:
    found = chances(index, greed=greed, floor=floor)
    assert math.isclose(sum(found.values()), 1, abs_tol=1e-9)
    assert min(found.values()) >= min(floor, 1 / len(index)) - 1e-12
    assert found.keys() == index.keys()


@given(INDEXES, st.floats(0, 1e6))
def test_what_promises_more_has_no_smaller_chance(index: dict[str, float], greed: float) -> None:
    found = chances(index, greed=greed, floor=0.01)
    ordered = sorted(index, key=lambda arm: index[arm])
    assert all(found[low] <= found[high] + 1e-12 for low, high in pairwise(ordered) if index[low] < index[high])


def test_draws_are_as_frequent_as_their_chances() -> None:
    wanted = chances({"a": 0.7, "b": 0.6, "c": 0.1}, greed=10, floor=0.05)
    found = [drawn(wanted, uniform("arm", f"dec_{number}")) for number in range(20_000)]
    for arm, chance in wanted.items():
        assert abs(found.count(arm) / 20_000 - chance) < 4 * math.sqrt(chance * (1 - chance) / 20_000)


@given(INDEXES, st.floats(0, 1, exclude_max=True))
def test_a_draw_gives_an_arm_that_has_a_chance(index: dict[str, float], at: float) -> None:
    found = chances(index, greed=1e6, floor=0)
    assert found[drawn(found, at)] > 0


# Choosing ------------------------------------------------------------------------------------------------------------------------

NEAR = Neighbour(id="dec_9", similarity=0.91, quality=1.0)


def predicted(**qualities: float) -> Predicted:
    estimates = tuple(Estimate(arm=arm, quality=quality, cost=0.01, seconds=1.0, support=3) for arm, quality in qualities.items())
    return Predicted(estimates=estimates, seen=1000, nearest=lambda _: (NEAR,))


def test_a_choice_tells_which_neighbours_what_was_expected_and_the_chance() -> None:
    choice = chosen(predicted(a=0.9, b=0.2), Aims(), Exploration(floor=0.0, greed=1e9), "dec_1")
    told = " ".join(map(str, choice.reasons))
    assert (choice.arm, choice.how, choice.neighbours) == ("a", "best", (NEAR,))
    for words in ("a promised most", "100.0 %", "quality 0.90", "dec_9 (0.91: 1.00)"):
        assert words in told
    assert choice.propensity == choice.chances["a"]


def test_the_same_key_gives_the_same_choice_and_others_are_tried() -> None:
    found = {key: chosen(predicted(a=0.5, b=0.5), Aims(), Exploration(), key) for key in map(str, range(200))}
    again = {key: chosen(predicted(a=0.5, b=0.5), Aims(), Exploration(), key) for key in found}
    assert [one.arm for one in again.values()] == [one.arm for one in found.values()]
    assert {one.how for one in found.values()} == {"best", "tried"}


@pytest.mark.parametrize(
    ("aims", "arm"),
    [
        pytest.param(Aims(), "good", id="quality alone"),
        pytest.param(Aims(cost=1.0), "cheap", id="cost counts"),
        pytest.param(Aims(seconds=0.1), "cheap", id="time counts"),
    ],
)
def test_quality_is_weighed_against_cost_and_time(aims: Aims, arm: str) -> None:
    good = Estimate(arm="good", quality=0.9, cost=0.5, seconds=9.0)
    cheap = Estimate(arm="cheap", quality=0.7, cost=0.0, seconds=1.0)
    found = Predicted(estimates=(good, cheap), seen=1, nearest=lambda _: ())
    assert chosen(found, aims, Exploration(greed=1e9, floor=0), "k").arm == arm


def test_what_must_stay_is_for_local_models_only() -> None:
    home, cloud = Arm(name="home", local=True), Arm(name="cloud")
    assert permitted((cloud, home), p0=True) == (home,)
    assert permitted((cloud, home), p0=False) == (cloud, home)
    for arms, p0 in (((cloud,), True), ((), False)):
        with pytest.raises(Refused, match="No model may answer"):
            permitted(arms, p0=p0)


# Feedback ------------------------------------------------------------------------------------------------------------------------

SAID = Feedback(tenant="t1", about="decision", subject="dec_1", by="ana", at=AT)


@pytest.mark.parametrize(
    ("said", "reward"),
    [
        pytest.param({"thumb": "up"}, 1.0, id="up"),
        pytest.param({"thumb": "down"}, 0.0, id="down"),
        pytest.param({"thumb": "up", "outcome": "escalated"}, 0.0, id="what came of it says more than a thumb"),
        pytest.param({"thumb": "down", "outcome": "unresolved", "score": 0.4}, 0.4, id="a score says most"),
        pytest.param({"comment": "x"}, None, id="a comment says nothing that counts"),
    ],
)
def test_a_reward_is_made_of_what_was_said(said: dict[str, object], reward: float | None) -> None:
    assert replace(SAID, **said).reward == reward  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param({}, "at least one", id="nothing"),
        pytest.param({"score": 1.5}, "1.5", id="too much"),
        pytest.param({"score": math.nan}, "nan", id="not a number"),
        pytest.param({"comment": "x" * 5000}, "4000", id="too long"),
    ],
)
def test_feedback_that_says_nothing_or_nonsense_is_refused(said: dict[str, object], words: str) -> None:
    with pytest.raises(Refused, match=words):
        checked_feedback(replace(SAID, **said))  # type: ignore[arg-type]


@given(st.permutations([(0, "up"), (1, "down"), (2, "up"), (3, "down"), (3, "down")]))
def test_in_whatever_order_opinions_arrive_the_last_said_counts(arrived: list[tuple[int, str]]) -> None:
    counts: Feedback | None = None
    for minute, thumb in arrived:
        new = replace(SAID, thumb=thumb, at=AT + timedelta(minutes=minute))  # type: ignore[arg-type]
        counts = new if replaces(new, counts) else counts
    assert counts is not None
    assert (counts.thumb, counts.reward) == ("down", 0.0)


def test_what_was_said_of_an_answer_counts_before_what_was_said_of_its_episode() -> None:
    up, down = replace(SAID, thumb="up"), replace(SAID, thumb="down")
    assert rewarded([], []) is None
    assert rewarded([replace(SAID, comment="x")], [down]) == 0.0
    assert rewarded([up, replace(SAID, score=0.5)], [down]) == 0.75


# Versions and prices -------------------------------------------------------------------------------------------------------------


def test_a_new_version_or_price_begins_a_regime_that_says_why() -> None:
    first = begun("t1", Arm(name="a", version="1", price="2"), None, AT)
    assert first is not None
    assert begun("t1", Arm(name="a", version="1", price="2"), first, AT) is None
    for arm, words in ((Arm(name="a", version="2", price="2"), "version: 1 became 2"), (Arm(name="a", version="1"), "price: 2 became —")):
        found = begun("t1", arm, first, AT)
        assert found is not None
        assert words in str(found.why)


# Experiments ---------------------------------------------------------------------------------------------------------------------

TRIAL = Experiment(
    id="exp_1", tenant="t1", name="trial", about="models", by="ana", created=AT,
    variants=(Variant(name="now", value="a", share=0.7), Variant(name="new", value="b", share=0.3)),
)  # fmt: skip
BOTH = frozenset({"a", "b"})


@given(st.text(min_size=1))
def test_an_episode_stays_in_its_variant(episode: str) -> None:
    assert assigned(TRIAL, episode) == assigned(replace(TRIAL, most_pairs=7, tallies=observed(TRIAL, "new", 1.0).tallies), episode)


def test_episodes_fall_into_variants_by_their_shares_and_apart_in_other_experiments() -> None:
    count = 20_000
    here = [assigned(TRIAL, f"e{number}").name for number in range(count)]
    there = [assigned(replace(TRIAL, id="exp_2"), f"e{number}").name for number in range(count)]
    assert abs(here.count("new") / count - 0.3) < 4 * math.sqrt(0.21 / count)
    both = sum(one == other == "new" for one, other in zip(here, there, strict=True)) / count
    assert abs(both - 0.09) < 4 * math.sqrt(0.09 * 0.91 / count)


@pytest.mark.parametrize(
    ("about", "p0", "local", "allowed", "takes_part"),
    [
        pytest.param("models", False, frozenset[str](), BOTH, True, id="open to all"),
        pytest.param("models", False, frozenset[str](), frozenset({"a"}), False, id="a variant that policy forbids"),
        pytest.param("models", True, frozenset({"a"}), frozenset({"a"}), False, id="sensitive, and one variant is in the cloud"),
        pytest.param("models", True, BOTH, BOTH, True, id="sensitive, and all are local"),
        pytest.param("prompts", True, frozenset({"a"}), BOTH, False, id="prompts, sensitive, and a cloud model could answer"),
        pytest.param("prompts", True, BOTH, BOTH, True, id="prompts, sensitive, and only local models could"),
        pytest.param("policies", False, frozenset[str](), frozenset({"c"}), True, id="policies"),
    ],
)
def test_who_takes_part(about: str, p0: bool, local: frozenset[str], allowed: frozenset[str], takes_part: bool) -> None:
    trial = replace(TRIAL, about=about)  # type: ignore[arg-type]
    assert enrols(trial, p0=p0, local=local, allowed=allowed) is takes_part
    assert not enrols(ended(trial, "killed", AT), p0=p0, local=local, allowed=allowed)


def test_of_two_experiments_between_models_the_older_decides_and_others_go_beside() -> None:
    younger = replace(TRIAL, id="exp_2", name="younger", created=AT + timedelta(days=1))
    words = replace(TRIAL, id="exp_3", name="words", about="prompts")
    found = enrolments([younger, words, TRIAL], "talk", p0=False, local=frozenset(), allowed=BOTH)
    assert sorted(one.name for one in found) == ["trial", "words"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        pytest.param({"name": "Not a name"}, "name", id="name"),
        pytest.param({"variants": TRIAL.variants[:1]}, "variants", id="one variant"),
        pytest.param({"variants": (TRIAL.variants[0], TRIAL.variants[0])}, "variants", id="twice the same"),
        pytest.param(
            {"variants": (replace(TRIAL.variants[0], share=0.99), replace(TRIAL.variants[1], share=0.01))},
            "variants",
            id="too small a share",
        ),
        pytest.param({"variants": (replace(TRIAL.variants[0], share=0.5), TRIAL.variants[1])}, "variants", id="not the whole"),
        pytest.param({"alpha": 0.0}, "alpha", id="no error allowed"),
        pytest.param({"least_gain": 1.0}, "least_gain", id="gain"),
        pytest.param({"most_pairs": 0}, "most_pairs", id="pairs"),
    ],
)
def test_an_experiment_that_could_not_be_run_is_refused_naming_what(changes: dict[str, object], place: str) -> None:
    with pytest.raises(Invalid) as refusal:
        checked(replace(TRIAL, **changes))  # type: ignore[arg-type]
    assert place in [name for name, _ in refusal.value.fields]
    assert checked(TRIAL) is TRIAL


def run_of(trial: Experiment, chance: dict[str, float], episodes: int, seed: int) -> Experiment:
    rng = random.Random(seed)
    for number in range(episodes):
        if trial.status != "running":
            break
        name = assigned(trial, f"{seed}/{number}").name
        trial = judged(observed(trial, name, float(rng.random() < chance[name])), AT)
    return trial


def test_a_better_challenger_wins_and_a_winner_is_told_with_its_bounds() -> None:
    found = run_of(TRIAL, {"now": 0.4, "new": 0.7}, 3000, 1)
    assert (found.status, found.winner, found.ended) == ("stopped", "new", AT)
    [standing] = standings(found)
    assert 0 < standing.low <= standing.difference <= standing.high
    assert "“new” is better than “now”" in str(found.conclusion)


def test_a_worse_challenger_is_given_up() -> None:
    found = run_of(TRIAL, {"now": 0.7, "new": 0.4}, 3000, 1)
    assert (found.status, found.winner) == ("stopped", "now")


def test_an_experiment_that_cannot_tell_ends_at_its_most_pairs() -> None:
    found = run_of(replace(TRIAL, most_pairs=50), {"now": 0.5, "new": 0.5}, 3000, 3)
    assert (found.status, found.winner, standings(found)[0].pairs) == ("stopped", None, 50)


def test_of_three_variants_the_best_wins() -> None:
    variants = tuple(Variant(name=name, value=name, share=1 / 3) for name in ("now", "fair", "good"))
    found = run_of(replace(TRIAL, variants=variants), {"now": 0.3, "fair": 0.4, "good": 0.75}, 4000, 2)
    assert (found.status, found.winner) == ("stopped", "good")


def test_rewards_after_the_end_are_counted_and_decide_nothing() -> None:
    killed = ended(observed(TRIAL, "now", 1.0), "killed", AT)
    after = judged(observed(observed(killed, "new", 1.0), "gone", 1.0), AT)
    assert (after.status, after.winner, after.tallies["new"].count, standings(after)[0].pairs) == ("killed", None, 1, 0)
    assert ended(killed, "stopped", AT) is killed


def test_the_shares_of_variants_are_whole() -> None:
    assert math.isclose(sum(shares(TRIAL).values()), 1)


@given(st.lists(st.floats(-1, 1), max_size=60))
def test_the_bounds_hold_the_mean_of_what_was_seen_or_close(differences: list[float]) -> None:
    evidence = unseen()
    for one in differences:
        evidence = seen(evidence, one, 0.05)
    low, high = bounds(evidence, 0.05)
    assert -1 <= low <= high <= 1
    assert evidence.pairs == len(differences)
    assert all(math.isfinite(capital) for capital in (*evidence.above, *evidence.below))


# Off-policy ----------------------------------------------------------------------------------------------------------------------


def test_a_policy_judged_by_its_own_log_is_worth_what_it_earned() -> None:
    plays = [
        Played(arm="a", propensity=0.5, reward=float(number % 2), target={"a": 0.5, "b": 0.5}, predicted={"a": 0.5, "b": 0.5})
        for number in range(400)
    ]
    found = estimated(plays)
    assert found is not None
    assert [round(one.value, 9) for one in (found.logged, found.ips, found.snips, found.dr, found.gain)] == [0.5, 0.5, 0.5, 0.5, 0]
    assert (found.effective, found.clipped, found.warnings) == (400, 0, ())


def test_too_small_a_sample_and_what_was_cut_off_are_warned_of() -> None:
    plays = [Played(arm="a", propensity=0.001, reward=1.0, target={"a": 0.5, "z": 0.5}, predicted={"a": 0.5})]
    found = estimated(plays * 20)
    assert found is not None
    told = " ".join(map(str, found.warnings))
    for words in ("effective sample is 20", "was cut off", "Nothing was predicted of z"):
        assert words in told
    assert estimated([]) is None


def test_a_candidate_is_judged_on_graded_answers_only_and_where_its_arm_was_allowed() -> None:
    log = [kept("dec_1", reward=1.0), kept("dec_2", arm="b", reward=0.0), kept("dec_3")]
    plays = played(log, Candidate(always="b"))
    assert [(one.arm, one.target) for one in plays] == [("a", {"b": 1.0}), ("b", {"b": 1.0})]
    assert [one.target for one in played(log[:1], Candidate(always="c"))] == [{"a": 0.5, "b": 0.5}]
    [best] = played(log[:1], Candidate(aims=Aims(cost=1.0)))
    assert math.isclose(sum(best.target.values()), 1)
