"""The systems themselves, of all kinds: only who has one needs what is imported here."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from hulk.modules.tools.adapters.backends.mounted import configured
from hulk.modules.tools.ports import Backend, Foreign
from hulk.modules.tools.settings import SystemsSettings
from hulk.modules.tools.wiring.applications import applications
from hulk.modules.tools.wiring.databases import databases
from hulk.modules.tools.wiring.here import knowledge_of, sandbox
from hulk.modules.tools.wiring.secrets import Secrets
from hulk.modules.tools.wiring.systems import Around, Made


async def made(stack: contextlib.AsyncExitStack, settings: SystemsSettings, secrets: Secrets, around: Around) -> Made:
    """All of them, until the stack is left: nothing is connected before the first call, but MCP servers."""
    return Made(
        foreign=await _foreign(stack, settings, secrets, around.folder),
        systems=await _systems(settings, secrets, around),
        knowledge=await knowledge_of(settings.knowledge, around.data, around.rounds, stack) if settings.knowledge else None,
    )


async def _systems(settings: SystemsSettings, secrets: Secrets, around: Around) -> Mapping[str, Backend]:
    found = {one.name: backend for one, backend in (*databases(settings, secrets), *applications(settings, secrets))}
    return found | {one.name: await sandbox(one, around.data, around.sent) for one in settings.shell}


async def _foreign(stack: contextlib.AsyncExitStack, settings: SystemsSettings, secrets: Secrets, folder: Path) -> Mapping[str, Foreign]:
    """MCP servers, by their names."""
    found: dict[str, Foreign] = {}
    for place, one in enumerate(settings.mcp):
        own = folder / one.name
        own.mkdir(parents=True, exist_ok=True)
        found[one.name] = await stack.enter_async_context(configured(one, own, secrets.of(one.name, f"mcp[{place}]")))
    return found
