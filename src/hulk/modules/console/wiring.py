"""The console module, put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fastapi import APIRouter, FastAPI

from hulk.modules.console.adapters.trail import TrailFeed
from hulk.modules.console.pages import Showing, face_of, routes
from hulk.modules.console.pages.framing import Frames
from hulk.modules.console.pages.static import Vendored, vendored
from hulk.modules.console.pages.templating import templates
from hulk.modules.console.usecases import Live, Shared
from hulk.runtime.http import Face, Inside
from hulk.runtime.outbox import Outbox

__all__ = ["PATH", "Console", "Vendored", "vendored", "wired"]

PATH = "/console"
"""Where it is; problems there and below are shown by its face."""


@dataclass(frozen=True, slots=True)
class Console:
    """What bootstrap hands on."""

    showing: Showing
    routers: Sequence[APIRouter]
    face: Face
    live: Live
    """To be kept running."""

    def over(self, app: FastAPI) -> None:
        """Its pages ask this application; to be said before anybody comes."""
        self.showing.inside[:] = [Inside(app)]


def wired(outbox: Outbox, timezone: str, *, provider: bool) -> Console:
    """The console over the trail; times are shown in `timezone` to whoever has not told theirs. `provider` is whether people can log in at
    one of OpenID Connect."""
    live = Live(TrailFeed(outbox))
    made = templates()
    showing = Showing(
        templates=made, frames=Frames(made), live=live, shared=Shared(), zone=ZoneInfo(timezone), inside=[], provider=provider
    )
    return Console(showing, routes(showing), face_of(showing), live)
