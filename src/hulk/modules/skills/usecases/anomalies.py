"""The acts behind the tickets of `data.anomalies`."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hulk.kernel.records import from_json, to_json
from hulk.kernel.text import Text
from hulk.modules.skills.domain import anomalies
from hulk.modules.skills.domain.anomalies import Candidates, Curve, Detection, Frame, Roles
from hulk.modules.skills.domain.chart import Chart, Series
from hulk.modules.skills.domain.skill import Source
from hulk.modules.skills.ports.charts import Charts
from hulk.modules.skills.ports.sources import Sources
from hulk.modules.skills.ports.tables import TimeSeries
from hulk.modules.tickets import Done, NewArtefact, Work


@dataclass(frozen=True, slots=True)
class InspectSeries:
    """`series.inspect`: decides which columns are time, values and groups, as asked or as the table suggests."""

    tables: TimeSeries
    sources: Sources

    async def __call__(self, work: Work) -> Done:
        """Give a `Frame`. Raises `Refused` when a column is missing or the table holds no series."""
        path = await _table(self.sources, work)
        candidates = await self.tables.candidates(path, work.scratch)
        roles = await self._roles(path, work, candidates)
        return Done(result=to_json(await self.tables.frame(path, work.scratch, roles)))

    async def _roles(self, path: Path, work: Work, table: Candidates) -> Roles:
        time = anomalies.time_column(table, work.input.get("time"))
        groups, span = anomalies.asked_groups(table, work.input.get("group") or ())
        values = anomalies.value_columns(table, work.input.get("value") or (), groups)
        choices = [groups] if groups else anomalies.group_choices(table, time, values if work.input.get("value") else ())
        unique = await self.tables.uniqueness(path, work.scratch, time, choices)
        chosen, regular = anomalies.chosen_groups(choices, unique)
        kept = groups or chosen
        values = tuple(value for value in values if value not in kept) or values
        if regular or span:
            return Roles(time=time, values=values, groups=kept, span=span)
        return Roles(
            time=time, values=values, groups=kept, span=await self._record_span(path, work, Roles(time=time, values=values, groups=kept))
        )

    async def _record_span(self, path: Path, work: Work, roles: Roles) -> anomalies.Span | None:
        frame = await self.tables.frame(path, work.scratch, roles)
        length = datetime.fromisoformat(frame.last) - datetime.fromisoformat(frame.first)
        return anomalies.record_span(length.total_seconds())


@dataclass(frozen=True, slots=True)
class DetectAnomalies:
    """`series.detect`: finds the anomalies of each series."""

    tables: TimeSeries
    sources: Sources

    async def __call__(self, work: Work) -> Done:
        """Give a `Detection` and the file of all episodes."""
        path = await _table(self.sources, work)
        ledger = work.scratch / anomalies.LEDGER
        frame = from_json(Frame, work.before["inspect"])
        found = await self.tables.detect(path, work.scratch, frame, ledger, work.input.get("threshold"))
        artefact = NewArtefact(name=anomalies.LEDGER, media_type="text/csv", path=ledger)
        return Done(result=to_json(found), artefacts=(artefact,))


@dataclass(frozen=True, slots=True)
class FindGaps:
    """`series.gaps`: finds missing and repeated times, and series that ended early."""

    tables: TimeSeries
    sources: Sources

    async def __call__(self, work: Work) -> Done:
        """Give `Gaps`."""
        path = await _table(self.sources, work)
        return Done(result=to_json(await self.tables.gaps(path, work.scratch, from_json(Frame, work.before["inspect"]))))


@dataclass(frozen=True, slots=True)
class DrawAnomalies:
    """`series.chart`: draws the worst series with what was expected and what was found."""

    charts: Charts

    async def __call__(self, work: Work) -> Done:
        """Give the picture; none when no series could be drawn."""
        found = from_json(Detection, work.before["detect"])
        if not found.curves:
            return Done(result={"panels": 0})
        path = work.scratch / anomalies.CHART
        chart = Chart(
            title=work.voice.say(Text("Anomalies and the expected range")),
            panels=tuple(_panel(curve) for curve in found.curves),
        )
        await self.charts.draw(chart, path)
        artefact = NewArtefact(name=anomalies.CHART, media_type="image/png", path=path)
        return Done(result={"panels": len(chart.panels)}, artefacts=(artefact,))


def _panel(curve: Curve) -> Series:
    return Series(
        title=anomalies.curve_title(curve),
        times=tuple(datetime.fromisoformat(text) for text in curve.times),
        values=curve.values,
        low=curve.low,
        high=curve.high,
        marks=curve.marks,
        unit=curve.value,
    )


async def _table(sources: Sources, work: Work) -> Path:
    return await sources.table(from_json(Source, work.input["table"]), work.scratch)
