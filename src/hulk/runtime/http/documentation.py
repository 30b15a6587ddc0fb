"""The API's page at `/docs`: Swagger UI from a package, so that it works offline and no other site learns who reads it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import HTMLResponse, JSONResponse, Response

from hulk.kernel.errors import NotFound
from hulk.runtime.http.files import Download

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hulk API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/init.js"></script>
</body>
</html>
"""
_SCRIPT = """window.ui = SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""
_FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})
_TEXT: Mapping[str, Any] = {"type": "string"}
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, `hulk_…`. Not needed on loopback."},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-hulk",
        "description": "Of a browser that logged in at /v1/login or /console/login; `hulk` over plain http.",
    },
}


def routes(app: FastAPI) -> APIRouter:
    """`/docs` and what it loads."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def page() -> Response:
        return HTMLResponse(_PAGE)

    @router.get("/docs/init.js")
    async def script() -> Response:
        return Response(_SCRIPT, media_type="text/javascript")

    @router.get("/docs/openapi.json")
    async def description() -> Response:
        return JSONResponse({**_as_30(app.openapi()), "openapi": "3.0.3"})

    @router.get("/docs/{name}")
    async def file(name: str) -> Response:
        if name not in _FILES:
            raise NotFound("There is no file {name} here.", name=name[:80])
        return Download(_folder() / name, headers={"cache-control": "max-age=86400"})

    return router


def sending(media_type: str, schema: Mapping[str, Any] = _TEXT, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: it answers with a body of that type in the place of `application/json`."""
    return {status: {"description": "Successful Response", "content": {media_type: {"schema": schema}}}}


def secured(schema: dict[str, Any]) -> dict[str, Any]:
    """The API's description with the ways to send a key, either or none (loopback)."""
    parts = schema.setdefault("components", {})
    parts["securitySchemes"] = _SECURITY
    return {**schema, "security": [{}, *({name: []} for name in _SECURITY)]}


def _folder() -> Path:
    # 10 MB of files behind a package whose import takes time: only /docs needs it.
    from swagger_ui_bundle import swagger_ui_path

    return Path(str(swagger_ui_path))


def _as_30(part: Any) -> Any:
    """OpenAPI 3.1 as 3.0, which is all that this Swagger UI (4.15) draws: `X or null` becomes a nullable X."""
    if isinstance(part, list):
        return [_as_30(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    kinds = part.get("anyOf")
    if isinstance(kinds, list) and {"type": "null"} in kinds:
        others = [kind for kind in kinds if kind != {"type": "null"}]
        rest = {name: inner for name, inner in part.items() if name != "anyOf"}
        return _as_30({**rest, "nullable": True, **(others[0] if len(others) == 1 and "$ref" not in others[0] else {"anyOf": others})})
    return {name: _as_30(inner) for name, inner in part.items()}
