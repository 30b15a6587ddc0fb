"""What `thor audit` asks of the trail and its archive, row by row."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

from hulk.apps.audit_key import audit_key
from hulk.apps.desk import known_store
from hulk.apps.helm import ACTOR
from hulk.apps.terminal import brief, speaker
from hulk.kernel.errors import Refused
from hulk.kernel.text import Voice
from hulk.modules.audit import ExportTrail, Hold, Holds, KeepHolds, Prune, VerifyCopies
from hulk.modules.audit.settings import AuditSettings
from hulk.modules.audit.wiring import wired
from hulk.runtime.config import Config
from hulk.runtime.outbox import Outbox
from hulk.runtime.secrets import resolved
from hulk.runtime.telemetry import Metrics

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditor:
    """The acts of the audit module over one store and its archive."""

    verify: VerifyCopies
    export: ExportTrail
    prune: Prune
    holds: Holds
    keep: KeepHolds
    retention: int | None
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

    async def pruned(self, tenant: str | None, days: int | None, *, dry_run: bool) -> list[Row]:
        """What was removed of the trail because of its age, or would be."""
        kept = days or self.retention
        if kept is None:
            raise Refused("audit.retention is empty, so the trail is kept for ever. Set it, or say for how many days with --days.")
        done = "would be removed" if dry_run else "removed"
        gaps = await self.prune(timedelta(days=kept), actor=ACTOR, dry_run=dry_run, tenant=tenant)
        return [{"tenant": one.tenant, "first": one.first, "last": one.last, "entries": one.entries, "done": done} for one in gaps]

    async def held(self, tenant: str | None) -> list[Row]:
        """All that is held."""
        return [_hold(one) for one in await self.holds.all(tenant)]

    async def hold(self, tenant: str, subject: str | None, intent: str | None, reason: str) -> list[Row]:
        """A new hold."""
        return [_hold(await self.keep.add(tenant, reason=reason, actor=ACTOR, subject=subject, intent=intent))]

    async def lift(self, hold: str, reason: str = "") -> list[Row]:
        """A hold that holds no more."""
        return [_hold(await self.keep.lift(hold, actor=ACTOR, reason=reason))]


def _hold(one: Hold) -> Row:
    return {
        "hold_id": one.id, "tenant": one.tenant, "subject": one.subject, "intent_id": one.intent, "actor": one.actor,
        "created": brief(one.created), "lifted": brief(one.lifted), "reason": one.reason,
    }  # fmt: skip


@asynccontextmanager
async def auditor_of(written: Config, data: Path) -> AsyncIterator[Auditor]:
    """The auditor of the store and archive of those settings. Raises as `known_store`, and `Unavailable` when a secret that it needs
    cannot be read."""
    config = await resolved(written, os.environ, ("store", "audit"))
    settings = config.section(AuditSettings)
    key = audit_key(settings, data)
    async with (
        known_store(config, data) as store,
        wired(settings, store, config.store.url, data, key, Metrics()) as audit,
    ):
        outbox = Outbox(store, key)
        yield Auditor(
            verify=audit.verify, export=audit.export, prune=audit.prune(outbox), holds=audit.holds, keep=audit.keep(outbox),
            retention=settings.retention, voice=speaker(),
        )  # fmt: skip
