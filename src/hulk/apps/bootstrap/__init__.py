"""Joins runtime and modules, in the order of a start: settings > telemetry > store > bus > modules > workers > HTTP.

`hulk up` (`running`) and `hulk worker` (`working`) are the same but for what they serve over HTTP.

Everything is entered into one `AsyncExitStack`, so it is left in the reverse order: HTTP stops taking requests, the
workers finish or hand back, what is unsent is sent, bus and store are closed.
"""

from hulk.apps.bootstrap.modules import SHIPPED_VECTORS, Shelf, roots
from hulk.apps.bootstrap.programs import Hulk, running, ticketing, working

__all__ = ["SHIPPED_VECTORS", "Hulk", "Shelf", "roots", "running", "ticketing", "working"]
