"""The routes."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import JSONResponse, Response

from hulk.kernel.errors import NotFound
from hulk.modules.tools.mcp.endpoint import Endpoint, Handed
from hulk.modules.tools.mcp.resource import PATH, WELL_KNOWN, Resource

_METHODS = ["GET", "POST", "DELETE"]


def routes(endpoint: Endpoint, resource: Resource | None) -> APIRouter:
    """All of them; they are described by MCP itself, not in /docs."""
    router = APIRouter(include_in_schema=False)

    @router.api_route(PATH, methods=_METHODS)
    async def everything() -> Response:
        return Handed(endpoint)

    @router.api_route(f"{PATH}/{{server}}", methods=_METHODS)
    async def virtual(server: Annotated[str, Path(max_length=64)]) -> Response:  # noqa: ARG001  # the endpoint reads it from the path
        return Handed(endpoint)

    @router.get(WELL_KNOWN)
    @router.get(f"{WELL_KNOWN}{PATH}")
    async def described() -> Response:
        return _described(resource, PATH)

    @router.get(f"{WELL_KNOWN}{PATH}/{{server}}")
    async def virtual_described(server: Annotated[str, Path(max_length=64, pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]) -> Response:
        return _described(resource, f"{PATH}/{server}")

    return router


def _described(resource: Resource | None, path: str) -> Response:
    if resource is None:
        raise NotFound("Nobody logs in here with OAuth: identity.issuer is not set. Use an API key.")
    return JSONResponse(resource.description(path), headers={"cache-control": "max-age=300"})
