"""`/v1/tools`: tools that may be used, calls of them, and who may use which."""

from hulk.modules.tools.api.pins import routes as pin_routes
from hulk.modules.tools.api.routes import routes

__all__ = ["pin_routes", "routes"]
