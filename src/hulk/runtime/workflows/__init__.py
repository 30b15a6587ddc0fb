"""Durable runs: a body of recorded steps that survives its process (`hulk.kernel.durable` has the words).

JetStream moves a run, SQL remembers it: beginning one writes a row and, once that is on disk, publishes a wake-up; the
wake-up that is not acknowledged is the lease; (wake-ups, deliveries) is the fencing epoch that every write carries.

    workflows = Workflows(store, bus, outbox, slots=4, queue_size=2000, limit=timedelta(seconds=20))
    workflows.register("review", Review(...))
    async with workflows.working():
        await store.commit(workflows.begin(Started(workflow="review", …)))
"""

from hulk.runtime.workflows.beginning import ENDED
from hulk.runtime.workflows.blame import blame
from hulk.runtime.workflows.deadletters import DeadLetters, Dealt
from hulk.runtime.workflows.functions import Blocking, workflow
from hulk.runtime.workflows.hooks import Hooks
from hulk.runtime.workflows.journal import Journal
from hulk.runtime.workflows.queries import (
    Dead,
    DeadLetter,
    Entry,
    Page,
    Part,
    Queue,
    Run,
    RunQueries,
    Search,
    Step,
    Timeline,
    Which,
    Window,
    at_work,
)
from hulk.runtime.workflows.registry import Elsewhere
from hulk.runtime.workflows.steering import REPLAYABLE, Steering
from hulk.runtime.workflows.workflows import Workflows

__all__ = [
    "ENDED",
    "REPLAYABLE",
    "Blocking",
    "Dead",
    "DeadLetter",
    "DeadLetters",
    "Dealt",
    "Elsewhere",
    "Entry",
    "Hooks",
    "Journal",
    "Page",
    "Part",
    "Queue",
    "Run",
    "RunQueries",
    "Search",
    "Steering",
    "Step",
    "Timeline",
    "Which",
    "Window",
    "Workflows",
    "at_work",
    "blame",
    "workflow",
]
