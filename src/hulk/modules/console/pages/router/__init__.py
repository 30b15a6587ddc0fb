"""Who answers: decisions, policies, experiments, models."""

from collections.abc import Sequence

from fastapi import APIRouter

from hulk.modules.console.pages.router.decisions import add_decisions
from hulk.modules.console.pages.router.experiments import add_experiments
from hulk.modules.console.pages.router.models import models_routes
from hulk.modules.console.pages.router.policies import add_policies
from hulk.modules.console.pages.router.versions import add_versions
from hulk.modules.console.pages.showing import Showing

__all__: Sequence[str] = ["models_routes", "router_routes"]


def router_routes(showing: Showing) -> APIRouter:
    """`/console/router` and what lies below it."""
    router = APIRouter(prefix="/console/router", include_in_schema=False)
    for add in (add_decisions, add_policies, add_versions, add_experiments):
        add(router, showing)
    return router
