"""An HTTP application really served, and a client for it."""

import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import aiohttp
from fastapi import APIRouter, FastAPI
from fastapi.dependencies import models

from hulk.kernel.errors import Unauthenticated
from hulk.kernel.tenancy import Principal, everywhere
from hulk.runtime.config import Config, ServerSettings
from hulk.runtime.http import Authenticate, Check, Gate, Shape, bind, build, serve
from hulk.runtime.telemetry import Metrics

KEYS: Mapping[str, Principal] = {
    "right": Principal(tenant="acme", actor="key:right", grants=everywhere("operator")),
    "other": Principal(tenant="acme", actor="key:other", grants=everywhere("viewer")),
}


async def by_table(key: str | None, _: str) -> Principal:
    """Knows the keys of `KEYS`; who sends none is local."""
    if key is None:
        return Principal(tenant="default", actor="local", grants=everywhere("admin"))
    if key not in KEYS:
        raise Unauthenticated("This API key is not valid: it is mistyped, revoked or expired. Check it, or ask an admin for a new one.")
    return KEYS[key]


async def keys_only(key: str | None, host: str) -> Principal:
    """Knows the keys of `KEYS` and nobody without one."""
    if key is None:
        raise Unauthenticated("An API key is needed: send it as “Authorization: Bearer …” or “X-API-Key: …”.")
    return await by_table(key, host)


def application(
    routers: Sequence[APIRouter] = (),
    *,
    server: ServerSettings | None = None,
    authenticate: Authenticate = by_table,
    checks: Mapping[str, Check] | None = None,
    metrics: Metrics | None = None,
    uploads: Collection[str] = (),
    hooks: Collection[str] = (),
    clock: Callable[[], float] = time.monotonic,
    shapes: Mapping[str, Shape] | None = None,
) -> FastAPI:
    """The application with these routes."""
    settings = server or ServerSettings()
    return build(
        Config(server=settings),
        routers=routers,
        gate=Gate.of(authenticate, settings.rate_limit, clock),
        checks=checks or {},
        metrics=metrics or Metrics(),
        uploads=uploads,
        hooks=hooks,
        shapes=shapes,
    )


@asynccontextmanager
async def served(app: FastAPI, grace: float = 5) -> AsyncIterator[aiohttp.ClientSession]:
    """A client whose paths begin at the application, on a free port. It asks in English."""
    with handlers_forgotten():
        async with (
            serve(app, bind("127.0.0.1", 0), grace=timedelta(seconds=grace)) as serving,
            aiohttp.ClientSession(serving.url, headers={"Accept-Language": "en"}) as client,
        ):
            yield client


@contextmanager
def handlers_forgotten() -> Iterator[None]:
    """FastAPI remembers of each handler what kind of function it is, and so keeps all that the handler knows: a whole Hulk. Not here."""
    try:
        yield
    finally:
        for one in vars(models).values():
            if hasattr(one, "cache_clear"):
                one.cache_clear()
