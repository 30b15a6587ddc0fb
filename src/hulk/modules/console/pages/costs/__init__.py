"""What Hulk spends: by day and by whatever one asks, the budgets, quotas and rates."""

from hulk.modules.console.pages.costs.routes import costs_routes

__all__ = ["costs_routes"]
