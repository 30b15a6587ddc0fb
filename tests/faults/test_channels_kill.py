"""Channels under fire: the program is killed amid messages on all sides, and vendors fail as they do. Nothing is lost, nothing is answered
twice where a channel has a handle, and whatever nobody can know is listed."""

import os
import random
import statistics
from pathlib import Path

import pytest

from support.barrage import a_barrage
from support.barrage.judging import records

SEED = int(os.environ.get("HULK_TEST_FIRST_SEED", "22"))
MESSAGES = int(os.environ.get("HULK_TEST_MESSAGES", "40"))
"""How many; `make test-faults` sends 100,000."""
KILLS = int(os.environ.get("HULK_TEST_KILLS", "1"))


@pytest.mark.timeout(36_000)
async def test_nothing_is_lost_and_nothing_answered_twice(tmp_path: Path) -> None:
    async with a_barrage(tmp_path, random.Random(SEED)) as barrage:
        await barrage.fire(MESSAGES, KILLS)
        verdicts = await barrage.verdicts()
        print(f"\n{MESSAGES} messages, {KILLS} kills, {barrage.troubles} troubles, {barrage.hook.repeated} answers repeated under their id")
        print("\n".join(map(str, verdicts)))
        if barrage.recovered:
            print(f"ready after {statistics.median(barrage.starting):.1f} s, answers after {sorted(barrage.recovered)} s more")
        assert records(barrage.data) == {}
        assert [one.lost for one in verdicts] == [[]] * len(verdicts)
        assert [one.failed for one in verdicts] == [0] * len(verdicts)
        assert sum(len(one.doubled) for one in verdicts) <= MESSAGES / 100_000
