"""Asking GitHub: only for repositories that may be used, page by page, as slowly as it wants.

githubkit is not used here: it reads answers of any size into memory, follows redirections to other hosts, brings a second HTTP client with
a cache (httpx, hishel) and 60 MB of models. It judges our twin in the tests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hulk.kernel.errors import Forbidden, HulkError, NotFound, Refused, Unavailable
from hulk.kernel.records import Json
from hulk.modules.tools.adapters.backends.github.limits import Pace
from hulk.modules.tools.adapters.backends.rest import Query, Reply, Rest, Shape, at, excerpt, path
from hulk.modules.tools.ports import Calling

S = TypeVar("S", bound=Shape)
_PAGE = 100
_MOST_PAGES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """GitHub at `url`, with the token that `token` gives now. `repositories` are `owner/name` or `owner/*`; `projects` `owner/number`."""

    url: str
    token: Callable[[], str] = field(repr=False)
    repositories: tuple[str, ...]
    projects: tuple[str, ...] = ()
    pace: Pace = field(default_factory=Pace)

    def repository(self, wanted: str, *parts: str | int) -> str:
        """The path of what belongs to a repository; raises `NotFound` for one that may not be used."""
        owner, _, name = self.allowed(wanted).partition("/")
        return path("repos", owner, name, *parts)

    def allowed(self, wanted: str) -> str:
        """The repository, or the only one when none is named."""
        if not wanted and len(self.repositories) == 1 and not self.repositories[0].endswith("/*"):
            return self.repositories[0]
        if not wanted:
            raise Refused("Say which repository: {allowed}.", allowed=", ".join(self.repositories) or "—")
        if not self.covers(wanted):
            raise NotFound(
                "There is no repository “{name}” among those that may be used ({allowed}).",
                name=wanted, allowed=", ".join(self.repositories) or "—",
            )  # fmt: skip
        return wanted

    def covers(self, repository: str) -> bool:
        """Whether it may be used; GitHub does not tell small letters from capitals."""
        known = {one.lower() for one in self.repositories}
        return repository.lower() in known or f"{repository.partition('/')[0].lower()}/*" in known

    async def get(self, calling: Calling, where: str, query: Query | None = None, *, resource: str = "core") -> Reply:
        """What stands there."""
        self.pace.require(resource)
        return await self.rest.read(calling, where, query)

    async def write(self, calling: Calling, method: str, where: str, body: Json, *, again: bool = False) -> Reply:
        """Do something there."""
        self.pace.require("core")
        return await self.rest.write(calling, method, where, body, again=again)

    async def listed(
        self, calling: Calling, kind: type[S], where: str, query: Query, most: int, *, wanted: Callable[[S], bool] = lambda _: True
    ) -> tuple[list[S], bool]:
        """The first `most` of a list that are `wanted`, and whether there are more; at most 500 are looked at."""
        found: list[S] = []
        goes_on = True
        for page in range(1, _MOST_PAGES + 1):
            reply = await self.get(calling, where, {**query, "per_page": min(_PAGE, most + 1), "page": page})
            found += [one for one in self.rest.shaped(reply, list[kind]) if wanted(one)]  # type: ignore[valid-type]  # a type at run time
            goes_on = 'rel="next"' in reply.headers.get("Link", "")
            if len(found) > most or not goes_on:
                break
        return found[:most], len(found) > most or goes_on

    async def graph(self, calling: Calling, query: str, variables: Mapping[str, Json]) -> Any:
        """What a GraphQL query gives; it never changes anything. Raises as REST does."""
        self.pace.require("graphql")
        enterprise = self.url.endswith("/api/v3")
        rest = self._rest(self.url.removesuffix("/v3")) if enterprise else self.rest
        reply = await rest.read(calling, "/graphql", body={"query": query, "variables": dict(variables)})
        if errors := at(reply.data, "errors"):
            raise _graph_failure(at(errors, 0, "type"), at(errors, 0, "message"))
        return at(reply.data, "data")

    @property
    def rest(self) -> Rest:
        """The client."""
        return self._rest(self.url)

    def _rest(self, url: str) -> Rest:
        return Rest(name="GitHub", url=url, headers=self._headers, failure=self.pace.failure, said=_said)

    def _headers(self) -> Mapping[str, str]:
        fixed = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return fixed | ({"Authorization": f"Bearer {token}"} if (token := self.token()) else {})


def _said(data: Any) -> object:
    """GitHub's message with the fields that it names (“Troubleshooting: Validation Failed”)."""
    errors = at(data, "errors")
    wrong = [f"{at(one, 'field')}: {at(one, 'message') or at(one, 'code')}" for one in (errors if isinstance(errors, Sequence) else ())[:5]]
    return "; ".join([str(at(data, "message") or ""), *wrong])


def _graph_failure(kind: object, message: object) -> HulkError:
    said = excerpt(message)
    if kind == "NOT_FOUND":
        return NotFound("GitHub has no such thing, or does not show it to the token in the settings (“{said}”).", said=said)
    if kind in ("FORBIDDEN", "INSUFFICIENT_SCOPES"):
        return Forbidden("GitHub does not allow this (“{said}”): check what the token in the settings may do.", said=said)
    if kind == "RATE_LIMITED":
        return Unavailable("GitHub asks to be left alone for a while (“{said}”).", retry_after=60, said=said)
    return Refused("GitHub does not take this (“{said}”).", said=said)
