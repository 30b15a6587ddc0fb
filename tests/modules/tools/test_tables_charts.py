"""What everything that draws promises (`ports.Charts`): PNG files, whatever there is to say in them."""

import asyncio
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hulk.kernel.errors import Refused, Unavailable
from hulk.modules.skills.domain.chart import Bars, Chart, Columns, Panel, Series
from hulk.modules.skills.ports.charts import Charts
from hulk.modules.tools.adapters.charts import MatplotlibCharts

TIMES = tuple(datetime(2025, 1, 1) + timedelta(hours=h) for h in range(50))  # noqa: DTZ001  clock times as files have them
BARS = Bars(title="Situação – ação", labels=("São Paulo", "x" * 200), values=(3, 1), unit="linhas")
COLUMNS = Columns(title="$x$ 100 %", labels=tuple(map(str, range(20))), values=(0.0,) * 20)
SERIES = Series(title="v", times=TIMES, values=tuple(range(50)), low=tuple(range(50)), high=tuple(range(1, 51)), marks=(3, 49))


CONFORMING: dict[str, Callable[[], Charts]] = {"matplotlib": MatplotlibCharts}


@pytest.fixture(params=list(CONFORMING))
def charts(request: pytest.FixtureRequest) -> Charts:
    """Each in turn."""
    return CONFORMING[request.param]()


def size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@pytest.mark.parametrize(
    "panels",
    [
        pytest.param((BARS,), id="bars"),
        pytest.param((COLUMNS,), id="columns, all zero, with signs that are no mathematics"),
        pytest.param((SERIES,), id="series"),
        pytest.param((SERIES, BARS), id="two"),
        pytest.param((BARS, COLUMNS, SERIES) * 3, id="nine"),
        pytest.param((Bars(title="a\0b", labels=("c\0", "\x1b[31m", "🦜"), values=(1, 2, 3)),), id="letters that no picture has"),
        pytest.param((Bars(title="", labels=("a",), values=(-5,)),), id="negative"),
        pytest.param((Series(title="one point", times=TIMES[:1], values=(1,), marks=(0,)),), id="one point"),
    ],
)
@pytest.mark.parametrize("shape", ["stack", "grid"])
async def test_a_chart_becomes_a_picture_without_a_warning(charts: Charts, tmp_path: Path, panels: tuple[Panel, ...], shape: str) -> None:
    path = tmp_path / "chart.png"
    await charts.draw(Chart(title="Título", panels=panels, shape="grid" if shape == "grid" else "stack"), path)
    width, height = size(path)
    assert width == 1440
    assert height >= 280


async def test_charts_drawn_at_once_do_not_mix(charts: Charts, tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as group:
        for i in range(4):
            group.create_task(charts.draw(Chart(title=str(i), panels=(BARS,) * (i + 1)), tmp_path / f"{i}.png"))
    heights = [size(tmp_path / f"{i}.png")[1] for i in range(4)]
    assert heights == sorted(set(heights))


async def test_a_chart_of_nothing_is_refused(charts: Charts, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nothing to draw"):
        await charts.draw(Chart(title="x", panels=()), tmp_path / "c.png")


async def test_a_folder_that_is_not_there_is_unavailable(charts: Charts, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"c\.png cannot be written"):
        await charts.draw(Chart(title="x", panels=(BARS,)), tmp_path / "no" / "c.png")
