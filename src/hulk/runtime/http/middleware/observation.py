"""One measurement of each request, told three ways: a span, a line in the log, a sample in a histogram."""

import time

import structlog
from opentelemetry.trace import Span, SpanKind, StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hulk.kernel.tenancy import Principal
from hulk.runtime.http.request import client_host, state
from hulk.runtime.telemetry import Metrics, span

log = structlog.get_logger("hulk.http")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/health", "/ready", "/metrics"})
"""Routes that machines ask every few seconds: logged at debug."""


class Observation:
    """Neither query nor body is told: both may hold what is private."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.duration = metrics.histogram(
            "http_server_request_duration_seconds",
            "Duration of HTTP requests, from their head to the end of the answer.",
            ("http_request_method", "http_route", "http_response_status_code"),
        )
        self.active = metrics.gauge("http_server_active_requests", "HTTP requests being answered.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and tell how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 499  # nothing was answered: the caller had gone

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        began = time.perf_counter()
        with span(method, Headers(scope=scope).get("traceparent"), kind=SpanKind.SERVER) as opened, self.active.track_inprogress():
            try:
                await self.app(scope, receive, watched)
            finally:
                self._told(scope, opened, method, status, time.perf_counter() - began)

    def _told(self, scope: Scope, opened: Span, method: str, status: int, seconds: float) -> None:
        route = template(scope)
        self.duration.labels(method, route, str(status)).observe(seconds)
        opened.update_name(f"{method} {route}")
        opened.set_attributes({"http.request.method": method, "http.route": route, "http.response.status_code": status})
        if status >= 500:
            opened.set_status(StatusCode.ERROR)
        caller = state(scope).get("principal")
        who = {"tenant": caller.tenant, "actor": caller.actor} if isinstance(caller, Principal) else {}
        write = log.debug if route in _QUIET and status < 500 else log.info
        write("http_request", method=method, route=route, status=status, ms=round(seconds * 1000, 2), client=client_host(scope), **who)


def template(scope: Scope) -> str:
    """The route that answered, as it was declared (`/v1/intents/{id}`); `unmatched` when none did, so that labels stay few."""
    inside = scope.get("fastapi")
    found = inside.get("effective_route_context") if isinstance(inside, dict) else None
    for route in (found, scope.get("route")):
        path = getattr(route, "path_format", None) or getattr(route, "path", None)
        if path:
            return str(path)
    return "unmatched"
