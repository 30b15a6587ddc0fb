"""What a dependency can be asked that costs nothing."""

from collections.abc import Mapping

from hulk.kernel.errors import Unavailable


async def answering(url: str, headers: Mapping[str, str] | None = None, *, proxies: bool = False) -> None:
    """GET `url`, without its body. Whatever the server says shows that it works, but 429 and 5xx; then, and when nothing comes,
    raises `Unavailable` or what aiohttp raises. `proxies`: go by the environment's, as the calls themselves do."""
    import aiohttp  # 0.25 s and 20 MB: only who has something to probe

    async with aiohttp.ClientSession(trust_env=proxies) as session, session.get(url, headers=headers, allow_redirects=False) as response:
        if response.status == 429 or response.status >= 500:
            raise Unavailable("{url} answers {status}.", url=url, status=response.status)
