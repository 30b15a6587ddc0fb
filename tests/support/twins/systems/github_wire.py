"""GitHub's bodies, with all that its OpenAPI description requires (https://github.com/github/rest-api-description)."""

from typing import Any

API = "https://api.github.com"
WEB = "https://github.com"
_PEOPLE = ("followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events", "received_events")
_PARTS = [
    "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents", "contributors",
    "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "issue_comment", "issue_events", "issues",
    "keys", "labels", "languages", "merges", "milestones", "notifications", "pulls", "releases", "stargazers", "statuses", "subscribers",
    "subscription", "tags", "teams", "trees", "hooks",
]  # fmt: skip


def user(login: str) -> dict[str, Any]:
    """A person."""
    urls = {f"{name}_url": f"{API}/users/{login}/{name}" for name in _PEOPLE}
    fixed = {"node_id": "U_1", "avatar_url": f"{WEB}/a.png", "gravatar_id": "", "type": "User", "site_admin": False}
    return {"login": login, "id": sum(login.encode()), "url": f"{API}/users/{login}", "html_url": f"{WEB}/{login}", **fixed, **urls}


def repository(name: str) -> dict[str, Any]:
    """A repository, in short."""
    owner, _, short = name.partition("/")
    urls = {f"{part}_url": f"{API}/repos/{name}/{part}" for part in _PARTS}
    counts = dict.fromkeys(("forks", "forks_count", "stargazers_count", "watchers_count", "watchers", "size", "open_issues_count"), 1)
    empty = dict.fromkeys(("license", "description", "mirror_url", "homepage", "language", "pushed_at"))
    moments = dict.fromkeys(("created_at", "updated_at"), "2020-01-01T00:00:00Z")
    flags = {"private": True, "fork": False, "has_pages": False, "disabled": False, "default_branch": "main", "open_issues": 1}
    clones = {f"{kind}_url": f"{WEB}/{name}.git" for kind in ("git", "ssh", "clone", "svn")}
    fixed = {"id": 7, "node_id": "R_1", **counts, **empty, **moments, **flags, **clones}
    named = {"name": short, "full_name": name, "owner": user(owner), "html_url": f"{WEB}/{name}", "url": f"{API}/repos/{name}"}
    return {**named, **fixed, **urls}


def label(name: str) -> dict[str, Any]:
    """A label."""
    fixed = {"id": 1, "node_id": "L_1", "description": None, "color": "ff0000", "default": False, "archived_at": None, "archived_by": None}
    return {"url": f"{API}/labels/{name}", "name": name, **fixed}


def milestone(repo: str, kept: dict[str, Any], opened: int, closed: int) -> dict[str, Any]:
    """A milestone with its counts."""
    number = kept["number"]
    url = f"{API}/repos/{repo}/milestones/{number}"
    moments = {"created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-01T00:00:00Z", "closed_at": None}
    fixed = {"id": number, "node_id": "M_1", "creator": user("maria"), "description": "Checkout", **moments}
    counts = {"open_issues": opened, "closed_issues": closed}
    return {**kept, **counts, "url": url, "html_url": f"{WEB}/{repo}/milestone/{number}", "labels_url": f"{url}/labels", **fixed}


def issue(repo: str, kept: dict[str, Any], within: dict[str, Any] | None, comments: int) -> dict[str, Any]:
    """An issue, or the issue that a pull request is besides."""
    number = kept["number"]
    url = f"{API}/repos/{repo}/issues/{number}"
    urls = {f"{name}_url": f"{url}/{name}" for name in ("labels", "comments", "events")}
    pull = {"url": f"{API}/repos/{repo}/pulls/{number}", "html_url": f"{WEB}/{repo}/pull/{number}", "diff_url": url, "patch_url": url}
    return {
        "id": number, "node_id": "I_1", "url": url, "repository_url": f"{API}/repos/{repo}", **urls, "number": number,
        "html_url": f"{WEB}/{repo}/{'pull' if kept.get('pull') else 'issues'}/{number}", "title": kept["title"], "state": kept["state"],
        "state_reason": kept.get("state_reason"), "user": user(kept["author"]), "labels": [label(one) for one in kept["labels"]],
        "assignee": None, "assignees": [user(one) for one in kept["assignees"]], "milestone": within, "locked": False, "comments": comments,
        "closed_at": kept.get("closed_at"), "created_at": kept["created_at"], "updated_at": kept["updated_at"], "body": kept["body"],
        "author_association": "MEMBER", **({"pull_request": pull} if kept.get("pull") else {}),
    }  # fmt: skip


