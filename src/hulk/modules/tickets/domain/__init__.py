"""Tickets, by subject: what one is and how it may change, the work behind it, kinds, leases, search. Pure rules."""

from hulk.modules.tickets.domain.kinds import Kind, kind_name
from hulk.modules.tickets.domain.leases import Asked, Claim, Ending, Held, Lease, Stale, Verdict, judged, shortened
from hulk.modules.tickets.domain.new import MOST_AT_ONCE, New, require_new
from hulk.modules.tickets.domain.search import Filter, Page, page_token, read_token, terms, words
from hulk.modules.tickets.domain.ticket import (
    ENDED,
    FIELDS,
    OVER_TIME,
    PRIORITIES,
    STATUSES,
    Assignee,
    Comment,
    Owner,
    Priority,
    Status,
    Ticket,
    built,
    changed,
    doomed,
    lasting,
    moved,
    problem_of,
    ready,
    reopened,
    tickets_of,
    view,
    workers_problem,
)
from hulk.modules.tickets.domain.work import Artefact, Done, Draft, FollowUp, Handler, NewArtefact, Work

__all__ = [
    "ENDED", "FIELDS", "MOST_AT_ONCE", "OVER_TIME", "PRIORITIES", "STATUSES", "Artefact", "Asked", "Assignee", "Claim", "Comment", "Done",
    "Draft", "Ending", "Filter", "FollowUp", "Handler", "Held", "Kind", "Lease", "New", "NewArtefact", "Owner", "Page", "Priority",
    "Stale", "Status", "Ticket", "Verdict", "Work", "built", "changed", "doomed", "judged", "kind_name", "lasting", "moved",
    "page_token", "problem_of", "read_token", "ready", "reopened", "require_new", "shortened", "terms", "tickets_of", "view", "words",
    "workers_problem",
]  # fmt: skip
