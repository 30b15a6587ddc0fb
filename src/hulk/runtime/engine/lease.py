"""The lease on a piece of work: the message that carries it, held unacknowledged and renewed."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic

from hulk.runtime.bus import Message
from hulk.runtime.engine.source import W
from hulk.runtime.engine.task import Task

LEASE = timedelta(seconds=2)
"""How long a message may go unacknowledged and unrenewed before another worker gets it."""
FIRST = 1 << 16 | 1
"""The first delivery of a run's first wake-up: nobody has held the run before."""
NONCE_BITS = 16


def _nonce() -> int:
    return random.getrandbits(NONCE_BITS)


@dataclass(slots=True)
class Lease(Generic[W]):
    """A piece of work that this process holds, taken at that `delivery` of its message."""

    task: W
    message: Message
    delivery: int
    rank: int = 0
    body: asyncio.Task[None] | None = None
    lost: bool = False
    nonce: int = field(default_factory=_nonce)

    @classmethod
    def of(cls, task: W, message: Message, rank: int = 0) -> "Lease[W]":
        """The lease that this delivery gives."""
        return cls(task, message, min(message.num_delivered, 0xFFFF), rank)

    @property
    def epoch(self: "Lease[Task]") -> int:
        """The fencing token that this process writes with, which orders all takers of a run: the wake-up's count, then the
        delivery's, then chance, for a nats-server that is killed may count a delivery twice. It stays when the message comes to
        us again because we were late to renew it."""
        return (self.task.wake << 16 | self.delivery) << NONCE_BITS | self.nonce


def delivery_of(epoch: int) -> int:
    """The wake-up and the delivery that an epoch comes from, without what tells one from its double."""
    return epoch >> NONCE_BITS
