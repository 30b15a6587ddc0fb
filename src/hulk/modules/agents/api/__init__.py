"""Agents over HTTP: themselves and their tasks, what they remember, how they came to what they decided."""

from hulk.modules.agents.api.memories import routes as memory_routes
from hulk.modules.agents.api.reasoning import routes as reasoning_routes
from hulk.modules.agents.api.tasks import routes

__all__ = ["memory_routes", "reasoning_routes", "routes"]
