"""GitHub: issues, pull requests, commits, runs, files, and how a sprint stands."""

import base64
import binascii
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from hulk.kernel.errors import Forbidden, Refused, TooLarge, Unavailable
from hulk.kernel.records import Json
from hulk.kernel.text import Text
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, said
from hulk.modules.tools.adapters.backends.github import arguments as given
from hulk.modules.tools.adapters.backends.github import shapes
from hulk.modules.tools.adapters.backends.github.asking import Asking
from hulk.modules.tools.adapters.backends.github.projects import project_status
from hulk.modules.tools.adapters.backends.github.sprint import sprint_status
from hulk.modules.tools.adapters.backends.rest import Query, path
from hulk.modules.tools.domain import Bytes, Output, Words
from hulk.modules.tools.ports import Calling

__all__ = ["GitHub"]

_PLACES = ("repo:", "org:", "user:", "project:")
_MORE = "There are more than {most}: ask for more, or for less by its conditions."


class GitHub(Acts):
    """The tools `NAME.list_issues` and so on, for `repositories` (`owner/name`, `owner/*`) and `projects` (`owner/number`) only."""

    def __init__(
        self, name: str, about: About, *, url: str, token: Callable[[], str], repositories: tuple[str, ...], projects: tuple[str, ...] = (),
        seconds: float = 30.0,
    ) -> None:  # fmt: skip
        self._github = github = Asking(url=url, token=token, repositories=repositories, projects=projects)
        read = partial(Act, seconds=seconds)
        write = partial(Act, effect="write", seconds=seconds)
        super().__init__(
            name,
            about,
            read("list_issues", "List issues", given.ListIssues, self._list_issues),
            read("get_issue", "Read an issue", given.GetIssue, self._get_issue, at="/{+repository}/issues/{number}"),
            read("search_issues", "Search issues", given.SearchIssues, self._search_issues),
            read("list_pull_requests", "List pull requests", given.ListPullRequests, self._list_pull_requests),
            read(
                "get_pull_request", "Read a pull request", given.GetPullRequest, self._get_pull_request, at="/{+repository}/pulls/{number}"
            ),
            read("list_commits", "List commits", given.ListCommits, self._list_commits),
            read("list_workflow_runs", "List workflow runs", given.ListWorkflowRuns, self._list_workflow_runs),
            read("get_file", "Read a file", given.GetFile, self._get_file, at="/{+repository}/files/{+path}"),
            read("list_milestones", "List milestones", given.ListMilestones, self._list_milestones),
            read("sprint_status", "Sprint status", given.SprintStatus, partial(sprint_status, github), tags=("sprint", "status")),
            read("project_status", "Project status", given.ProjectStatus, partial(project_status, github), tags=("sprint", "status")),
            write("create_issue", "Open an issue", given.CreateIssue, self._create_issue),
            write("comment", "Comment on an issue", given.Comment, self._comment),
            write("update_issue", "Change an issue", given.UpdateIssue, self._update_issue, idempotent=True),
        )

    async def _list_issues(self, wanted: given.ListIssues, calling: Calling) -> Output:
        query: Query = {
            "state": wanted.state, "labels": ",".join(wanted.labels) or None, "assignee": wanted.assignee or None,
            "milestone": wanted.milestone or None, "since": given.moment(wanted.since),
        }  # fmt: skip
        where = self._github.repository(wanted.repository, "issues")
        found, more = await self._github.listed(calling, shapes.Issue, where, query, wanted.most, wanted=_no_pull)
        return _list("issues", found, wanted.most, more=more)

    async def _get_issue(self, wanted: given.GetIssue, calling: Calling) -> Output:
        where = self._github.repository(wanted.repository, "issues", wanted.number)
        issue = self._github.rest.shaped(await self._github.get(calling, where), shapes.Issue)
        comments: list[shapes.Comment] = []
        if issue.comments and wanted.comments:
            comments, _ = await self._github.listed(calling, shapes.Comment, f"{where}/comments", {}, wanted.comments)
        left = max(0, issue.comments - len(comments))
        told = issue.told() | {"comments": issue.comments, "body": shapes.short(issue.body)}
        return said({**told, "first_comments": [one.told() for one in comments]}, cut=f"{left} comments are not shown." if left else "")

    async def _search_issues(self, wanted: given.SearchIssues, calling: Calling) -> Output:
        repository = self._github.allowed(wanted.repository)
        if any(place in wanted.query.lower() for place in _PLACES):
            raise Refused("The place to search is said by `repository`, not in the query ({places}).", places=", ".join(_PLACES))
        query: Query = {"q": f"{wanted.query} repo:{repository}", "per_page": wanted.most}
        reply = await self._github.get(calling, path("search", "issues"), query, resource="search")
        found = self._github.rest.shaped(reply, shapes.Found)
        # Brackets and OR in a query may lead out of the repository that we add to it.
        mine = [one for one in found.items if one.repository_url.lower().endswith(f"/repos/{repository.lower()}")]
        return _list("found", mine, wanted.most, more=found.total_count > len(found.items) or found.incomplete_results)

    async def _list_pull_requests(self, wanted: given.ListPullRequests, calling: Calling) -> Output:
        where = self._github.repository(wanted.repository, "pulls")
        query: Query = {"state": wanted.state, "base": wanted.base or None}
        found, more = await self._github.listed(calling, shapes.Pull, where, query, wanted.most)
        return _list("pull_requests", found, wanted.most, more=more)

    async def _get_pull_request(self, wanted: given.GetPullRequest, calling: Calling) -> Output:
        where = self._github.repository(wanted.repository, "pulls", wanted.number)
        return said(self._github.rest.shaped(await self._github.get(calling, where), shapes.Pull).whole())

    async def _list_commits(self, wanted: given.ListCommits, calling: Calling) -> Output:
        query: Query = {
            "sha": wanted.branch or None, "path": wanted.path or None, "author": wanted.author or None,
            "since": given.moment(wanted.since), "until": given.moment(wanted.until),
        }  # fmt: skip
        where = self._github.repository(wanted.repository, "commits")
        found, more = await self._github.listed(calling, shapes.Commit, where, query, wanted.most)
        return _list("commits", found, wanted.most, more=more)

    async def _list_workflow_runs(self, wanted: given.ListWorkflowRuns, calling: Calling) -> Output:
        parts = ("actions", "workflows", wanted.workflow, "runs") if wanted.workflow else ("actions", "runs")
        query: Query = {"branch": wanted.branch or None, "status": wanted.status or None, "per_page": wanted.most}
        reply = await self._github.get(calling, self._github.repository(wanted.repository, *parts), query)
        found = self._github.rest.shaped(reply, shapes.Runs)
        return _list("runs", found.workflow_runs[: wanted.most], wanted.most, more=found.total_count > wanted.most)

    async def _get_file(self, wanted: given.GetFile, calling: Calling) -> Output:
        parts = [part for part in wanted.path.split("/") if part]
        where = self._github.repository(wanted.repository, "contents", *parts)
        reply = await self._github.get(calling, where, {"ref": wanted.ref or None})
        if isinstance(reply.data, list):
            return said({"entries": [one.told() for one in self._github.rest.shaped(reply, list[shapes.Entry])]})
        return _file(self._github.rest.shaped(reply, shapes.Entry))

    async def _list_milestones(self, wanted: given.ListMilestones, calling: Calling) -> Output:
        where = self._github.repository(wanted.repository, "milestones")
        query: Query = {"state": wanted.state, "sort": "due_on", "direction": "asc"}
        found, more = await self._github.listed(calling, shapes.Milestone, where, query, wanted.most)
        return _list("milestones", found, wanted.most, more=more)

    async def _create_issue(self, wanted: given.CreateIssue, calling: Calling) -> Output:
        body = _given(wanted.model_dump(mode="json", exclude={"repository"}))
        reply = await self._github.write(calling, "POST", self._github.repository(wanted.repository, "issues"), body)
        return said(self._github.rest.shaped(reply, shapes.Issue).told())

    async def _comment(self, wanted: given.Comment, calling: Calling) -> Output:
        where = self._github.repository(wanted.repository, "issues", wanted.number, "comments")
        reply = await self._github.write(calling, "POST", where, {"body": wanted.body})
        return said(self._github.rest.shaped(reply, shapes.Comment).told())

    async def _update_issue(self, wanted: given.UpdateIssue, calling: Calling) -> Output:
        body = wanted.model_dump(mode="json", exclude={"repository", "number"}, exclude_none=True)
        if not body:
            raise Refused("Say what of the issue is to change: {fields}.", fields="title, body, labels, assignees, state, milestone")
        if wanted.milestone == 0:
            body["milestone"] = None
        where = self._github.repository(wanted.repository, "issues", wanted.number)
        # The same values written twice leave the same issue.
        reply = await self._github.write(calling, "PATCH", where, body, again=True)
        return said(self._github.rest.shaped(reply, shapes.Issue).told())


