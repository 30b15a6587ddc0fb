"""What GitHub's tools take."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from hulk.modules.tools.adapters.backends.acts import Arguments

Most = Annotated[int, Field(ge=1, le=300, description="How many at most.")]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Name = Annotated[str, Field(max_length=200)]
Body = Annotated[str, Field(max_length=60_000)]
Login = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?$")]
State = Literal["open", "closed", "all"]


class InRepository(Arguments):
    """What happens in one repository."""

    repository: str = Field(
        default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100})?$",
        description="owner/name; may be left out when there is only one.",
    )  # fmt: skip


class ListIssues(InRepository):
    """Issues of a repository, newest first."""

    state: State = "open"
    labels: tuple[Name, ...] = Field(default=(), max_length=20, description="Only those that have all of these labels.")
    assignee: str = Field(default="", max_length=100, description="A login; `none` for nobody, `*` for anybody.")
    milestone: str = Field(default="", pattern=r"^([0-9]{1,9}|none|\*)?$", description="The number of a milestone; `none`, or `*` for any.")
    since: AwareDatetime | None = Field(default=None, description="Only those that have changed since.")
    most: Most = 30


class GetIssue(InRepository):
    """One issue with its text and its first comments."""

    number: Number
    comments: int = Field(default=20, ge=0, le=100, description="How many comments at most.")


class SearchIssues(InRepository):
    """Issues and pull requests of a repository whose title, text or comments hold the words, best first."""

    query: str = Field(min_length=1, max_length=200, description="Words and GitHub's qualifiers (`is:open label:bug`), but none of place.")
    most: int = Field(default=30, ge=1, le=100, description="How many at most.")


class ListPullRequests(InRepository):
    """Pull requests of a repository, newest first."""

    state: State = "open"
    base: Name = Field(default="", description="Only those into this branch.")
    most: Most = 30


class GetPullRequest(InRepository):
    """One pull request: its text, whether it can be merged, and how large it is."""

    number: Number


class ListCommits(InRepository):
    """Commits of a branch, newest first."""

    branch: Name = Field(default="", description="A branch, a tag or a commit; empty for the main branch.")
    path: Name = Field(default="", description="Only those that touch this file or folder.")
    author: Name = Field(default="", description="A login or an e-mail address.")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    most: Most = 30


class ListWorkflowRuns(InRepository):
    """Runs of GitHub Actions, newest first."""

    workflow: str = Field(default="", pattern=r"^[A-Za-z0-9 ._-]{0,100}$", description="A workflow's file name or number; empty for all.")
    branch: Name = ""
    status: str = Field(default="", pattern=r"^[a-z_]{0,30}$", description="`success`, `failure`, `in_progress`, `queued`…")
    most: int = Field(default=30, ge=1, le=100, description="How many at most.")


class GetFile(InRepository):
    """A file of a repository as it is, or what a folder holds."""

    path: str = Field(default="", max_length=1000, description="As in `docs/start.md`; empty for the uppermost folder.")
    ref: Name = Field(default="", description="A branch, a tag or a commit; empty for the main branch.")


class ListMilestones(InRepository):
    """Milestones of a repository with how much of each is done, the one that is due first coming first."""

    state: State = "open"
    most: int = Field(default=30, ge=1, le=100, description="How many at most.")


class SprintStatus(InRepository):
    """How a sprint stands, by its milestone: what is done, what is open, with whom, what is late."""

    milestone: Name = Field(default="", description="Its title or number; empty for the open one that is due next.")


class ProjectStatus(Arguments):
    """How a project (Projects v2) stands in an iteration: its items by status, with whom each is."""

    project: str = Field(
        default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9-]{0,38}/[1-9][0-9]{0,8})?$",
        description="owner/number; may be left out when there is only one.",
    )  # fmt: skip
    iteration: Name = Field(default="current", description="`current`, `all`, or an iteration's title.")


class CreateIssue(InRepository):
    """Open an issue."""

    title: str = Field(min_length=1, max_length=256)
    body: Body = ""
    labels: tuple[Name, ...] = Field(default=(), max_length=20)
    assignees: tuple[Login, ...] = Field(default=(), max_length=10)
    milestone: Number | None = Field(default=None, description="The number of a milestone.")


class Comment(InRepository):
    """Write a comment on an issue or a pull request."""

    number: Number
    body: str = Field(min_length=1, max_length=60_000)


class UpdateIssue(InRepository):
    """Change an issue. What is not said stays; labels and assignees are replaced by those that are given."""

    number: Number
    title: str | None = Field(default=None, min_length=1, max_length=256)
    body: Body | None = None
    labels: tuple[Name, ...] | None = Field(default=None, max_length=20)
    assignees: tuple[Login, ...] | None = Field(default=None, max_length=10)
    state: Literal["open", "closed"] | None = None
    state_reason: Literal["completed", "not_planned", "reopened"] | None = None
    milestone: int | None = Field(default=None, ge=0, le=2**31 - 1, description="The number of a milestone; 0 takes it out of its own.")


def moment(value: datetime | None) -> str | None:
    """As GitHub writes times."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value else None
