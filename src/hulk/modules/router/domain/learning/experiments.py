"""Experiments between models, prompts or policies: who is in which variant, and when it is known enough to stop.

An episode (a conversation) stays in its variant. It counts once, by the first reward of one of its answers: so what is observed is
independent, and never changes after it was looked at. Rewards of the control and of a challenger are paired in the order in which
they come; each challenger has a share of the error (Bonferroni).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from hulk.kernel.errors import Invalid
from hulk.kernel.tenancy import is_name
from hulk.kernel.text import Text
from hulk.modules.router.domain.learning.exploring import drawn, percent, uniform
from hulk.modules.router.domain.learning.sequence import Evidence, bounds, seen, unseen

About = Literal["models", "prompts", "policies"]
Status = Literal["running", "stopped", "killed"]
"""stopped: by itself or by a person, with what was found; killed: a person ended it at once, whatever was found."""
STATUSES: Mapping[Status, Text] = {"running": Text("running"), "stopped": Text("stopped"), "killed": Text("killed")}
"""As people read them."""

LEAST_SHARE = 0.05
MOST_VARIANTS = 8
WAITING = 200
"""Rewards of a variant that may wait for their pair. Where shares differ, more than these are passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A share of the episodes, and what answers them: the name of a model, a prompt or a policy."""

    name: str
    value: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What is known of a variant: its rewards' number and sum, those that wait for their pair, and the evidence against the control."""

    count: int = 0
    total: float = 0.0
    waiting: tuple[float, ...] = ()
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """`variants` begins with the control. It stops by itself when a challenger is better (`alpha` is the chance to say so wrongly,
    however often one looks), when none is better by `least_gain`, or when `most_pairs` pairs have not told."""

    id: str
    tenant: str
    name: str
    about: About
    variants: tuple[Variant, ...]
    by: str
    created: datetime
    alpha: float = 0.05
    least_gain: float = 0.02
    most_pairs: int = 20_000
    status: Status = "running"
    ended: datetime | None = None
    conclusion: Text | None = None
    winner: str | None = None
    tallies: Mapping[str, Tally] = field(default_factory=dict)

    @property
    def control(self) -> Variant:
        """What the others are compared with."""
        return self.variants[0]

    @property
    def share_of_error(self) -> float:
        """The error that each challenger may use."""
        return self.alpha / (len(self.variants) - 1)


def checked(new: Experiment, known: Collection[str] | None = None) -> Experiment:
    """`new`; raises `Invalid` when it could not be run. `known` are the values that its variants may have; None: any."""
    wrong = [(place, text) for place, right, text in _conditions(new) if not right]
    if known is not None and not all(one.value in known for one in new.variants):
        wrong.append(("variants", Text("values among: {known}", known=", ".join(known) or "—")))
    if wrong:
        raise Invalid(wrong)
    return new


def _conditions(new: Experiment) -> Sequence[tuple[str, bool, Text]]:
    names, values = {one.name for one in new.variants}, {one.value for one in new.variants}
    names_ok = all(is_name(one.name) for one in new.variants) and len(names) == len(new.variants)
    shares_ok = all(one.share >= LEAST_SHARE for one in new.variants) and abs(sum(one.share for one in new.variants) - 1) < 1e-6
    return (
        ("name", is_name(new.name), Text("1 to 63 small letters, digits and hyphens")),
        ("variants", 2 <= len(new.variants) <= MOST_VARIANTS, Text("2 to {most} variants", most=MOST_VARIANTS)),
        ("variants", names_ok, Text("a name of its own for each variant, of small letters, digits and hyphens")),
        ("variants", len(values) == len(new.variants), Text("variants that differ")),
        ("variants", shares_ok, Text("shares of at least {least} each that sum to 1", least=LEAST_SHARE)),
        ("alpha", 0 < new.alpha <= 0.2, Text("more than 0, at most 0.2")),
        ("least_gain", 0 < new.least_gain < 1, Text("between 0 and 1")),
        ("most_pairs", 1 <= new.most_pairs <= 1_000_000, Text("1 to 1,000,000")),
    )


def shares(experiment: Experiment) -> dict[str, float]:
    """The share of each variant, by name."""
    total = sum(one.share for one in experiment.variants)
    return {one.name: one.share / total for one in experiment.variants}


def assigned(experiment: Experiment, episode: str) -> Variant:
    """The variant of an episode: always the same while the experiment is what it is."""
    name = drawn(shares(experiment), uniform("experiment", experiment.id, episode))
    return next(one for one in experiment.variants if one.name == name)


