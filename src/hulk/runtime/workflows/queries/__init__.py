"""Reading the journal: which runs there are, what became of one, how the queues are, what is dead.

queries = RunQueries(store)
page = await queries.search(Search(tenant="acme", status="failed", attributes={"kind": "git.churn"}), limit=50)
more = await queries.search(Search(...), limit=50, after=page.next)
timeline = await queries.timeline(page.runs[0].id)
"""

from hulk.runtime.workflows.queries.ask import RunQueries
from hulk.runtime.workflows.queries.dead import Dead, DeadLetter, Which
from hulk.runtime.workflows.queries.payload import Part
from hulk.runtime.workflows.queries.queues import Queue, Standing, known_queues
from hulk.runtime.workflows.queries.runs import Run, Step, at_work, ends, under_way
from hulk.runtime.workflows.queries.search import Page, Search
from hulk.runtime.workflows.queries.timeline import Entry, Timeline, Window

__all__ = [
    "Dead",
    "DeadLetter",
    "Entry",
    "Page",
    "Part",
    "Queue",
    "Run",
    "RunQueries",
    "Search",
    "Standing",
    "Step",
    "Timeline",
    "Which",
    "Window",
    "at_work",
    "ends",
    "known_queues",
    "under_way",
]
