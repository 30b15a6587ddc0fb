"""What data skills run on: folders with real files, and the handlers of a skill run as its plan says, without an engine."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hulk.kernel.records import to_json
from hulk.kernel.text import Language, Voice
from hulk.modules.skills.domain.skill import Answer, Report, Skill, Source
from hulk.modules.skills.usecases.anomalies import DetectAnomalies, DrawAnomalies, FindGaps, InspectSeries
from hulk.modules.skills.usecases.forecast import DrawForecasts, ForecastSeries
from hulk.modules.skills.usecases.profile import CountDistributions, DrawProfile, FindDuplicates, FindOutliers, ReadSchema
from hulk.modules.tickets import Done, Handler, Work
from hulk.modules.tools.adapters.charts import MatplotlibCharts
from hulk.modules.tools.adapters.tables import DuckTables


@dataclass(frozen=True)
class Folder:
    """`Sources` that are plain paths."""

    async def repository(self, source: Source, scratch: Path) -> Path:
        """No repository is asked for."""
        raise NotImplementedError

    async def table(self, source: Source, scratch: Path) -> Path:
        """The path itself."""
        return Path(source.path or "")


def voice(language: Language = "en") -> Voice:
    """A voice without a catalogue."""
    return Voice(language, lambda msgid: msgid)


def handlers(tables: DuckTables | None = None) -> dict[str, Handler]:
    """The handlers of the data skills by ticket kind."""
    read, drawn, sources = tables or DuckTables(), MatplotlibCharts(), Folder()
    return {
        "table.schema": ReadSchema(read, sources),
        "table.duplicates": FindDuplicates(read, sources),
        "table.outliers": FindOutliers(read, sources),
        "table.distributions": CountDistributions(read, sources),
        "table.chart": DrawProfile(drawn),
        "series.inspect": InspectSeries(read, sources),
        "series.detect": DetectAnomalies(read, sources),
        "series.gaps": FindGaps(read, sources),
        "series.chart": DrawAnomalies(drawn),
        "series.forecast": ForecastSeries(read, sources),
        "series.outlook": DrawForecasts(drawn),
    }


@dataclass(frozen=True)
class Outcome:
    """An answer with what it was made from."""

    answer: Answer
    results: Mapping[str, Any]
    files: Mapping[str, Path] = field(default_factory=dict)


async def asked(skill: Skill, path: Path, scratch: Path, language: Language = "en", **arguments: object) -> Outcome:
    """Run a skill's plan on a file: each ticket as soon as those before it are done."""
    given = {"table": to_json(Source(kind="file", name=path.name, path=str(path))), **arguments}
    doing, drafts = handlers(), {draft.key: draft for draft in skill.plan(given)}
    done: dict[str, Done] = {}

    async def work(key: str) -> None:
        draft = drafts[key]
        folder = scratch / key
        folder.mkdir(parents=True, exist_ok=True)
        before = {name: done[name].result for name in draft.after}
        done[key] = await doing[draft.kind](
            Work(
                ticket=key,
                kind=draft.kind,
                tenant="t",
                input=draft.input,
                before=before,
                scratch=folder,
                voice=voice(language),
                key=key,
            )
        )

    while len(done) < len(drafts):
        ready = [key for key, draft in drafts.items() if key not in done and all(name in done for name in draft.after)]
        async with asyncio.TaskGroup() as group:
            for key in ready:
                group.create_task(work(key))
    results = {key: one.result for key, one in done.items()}
    files = {artefact.name: artefact.path for one in done.values() for artefact in one.artefacts}
    report = Report(arguments=given, results=results, artefacts=tuple(files), voice=voice(language))
    return Outcome(skill.answer(report), results, files)
