"""All routes of the console."""

from collections.abc import Sequence

from fastapi import APIRouter

from hulk.modules.console.pages.going import going_routes
from hulk.modules.console.pages.live import live_routes
from hulk.modules.console.pages.login import login_routes
from hulk.modules.console.pages.now import now_routes
from hulk.modules.console.pages.showing import Showing
from hulk.modules.console.pages.static import static_routes

_PAGES = (
    going_routes,
    live_routes,
    login_routes,
    now_routes,
)


def routes(showing: Showing) -> Sequence[APIRouter]:
    """Those of each place, and the files they load."""
    return [static_routes(), *(made(showing) for made in _PAGES)]
