"""What `thor audit` asks of the trail and its archive, row by row."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from hulk.apps.audit_key import audit_key
from hulk.apps.desk import known_store
from hulk.apps.terminal import speaker
from hulk.kernel.text import Voice
from hulk.modules.audit import VerifyCopies
from hulk.modules.audit.settings import AuditSettings
from hulk.modules.audit.wiring import archive_of, verifying
from hulk.runtime.config import Config
from hulk.runtime.telemetry import Metrics

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditor:
    """The acts of the audit module over one store and its archive."""

    verify: VerifyCopies
    voice: Voice

    async def verdicts(self, tenant: str | None) -> list[Row]:
        """What verifying both copies of each tenant's trail has found."""
        return [
            {
                "tenant": one.tenant, "copy": one.place, "entries": one.entries, "whole": one.whole, "behind": one.behind,
                "fault": one.fault, "position": one.position, "problem": None if one.problem is None else self.voice.say(one.problem),
            }
            for one in await self.verify(tenant)
        ]  # fmt: skip


@asynccontextmanager
async def auditor_of(config: Config, data: Path) -> AsyncIterator[Auditor]:
    """The auditor of the store and archive of those settings. Raises as `known_store`."""
    settings = config.section(AuditSettings)
    key = audit_key(settings, data)
    async with known_store(config, data) as store, archive_of(settings, config.store.url, data, Metrics()) as archive:
        yield Auditor(verify=verifying(store, archive, key), voice=speaker())
