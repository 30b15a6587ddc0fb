"""How a project of GitHub stands (Projects v2, which only GraphQL knows)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hulk.kernel.errors import NotFound, Refused, Unavailable
from hulk.modules.tools.adapters.backends.acts import said
from hulk.modules.tools.adapters.backends.github.arguments import ProjectStatus
from hulk.modules.tools.adapters.backends.github.asking import Asking
from hulk.modules.tools.adapters.backends.rest import Shape, at
from hulk.modules.tools.adapters.backends.rest.asking import adapter
from hulk.modules.tools.domain import Output
from hulk.modules.tools.ports import Calling

MOST_PAGES = 5
QUERY = """
query($owner: String!, $number: Int!, $after: String) {
  repositoryOwner(login: $owner) { ... on ProjectV2Owner { projectV2(number: $number) {
    title url closed
    fields(first: 50) { nodes {
      ... on ProjectV2IterationField { name configuration { iterations { title startDate duration } completedIterations { title startDate duration } } }
    } }
    items(first: 100, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes {
      isArchived
      fieldValues(first: 30) { nodes {
        ... on ProjectV2ItemFieldSingleSelectValue { name field { ... on ProjectV2FieldCommon { name } } }
        ... on ProjectV2ItemFieldIterationValue { title startDate duration }
      } }
      content {
        ... on DraftIssue { title }
        ... on Issue { title url number issueState: state repository { nameWithOwner } assignees(first: 10) { nodes { login } } }
        ... on PullRequest { title url number pullState: state repository { nameWithOwner } assignees(first: 10) { nodes { login } } }
      }
    } }
  } } }
}
"""  # noqa: E501


class Iteration(Shape):
    """A stretch of time of a project; `duration` in days."""

    title: str
    startDate: date  # noqa: N815  # GitHub's name
    duration: int

    def covers(self, day: date) -> bool:
        """Whether the day lies in it."""
        return self.startDate <= day < self.startDate + timedelta(days=self.duration)


async def project_status(github: Asking, wanted: ProjectStatus, calling: Calling) -> Output:
    """The items of an iteration by their status; raises `NotFound` for a project that may not be read."""
    owner, _, number = _allowed(github, wanted.project).partition("/")
    items: list[Any] = []
    project, after = None, None
    for _ in range(MOST_PAGES):
        data = await github.graph(calling, QUERY, {"owner": owner, "number": int(number), "after": after})
        project = at(data, "repositoryOwner", "projectV2")
        if project is None:
            raise NotFound("GitHub has no project {project}, or does not show it to the token.", project=f"{owner}/{number}")
        items += at(project, "items", "nodes") or ()
        after = at(project, "items", "pageInfo", "endCursor")
        if not at(project, "items", "pageInfo", "hasNextPage"):
            after = None
            break
    return _told(github, project, items, wanted.iteration, more=after is not None)


def _told(github: Asking, project: Any, items: Sequence[Any], wanted: str, *, more: bool) -> Output:
    iteration = _iteration(project, wanted, datetime.now(UTC).date())
    shown = [item for item in items if not at(item, "isArchived") and (iteration is None or _iterations(item) == iteration.title)]
    open_ones = [item for item in shown if _readable(github, item)]
    statuses: dict[str, list[Any]] = {}
    for item in open_ones:
        statuses.setdefault(_status(item), []).append(_item(item))
    hidden = len(shown) - len(open_ones)
    cut = [f"Only the first {len(items)} items were looked at."] if more else []
    cut += [f"{hidden} items of other repositories are not shown."] if hidden else []
    data = {
        "project": at(project, "title"), "url": at(project, "url"), "iteration": iteration.model_dump(mode="json") if iteration else None,
        "counts": {status: len(those) for status, those in statuses.items()}, "items": statuses,
    }  # fmt: skip
    return said(data, cut=" ".join(cut))


def _allowed(github: Asking, wanted: str) -> str:
    if not wanted and len(github.projects) == 1:
        return github.projects[0]
    if not wanted:
        raise Refused("Say which project: {allowed}.", allowed=", ".join(github.projects) or "—")
    if wanted.lower() not in {one.lower() for one in github.projects}:
        allowed = ", ".join(github.projects) or "—"
        raise NotFound("There is no project “{name}” among those that may be read ({allowed}).", name=wanted, allowed=allowed)
    return wanted


def _iteration(project: Any, wanted: str, today: date) -> Iteration | None:
    """The one that is wanted; `None` for all. Raises `NotFound`."""
    fields = at(project, "fields", "nodes") or ()
    raw = [one for field in fields for key in ("iterations", "completedIterations") for one in at(field, "configuration", key) or ()]
    try:
        iterations: list[Iteration] = adapter(list[Iteration]).validate_python(raw)
    except ValueError as wrong:
        raise Unavailable("GitHub tells the project's iterations in a form that is not known.") from wrong
    if wanted == "all":
        return None
    fitting = [one for one in iterations if (one.covers(today) if wanted == "current" else one.title.casefold() == wanted.casefold())]
    if not fitting:
        there = ", ".join(one.title for one in iterations[:20]) or "—"
        raise NotFound(
            "The project has no iteration “{wanted}” now; there are: {there}. `all` shows every item.", wanted=wanted, there=there
        )
    return fitting[0]


def _values(item: Any) -> list[Any]:
    return [value for value in at(item, "fieldValues", "nodes") or () if value]


def _iterations(item: Any) -> object:
    return next((at(value, "title") for value in _values(item) if at(value, "startDate")), None)


def _status(item: Any) -> str:
    return next((str(at(value, "name")) for value in _values(item) if at(value, "field", "name") == "Status"), "—")


def _readable(github: Asking, item: Any) -> bool:
    """Whether it is a draft, or stands in a repository that may be used. What is redacted has no content."""
    repository = at(item, "content", "repository", "nameWithOwner")
    return at(item, "content", "title") is not None and (repository is None or github.covers(str(repository)))


def _item(item: Any) -> dict[str, Any]:
    content = at(item, "content")
    return {
        "title": at(content, "title"), "url": at(content, "url"), "number": at(content, "number"),
        "repository": at(content, "repository", "nameWithOwner"), "state": at(content, "issueState") or at(content, "pullState"),
        "assignees": [at(one, "login") for one in at(content, "assignees", "nodes") or ()],
    }  # fmt: skip
