"""The acts behind the tickets of `code.churn`."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hulk.kernel.records import from_json, to_json
from hulk.modules.skills.domain.churn import PICTURE, Activity, Commit, Ranking, Tally, activity, picture
from hulk.modules.skills.domain.reading import Period
from hulk.modules.skills.domain.skill import Source
from hulk.modules.skills.ports.charts import Charts
from hulk.modules.skills.ports.history import History
from hulk.modules.skills.ports.sources import Sources
from hulk.modules.tickets import Done, NewArtefact, Work


@dataclass(frozen=True, slots=True)
class RankFiles:
    """`git.churn`: the files by the commits that changed them."""

    history: History
    sources: Sources

    async def __call__(self, work: Work) -> Done:
        """Give a `Ranking`."""
        repository = await _repository(self.sources, work)
        head = await self.history.head(repository)
        tally = Tally()
        if head.commit is not None:
            await self.history.walk(repository, _period(work), "lines", tally.see)
        present = await self.history.present(repository, tally.paths)
        return Done(result=to_json(tally.ranking(present, work.input["most"], head)))


@dataclass(frozen=True, slots=True)
class NameAuthors:
    """`git.authors`: who changed the files that changed most."""

    history: History
    sources: Sources

    async def __call__(self, work: Work) -> Done:
        """Give `Ownership`."""
        repository = await _repository(self.sources, work)
        tally = Tally()
        if (await self.history.head(repository)).commit is not None:
            await self.history.walk(repository, _period(work), "names", tally.see)
        present = await self.history.present(repository, tally.paths)
        return Done(result=to_json(tally.ownership(present, work.input["most"])))


@dataclass(frozen=True, slots=True)
class CountActivity:
    """`git.activity`: commits per day, week or month."""

    history: History
    sources: Sources

    async def __call__(self, work: Work) -> Done:
        """Give an `Activity`."""
        repository = await _repository(self.sources, work)
        days: Counter[date] = Counter()

        def count(commit: Commit) -> None:
            days[commit.day] += 1

        if (await self.history.head(repository)).commit is not None:
            await self.history.walk(repository, _period(work), "none", count)
        return Done(result=to_json(activity(days, _period(work))))


@dataclass(frozen=True, slots=True)
class DrawHistory:
    """`git.chart`: one picture of both."""

    charts: Charts

    async def __call__(self, work: Work) -> Done:
        """Give the picture; none when nothing changed."""
        chart = picture(from_json(Ranking, work.before["churn"]), from_json(Activity, work.before["activity"]), work.voice)
        if chart is None:
            return Done(result={"panels": 0})
        path = work.scratch / PICTURE
        await self.charts.draw(chart, path)
        return Done(result={"panels": len(chart.panels)}, artefacts=(NewArtefact(name=PICTURE, media_type="image/png", path=path),))


async def _repository(sources: Sources, work: Work) -> Path:
    return await sources.repository(from_json(Source, work.input["repository"]), work.scratch)


def _period(work: Work) -> Period:
    return from_json(Period, work.input["period"])
