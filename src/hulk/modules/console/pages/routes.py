"""All routes of the console."""

from collections.abc import Sequence

from fastapi import APIRouter

from hulk.modules.console.pages.costs import costs_routes
from hulk.modules.console.pages.agent_tasks import agent_task_routes
from hulk.modules.console.pages.ask import ask_routes
from hulk.modules.console.pages.decisions import decision_routes
from hulk.modules.console.pages.first import first_routes
from hulk.modules.console.pages.dead_letters import dead_letters_routes
from hulk.modules.console.pages.going import going_routes
from hulk.modules.console.pages.intents import intent_routes
from hulk.modules.console.pages.live import live_routes
from hulk.modules.console.pages.now import now_routes
from hulk.modules.console.pages.queues import queues_routes
from hulk.modules.console.pages.router import models_routes, router_routes
from hulk.modules.console.pages.runs import runs_routes
from hulk.modules.console.pages.schedules import schedules_routes
from hulk.modules.console.pages.showing import Showing
from hulk.modules.console.pages.static import static_routes
from hulk.modules.console.pages.tickets import ticket_routes
from hulk.modules.console.pages.trace import trace_routes

_PAGES = (
    going_routes,
    live_routes,
    now_routes,
    costs_routes,
    router_routes,
    models_routes,
    ask_routes,
    first_routes,
    intent_routes,
    decision_routes,
    agent_task_routes,
    ticket_routes,
    runs_routes,
    dead_letters_routes,
    queues_routes,
    schedules_routes,
    trace_routes,
)


def routes(showing: Showing) -> Sequence[APIRouter]:
    """Those of each place, and the files they load."""
    return [static_routes(), *(made(showing) for made in _PAGES)]
