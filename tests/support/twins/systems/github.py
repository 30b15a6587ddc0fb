"""GitHub's REST API 2022-11-28 and a part of its GraphQL API (https://docs.github.com/en/rest, …/graphql)."""

import base64
import itertools
import time
from typing import Any

from aiohttp import web

from support.twins.systems import github_projects
from support.twins.systems import github_wire as wire
from support.twins.systems.serving import Answer, Route

_WORDS = {
    401: "Bad credentials", 403: "Resource not accessible by personal access token", 404: "Not Found", 409: "Conflict",
    422: "Validation Failed", 429: "You have exceeded a secondary rate limit.", 500: "Server Error",
}  # fmt: skip
_REPOSITORIES = ("acme/shop", "acme/site", "other/secret")
_CREATED = {"created_at": "2026-11-10T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z", "author": "maria", "body": "It takes 9 s."}


class Twin:
    """Three repositories, of which two are Acme's."""

    def __init__(self) -> None:
        self._numbers = itertools.count(100)
        self._limited: dict[str, str] = {}
        self._due = {11: "2026-11-01T00:00:00Z", 12: "2099-11-30T00:00:00Z"}
        self._issues: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in _REPOSITORIES}
        self._comments: dict[tuple[str, int], list[dict[str, Any]]] = {}
        shop = self._issues["acme/shop"]
        shop[1] = _issue(1, "Till 3 is slow", labels=["bug"], assignees=["joao"], milestone=12)
        shop[2] = _issue(2, "Receipts in Portuguese", labels=["feature"], assignees=[], milestone=12)
        shop[3] = _issue(3, "Broken scale", state="closed", state_reason="completed", closed_at="2026-11-19T00:00:00Z", milestone=12)
        shop[4] = _issue(4, "Faster till", pull=True, head="faster", merged_at=None)
        self._issues["other/secret"][1] = _issue(1, "Till of another company")
        self._comments["acme/shop", 1] = [{"id": 5, "author": "joao", "body": "I look at it."}]

    def be(self, how: dict[str, Any]) -> None:
        """`limited` headers of the next answers; `issues`: that many more of them."""
        self._limited = how.get("limited", self._limited)
        for number in range(1000, 1000 + how.get("issues", 0)):
            self._issues["acme/shop"][number] = _issue(number, f"Issue {number}")

    def error(self, status: int) -> web.Response:
        """As GitHub tells of it."""
        errors = {"errors": [{"resource": "Issue", "field": "title", "code": "missing_field"}]} if status == 422 else {}
        said = {"message": _WORDS.get(status, "Error"), "documentation_url": "https://docs.github.com/rest"}
        body = {**said, "status": str(status), **errors}
        return web.json_response(body, status=status)

    def routes(self) -> list[Route]:
        """What may be asked."""
        here = "/repos/{owner}/{name}"
        return [
            Route("GET", f"{here}/issues", self._list_issues),
            Route("POST", f"{here}/issues", self._create_issue),
            Route("GET", f"{here}/issues/{{number}}", self._get_issue),
            Route("PATCH", f"{here}/issues/{{number}}", self._update_issue),
            Route("GET", f"{here}/issues/{{number}}/comments", self._list_comments),
            Route("POST", f"{here}/issues/{{number}}/comments", self._comment),
            Route("GET", f"{here}/milestones", self._list_milestones),
            Route("GET", f"{here}/pulls", self._list_pulls),
            Route("GET", f"{here}/pulls/{{number}}", self._get_pull),
            Route("GET", f"{here}/commits", self._list_commits),
            Route("GET", f"{here}/actions/runs", self._list_runs),
            Route("GET", f"{here}/actions/workflows/{{workflow}}/runs", self._list_runs),
            Route("GET", f"{here}/contents{{path*}}", self._contents),
            Route("GET", "/search/issues", self._search),
            Route("POST", "/graphql", self._graph),
        ]

    def _let(self, request: web.Request, owner: str = "acme", name: str = "shop") -> str:
        """The repository, if whoever asks may see it ("Getting started with the REST API": headers)."""
        if self._limited:
            status = 403 if self._limited.get("x-ratelimit-remaining") == "0" else 429
            raise Answer(web.json_response({"message": "API rate limit exceeded for user ID 1."}, status=status, headers=self._limited))
        if not request.headers.get("User-Agent"):
            raise Answer(web.Response(status=403, text="Request forbidden by administrative rules."))
        if request.headers.get("X-GitHub-Api-Version", "2022-11-28") not in ("2022-11-28", "2026-03-10"):
            raise Answer(self.error(400))
        key = request.headers.get("Authorization", "").partition(" ")[2]
        if key not in ("right", "weak"):
            raise Answer(self.error(401))
        if key == "weak":
            raise Answer(self.error(403))
        if f"{owner}/{name}" not in _REPOSITORIES:
            raise Answer(self.error(404))
        return f"{owner}/{name}"

    def _kept(self, repo: str, number: str) -> dict[str, Any]:
        if not number.isdecimal() or int(number) not in self._issues[repo]:
            raise Answer(self.error(404))
        return self._issues[repo][int(number)]

    def _milestone(self, repo: str, number: int) -> dict[str, Any]:
        those = [one for one in self._issues[repo].values() if one.get("milestone") == number]
        closed = sum(one["state"] == "closed" for one in those)
        state = "closed" if number < 12 else "open"
        kept = {"number": number, "title": f"Sprint {number}", "state": state, "due_on": self._due[number]}
        return wire.milestone(repo, kept, len(those) - closed, closed)

    def _shown(self, repo: str, kept: dict[str, Any]) -> dict[str, Any]:
        within = self._milestone(repo, kept["milestone"]) if kept.get("milestone") else None
        return wire.issue(repo, kept, within, len(self._comments.get((repo, kept["number"]), ())))

    async def _list_issues(self, request: web.Request, owner: str, name: str) -> web.Response:
        repo, query = self._let(request, owner, name), request.query
        found = [one for one in self._issues[repo].values() if query.get("state", "open") in ("all", one["state"])]
        if labels := query.get("labels"):
            found = [one for one in found if set(labels.split(",")) <= set(one["labels"])]
        if (number := query.get("milestone", "*")) != "*":
            found = [one for one in found if str(one.get("milestone")) == number]
        return self._paged(request, [self._shown(repo, one) for one in sorted(found, key=lambda one: -one["number"])])

    async def _get_issue(self, request: web.Request, owner: str, name: str, number: str) -> web.Response:
        repo = self._let(request, owner, name)
        return web.json_response(self._shown(repo, self._kept(repo, number)))

    async def _create_issue(self, request: web.Request, owner: str, name: str) -> web.Response:
        repo, body = self._let(request, owner, name), await request.json()
        if not isinstance(body.get("title"), str) or set(body) - {"title", "body", "labels", "assignees", "milestone"}:
            raise Answer(self.error(422))
        number = next(self._numbers)
        named = {name: body.get(name, ()) for name in ("labels", "assignees")}
        self._issues[repo][number] = _issue(number, body["title"], milestone=body.get("milestone"), **named)
        return web.json_response(self._shown(repo, self._issues[repo][number]), status=201)

    async def _update_issue(self, request: web.Request, owner: str, name: str, number: str) -> web.Response:
        repo, body = self._let(request, owner, name), await request.json()
        if set(body) - {"title", "body", "labels", "assignees", "milestone", "state", "state_reason"}:
            raise Answer(self.error(422))
        self._kept(repo, number).update(body)
        return web.json_response(self._shown(repo, self._kept(repo, number)))

    async def _list_comments(self, request: web.Request, owner: str, name: str, number: str) -> web.Response:
        repo = self._let(request, owner, name)
        return self._paged(request, [wire.comment(repo, int(number), one) for one in self._comments.get((repo, int(number)), ())])

    async def _comment(self, request: web.Request, owner: str, name: str, number: str) -> web.Response:
        repo, body = self._let(request, owner, name), await request.json()
        self._kept(repo, number)
        kept = {"id": next(self._numbers), "author": "hulk", "body": body["body"]}
        self._comments.setdefault((repo, int(number)), []).append(kept)
        return web.json_response(wire.comment(repo, int(number), kept), status=201)

    async def _list_milestones(self, request: web.Request, owner: str, name: str) -> web.Response:
        repo = self._let(request, owner, name)
        found = [self._milestone(repo, number) for number in self._due]
        return self._paged(request, [one for one in found if request.query.get("state", "open") in ("all", one["state"])])

    async def _list_pulls(self, request: web.Request, owner: str, name: str) -> web.Response:
        repo = self._let(request, owner, name)
        return self._paged(request, [wire.pull(repo, one, whole=False) for one in self._issues[repo].values() if one.get("pull")])

    async def _get_pull(self, request: web.Request, owner: str, name: str, number: str) -> web.Response:
        repo = self._let(request, owner, name)
        if not self._kept(repo, number).get("pull"):
            raise Answer(self.error(404))
        return web.json_response(wire.pull(repo, self._kept(repo, number), whole=True))

    async def _list_commits(self, request: web.Request, owner: str, name: str) -> web.Response:
        repo = self._let(request, owner, name)
        return self._paged(request, [wire.commit(repo, "c" * 40, "Read receipts once")])

    async def _list_runs(self, request: web.Request, owner: str, name: str, workflow: str = "ci.yml") -> web.Response:
        repo = self._let(request, owner, name)
        if workflow != "ci.yml":
            raise Answer(self.error(404))
        runs = [wire.run(repo, 2, "failure"), wire.run(repo, 1, "success")]
        wanted = [one for one in runs if request.query.get("status", one["conclusion"]) == one["conclusion"]]
        return web.json_response({"total_count": len(wanted), "workflow_runs": wanted[: int(request.query.get("per_page", 30))]})

    async def _contents(self, request: web.Request, owner: str, name: str, path: str) -> web.Response:
        repo, path = self._let(request, owner, name), path.strip("/")
        files = {"README.md": b"# Shop\n", "logo.bin": b"\xff\xfe"}
        if path == "":
            return web.json_response([wire.entry(repo, one, "file", len(content)) for one, content in files.items()])
        if path == "big.bin":
            return web.json_response(wire.entry(repo, path, "file", 2_000_000) | {"content": "", "encoding": "none"})
        if path not in files:
            raise Answer(self.error(404))
        content = base64.encodebytes(files[path]).decode()
        return web.json_response(wire.entry(repo, path, "file", len(files[path])) | {"content": content, "encoding": "base64"})

    async def _search(self, request: web.Request) -> web.Response:
        self._let(request)
        words = [word for word in request.query["q"].lower().split() if ":" not in word]
        found = [  # as GitHub's search does when OR leads out of the repository
            self._shown(repo, one) | {"score": 1.0}
            for repo, those in self._issues.items() for one in those.values()
            if f"repo:{repo}" in request.query["q"] or " or " in request.query["q"].lower()
            if any(word in one["title"].lower() for word in words)
        ]  # fmt: skip
        return web.json_response({"total_count": len(found), "incomplete_results": False, "items": found, "search_type": "lexical"})

    async def _graph(self, request: web.Request) -> web.Response:
        self._let(request)
        return web.json_response(github_projects.answered(await request.json()))

    def _paged(self, request: web.Request, found: list[Any]) -> web.Response:
        """“Using pagination in the REST API”: at most 100 a page, `Link` says whether there is another."""
        size, page = min(int(request.query.get("per_page", 30)), 100), int(request.query.get("page", 1))
        more = f'<{wire.API}{request.path}?page={page + 1}>; rel="next"' if page * size < len(found) else ""
        left = {"x-ratelimit-remaining": "4999", "x-ratelimit-reset": str(int(time.time()) + 3600), "x-ratelimit-resource": "core"}
        return web.json_response(found[(page - 1) * size : page * size], headers=left | ({"Link": more} if more else {}))


def _issue(number: int, title: str, **more: Any) -> dict[str, Any]:
    return {"number": number, "title": title, "state": "open", "labels": [], "assignees": [], **_CREATED, **more}
