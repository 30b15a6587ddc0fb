"""HTTP: one application for all modules, behind middlewares that identify, observe, guard and limit every request.

    gate = Gate.of(authenticate, config.server.rate_limit)
    app = build(config, routers=[...], gate=gate, checks={"store": ...}, metrics=telemetry.metrics, uploads=["/v1/files"])
    listening = bind(config.server.host, config.server.port)      # early: tells at once when the port is in use
    async with serve(app, listening, grace=config.server.shutdown_timeout) as serving:
        print(serving.url)

A route asks for `Caller` (who) and `Spoken` (in which voice), and raises kernel errors; they become problem details here.
"""

from hulk.runtime.http.app import build
from hulk.runtime.http.documentation import sending
from hulk.runtime.http.events import STREAM, ServerEvent, events
from hulk.runtime.http.files import Download, attached, downloaded
from hulk.runtime.http.gate import Authenticate, Gate, sent_key
from hulk.runtime.http.health import Check
from hulk.runtime.http.inside import Inside, Reply
from hulk.runtime.http.middleware.door import Browser, Tokens, require_same_origin
from hulk.runtime.http.problems import Face, Problem, Shape, TimedOut, of_error
from hulk.runtime.http.reasons import Reason, Reasoned, Why
from hulk.runtime.http.request import Caller, Spoken, allow, allow_somewhere, client_host, request_id, state, tell, voice_of
from hulk.runtime.http.server import Serving, bind, serve

__all__ = [
    "STREAM",
    "Authenticate",
    "Browser",
    "Caller",
    "Check",
    "Download",
    "Face",
    "Gate",
    "Inside",
    "Problem",
    "Reason",
    "Reasoned",
    "Reply",
    "ServerEvent",
    "Serving",
    "Shape",
    "Spoken",
    "TimedOut",
    "Tokens",
    "Why",
    "allow",
    "allow_somewhere",
    "attached",
    "bind",
    "build",
    "client_host",
    "downloaded",
    "events",
    "of_error",
    "request_id",
    "require_same_origin",
    "sending",
    "sent_key",
    "serve",
    "state",
    "tell",
    "voice_of",
]
