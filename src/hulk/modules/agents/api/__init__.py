"""Agents over HTTP."""

from hulk.modules.agents.api.tasks import routes

__all__ = ["routes"]
