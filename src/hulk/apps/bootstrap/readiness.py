"""What `/ready` asks of the parts."""

from collections.abc import Mapping

from sqlalchemy import text

from hulk.apps.ground import Ground
from hulk.apps.local_model import local_check
from hulk.apps.secrets import secrets_check
from hulk.kernel.errors import Unavailable
from hulk.modules.audit import ArchiveTrail
from hulk.runtime.http import Check
from hulk.runtime.models import LocalServer
from hulk.runtime.workflows import Workflows


def checks_of(ground: Ground, workflows: Workflows, archiver: ArchiveTrail, local: LocalServer | None) -> Mapping[str, Check]:
    """What `/ready` asks."""

    async def store() -> Mapping[str, object]:
        await ground.store.read(lambda connection: connection.execute(text("select 1")).scalar_one())
        return {"kind": ground.store.dialect}

    async def bus() -> Mapping[str, object]:
        facts = ground.bus.facts
        if not facts.connected:
            raise Unavailable("The bus is away; accepted work is kept and goes on when it is back.")
        if ground.server is not None and not ground.server.writes:
            raise Unavailable("The bus cannot write: its disk is full. It goes on by itself once there is space.")
        return {"version": facts.version, "fsync": facts.fsync, "replicas": ground.config.nats.replicas}

    async def workers() -> Mapping[str, object]:
        return {"slots": sum(workflows.slots.values()), "busy": workflows.busy, "queues": list(ground.config.engine.queues)}

    async def audit() -> Mapping[str, object]:
        if archiver.trouble is not None:
            raise archiver.trouble
        return {"pending": archiver.waiting.entries}

    checks: dict[str, Check] = {"store": store, "bus": bus, "workers": workers, "audit": audit, "secrets": secrets_check(ground.secrets)}
    return checks | local_check(local)