def _list(name: str, found: Any, most: int, *, more: bool) -> Output:
    return said({name: [one.told() for one in found]}, cut=_MORE.format(most=most) if more else "")


def _no_pull(issue: shapes.Issue) -> bool:
    """GitHub lists pull requests among the issues."""
    return issue.pull_request is None


def _given(body: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in body.items() if value not in (None, "", [])}


_KINDS: Mapping[str, Text] = {"symlink": Text("a link"), "submodule": Text("another repository")}


def _file(entry: shapes.Entry) -> Output:
    """What is in it, as text if it is UTF-8. GitHub sends at most 1 MB this way (“Get repository content”)."""
    if entry.type != "file":
        raise Forbidden("“{path}” is no file ({kind}): it is not followed.", path=entry.path, kind=_KINDS.get(entry.type, entry.type))
    if entry.encoding != "base64" or entry.content is None:
        raise TooLarge("“{path}” is {size} bytes, and GitHub sends at most 1 MB: read it from a clone.", path=entry.path, size=entry.size)
    try:
        content = base64.b64decode(entry.content)
    except binascii.Error as wrong:
        raise Unavailable("GitHub sent “{path}” in a form that is not known.", path=entry.path) from wrong
    try:
        return Output(data=entry.told(), pieces=(Words(content.decode()),))
    except UnicodeDecodeError:
        return Output(data=entry.told(), pieces=(Bytes(content, "application/octet-stream", entry.name),))
