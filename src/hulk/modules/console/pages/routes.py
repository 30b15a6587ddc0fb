"""All routes of the console."""

from collections.abc import Sequence

from fastapi import APIRouter

from hulk.modules.console.pages.agents import agent_routes
from hulk.modules.console.pages.audit import audit_routes
from hulk.modules.console.pages.channels import channel_routes
from hulk.modules.console.pages.conversations import conversation_routes
from hulk.modules.console.pages.going import going_routes
from hulk.modules.console.pages.house import house_routes
from hulk.modules.console.pages.keys import key_routes
from hulk.modules.console.pages.live import live_routes
from hulk.modules.console.pages.login import login_routes
from hulk.modules.console.pages.now import now_routes
from hulk.modules.console.pages.people import people_routes
from hulk.modules.console.pages.showing import Showing
from hulk.modules.console.pages.static import static_routes
from hulk.modules.console.pages.tenants import tenant_routes
from hulk.modules.console.pages.tools import tool_routes

_PAGES = (
    agent_routes,
    audit_routes,
    channel_routes,
    conversation_routes,
    going_routes,
    house_routes,
    key_routes,
    live_routes,
    login_routes,
    now_routes,
    people_routes,
    tenant_routes,
    tool_routes,
)


def routes(showing: Showing) -> Sequence[APIRouter]:
    """Those of each place, and the files they load."""
    return [static_routes(), *(made(showing) for made in _PAGES)]
