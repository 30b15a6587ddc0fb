"""L2: a Redis or Valkey server that all processes share. One server, or one with replicas; not a sharded cluster."""

import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from hulk.kernel.errors import Refused
from hulk.runtime.cache.entry import STAMP, stamped
from hulk.runtime.cache.guard import LevelAway

if TYPE_CHECKING:  # an optional extra
    from redis.asyncio import Redis

T = TypeVar("T")
SPACE = "hulk:cache:1:"
"""What all keys begin with; the number changes when what is written does."""
CLOCK = f"{SPACE}clock"
"""Under which the latest stamp stands: the clock that all processes share."""
PATIENCE = 0.5
"""Seconds an answer may take. A cache that is slower than that is no help."""
CONNECTIONS = 16

_NEWER_WINS = """
local stamp, digits = string.sub(ARGV[1], 1, tonumber(ARGV[3])), tonumber(ARGV[3])
if redis.call('GETRANGE', KEYS[1], 0, digits - 1) > stamp then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if (redis.call('GET', KEYS[2]) or '') < stamp then redis.call('SET', KEYS[2], stamp) end
return 1
"""
_TICK = """
local last = redis.call('GET', KEYS[1])
local now = ARGV[1]
if last and last >= now then now = string.format('%0' .. ARGV[2] .. '.0f', tonumber(last) + 1) end
redis.call('SET', KEYS[1], now)
return now
"""
_GIVE_BACK = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class RedisLevel:
    """See `SharedLevel`. `ttl` in seconds bounds the life of everything that is kept."""

    def __init__(self, client: "Redis", ttl: float, now: Callable[[], float] = time.time) -> None:
        self._client = client
        self._ttl = ttl
        self._now = now
        self._tick = client.register_script(_TICK)
        self._write = client.register_script(_NEWER_WINS)
        self._release = client.register_script(_GIVE_BACK)

    async def get(self, key: str) -> bytes | None:
        """See `SharedLevel`."""
        return cast("bytes | None", await _asked(self._client.get(f"{SPACE}e:{key}")))

    async def tick(self, at: int) -> int:
        """See `SharedLevel`."""
        return int(await _asked(self._tick([CLOCK], [stamped(at), STAMP])))

    async def put(self, key: str, data: bytes, until: float) -> None:
        """See `SharedLevel`."""
        life = min(self._ttl, until - self._now())
        if life > 0:
            await self._newer(f"{SPACE}e:{key}", data, life)

    async def drop(self, key: str, at: int) -> None:
        """See `SharedLevel`: the stamp alone stands there for as long as an entry could."""
        await self._newer(f"{SPACE}e:{key}", stamped(at), self._ttl)

    async def mark(self, name: str, at: int) -> None:
        """See `SharedLevel`."""
        await self._newer(f"{SPACE}m:{name}", stamped(at), self._ttl)

    async def marks(self, names: Iterable[str]) -> dict[str, int]:
        """See `SharedLevel`."""
        wanted = list(names)
        found = cast("list[bytes | None]", await _asked(self._client.mget([f"{SPACE}m:{name}" for name in wanted])))
        return {name: int(at) for name, at in zip(wanted, found, strict=True) if at is not None}

    async def take(self, key: str, seconds: float) -> str | None:
        """See `SharedLevel`."""
        token = secrets.token_hex(8)
        taken = await _asked(self._client.set(f"{SPACE}l:{key}", token, nx=True, px=max(1, int(seconds * 1000))))
        return token if taken else None

    async def give_back(self, key: str, token: str) -> None:
        """See `SharedLevel`."""
        await _asked(self._release([f"{SPACE}l:{key}"], [token]))

    async def _newer(self, key: str, data: bytes, life: float) -> None:
        await _asked(self._write([key, CLOCK], [data, max(1, int(life * 1000)), STAMP]))


async def _asked(answer: Awaitable[Any]) -> Any:
    from redis.exceptions import RedisError  # an optional extra

    try:
        return await answer
    except (RedisError, OSError, TimeoutError) as error:
        raise LevelAway(f"{type(error).__name__}: {error}") from error


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _credentials(url: str) -> tuple[str, ...]:
    """Password, or user and password; none for an address without."""
    parts = urlsplit(url)
    given = (parts.username or "", parts.password or "")
    return tuple(unquote(one) for one in given if one) if given[1] else ()


@asynccontextmanager
async def redis_level(url: str, ttl: float, now: Callable[[], str] | None = None) -> AsyncIterator[RedisLevel]:
    """The level at that address; a server that is away now may come later. `now` gives the address as it is now, of which each new
    connection takes user and password. Raises `Refused` for an address that is none."""
    try:
        from redis import CredentialProvider
        from redis.asyncio import BlockingConnectionPool, Redis  # an optional extra, 0.1 s
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as error:  # pragma: no cover - where the tests run it is installed
        raise Refused("cache.l2_url needs the package redis: pip install 'hulk-ops[redis]'.") from error

    class Current(CredentialProvider):
        """What the address says now."""

        def get_credentials(self) -> tuple[str] | tuple[str, str]:
            """Password, or user and password."""
            return cast("tuple[str]", _credentials((now or (lambda: url))()))

        async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
            """The same: it is known already."""
            return self.get_credentials()

    try:
        pool = BlockingConnectionPool.from_url(
            _without_credentials(url),
            credential_provider=Current() if _credentials(url) else None,
            max_connections=CONNECTIONS,
            timeout=PATIENCE,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 1),
        )
    except ValueError as error:
        raise Refused("cache.l2_url is not an address of a Redis server: expected redis://host:6379/0 or rediss://….") from error
    async with Redis.from_pool(pool) as client:
        yield RedisLevel(client, ttl)
