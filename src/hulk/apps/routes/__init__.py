"""Routes and metrics of the running program itself: what is the machine's and no module's."""

from hulk.apps.routes.about import about_routes
from hulk.apps.routes.caches import cache_routes
from hulk.apps.routes.channel_kinds import channel_kind_routes
from hulk.apps.routes.dead_letters import dead_letter_routes
from hulk.apps.routes.model_check import model_check_routes
from hulk.apps.routes.platform import Platform
from hulk.apps.routes.queues import queue_routes
from hulk.apps.routes.running import logging_routes, metrics_of
from hulk.apps.routes.runs import run_routes
from hulk.apps.routes.settings import settings_routes
from hulk.apps.routes.steered import Steered
from hulk.apps.routes.trace import trace_routes

__all__ = [
    "Platform",
    "Steered",
    "about_routes",
    "cache_routes",
    "channel_kind_routes",
    "dead_letter_routes",
    "logging_routes",
    "metrics_of",
    "model_check_routes",
    "queue_routes",
    "run_routes",
    "settings_routes",
    "trace_routes",
]
