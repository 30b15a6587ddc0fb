"""Charts as PNG pictures by matplotlib: its object interface only, without pyplot and its global state; one picture at a time.

Colours are Okabe and Ito's (2008), which people who are colour-blind can tell apart; nothing is told by colour alone.
"""

import asyncio
import functools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from hulk.kernel.errors import Refused, Unavailable
from hulk.modules.skills import Bars, Chart, Columns, Panel, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 144
WIDTH = 10.0
"""Inches."""

_TICKS = ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%S.%f"]
_OFFSETS = ["", "%Y", "%Y", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d %H:%M"]
"""ISO 8601, which no reader can mistake: a chart does not know its reader's language."""

FEWEST_BARS = 3
"""Lines that bars leave room for, so that one alone is no slab."""

MOST_LABEL = 28
MOST_TITLE = 64
BLUE, ORANGE, INK, MUTED, GRID, BAND = "#0072B2", "#D55E00", "#1F2933", "#5F6C7B", "#E3E8EE", "#BBD7EA"


class MatplotlibCharts:
    """Implements `Charts`."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)

    async def draw(self, chart: Chart, path: Path) -> None:
        """See `Charts.draw`."""
        if not chart.panels:
            raise Refused("The chart “{title}” has nothing to draw.", title=chart.title)
        async with self._turn:
            try:
                await asyncio.to_thread(_drawn, chart, path)
            except OSError as error:
                raise Unavailable("The chart {name} cannot be written: {why}.", name=path.name, why=error.strerror or "") from error


def _drawn(chart: Chart, path: Path) -> None:
    from matplotlib import rc_context  # 60 MB and half a second: loaded when the first chart is drawn, not at start
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = 2 if chart.shape == "grid" and len(chart.panels) > 1 else 1
    rows = [chart.panels[start : start + columns] for start in range(0, len(chart.panels), columns)]
    heights = [max(_height(panel) for panel in row) for row in rows]
    with rc_context({"font.family": "DejaVu Sans", "font.size": 9, "axes.unicode_minus": True, "text.parse_math": False}):
        figure = Figure(figsize=(WIDTH, sum(heights) + 0.6), dpi=DPI, layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        figure.suptitle(_short(chart.title, MOST_TITLE), fontsize=13, fontweight="bold", color=INK, x=0.01, ha="left")
        figure.get_layout_engine().set(hspace=0.06, wspace=0.05, h_pad=0.08, w_pad=0.1)  # type: ignore[union-attr, call-arg]  # constrained, as asked
        _fill(figure, rows, heights, columns)
        figure.savefig(path, format="png", metadata={"Software": "Hulk"})


def _fill(figure: "Figure", rows: Sequence[Sequence[Panel]], heights: Sequence[float], columns: int) -> None:
    grid = figure.add_gridspec(len(rows), columns, height_ratios=heights)
    for line, row in enumerate(rows):
        for place, panel in enumerate(row):
            alone = len(row) < columns
            axes = figure.add_subplot(grid[line, :] if alone and len(rows) == 1 else grid[line, place])
            _panel(axes, panel, narrow=columns > 1)


def _height(panel: Panel) -> float:
    """Inches: bars need a line each."""
    return max(1.5, 0.7 + 0.27 * len(panel.labels)) if isinstance(panel, Bars) else 2.5


def _panel(axes: "Axes", panel: Panel, narrow: bool) -> None:
    axes.set_title(_short(panel.title, 48 if narrow else 90), loc="left", fontsize=10, fontweight="bold", color=INK)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(side == "bottom")
    axes.spines["bottom"].set_color(MUTED)
    axes.tick_params(length=0, colors=MUTED, labelsize=8.5)
    axes.set_axisbelow(True)
    match panel:
        case Bars():
            _bars(axes, panel, MOST_LABEL if narrow else 2 * MOST_LABEL)
        case Columns():
            _columns(axes, panel, narrow)
        case Series():
            _series(axes, panel)
        case _:
            assert_never(panel)


def _bars(axes: "Axes", panel: Bars, most: int) -> None:
    places = range(len(panel.labels))
    bars = axes.barh(list(places), list(panel.values), color=BLUE, height=0.7)
    axes.set_yticks(list(places), [_squeezed(label, most) for label in panel.labels], color=INK)
    axes.set_ylim(max(len(places), FEWEST_BARS) - 0.4, -0.6)
    axes.set_xlim(1.16 * min(0, *panel.values), 1.16 * max(0, *panel.values) or (0 if min(panel.values, default=0) < 0 else 1))
    axes.bar_label(bars, labels=[_figure(value) for value in panel.values], padding=3, fontsize=8, color=MUTED)
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])
    axes.set_xlabel(panel.unit, color=MUTED, fontsize=8.5, loc="left")


def _columns(axes: "Axes", panel: Columns, narrow: bool) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.bar(range(len(panel.values)), list(panel.values), color=BLUE, width=0.86)
    axes.set_ylim(bottom=min(0, *panel.values), top=None if any(panel.values) else 1)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=all(value == int(value) for value in panel.values)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _figure(value)))
    axes.set_ylabel(panel.unit, color=MUTED, fontsize=8.5)
    longest = max((min(len(label), MOST_LABEL) for label in panel.labels), default=1)
    room = max(2, int((46 if narrow else 100) / (longest + 2)))
    every = max(1, math.ceil(len(panel.labels) / room))
    shown = range(0, len(panel.labels), every)
    axes.set_xticks(list(shown), [_short(panel.labels[i], MOST_LABEL) for i in shown])


def _series(axes: "Axes", panel: Series) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    times, values = list(panel.times), list(panel.values)
    if panel.low and panel.high:
        axes.fill_between(times, list(panel.low), list(panel.high), color=BAND, alpha=0.75, linewidth=0, zorder=1)  # type: ignore[arg-type]  # dates are units
    axes.plot(times, values, color=BLUE, linewidth=1.1, zorder=2)  # type: ignore[arg-type]  # dates are units
    marked = [index for index in panel.marks if index < len(values)]
    axes.scatter([times[i] for i in marked], [values[i] for i in marked], s=30, color=ORANGE, edgecolor="white", linewidth=0.7, zorder=3)  # type: ignore[arg-type]  # dates are units
    axes.grid(color=GRID, linewidth=0.8)
    axes.margins(x=0.01)
    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]  # matplotlib.dates has no types
    axes.xaxis.set_major_locator(locator)
    short = ConciseDateFormatter(locator, formats=_TICKS, zero_formats=["", *_TICKS[:5]], offset_formats=_OFFSETS)  # type: ignore[no-untyped-call]  # the same
    axes.xaxis.set_major_formatter(short)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _figure(value)))
    axes.set_ylabel(_short(panel.unit, MOST_LABEL), color=MUTED, fontsize=8.5)


def _short(text: str, most: int) -> str:
    line = " ".join(_drawable(text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _squeezed(text: str, most: int) -> str:
    """Shortened in its middle: of a path, both the folder and the file say something."""
    line = " ".join(_drawable(text).split())
    return line if len(line) <= most else f"{line[: most // 3]}…{line[-(most - most // 3 - 1) :]}"


def _drawable(text: str) -> str:
    """`text` with a box for each letter that the font has not, instead of a warning for each on every picture."""
    known = _known_letters()
    return "".join(letter if ord(letter) in known or letter.isspace() else "□" for letter in text)


@functools.cache
def _known_letters() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())


def _figure(value: float) -> str:
    """`1234567` as `1.23 M`: short enough for an axis, the same in every language."""
    if abs(value) < 10_000 and value == int(value):
        return f"{value:.0f}"
    for scale, mark in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= scale:
            return f"{value / scale:.3g}{mark}"
    return f"{value:.3g}"
