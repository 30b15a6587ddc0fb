"""What happened, kept with the change it tells of, then told to the bus.

`Outbox.append` writes events in the caller's transaction, each linked by hash to the one before it in its tenant's
chain (see `hulk.kernel.events`). `relay.Relay` publishes what was committed to JetStream, at least once, with the event's
id as message id (it is asked for by that name: who only appends needs no client of NATS). `Outbox.follow` gives the
events of one intent as they come, for those who watch it.
"""

from hulk.runtime.outbox.outbox import Kept, Outbox, kept
from hulk.runtime.outbox.tables import event_table, head_table

__all__ = ["Kept", "Outbox", "event_table", "head_table", "kept"]
