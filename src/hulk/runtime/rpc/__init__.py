"""gRPC: all services of a process behind one wrapper that identifies, observes, guards and limits every call.

    service = Service.of(DESCRIPTOR.services_by_name["TicketService"], acts)       # acts.GetTicket(request, call) -> message
    async with serve([service], door, config.grpc, largest=config.server.max_body) as listening:
        print(listening.target)

An act gets the parsed request and the `Call` (who, in which voice), and raises kernel errors; they become codes with
google.rpc details here. What cannot be parsed is INVALID_ARGUMENT, never INTERNAL.
"""

from hulk.runtime.rpc.call import Call
from hulk.runtime.rpc.door import Door
from hulk.runtime.rpc.methods import Service
from hulk.runtime.rpc.server import Listening, serve

__all__ = ["Call", "Door", "Listening", "Service", "serve"]
