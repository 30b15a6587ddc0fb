"""Fetching behind breakers: a server that fails is left alone, and asked again as soon as it is well."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Concatenate, Generic, ParamSpec, TypeVar
from urllib.parse import urlsplit, urlunsplit

from hulk.kernel.errors import NotFound, Refused
from hulk.modules.tools.domain import allowed
from hulk.runtime.breaker import Breakers

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedFetch(Generic[P, T]):
    """`fetch` (an address first, then what it takes besides) with a breaker for each host and port, `http:example.com`.

    Only allowed hosts get one. A redirect's failure counts against the host that was asked first. `probe` is given the host's
    address with the path `/`; whatever the server says of that shows that it works, as long as it is not `Unavailable`."""

    fetch: Callable[Concatenate[str, P], Awaitable[T]]
    probe: Callable[[str], Awaitable[object]]
    hosts: tuple[str, ...]
    breakers: Breakers

    async def __call__(self, url: str, *args: P.args, **kwargs: P.kwargs) -> T:
        """As `fetch`; raises `Unavailable` without asking while the breaker is open."""
        parts = urlsplit(allowed(url, self.hosts).url)
        root = urlunsplit((parts.scheme, parts.netloc, "/", "", ""))
        breaker = self.breakers.of(f"http:{parts.netloc.lower()}", partial(self._probed, root))
        return await breaker.call(lambda: self.fetch(url, *args, **kwargs))

    async def _probed(self, root: str) -> None:
        try:
            await self.probe(root)
        except (Refused, NotFound):  # it answered
            return
