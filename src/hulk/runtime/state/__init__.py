"""State that processes share: key-value on JetStream with leases and an elected leader, event-sourced aggregates on the store.

    flags = Bucket(bus, "flags", Flag)                         # values are dataclasses, or plain JSON with `object`
    entry = await flags.create("beta", Flag(on=True))          # Conflict when there is one
    await flags.put("beta", Flag(on=False), revision=entry.revision)

    async with leader(Bucket(bus, "leaders", str), "reconciler", ttl=timedelta(seconds=5)) as office:
        if office.held:                                        # nobody else holds it now; `office.token` fences what we write

    balance = Aggregates(store, Kind("account", Account(), applied, Account))
    await store.commit(balance.append("acme", "a-1", expected=3, facts=[Fact("deposited", {"cents": 500})]))

The bucket may lose what a power cut took from the broker (its fsync is lazy); what must not be lost belongs in the store.
"""

from hulk.runtime.state.aggregates import Aggregates, Fact, Kept, Kind, Loaded
from hulk.runtime.state.bucket import Bucket, Entry
from hulk.runtime.state.leader import Office, leader
from hulk.runtime.state.lease import Lease, acquire
from hulk.runtime.state.projections import Projection, Projector

__all__ = [
    "Aggregates", "Bucket", "Entry", "Fact", "Kept", "Kind", "Lease", "Loaded", "Office", "Projection", "Projector", "acquire", "leader",
]  # fmt: skip
