"""Channels under fire: the program is killed amid messages on all sides, and vendors fail as they do. Nothing is lost, nothing is answered
twice where a channel has a handle, and whatever nobody can know is listed."""

import asyncio
import os
import random
import statistics
from pathlib import Path

import pytest

from support.barrage import Barrage, a_barrage
from support.barrage.judging import records, recoveries
from support.disks import a_small_disk, full
from support.patience import until

SEED = int(os.environ.get("HULK_TEST_FIRST_SEED", "22"))
MESSAGES = int(os.environ.get("HULK_TEST_CHANNEL_MESSAGES", "40"))
"""How many; `make test-channels` sends 100,000."""
KILLS = int(os.environ.get("HULK_TEST_KILLS", "1"))
JUMPS = int(os.environ.get("HULK_TEST_JUMPS", "1"))
"""How often the clock is wrong for a while."""
SLOW = 0.01 if MESSAGES >= 1000 else 0.3
"""The share of those of Mattermost and Telegram whose answers take so long that it is said; they take the place of what says so."""
TROUBLES = 0.02 if MESSAGES >= 1000 else 0.08
"""The share of messages that something goes wrong with."""


@pytest.mark.timeout(36_000)
async def test_nothing_is_lost_and_nothing_answered_twice(tmp_path: Path) -> None:
    async with a_barrage(tmp_path, random.Random(SEED), SLOW) as barrage:
        await barrage.fire(MESSAGES, KILLS, jumps=JUMPS, troubles=TROUBLES)
        await judge(barrage)


@pytest.mark.long
async def test_nothing_is_lost_on_a_disk_that_is_full_for_a_while(tmp_path: Path) -> None:
    with a_small_disk(tmp_path / "disk", 200) as disk:
        async with a_barrage(disk, random.Random(SEED)) as barrage:
            async with asyncio.TaskGroup() as group:
                group.create_task(barrage.fire(200, kills=0))
                await until(lambda: barrage.left > 0, within=60)
                for _ in range(3):
                    await asyncio.sleep(1.0)
                    with full(disk):
                        await asyncio.sleep(1.5)
            await judge(barrage)


async def judge(barrage: Barrage) -> None:
    """Tell what came of it, and require what must hold."""
    verdicts = await barrage.verdicts()
    print(f"\n{barrage.troubles} troubles, {barrage.hook.repeated} answers repeated under their id", *verdicts, sep="\n")
    for one in verdicts if barrage.killed and not JUMPS else ():
        print(one.channel, "answers after", [round(seconds, 1) for seconds in recoveries(barrage.data, one.channel, barrage.killed)], "s")
    recovered = [round(one, 1) for one in sorted(barrage.recovered)]
    print(f"ready after {statistics.median(barrage.starting):.1f} s, answers after {recovered} s more")
    assert records(barrage.data) == {}
    assert [one.lost for one in verdicts] == [[]] * len(verdicts)
    assert [one.failed for one in verdicts] == [0] * len(verdicts)
    assert [one.standing for one in verdicts] == [[]] * len(verdicts)
    assert sum(len(one.doubled) for one in verdicts) <= MESSAGES / 100_000
