"""How a sprint stands, out of a milestone and its issues. Pure but for the asking."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hulk.kernel.errors import NotFound
from hulk.modules.tools.adapters.backends.acts import said
from hulk.modules.tools.adapters.backends.github.arguments import SprintStatus
from hulk.modules.tools.adapters.backends.github.asking import Asking
from hulk.modules.tools.adapters.backends.github.shapes import Issue, Milestone
from hulk.modules.tools.adapters.backends.rest import Query
from hulk.modules.tools.domain import Output
from hulk.modules.tools.ports import Calling

_MOST = 300


async def sprint_status(github: Asking, wanted: SprintStatus, calling: Calling) -> Output:
    """The milestone that is wanted, with its issues; raises `NotFound` when there is none."""
    repository = github.allowed(wanted.repository)
    milestone = await _milestone(github, repository, wanted.milestone, calling)
    query: Query = {"state": "all", "milestone": milestone.number}
    issues, more = await github.listed(calling, Issue, github.repository(repository, "issues"), query, _MOST)
    return said(
        {"repository": repository, "milestone": milestone.told(), **standing(milestone, issues, datetime.now(UTC))},
        cut=f"Only {_MOST} issues of the milestone were looked at." if more else "",
    )


def standing(milestone: Milestone, issues: Sequence[Issue], now: datetime) -> dict[str, Any]:
    """Counts, what is left, and whether it is late. `percent_done` is of all issues of the milestone, as GitHub counts them."""
    left = [issue for issue in issues if issue.state == "open"]
    total = milestone.open_issues + milestone.closed_issues
    due = datetime.fromisoformat(milestone.due_on) if milestone.due_on else None
    return {
        "percent_done": round(100 * milestone.closed_issues / total) if total else None,
        "overdue": bool(due and due < now and left),
        "days_left": (due - now).days if due else None,
        "open": [issue.told() for issue in left],
        "closed": [issue.told() for issue in issues if issue.state != "open"],
        "open_by_assignee": dict(Counter(person for issue in left for person in _people(issue))),
        "open_by_label": dict(Counter(label for issue in left for label in issue.told()["labels"])),
    }


def _people(issue: Issue) -> list[str]:
    return [person.login for person in issue.assignees or ()] or ["nobody"]


async def _milestone(github: Asking, repository: str, wanted: str, calling: Calling) -> Milestone:
    query: Query = {"state": "all" if wanted else "open", "sort": "due_on", "direction": "asc"}
    found, _ = await github.listed(calling, Milestone, github.repository(repository, "milestones"), query, _MOST)
    chosen = chosen_of(found, wanted, datetime.now(UTC))
    if chosen is None:
        there = ", ".join(one.title for one in found[:20]) or "—"
        raise NotFound("{repository} has no such milestone; there are: {there}.", repository=repository, there=there)
    return chosen


def chosen_of(milestones: Sequence[Milestone], wanted: str, now: datetime) -> Milestone | None:
    """By number or title, whatever its case, the open one first; else the open one that is due next, then the last that was due."""
    if wanted:
        fitting = [one for one in milestones if wanted.casefold().strip() in (one.title.casefold().strip(), str(one.number))]
        return min(fitting, key=lambda one: one.state != "open", default=None)
    due = sorted((datetime.fromisoformat(one.due_on), one.number, one) for one in milestones if one.due_on)
    coming = [one for moment, _, one in due if moment >= now]
    return next(iter(coming), None) or (due[-1][2] if due else next(iter(milestones), None))
