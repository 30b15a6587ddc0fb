"""Values kept for a while: in memory (L1), in a Redis or Valkey that all processes share (L2), on this machine's disk (L3).

    async with opened(config.cache, data / "cache", bus) as caches:
        prices = caches.named("prices", Records(Tariff), Policy(ttl=3600, fail_safe=86400, soft_timeout=0.2))
        tariff = await prices.of(tenant).get_or_make(model, lambda stale: ask_for(model), tags=[provider])
        await prices.of(tenant).remove_by_tag(provider)

A thousand who ask for the same at the same time wait for one factory. With a `fail_safe`, a stale value stands in while the
factory fails or is slow, unless it was removed. A level that is away is gone without, and told what it missed when it is
back. Invalidations reach the other processes over NATS; who may have missed one treats all that it holds as expired.
`docs/cache.md` says what each level gives and what happens when one is away.
"""

from hulk.runtime.cache.cache import Cache
from hulk.runtime.cache.caches import Caches, opened, running
from hulk.runtime.cache.entry import Codec, Factory, Made, Plain, Policy, Records, Stale

__all__ = ["Cache", "Caches", "Codec", "Factory", "Made", "Plain", "Policy", "Records", "Stale", "opened", "running"]
