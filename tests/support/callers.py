"""A whole Hulk in this process that wants keys, and everybody who may call it."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from fastapi import FastAPI

from hulk.apps.bootstrap import running
from hulk.apps.desk import Desk, desk_of
from hulk.apps.settings import configured
from support.collecting import apart
from support.patience import until_found
from support.served import handlers_forgotten

CALLERS = ("nobody", "viewer", "operator", "approver", "admin", "stranger", "prod", "platform")
"""No key; the roles in all of the tenant acme; an admin of another tenant; an admin of acme's namespace prod; an admin of `default`."""
_KEYS = {
    "viewer": ("acme", "viewer"), "operator": ("acme", "operator"), "approver": ("acme", "approver"), "admin": ("acme", "admin"),
    "stranger": ("other", "admin"), "prod": ("acme", "admin@prod"), "platform": ("default", "admin"),
}  # fmt: skip


@dataclass
class World:
    """The running Hulk with a caller for each of `CALLERS`."""

    app: FastAPI
    url: str
    desk: Desk
    session: aiohttp.ClientSession
    rpc: int
    """The port of gRPC."""
    keys: dict[str, str] = field(default_factory=dict)
    strangers: int = 0

    async def call(self, who: str, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Status and body of the answer."""
        headers = more.pop("headers", {})
        if who == "nobody":  # from another address each time: who has no key is soon told to slow down
            self.strangers += 1
            connector = aiohttp.TCPConnector(local_addr=(f"127.0.1.{self.strangers % 250 + 1}", 0))
            async with aiohttp.ClientSession(connector=connector) as session:
                return await self._asked(session, method, path, headers, **more)
        return await self._asked(self.session, method, path, {"x-api-key": self.keys[who], **headers}, **more)

    async def _asked(self, session: aiohttp.ClientSession, method: str, path: str, headers: dict[str, str], **more: Any) -> tuple[int, Any]:
        said = {"accept-language": "en", **headers}
        async with session.request(method, self.url + path, headers=said, allow_redirects=False, **more) as answer:
            if answer.content_type == "text/event-stream":
                return answer.status, None
            body = await answer.json(content_type=None) if answer.content_type.endswith("json") else await answer.read()
            return answer.status, body

    async def made(self, who: str, path: str, **body: Any) -> Any:
        """What a POST by somebody who may gives."""
        status, found = await self.call(who, "POST", path, json=body)
        assert status in (200, 201, 202), found
        return found

    async def key(self, tenant: str, *grants: str) -> str:
        """A key's secret."""
        [row] = await self.desk.members.create_key(tenant, "test", list(grants), None, None, "")
        return str(row["secret"])

    async def ended(self, who: str, intent: str) -> Any:
        """The intent once it has ended."""
        found: Any = None

        async def over() -> bool:
            nonlocal found
            _, found = await self.call(who, "GET", f"/v1/intents/{intent}")
            return found["status"] in ("completed", "failed")

        await until_found(over, within=60)
        return found


@asynccontextmanager
async def a_world(folder: Path, **options: object) -> AsyncIterator[World]:
    """The world, its tenants acme and other, and acme's namespace prod; `options` are settings besides, a dot written as two underlines."""
    with apart():
        async with _a_world(folder, options) as world:
            yield world


@asynccontextmanager
async def _a_world(folder: Path, options: Mapping[str, object]) -> AsyncIterator[World]:
    more = {name.replace("__", "."): value for name, value in options.items()}
    host = {"server.host": "0.0.0.0", "server.port": 0, "server.rate_limit": 100_000, "logging.level": "warning"}  # noqa: S104  # it wants keys
    shop = {"channels.webhook": [{"name": "shop", "tenant": "acme", "secret": "s" * 32}]}
    prompts = {"router.prompts": dict.fromkeys(("now", "new"), "Be brief.")}
    config = configured(None, {}, {**host, **shop, **prompts, **more}, folder)
    data = folder / "data"
    with handlers_forgotten():
        async with running(config, data, folder) as hulk, desk_of(config, data) as desk, aiohttp.ClientSession() as session:
            assert hulk.rpc is not None
            world = World(hulk.app, f"http://127.0.0.1:{hulk.serving.port}", desk, session, hulk.rpc)
            await desk.members.add_tenant("acme", "")
            await desk.members.add_tenant("other", "")
            await desk.members.add_namespace("acme", "prod", "")
            for who, (tenant, grant) in _KEYS.items():
                world.keys[who] = await world.key(tenant, grant)
            yield world


def routes_of(app: FastAPI) -> Iterator[str]:
    """All routes that the application serves besides pages: `GET /v1/intents/{intent_id}`."""
    yield from (route for route in _routes(app.routes) if not _page(route))


def pages_of(app: FastAPI) -> Iterator[str]:
    """The routes of the console: `GET /console/runs/{run_id}`. What they show and do they ask the other routes for."""
    yield from (route for route in _routes(app.routes) if _page(route))


def _page(route: str) -> bool:
    path = route.partition(" ")[2]
    return path in ("/", "/console") or path.startswith("/console/")


def _routes(routes: Sequence[Any]) -> Iterator[str]:
    for route in routes:
        if (inside := getattr(route, "original_router", None)) is not None:
            yield from _routes(inside.routes)
        else:
            yield from (f"{method} {route.path}" for method in sorted(route.methods - {"HEAD", "OPTIONS"}))
