"""All acts of learning, made once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hulk.kernel.durable import Commit
from hulk.kernel.events import Trail
from hulk.kernel.time import Clock
from hulk.modules.router.domain.learning.experiments import About
from hulk.modules.router.ports import Decisions
from hulk.modules.router.ports.learning import Embeds
from hulk.modules.router.usecases.learning.choose import ChooseModel, Featured, Places
from hulk.modules.router.usecases.learning.experiments import CreateExperiment, EndExperiment, ListExperiments, ShowExperiment
from hulk.modules.router.usecases.learning.explain import ExplainChoice
from hulk.modules.router.usecases.learning.feedback import GiveFeedback
from hulk.modules.router.usecases.learning.report import ReportChoices


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningActs:
    """The acts, and where all is kept that is learnt from."""

    places: Places
    featured: Featured
    choose: ChooseModel
    give_feedback: GiveFeedback
    list_experiments: ListExperiments
    show_experiment: ShowExperiment
    create_experiment: CreateExperiment
    end_experiment: EndExperiment
    report: ReportChoices
    explain: ExplainChoice


def acts(
    places: Places,
    choose: ChooseModel,
    decisions: Decisions,
    embeds: Embeds,
    trail: Trail,
    commit: Commit,
    clock: Clock,
    values: Mapping[About, Collection[str]] | None = None,
) -> LearningActs:
    """The acts over these ports; `values` are what variants of experiments may name."""
    experiments, stale = places.experiments, choose.stale
    return LearningActs(
        places=places,
        featured=Featured(embeds),
        choose=choose,
        give_feedback=GiveFeedback(places.choices, experiments, decisions, trail, commit, clock, stale),
        list_experiments=ListExperiments(experiments),
        show_experiment=ShowExperiment(experiments),
        create_experiment=CreateExperiment(experiments, trail, commit, stale, values),
        end_experiment=EndExperiment(experiments, trail, commit, clock, stale),
        report=ReportChoices(places.choices),
        explain=ExplainChoice(places.choices, places.regimes),
    )
