"""The settings in force, and where each comes from. Secrets are never shown."""

from fastapi import APIRouter

from hulk.kernel.records import JsonObject
from hulk.runtime.config import Config
from hulk.runtime.http import Caller, allow


def settings_routes(config: Config) -> APIRouter:
    """`/v1/settings`."""
    router = APIRouter(prefix="/v1", tags=["operation"])

    @router.get("/settings", summary="The settings in force in this process, and where each comes from")
    async def show(caller: Caller) -> dict[str, list[JsonObject]]:
        """`origin` is `default`, `file`, `env` or `option`; secrets, and passwords in addresses, are masked."""
        allow(caller, "read", "platform")
        return {"settings": [{"setting": one.key, "value": one.value, "origin": one.origin} for one in config.effective()]}

    return router
