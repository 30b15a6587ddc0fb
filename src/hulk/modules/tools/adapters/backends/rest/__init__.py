"""JSON over HTTP, as the backends that are asked by REST need it: bounded, honest about what is not known, and deaf to redirections.

    github = Rest(name="GitHub", url="https://api.github.com", headers=lambda: {"Authorization": f"Bearer {key()}"})
    reply = await github.read(calling, path("repos", owner, name, "issues"), {"state": "open"})
    reply = await github.write(calling, "POST", path("repos", owner, name, "issues"), {"title": "Till 3 is slow"})

The address is the settings' own, so it may be private; what a caller says becomes parts of a path, a query or a body, never a host.
"""

from hulk.modules.tools.adapters.backends.rest.asking import Asking, Query, Reply, Shape, path
from hulk.modules.tools.adapters.backends.rest.client import Rest
from hulk.modules.tools.adapters.backends.rest.failures import KeyRefused, at, excerpt, seconds_of
from hulk.modules.tools.adapters.backends.rest.tokens import Token, Tokens

__all__ = ["Asking", "KeyRefused", "Query", "Reply", "Rest", "Shape", "Token", "Tokens", "at", "excerpt", "path", "seconds_of"]
