"""What every place for choices, feedback, experiments and the versions of models promises."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.durable import Commit
from hulk.kernel.errors import Conflict, NotFound
from hulk.kernel.text import Text
from hulk.modules.router.adapters.learning.memory import MemoryChoices, MemoryExperiments, MemoryRegimes
from hulk.modules.router.adapters.learning.sql import SqlChoices
from hulk.modules.router.adapters.learning.sql_experiments import SqlExperiments, SqlRegimes
from hulk.modules.router.domain.learning.drift import Regime
from hulk.modules.router.domain.learning.experiments import Experiment, Variant, ended, observed
from hulk.modules.router.domain.learning.feedback import Feedback
from hulk.modules.router.domain.learning.log import Given
from hulk.modules.router.ports.learning import Choices, Experiments, Regimes
from support.learning import AT, kept
from support.memory import at_once
from support.postgres import Postgres
from support.stores import KINDS, a_store


@dataclass
class Places:
    choices: Choices
    regimes: Regimes
    experiments: Experiments
    commit: Commit

    async def give(self, subject: str, by: str = "ana", minute: int = 0, **said: Any) -> Given:
        about = "decision" if subject.startswith("dec") else "episode"
        given = Feedback(tenant="t1", about=about, subject=subject, by=by, at=AT + timedelta(minutes=minute), **said)  # type: ignore[arg-type]
        [found] = await self.commit(self.choices.give(given))
        return found  # type: ignore[no-any-return]

    async def reward(self, decision: str) -> float | None:
        return (await self.choices.get("t1", decision)).reward


@pytest.fixture(params=["memory", *KINDS])
async def places(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Places]:
    if request.param == "memory":
        yield Places(MemoryChoices(), MemoryRegimes(), MemoryExperiments(), at_once)
        return
    async with a_store(request.param, tmp_path, postgres) as store:
        yield Places(SqlChoices(store), SqlRegimes(store), SqlExperiments(store), store.commit)


# Choices -------------------------------------------------------------------------------------------------------------------------


async def test_a_choice_is_given_back_as_it_was_kept(places: Places) -> None:
    one = kept("dec_1", reasons=(Text("{arm} is the only model allowed here.", arm="a"),), enrolled={"exp_1": "blue"})
    await places.commit(places.choices.record(one), places.choices.record(replace(one, arm="b")))
    assert await places.choices.get("t1", "dec_1") == one


async def test_a_choice_of_another_tenant_is_none(places: Places) -> None:
    await places.commit(places.choices.record(kept("dec_1")))
    with pytest.raises(NotFound, match="dec_1"):
        await places.choices.get("t2", "dec_1")
    assert await places.choices.of_episode("t2", "of-dec_1") == []


async def test_what_an_answer_cost_is_added_to_its_choice(places: Places) -> None:
    await places.commit(places.choices.record(kept("dec_1")))
    await places.commit(places.choices.measured("t1", "dec_1", 0.02, 1.5), places.choices.measured("t1", "dec_none", 1.0, 1.0))
    found = await places.choices.get("t1", "dec_1")
    assert (found.cost, found.seconds) == (0.02, 1.5)


async def test_choices_are_found_by_episode_and_by_time_oldest_first(places: Places) -> None:
    for minute, name in enumerate(("dec_1", "dec_2", "dec_3")):
        await places.commit(places.choices.record(kept(name, episode="talk", at=AT + timedelta(minutes=minute))))
    assert _names(await places.choices.of_episode("t1", "talk")) == ["dec_1", "dec_2", "dec_3"]
    until = AT + timedelta(minutes=2)
    assert _names(await places.choices.between("t1", AT, until, 9)) == ["dec_1", "dec_2"]
    assert _names(await places.choices.between("t1", AT, until + timedelta(minutes=1), 2)) == ["dec_2", "dec_3"]


# Feedback ------------------------------------------------------------------------------------------------------------------------


async def test_feedback_is_the_reward_of_its_answer(places: Places) -> None:
    await places.commit(places.choices.record(kept("dec_1")))
    given = await places.give("dec_1", thumb="up")
    [one] = given.rewarded
    assert (one.kept.reward, one.before, one.first, given.counts) == (1.0, None, True, True)
    assert await places.reward("dec_1") == 1.0


async def test_the_same_feedback_again_changes_nothing(places: Places) -> None:
    await places.commit(places.choices.record(kept("dec_1")))
    await places.give("dec_1", thumb="up")
    again = await places.give("dec_1", thumb="up", minute=5)
    assert (again.counts, again.rewarded) == (False, ())
    assert (await places.choices.rewarded("t1", 0, 9))[1] == 1


async def test_a_later_correction_replaces_and_an_earlier_one_does_not(places: Places) -> None:
    await places.commit(places.choices.record(kept("dec_1")))
    await places.give("dec_1", thumb="up", minute=5)
    assert not (await places.give("dec_1", thumb="down", minute=1)).counts
    corrected = await places.give("dec_1", score=0.25, minute=60 * 24 * 9)
    assert (corrected.rewarded[0].before, corrected.rewarded[0].first) == (1.0, False)
    assert await places.reward("dec_1") == 0.25
    assert corrected.before is not None
    assert corrected.before.thumb == "up"
    [kept_now] = await places.choices.feedback("t1", "dec_1")
    assert (kept_now.score, kept_now.thumb) == (0.25, None)


async def test_several_people_are_averaged(places: Places) -> None:
    await places.commit(places.choices.record(kept("dec_1")))
    await places.give("dec_1", by="ana", thumb="up")
    await places.give("dec_1", by="rui", score=0.5)
    assert await places.reward("dec_1") == 0.75
    assert [one.by for one in await places.choices.feedback("t1", "dec_1")] == ["ana", "rui"]


async def test_feedback_on_an_episode_counts_for_its_answers_without_their_own(places: Places) -> None:
    for name in ("dec_1", "dec_2"):
        await places.commit(places.choices.record(kept(name, episode="talk")))
    await places.give("dec_1", thumb="down")
    given = await places.give("talk", outcome="resolved")
    assert _names(one.kept for one in given.rewarded) == ["dec_2"]
    assert [one.first for one in given.rewarded] == [False]
    assert (await places.reward("dec_1"), await places.reward("dec_2")) == (0.0, 1.0)


async def test_only_the_first_answer_of_an_episode_counts_as_first(places: Places) -> None:
    for name in ("dec_1", "dec_2"):
        await places.commit(places.choices.record(kept(name, episode="talk")))
    assert [one.first for one in (await places.give("talk", outcome="escalated")).rewarded] == [True, False]


async def test_an_episode_whose_reward_was_taken_back_has_no_first_one_again(places: Places) -> None:
    for name in ("dec_1", "dec_2"):
        await places.commit(places.choices.record(kept(name, episode="talk")))
    await places.give("dec_1", thumb="up")
    [taken] = (await places.give("dec_1", comment="by mistake", minute=1)).rewarded
    assert (taken.kept.reward, taken.before, taken.first) == (None, 1.0, False)
    for subject in ("dec_1", "dec_2"):
        [again] = (await places.give(subject, thumb="down", minute=2)).rewarded
        assert (again.kept.reward, again.before, again.first) == (0.0, None, False)


async def test_a_comment_alone_is_kept_and_rewards_nothing(places: Places) -> None:
    await places.commit(places.choices.record(kept("dec_1")))
    given = await places.give("dec_1", comment="obrigada \U0001f642")
    assert (given.counts, given.rewarded) == (True, ())
    assert (await places.choices.feedback("t1", "dec_1"))[0].comment == "obrigada \U0001f642"


async def test_what_was_rewarded_is_read_once_each_in_the_order_of_the_last_change(places: Places) -> None:
    for name in ("dec_1", "dec_2", "dec_3"):
        await places.commit(places.choices.record(kept(name)))
        await places.give(name, thumb="up")
    rows, seen = await places.choices.rewarded("t1", 0, 2)
    assert (_names(rows), seen) == (["dec_2", "dec_3"], 3)
    await places.give("dec_1", thumb="down", minute=1)
    rows, last = await places.choices.rewarded("t1", seen, 9)
    assert (_names(rows), [one.reward for one in rows], last) == (["dec_1"], [0.0], 4)
    assert await places.choices.rewarded("t1", last, 9) == ([], 4)


async def test_a_retracted_reward_is_told_as_a_change_too(places: Places) -> None:
    await places.commit(places.choices.record(kept("dec_1")))
    await places.give("dec_1", thumb="up")
    await places.give("dec_1", comment="a mistake", minute=1)
    rows, _ = await places.choices.rewarded("t1", 1, 9)
    assert [(one.reward, one.graded.grades) for one in rows] == [(None, {})]


def _names(rows: Any) -> list[str]:
    return [one.occasion.decision for one in rows]


# Regimes -------------------------------------------------------------------------------------------------------------------------


async def test_versions_are_kept_with_why_they_began_and_once(places: Places) -> None:
    first = Regime(
        tenant="t1", arm="a", regime="r1", version="1", price="", since=AT, why=Text("{arm} is seen for the first time.", arm="a")
    )
    second = replace(first, regime="r2", version="2", since=AT + timedelta(days=1))
    for one in (first, replace(first, since=AT + timedelta(hours=1)), second, replace(first, tenant="t2", since=AT)):
        await places.commit(places.regimes.began(one))
    assert await places.regimes.history("t1") == [first, second]
    back = replace(first, since=AT + timedelta(days=2))
    await places.commit(places.regimes.began(back))
    assert list(await places.regimes.history("t1")) == [first, second, back]


# Experiments ---------------------------------------------------------------------------------------------------------------------

VARIANTS = (Variant(name="now", value="a", share=0.5), Variant(name="new", value="b", share=0.5))
TRIAL = Experiment(id="exp_1", tenant="t1", name="trial", about="models", variants=VARIANTS, by="ana", created=AT)


async def test_an_experiment_is_found_by_id_and_by_name_in_its_tenant(places: Places) -> None:
    await places.commit(places.experiments.create(TRIAL))
    assert [await places.experiments.get("t1", name) for name in ("exp_1", "trial")] == [TRIAL, TRIAL]
    with pytest.raises(NotFound, match="trial"):
        await places.experiments.get("t2", "trial")


async def test_a_name_is_taken_once_in_a_tenant(places: Places) -> None:
    await places.commit(places.experiments.create(TRIAL), places.experiments.create(replace(TRIAL, id="exp_2", tenant="t2")))
    with pytest.raises(Conflict, match="trial"):
        await places.commit(places.experiments.create(replace(TRIAL, id="exp_3")))


async def test_an_experiment_changes_by_a_rule_and_keeps_its_evidence(places: Places) -> None:
    await places.commit(places.experiments.create(TRIAL))

    def rule(one: Experiment) -> Experiment:
        return observed(observed(one, "now", 0.0), "new", 1.0)

    [(before, after)] = await places.commit(places.experiments.change("t1", "exp_1", rule))
    assert (before, after) == (TRIAL, rule(TRIAL))
    assert await places.experiments.get("t1", "exp_1") == after
    [(_, last)] = await places.commit(places.experiments.change("t1", "exp_1", lambda one: ended(one, "killed", AT)))
    assert await places.experiments.get("t1", "trial") == last
    with pytest.raises(NotFound, match="exp_9"):
        await places.commit(places.experiments.change("t1", "exp_9", rule))


async def test_experiments_are_listed_newest_first(places: Places) -> None:
    for number in range(3):
        one = replace(TRIAL, id=f"exp_{number}", name=f"trial-{number}", created=AT + timedelta(minutes=number))
        await places.commit(places.experiments.create(one))
    found: Sequence[Experiment] = await places.experiments.of_tenant("t1")
    assert [one.name for one in found] == ["trial-2", "trial-1", "trial-0"]
    assert await places.experiments.of_tenant("t2") == []
