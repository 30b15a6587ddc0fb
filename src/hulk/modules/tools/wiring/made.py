"""The systems themselves, of all kinds: only who has one needs what is imported here."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from hulk.modules.tools.adapters.backends.mounted import configured
from hulk.modules.tools.ports import Backend, Foreign, Sent
from hulk.modules.tools.settings import SystemsSettings
from hulk.modules.tools.wiring.applications import applications
from hulk.modules.tools.wiring.databases import databases
from hulk.modules.tools.wiring.here import knowledge_of, sandbox
from hulk.modules.tools.wiring.secrets import Secrets
from hulk.runtime.background import Rounds


async def foreign_of(stack: contextlib.AsyncExitStack, settings: SystemsSettings, secrets: Secrets, folder: Path) -> Mapping[str, Foreign]:
    """MCP servers, by their names, until the stack is left; their programs live in `folder`."""
    made: dict[str, Foreign] = {}
    for place, one in enumerate(settings.mcp):
        own = folder / one.name
        own.mkdir(parents=True, exist_ok=True)
        made[one.name] = await stack.enter_async_context(configured(one, own, secrets.of(one.name, f"mcp[{place}]")))
    return made


async def systems_of(settings: SystemsSettings, secrets: Secrets, data: Path, sent: Sent) -> Mapping[str, Backend]:
    """All others but what is searched, by their names. No sandbox sees what is in `data`; `sent` says where that lies which was sent."""
    found = {one.name: made for one, made in (*databases(settings, secrets), *applications(settings, secrets))}
    return found | {one.name: await sandbox(one, data, sent) for one in settings.shell}


async def collections_of(stack: contextlib.AsyncExitStack, settings: SystemsSettings, data: Path, rounds: Rounds) -> Backend | None:
    """What is searched, until the stack is left."""
    return await knowledge_of(settings.knowledge, data, rounds, stack) if settings.knowledge else None
