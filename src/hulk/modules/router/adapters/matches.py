"""Which skill a sentence means, kept in the caches that all processes share."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable

from hulk.modules.router.domain.matching import Match
from hulk.runtime.cache import Cache, Caches, Policy, Records

KEPT = Policy(ttl=3600)


def kept_matches(caches: Caches) -> Cache[Match]:
    """The cache `decisions`."""
    return caches.named("decisions", Records(Match), KEPT)


class CachedMatches:
    """`Matches` over a cache, each tenant's apart: by how long an answer takes nobody learns what another tenant asked. No sentence is in
    it, nor can one be guessed from its place: that is an HMAC-SHA-256 with `key`."""

    def __init__(self, cache: Cache[Match], key: bytes) -> None:
        self._cache = cache
        self._key = key

    async def found(self, tenant: str, asked: str, make: Callable[[], Awaitable[Match]]) -> Match:
        """See `Matches`."""
        place = hmac.new(self._key, asked.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return await self._cache.of(tenant).get_or_make(place, lambda _: make())
