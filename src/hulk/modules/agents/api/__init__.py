"""`/v1/agents/…/memories`, `/v1/memories` and `/v1/reasoning`: what agents remember, and how they came to what they decided."""

from hulk.modules.agents.api.memories import routes as memory_routes
from hulk.modules.agents.api.reasoning import routes as reasoning_routes

__all__ = ["memory_routes", "reasoning_routes"]
