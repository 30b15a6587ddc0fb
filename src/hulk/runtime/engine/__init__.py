"""The engine: a bounded pool of workers over JetStream.

A task is a message; the message that is not acknowledged is the lease on it, renewed at a third of its time. What a
task means is its handler's business: `hulk.runtime.workflows` makes runs of them.
"""

from hulk.runtime.engine.dispatch import Dispatcher
from hulk.runtime.engine.pool import FIRST, NONCE_BITS, Lease, Pool, delivery_of
from hulk.runtime.engine.scaling import Scale
from hulk.runtime.engine.task import HandBack, Left, Settled, Task, Verdict, subject
from hulk.runtime.engine.watchdog import Watchdog, blocked_histogram

__all__ = [
    "FIRST",
    "NONCE_BITS",
    "Dispatcher",
    "HandBack",
    "Lease",
    "Left",
    "Pool",
    "Scale",
    "Settled",
    "Task",
    "Verdict",
    "Watchdog",
    "blocked_histogram",
    "delivery_of",
    "subject",
]
