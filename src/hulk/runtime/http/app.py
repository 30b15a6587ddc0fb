"""The HTTP application: routes of the modules behind the middlewares, in their order."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

import hulk
from hulk.runtime.config import Config
from hulk.runtime.http import documentation, health, problems
from hulk.runtime.http.gate import Gate
from hulk.runtime.http.health import Check
from hulk.runtime.http.middleware.door import Browser, Door, LocalOnly, Tokens
from hulk.runtime.http.middleware.failures import Failures
from hulk.runtime.http.middleware.hardening import Hardening
from hulk.runtime.http.middleware.identification import Identification
from hulk.runtime.http.middleware.limits import BodyLimit, RateLimit, TimeLimit
from hulk.runtime.http.middleware.observation import Observation
from hulk.runtime.http.problems import Face, Shape
from hulk.runtime.http.signposts import Signposts
from hulk.runtime.telemetry import Metrics

_PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "examples": ["urn:hulk:problem:refused"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The request's id, as in X-Request-Id and in the log."},
        "retry_after": {"type": "number", "description": "Seconds."},
        "quota": {"type": "string", "description": "Which quota is used up (429)."},
        "limit": {"description": "How much it is: a number, money as text."},
        "left": {"description": "How much of it is left."},
        "errors": {"type": "array", "items": {"type": "object", "properties": {"field": {"type": "string"}, "detail": {"type": "string"}}}},
    },
    "required": ["type", "title", "status", "detail", "instance"],
}


def build(
    config: Config,
    *,
    routers: Sequence[APIRouter],
    gate: Gate,
    browser: Browser | None = None,
    tokens: Tokens | None = None,
    checks: Mapping[str, Check],
    metrics: Metrics,
    uploads: Collection[str] = (),
    hooks: Collection[str] = (),
    shapes: Mapping[str, Shape] | None = None,
    faces: Mapping[str, Face] | None = None,
) -> FastAPI:
    """The application. `browser` is how browsers come in besides, where they do, and `tokens` those whom an authorisation server sends.

    `uploads` are the paths that take files (`server.max_upload` applies to them and to all below), `hooks` those that vendors of channels
    call (`server.max_hook`). `shapes` are paths at which programs ask models: problems are told there in another form, bodies may be as
    large as `server.max_prompt`, and an answer may take its time. `faces` are where people look at pages, at a path and all below:
    problems are shown there.
    """
    app = _Api(
        title="Hulk",
        version=hulk.__version__,
        description="Turns an intent into work that is decided, executed and audited.",
        docs_url=None,
        redoc_url=None,
        middleware=_middlewares(config, gate, browser, tokens, metrics, uploads, hooks, shapes or {}, faces or {}),
        exception_handlers={RequestValidationError: _invalid, HTTPException: _refused},
        responses={kind: {"description": "Problem", "content": {problems.MEDIA_TYPE: {"schema": _PROBLEM}}} for kind in ("4XX", "5XX")},
        telemetry={"tracing": False, "metrics": False, "logs": False},  # Observation does it
    )
    app.state.closing = asyncio.Event()
    app.include_router(health.routes(checks, metrics if config.telemetry.metrics.enabled else None))
    app.include_router(documentation.routes(app))
    for router in routers:
        app.include_router(router)
    app.router.middleware_stack = Signposts(app.router)
    return app


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = documentation.secured(super().openapi())
        return self.openapi_schema


def _middlewares(
    config: Config, gate: Gate, browser: Browser | None, tokens: Tokens | None, metrics: Metrics, uploads: Collection[str],
    hooks: Collection[str], shapes: Mapping[str, Shape], faces: Mapping[str, Face],
) -> list[Middleware]:  # fmt: skip
    """From the outside in. Each relies on what those before it have found out."""
    server = config.server
    return [
        Middleware(Identification, language=config.locale.language, shapes=shapes, faces=faces),
        Middleware(Hardening),
        Middleware(Observation, metrics=metrics),
        Middleware(Failures),
        *([Middleware(LocalOnly)] if server.loopback else []),
        Middleware(Door, gate=gate, browser=browser, tokens=tokens),
        Middleware(RateLimit, gate=gate),
        Middleware(TimeLimit, read=server.read_timeout, write=server.write_timeout, patient=shapes),
        Middleware(BodyLimit, server=server, uploads=uploads, prompts=shapes, hooks=hooks),
    ]


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for this class only
    return problems.response(request.scope, problems.of_validation(error))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for this class only
    return problems.response(request.scope, problems.of_http(error))