def enrols(experiment: Experiment, *, p0: bool, local: frozenset[str], allowed: frozenset[str]) -> bool:
    """Whether a question takes part: all variants must be open to it, or the split would depend on the question.

    What must stay in the company takes part only where every model that could answer is local: of an experiment between models, its
    variants; of any other, all that policy allows."""
    models = frozenset(one.value for one in experiment.variants) if experiment.about == "models" else allowed
    open_to_all = models <= allowed if experiment.about == "models" else True
    return experiment.status == "running" and open_to_all and (not p0 or models <= local)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """That an episode takes part in an experiment, and with what."""

    experiment: str
    name: str
    about: About
    variant: Variant


def enrolments(
    running: Sequence[Experiment], episode: str, *, p0: bool, local: frozenset[str], allowed: frozenset[str]
) -> tuple[Enrolment, ...]:
    """Those that the episode takes part in; of several about models the oldest only, since one model answers."""
    found: dict[str, Enrolment] = {}
    for one in sorted(running, key=lambda one: (one.created, one.id)):
        if enrols(one, p0=p0, local=local, allowed=allowed):
            place = "models" if one.about == "models" else one.id
            found.setdefault(place, Enrolment(experiment=one.id, name=one.name, about=one.about, variant=assigned(one, episode)))
    return tuple(found.values())


def observed(experiment: Experiment, variant: str, reward: float) -> Experiment:
    """After the first reward of one more episode. What comes after the end is counted, and decides nothing."""
    if variant not in shares(experiment):
        return experiment
    before = experiment.tallies.get(variant, Tally())
    waits = experiment.status == "running" and len(before.waiting) < WAITING
    waiting = (*before.waiting, reward) if waits else before.waiting
    after = replace(before, count=before.count + 1, total=before.total + reward, waiting=waiting)
    tallies = {**experiment.tallies, variant: after}
    return replace(experiment, tallies=_paired(experiment, tallies) if waits else tallies)


def _paired(experiment: Experiment, tallies: Mapping[str, Tally]) -> dict[str, Tally]:
    """With evidence from a round, once every variant has a reward that waits."""
    names = [one.name for one in experiment.variants]
    if not all(name in tallies and tallies[name].waiting for name in names):
        return dict(tallies)
    control = tallies[names[0]].waiting[0]
    return {name: _round(tallies[name], control, experiment, challenger=name != names[0]) for name in names}


def _round(tally: Tally, control: float, experiment: Experiment, *, challenger: bool) -> Tally:
    reward, *rest = tally.waiting
    if not challenger:
        return replace(tally, waiting=tuple(rest))
    evidence = seen(tally.evidence or unseen(), reward - control, experiment.share_of_error)
    return replace(tally, waiting=tuple(rest), evidence=evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A challenger against the control: the mean difference of their rewards, and its bounds at all times together."""

    variant: str
    pairs: int
    difference: float
    low: float
    high: float


def standings(experiment: Experiment) -> tuple[Standing, ...]:
    """Of each challenger."""
    return tuple(_standing(experiment, one.name) for one in experiment.variants[1:])


def _standing(experiment: Experiment, name: str) -> Standing:
    evidence = experiment.tallies.get(name, Tally()).evidence or unseen()
    low, high = bounds(evidence, experiment.share_of_error)
    return Standing(variant=name, pairs=evidence.pairs, difference=evidence.difference, low=low, high=high)


def judged(experiment: Experiment, at: datetime) -> Experiment:
    """The experiment, stopped if that is known which it was made to tell."""
    found = standings(experiment)
    better = [one for one in found if one.low > 0]
    if experiment.status != "running" or not found[0].pairs:
        return experiment
    if better:
        best = max(better, key=lambda one: one.difference)
        return _stopped(experiment, at, best.variant, _said(best, experiment))
    if all(one.high < experiment.least_gain for one in found):
        text = Text("No variant is better than “{control}” by {gain} or more.", control=experiment.control.name, gain=experiment.least_gain)
        return _stopped(experiment, at, experiment.control.name, text)
    if found[0].pairs >= experiment.most_pairs:
        return _stopped(experiment, at, None, Text("{pairs} pairs of rewards have not told which is better.", pairs=found[0].pairs))
    return experiment


def _said(best: Standing, experiment: Experiment) -> Text:
    return Text(
        "“{variant}” is better than “{control}” by {difference}, and by {low} at least (error at most {alpha}).",
        variant=best.variant, control=experiment.control.name, difference=f"{best.difference:.3f}", low=f"{best.low:.2f}",
        alpha=percent(experiment.alpha),
    )  # fmt: skip


def _stopped(experiment: Experiment, at: datetime, winner: str | None, text: Text) -> Experiment:
    return replace(experiment, status="stopped", ended=at, winner=winner, conclusion=text)


def ended(experiment: Experiment, status: Status, at: datetime) -> Experiment:
    """The experiment, ended by a person; one that has ended already stays as it is."""
    if experiment.status != "running":
        return experiment
    text = Text("A person ended it.") if status == "stopped" else Text("A person ended it at once.")
    return replace(experiment, status=status, ended=at, conclusion=text)
