"""The caches of a started Hulk, over HTTP and by `thor cache`."""

from pathlib import Path

from hulk.apps.routes import Platform, cache_routes
from hulk.runtime.cache import Cache, running
from support.memory import Told, at_once
from support.program import started, thor
from support.served import application, served


async def give(_: object) -> int:
    return 1


async def test_caches_are_shown_and_emptied_over_http() -> None:
    async with running(100) as caches, served(application([cache_routes(caches, Platform(Told(), at_once))])) as client:
        cache: Cache[int] = caches.named("numbers")
        for tenant in ("", "default", "acme"):
            for key in ("a", "b/c", "d"):
                await cache.of(tenant).get_or_make(key, give, tags=[f"tag/{key}"])
        async with client.get("/v1/caches") as response:
            body = await response.json()
        zeros = dict.fromkeys(("l1", "l2", "l3", "stale", "failed", "seconds", "evicted"), 0)
        assert body["caches"][0] | {"seconds": 0} == {"name": "numbers", "entries": 9, "misses": 9, "made": 9, **zeros}
        assert (body["levels"], body["waiting"]) == ({}, 0)
        statuses = []
        for path in ("keys/b/c", "tags/tag/a", "keys/d?shared=true"):
            async with client.delete(f"/v1/caches/numbers/{path}") as response:
                statuses.append(response.status)
        assert statuses == [204] * 3
        assert [await cache.of("default").get(key) for key in ("a", "b/c", "d")] == [None, None, 1]
        assert [await cache.get(key) for key in ("a", "b/c", "d")] == [1, 1, None]
        assert [await cache.of("acme").get(key) for key in ("a", "b/c", "d")] == [1, 1, 1]
        async with client.delete("/v1/caches/numbers") as response:
            assert response.status == 204
        assert await cache.of("acme").get("a") is None


async def test_an_unknown_cache_is_named_and_only_an_admin_may_empty_one() -> None:
    async with running(100) as caches, served(application([cache_routes(caches, Platform(Told(), at_once))])) as client:
        caches.named("numbers")
        async with client.delete("/v1/caches/letters") as response:
            body = await response.json()
            assert (response.status, body["detail"]) == (404, "There is no cache letters; there are: numbers.")
        async with client.delete("/v1/caches/numbers", headers={"x-api-key": "right"}) as response:
            assert response.status == 403


def test_thor_lists_and_empties_the_caches_of_the_running_hulk(tmp_path: Path) -> None:
    with started(tmp_path / "data", cwd=tmp_path) as up:
        assert [one["name"] for one in thor(up.data, "cache", "list")] == ["prices", "decisions"]
        for command in (["clear", "prices"], ["remove", "prices", "--key", "a b/c?"], ["remove", "prices", "--tag", "t", "--shared"]):
            assert thor(up.data, "cache", *command) == [{"removed": True}]
        assert "there are: prices" in thor(up.data, "cache", "clear", "letters", code=1)
        assert "--key | --tag" in thor(up.data, "cache", "remove", "prices", code=2)
    assert "No Hulk is running" in thor(up.data, "cache", "list", code=1)
