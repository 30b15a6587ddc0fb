"""Bells: no ring is missed between a look and the wait that follows it."""

import asyncio

from hulk.kernel.bells import Bells

LONG = 60.0


async def test_what_rings_during_a_look_is_heard_by_the_wait_after_it() -> None:
    bells = Bells()
    with bells.listening("acme") as listener:
        listener.looks()
        bells.ring(["acme"])
        assert await listener.heard(LONG)
        listener.looks()
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(listener.heard(LONG))
            await asyncio.sleep(0)
            assert not waiting.done(), "one ring is heard once"
            bells.ring(["acme"])


async def test_only_the_bell_that_one_listens_to_is_heard() -> None:
    bells = Bells()
    with bells.listening("acme") as listener, bells.listening("rival") as other:
        bells.ring(["rival", "nobody"])
        await other.heard(LONG)
        assert not await listener.heard(0)
        bells.ring(iter(["acme"]))
        assert await listener.heard(LONG)


async def test_names_are_not_made_for_nobody() -> None:
    bells = Bells()
    with bells.listening("acme"):
        pass
    bells.ring(f"{1 // 0}" for _ in range(1))
