"""Nobody is let in who is not the vendor: many forged requests at each door."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from support.doors import CALLERS, Caller
from support.forgeries import campaign, changes
from support.lines import Twins

every = pytest.mark.parametrize("kind", sorted(CALLERS))


@pytest.fixture(scope="module")
def twins() -> Iterator[Twins]:
    """Those of this file."""
    with ExitStack() as stack:
        yield Twins(stack)


@pytest.fixture
async def caller(kind: str, twins: Twins) -> AsyncIterator[Caller]:
    """The vendor that is forged."""
    async with CALLERS[kind](twins) as made:
        yield made


@every
async def test_of_thousands_of_forged_requests_none_is_taken_and_none_breaks_anything(caller: Caller) -> None:
    tally = await campaign(caller.target(), seed=20261122, count=4_000)
    assert (tally.wrong, tally.refused) == (None, tally.tried)
    assert tally.tried > 2_000


@pytest.mark.long
@pytest.mark.timeout(3600)
@every
async def test_of_a_million_forged_requests_none_is_taken(caller: Caller) -> None:
    target, tried, seconds = caller.target(), 0, 0.0
    seed = int(datetime.now(UTC).timestamp())
    while tried < 1_000_000:
        tally = await campaign(target, seed=(seed := seed + 1), count=100_000)
        assert (tally.wrong, tally.refused) == (None, tally.tried)
        tried, seconds = tried + tally.tried, seconds + tally.seconds
    print(f"{target.name}: {tried} forged requests, {seconds:.0f} s of CPU")


@every
async def test_a_campaign_tries_each_way_to_forge(caller: Caller) -> None:
    target = caller.target()
    assert len(changes(target)) >= (19 if target.stale else 17)
