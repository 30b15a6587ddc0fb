"""What we read of GitHub's answers, and what of it is handed on (https://docs.github.com/en/rest?apiVersion=2022-11-28)."""

from typing import Any

from hulk.modules.tools.adapters.backends.rest import Shape

MOST_TEXT = 20_000
"""Characters of a text that are handed on."""


class User(Shape):
    """Who did something."""

    login: str


class Label(Shape):
    """A label."""

    name: str = ""


class Milestone(Shape):
    """A milestone with how much of it is done."""

    number: int
    title: str
    state: str
    html_url: str
    open_issues: int
    closed_issues: int
    due_on: str | None = None
    description: str | None = None

    def told(self) -> dict[str, Any]:
        """What is handed on."""
        shown = self.model_dump(exclude={"html_url", "description"})
        return {**shown, "description": short(self.description, 2000), "url": self.html_url}


class Issue(Shape):
    """An issue, or a pull request where both are listed."""

    number: int
    title: str
    state: str
    state_reason: str | None = None
    html_url: str
    repository_url: str = ""
    user: User | None = None
    labels: tuple[Label | str, ...] = ()
    assignees: list[User] | None = None
    milestone: Milestone | None = None
    comments: int = 0
    created_at: str
    updated_at: str
    closed_at: str | None = None
    body: str | None = None
    pull_request: dict[str, Any] | None = None

    def told(self) -> dict[str, Any]:
        """What is handed on, without the text."""
        same = ("number", "title", "state", "state_reason", "comments", "created_at", "updated_at", "closed_at")
        return {
            **{name: getattr(self, name) for name in same},
            "author": login(self.user),
            "labels": [one if isinstance(one, str) else one.name for one in self.labels],
            "assignees": [one.login for one in self.assignees or ()],
            "milestone": self.milestone.title if self.milestone else None,
            "kind": "issue" if self.pull_request is None else "pull request",
            "url": self.html_url,
        }


class Comment(Shape):
    """A comment."""

    user: User | None = None
    created_at: str
    html_url: str
    body: str | None = None

    def told(self) -> dict[str, Any]:
        """What is handed on."""
        return {"author": login(self.user), "created_at": self.created_at, "body": short(self.body, 4000), "url": self.html_url}


class Branch(Shape):
    """An end of a pull request."""

    ref: str


class Pull(Shape):
    """A pull request; sizes and whether it can be merged only when it is asked for by itself."""

    number: int
    title: str
    state: str
    draft: bool = False
    html_url: str
    user: User | None = None
    base: Branch
    head: Branch
    created_at: str
    updated_at: str
    merged_at: str | None = None
    body: str | None = None
    mergeable: bool | None = None
    mergeable_state: str | None = None
    commits: int | None = None
    additions: int | None = None
    deletions: int | None = None
    changed_files: int | None = None

    def told(self) -> dict[str, Any]:
        """What is handed on, without the text."""
        same = ("number", "title", "state", "draft", "created_at", "updated_at", "merged_at")
        ends = {"author": login(self.user), "base": self.base.ref, "head": self.head.ref, "url": self.html_url}
        return {name: getattr(self, name) for name in same} | ends

    def whole(self) -> dict[str, Any]:
        """All of it."""
        more = ("mergeable", "mergeable_state", "commits", "additions", "deletions", "changed_files")
        return {**self.told(), **{name: getattr(self, name) for name in more}, "body": short(self.body)}


class Signature(Shape):
    """Who wrote a commit, and when."""

    name: str = ""
    date: str = ""


class Message(Shape):
    """What a commit says."""

    message: str
    author: Signature | None = None


class Commit(Shape):
    """A commit."""

    sha: str
    html_url: str
    commit: Message
    author: User | dict[str, Any] | None = None

    def told(self) -> dict[str, Any]:
        """What is handed on."""
        written = self.commit.author or Signature()
        author = self.author.login if isinstance(self.author, User) else written.name
        return {"sha": self.sha, "message": short(self.commit.message, 1000), "author": author, "date": written.date, "url": self.html_url}


class Run(Shape):
    """A run of a workflow."""

    id: int
    name: str | None = None
    display_title: str = ""
    head_branch: str | None = None
    event: str
    status: str | None = None
    conclusion: str | None = None
    run_number: int
    created_at: str
    updated_at: str
    html_url: str

    def told(self) -> dict[str, Any]:
        """What is handed on."""
        return {**self.model_dump(exclude={"html_url", "head_branch"}), "branch": self.head_branch, "url": self.html_url}


class Runs(Shape):
    """A page of runs."""

    total_count: int
    workflow_runs: list[Run]


class Found(Shape):
    """A page of what was searched for."""

    total_count: int
    incomplete_results: bool = False
    items: list[Issue]


class Entry(Shape):
    """A file, or what stands in a folder."""

    type: str
    name: str
    path: str
    sha: str
    size: int = 0
    html_url: str | None = None
    content: str | None = None
    encoding: str | None = None

    def told(self) -> dict[str, Any]:
        """What is handed on, without what is in it."""
        return {**self.model_dump(include={"type", "name", "path", "size", "sha"}), "url": self.html_url}


def login(user: User | None) -> str | None:
    """Whose it is; nobody's when the account was deleted."""
    return user.login if user else None


def short(text: str | None, most: int = MOST_TEXT) -> str:
    """The beginning of a text, with a mark when there is more."""
    return text if text and len(text) <= most else f"{text[:most]}…" if text else ""
