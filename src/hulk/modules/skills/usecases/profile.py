"""The acts behind the tickets of `data.profile`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hulk.kernel.records import from_json, to_json
from hulk.kernel.text import Text, Voice
from hulk.modules.skills.domain.chart import Bars, Chart, Columns, Panel
from hulk.modules.skills.domain.profile import CHART, Distribution, Distributions, Schema, figure
from hulk.modules.skills.domain.skill import Source
from hulk.modules.skills.domain.table import named
from hulk.modules.skills.ports.charts import Charts
from hulk.modules.skills.ports.sources import Sources
from hulk.modules.skills.ports.tables import Tables
from hulk.modules.tickets import Done, NewArtefact, Work


@dataclass(frozen=True, slots=True)
class ReadSchema:
    """`table.schema`: rows, columns, types, missing and odd values."""

    tables: Tables
    sources: Sources

    async def __call__(self, work: Work) -> Done:
        """Give a `Schema`."""
        path, columns = await _asked(self.tables, self.sources, work)
        return Done(result=to_json(await self.tables.schema(path, work.scratch, columns)))


@dataclass(frozen=True, slots=True)
class FindDuplicates:
    """`table.duplicates`: repeated rows and keys."""

    tables: Tables
    sources: Sources

    async def __call__(self, work: Work) -> Done:
        """Give `Duplicates`."""
        path, columns = await _asked(self.tables, self.sources, work)
        return Done(result=to_json(await self.tables.duplicates(path, work.scratch, columns, work.input.get("key"))))


@dataclass(frozen=True, slots=True)
class FindOutliers:
    """`table.outliers`: quartiles and far values."""

    tables: Tables
    sources: Sources

    async def __call__(self, work: Work) -> Done:
        """Give `Outliers`."""
        path, columns = await _asked(self.tables, self.sources, work)
        return Done(result=to_json(await self.tables.outliers(path, work.scratch, columns)))


@dataclass(frozen=True, slots=True)
class CountDistributions:
    """`table.distributions`: how values are distributed."""

    tables: Tables
    sources: Sources

    async def __call__(self, work: Work) -> Done:
        """Give `Distributions`."""
        path, columns = await _asked(self.tables, self.sources, work)
        return Done(result=to_json(await self.tables.distributions(path, work.scratch, columns)))


@dataclass(frozen=True, slots=True)
class DrawProfile:
    """`table.chart`: one picture of the distributions and of the missing values."""

    charts: Charts

    async def __call__(self, work: Work) -> Done:
        """Give the picture; none when nothing can be drawn."""
        schema = from_json(Schema, work.before["schema"])
        counted = from_json(Distributions, work.before["distributions"])
        panels = (*(_panel(column, work.voice) for column in counted.columns), *_nulls(schema, work.voice))
        if not panels:
            return Done(result={"panels": 0})
        path = work.scratch / CHART
        title = Text("Distributions of {name}", name=work.input["table"]["name"])
        await self.charts.draw(Chart(title=work.voice.say(title), panels=panels, shape="grid"), path)
        return Done(result={"panels": len(panels)}, artefacts=(NewArtefact(name=CHART, media_type="image/png", path=path),))


def _panel(column: Distribution, voice: Voice) -> Panel:
    rows = voice.say(Text("rows"))
    counts = tuple(float(count) for count in column.counts)
    if column.shape == "words":
        others = Text("{count} others", count=voice.number(column.rest))
        labels = (*column.labels, voice.say(others)) if column.rest else column.labels
        return Bars(title=column.column, labels=labels, values=(*counts, float(column.rest)) if column.rest else counts, unit=rows)
    labels = tuple(voice.day(date.fromisoformat(label)) for label in column.labels) if column.shape == "days" else _bins(column, voice)
    return Columns(title=column.column, labels=labels, values=counts, unit=rows)


def _bins(column: Distribution, voice: Voice) -> tuple[str, ...]:
    if len(column.edges) == len(column.counts):  # each count is of one number
        return tuple(figure(edge, voice) for edge in column.edges)
    return tuple(f"{figure(low, voice)} – {figure(high, voice)}" for low, high in zip(column.edges, column.edges[1:], strict=False))


def _nulls(schema: Schema, voice: Voice, most: int = 12) -> Iterator[Bars]:
    lacking = sorted((column for column in schema.columns if column.nulls), key=lambda column: -column.nulls)[:most]
    if lacking:
        yield Bars(
            title=voice.say(Text("Rows without a value")),
            labels=tuple(column.name for column in lacking),
            values=tuple(100 * column.nulls / schema.rows for column in lacking),
            unit=voice.say(Text("% of rows")),
        )


async def _asked(tables: Tables, sources: Sources, work: Work) -> tuple[Path, Sequence[str]]:
    path = await sources.table(from_json(Source, work.input["table"]), work.scratch)
    wanted = work.input.get("columns") or ()
    if not wanted:
        return path, ()
    names = [column.name for column in (await tables.layout(path, work.scratch)).columns]
    return path, tuple(dict.fromkeys(named(names, name) for name in wanted))
