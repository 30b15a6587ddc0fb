"""All routes of the console."""

from collections.abc import Sequence

from fastapi import APIRouter

from hulk.modules.console.pages.agent_tasks import agent_task_routes
from hulk.modules.console.pages.agents import agent_routes
from hulk.modules.console.pages.ask import ask_routes
from hulk.modules.console.pages.audit import audit_routes
from hulk.modules.console.pages.channels import channel_routes
from hulk.modules.console.pages.contacts import contact_routes
from hulk.modules.console.pages.conversations import conversation_routes
from hulk.modules.console.pages.costs import costs_routes
from hulk.modules.console.pages.dead_letters import dead_letters_routes
from hulk.modules.console.pages.decisions import decision_routes
from hulk.modules.console.pages.first import first_routes
from hulk.modules.console.pages.going import going_routes
from hulk.modules.console.pages.house import house_routes
from hulk.modules.console.pages.intents import intent_routes
from hulk.modules.console.pages.keys import key_routes
from hulk.modules.console.pages.live import live_routes
from hulk.modules.console.pages.login import login_routes
from hulk.modules.console.pages.now import now_routes
from hulk.modules.console.pages.people import people_routes
from hulk.modules.console.pages.queues import queues_routes
from hulk.modules.console.pages.router import models_routes, router_routes
from hulk.modules.console.pages.runs import runs_routes
from hulk.modules.console.pages.schedules import schedules_routes
from hulk.modules.console.pages.showing import Showing
from hulk.modules.console.pages.static import static_routes
from hulk.modules.console.pages.tenants import tenant_routes
from hulk.modules.console.pages.tickets import ticket_routes
from hulk.modules.console.pages.tools import tool_routes
from hulk.modules.console.pages.trace import trace_routes

_PAGES = (
    going_routes,
    live_routes,
    now_routes,
    agent_routes,
    agent_task_routes,
    ask_routes,
    audit_routes,
    channel_routes,
    contact_routes,
    conversation_routes,
    costs_routes,
    dead_letters_routes,
    decision_routes,
    first_routes,
    house_routes,
    intent_routes,
    key_routes,
    login_routes,
    models_routes,
    people_routes,
    queues_routes,
    router_routes,
    runs_routes,
    schedules_routes,
    tenant_routes,
    ticket_routes,
    tool_routes,
    trace_routes,
)


def routes(showing: Showing) -> Sequence[APIRouter]:
    """Those of each place, and the files they load."""
    return [static_routes(), *(made(showing) for made in _PAGES)]
