"""The acts behind the tickets of `data.forecast`, besides `series.inspect`."""

from dataclasses import dataclass
from datetime import datetime

from hulk.kernel.records import from_json, to_json
from hulk.kernel.text import Text
from hulk.modules.skills.domain import forecast
from hulk.modules.skills.domain.anomalies import Frame
from hulk.modules.skills.domain.chart import Chart, Series
from hulk.modules.skills.domain.forecast import Forecast, Forecasts, Horizon
from hulk.modules.skills.domain.skill import Source
from hulk.modules.skills.ports.charts import Charts
from hulk.modules.skills.ports.sources import Sources
from hulk.modules.skills.ports.tables import TimeSeries
from hulk.modules.tickets import Done, NewArtefact, Work


@dataclass(frozen=True, slots=True)
class ForecastSeries:
    """`series.forecast`: forecasts each series."""

    tables: TimeSeries
    sources: Sources

    async def __call__(self, work: Work) -> Done:
        """Give `Forecasts` and the file of all of them. Raises `Refused` for series without a step, too many, or too far ahead."""
        path = await self.sources.table(from_json(Source, work.input["table"]), work.scratch)
        asked = work.input.get("horizon")
        frame, ledger = from_json(Frame, work.before["inspect"]), work.scratch / forecast.LEDGER
        steps = forecast.steps(None if asked is None else from_json(Horizon, asked), frame)
        found = await self.tables.forecast(path, work.scratch, frame, ledger, steps)
        return Done(result=to_json(found), artefacts=(NewArtefact(name=forecast.LEDGER, media_type="text/csv", path=ledger),))


@dataclass(frozen=True, slots=True)
class DrawForecasts:
    """`series.outlook`: draws the largest series with what is expected of them."""

    charts: Charts

    async def __call__(self, work: Work) -> Done:
        """Give the picture; none when nothing was forecast."""
        found = from_json(Forecasts, work.before["forecast"])
        drawn = [one for one in found.largest if one.values]
        if not drawn:
            return Done(result={"panels": 0})
        path, panels = work.scratch / forecast.CHART, tuple(map(_panel, drawn))
        await self.charts.draw(Chart(title=work.voice.say(Text("What is expected, and its 95 % interval")), panels=panels), path)
        return Done(result={"panels": len(panels)}, artefacts=(NewArtefact(name=forecast.CHART, media_type="image/png", path=path),))


def _panel(one: Forecast) -> Series:
    """The newest points, then what is expected, each point of it marked; the band begins at the last point that is known."""
    return Series(
        title=forecast.forecast_title(one),
        times=tuple(datetime.fromisoformat(text) for text in (*one.times, *(step.time for step in one.steps))),
        values=(*one.values, *(step.value for step in one.steps)),
        low=(*one.values, *(step.low_95 for step in one.steps)),
        high=(*one.values, *(step.high_95 for step in one.steps)),
        marks=tuple(range(len(one.values), len(one.values) + len(one.steps))),
        unit=one.value,
    )
