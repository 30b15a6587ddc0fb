"""All tables of Hulk: importing this makes them join `runtime.store.metadata`, whoever asks for it first."""

import hulk.modules.agents.wiring
import hulk.modules.audit.wiring
import hulk.modules.channels.wiring
import hulk.modules.finops.wiring
import hulk.modules.identity.wiring
import hulk.modules.intents.wiring
import hulk.modules.quotas.wiring
import hulk.modules.router.wiring
import hulk.modules.tickets.wiring
import hulk.modules.tools.wiring
import hulk.runtime.outbox
import hulk.runtime.scheduler
import hulk.runtime.state
import hulk.runtime.workflows  # noqa: F401
from hulk.runtime.store import metadata

__all__ = ["metadata"]
