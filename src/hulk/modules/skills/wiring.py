"""The skills, put together: the built-in ones and the user's own, with the work behind their tickets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hulk.kernel.records import to_json
from hulk.modules.skills.adapters.folders import own_skills
from hulk.modules.skills.domain.anomalies import ANOMALIES
from hulk.modules.skills.domain.book import Book
from hulk.modules.skills.domain.churn import CHURN
from hulk.modules.skills.domain.forecast import FORECAST
from hulk.modules.skills.domain.own import OwnSkill
from hulk.modules.skills.domain.profile import PROFILE
from hulk.modules.skills.domain.skill import Skill, Source
from hulk.modules.skills.ports.charts import Charts
from hulk.modules.skills.ports.history import History
from hulk.modules.skills.ports.sources import Sources
from hulk.modules.skills.ports.tables import Tables, TimeSeries
from hulk.modules.skills.usecases.anomalies import DetectAnomalies, DrawAnomalies, FindGaps, InspectSeries
from hulk.modules.skills.usecases.churn import CountActivity, DrawHistory, NameAuthors, RankFiles
from hulk.modules.skills.usecases.forecast import DrawForecasts, ForecastSeries
from hulk.modules.skills.usecases.own import CallFunction
from hulk.modules.skills.usecases.profile import CountDistributions, DrawProfile, FindDuplicates, FindOutliers, ReadSchema
from hulk.modules.tickets import Handler


@dataclass(frozen=True, slots=True)
class SkillsModule:
    """The skills by name, and what does the work of their tickets by kind."""

    book: Book
    handlers: Mapping[str, Handler]


def _at(skill: Skill, repository: Path) -> Skill:
    """The skill with that repository where none is named."""
    here = to_json(Source(kind="repository", name=repository.name, path=str(repository)))
    parameters = (replace(one, required=False, default=here) if one.kind == "repository" else one for one in skill.parameters)
    return replace(skill, parameters=tuple(parameters))


def book(folders: Sequence[Path]) -> tuple[Book, list[OwnSkill]]:
    """All skills, without what does their work; raises `NotFound` and `Refused` for the user's own."""
    own = own_skills(folders)
    return Book((CHURN, PROFILE, ANOMALIES, FORECAST, *(one.skill for one in own))), own


def wired(
    folders: Sequence[Path],
    history: History,
    tables: Tables,
    series: TimeSeries,
    charts: Charts,
    sources: Sources,
    repository: Path | None = None,
) -> SkillsModule:
    """The module; `folders` hold the user's own skills, `repository` is the one that is meant when none is named."""
    skills, own = book(folders)
    skills = skills if repository is None else Book(tuple(_at(skill, repository) for skill in skills))
    handlers: dict[str, Handler] = {
        "git.churn": RankFiles(history, sources),
        "git.authors": NameAuthors(history, sources),
        "git.activity": CountActivity(history, sources),
        "git.chart": DrawHistory(charts),
        "table.schema": ReadSchema(tables, sources),
        "table.duplicates": FindDuplicates(tables, sources),
        "table.outliers": FindOutliers(tables, sources),
        "table.distributions": CountDistributions(tables, sources),
        "table.chart": DrawProfile(charts),
        "series.inspect": InspectSeries(series, sources),
        "series.detect": DetectAnomalies(series, sources),
        "series.gaps": FindGaps(series, sources),
        "series.chart": DrawAnomalies(charts),
        "series.forecast": ForecastSeries(series, sources),
        "series.outlook": DrawForecasts(charts),
    }
    return SkillsModule(skills, handlers | {one.kind: CallFunction(one, sources) for one in own})
