"""The engine: bounded pools of workers over JetStream.

A piece of work is a message; the message that is not acknowledged is the lease on it, renewed at a third of its time. There are
two kinds: the wake-ups of runs (`Task`), of which `hulk.runtime.workflows` makes durable runs, and light tasks (`LightTasks`), which
are their own message and nothing else.
"""

from hulk.runtime.engine.dispatch import Dispatcher
from hulk.runtime.engine.lease import FIRST, LEASE, NONCE_BITS, Lease, delivery_of
from hulk.runtime.engine.light import LightTasks
from hulk.runtime.engine.pool import Pool
from hulk.runtime.engine.scaling import Scale
from hulk.runtime.engine.source import Source
from hulk.runtime.engine.task import ELSEWHERE, HandBack, Left, Settled, Task, Verdict, subject, wake_ups
from hulk.runtime.engine.watchdog import Watchdog, blocked_histogram

__all__ = [
    "ELSEWHERE",
    "FIRST",
    "LEASE",
    "NONCE_BITS",
    "Dispatcher",
    "HandBack",
    "Lease",
    "Left",
    "LightTasks",
    "Pool",
    "Scale",
    "Settled",
    "Source",
    "Task",
    "Verdict",
    "Watchdog",
    "blocked_histogram",
    "delivery_of",
    "subject",
    "wake_ups",
]
