"""Drawing, as the acts of skills need it."""

from pathlib import Path
from typing import Protocol

from hulk.modules.skills.domain.chart import Chart


class Charts(Protocol):
    """Draws charts."""

    async def draw(self, chart: Chart, path: Path) -> None:
        """Write `chart` to `path` as a PNG picture. Raises `Refused` when the chart has no panel, `Unavailable` when the disk is full."""