def comment(repo: str, number: int, kept: dict[str, Any]) -> dict[str, Any]:
    """A comment."""
    url = f"{API}/repos/{repo}/issues/comments/{kept['id']}"
    moments = {"created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:00:00Z", "author_association": "MEMBER"}
    about = {"issue_url": f"{API}/repos/{repo}/issues/{number}", "html_url": f"{WEB}/{repo}/issues/{number}#issuecomment-{kept['id']}"}
    return {"id": kept["id"], "node_id": "C_1", "url": url, "user": user(kept["author"]), "body": kept["body"], **moments, **about}


def pull(repo: str, kept: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    """A pull request; `whole` when it is asked for by itself."""
    number = kept["number"]
    url, page = f"{API}/repos/{repo}/pulls/{number}", f"{WEB}/{repo}/pull/{number}"
    names = ("diff", "patch", "issue", "commits", "review_comments", "review_comment", "comments", "statuses")
    ends = {"sha": "a" * 40, "user": user("maria"), "repo": repository(repo)}
    linked = ("comments", "commits", "statuses", "html", "issue", "review_comments", "review_comment", "self")
    links = {name: {"href": url} for name in linked}
    head = {"label": f"acme:{kept['head']}", "ref": kept["head"], **ends}
    moments = {name: kept.get(name) for name in ("created_at", "updated_at", "closed_at", "merged_at")}
    told = {
        "url": url, "id": number, "node_id": "P_1", "html_url": page, **{f"{name}_url": f"{url}/{name}" for name in names},
        "number": number, "state": kept["state"], "locked": False, "title": kept["title"], "user": user(kept["author"]),
        "body": kept["body"], "labels": [], "milestone": None, "assignees": [], "draft": False, **moments, "head": head | {"repo": None},
        "base": {"label": "acme:main", "ref": "main", **ends}, "_links": links, "author_association": "MEMBER", "auto_merge": None,
    }  # fmt: skip
    sizes = {"comments": 0, "review_comments": 0, "commits": 2, "additions": 10, "deletions": 3, "changed_files": 1}
    more = {"merged": False, "mergeable": True, "mergeable_state": "clean", "merged_by": None, "maintainer_can_modify": True, **sizes}
    return told | more if whole else told


def commit(repo: str, sha: str, message: str) -> dict[str, Any]:
    """A commit."""
    url = f"{API}/repos/{repo}/commits/{sha}"
    signed = {"name": "Maria", "email": "maria@example.com", "date": "2026-11-20T10:00:00Z"}
    inner = {"url": url, "author": signed, "committer": signed, "message": message, "comment_count": 0, "tree": {"sha": sha, "url": url}}
    fixed = {"node_id": "K_1", "html_url": f"{WEB}/{repo}/commit/{sha}", "comments_url": f"{url}/comments", "parents": []}
    return {"url": url, "sha": sha, **fixed, "commit": inner, "author": user("maria"), "committer": user("maria")}


def run(repo: str, number: int, conclusion: str) -> dict[str, Any]:
    """A run of a workflow."""
    url = f"{API}/repos/{repo}/actions/runs/{number}"
    urls = {f"{name}_url": f"{url}/{name}" for name in ("jobs", "logs", "check_suite", "artifacts", "cancel", "rerun", "workflow")}
    of: dict[str, Any] = {"repository": repository(repo), "head_repository": repository(repo), "head_commit": None, "pull_requests": []}
    fixed = {"node_id": "W_1", "head_sha": "a" * 40, "path": ".github/workflows/ci.yml", "event": "push", "workflow_id": 1}
    moments = {"created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:05:00Z"}
    named = {"id": number, "name": "ci", "display_title": "Faster till", "head_branch": "main", "run_number": number}
    states = {"status": "completed", "conclusion": conclusion, "url": url, "html_url": f"{WEB}/{repo}/actions/runs/{number}"}
    return {**named, **states, **fixed, **moments, **urls, **of}


def entry(repo: str, path: str, kind: str, size: int) -> dict[str, Any]:
    """What stands in a folder."""
    url = f"{API}/repos/{repo}/contents/{path}"
    fixed = {"sha": "b" * 40, "url": url, "git_url": url, "html_url": f"{WEB}/{repo}/blob/main/{path}", "download_url": None}
    links = {"git": url, "self": url, "html": url}
    return {"type": kind, "size": size, "name": path.rpartition("/")[2], "path": path, **fixed, "_links": links}
