"""Tasks executed in processes that are killed: `python -m support.dags.worker <store url> <folder> <first seed> <kills>`.

Each life is a fork of this process, which has imported all it needs and opened nothing; it kills itself, by -9, at a commit that is counted
off beforehand, before or after that is made. A task is gone on with in new lives until it has ended; tasks follow each other until so many
lives were ended. Prints the seed and the number of lives of each."""

import asyncio
import json
import os
import random
import signal
import sys
from pathlib import Path

import structlog

from support.dags.kept import Fate, a_mortal_store, killed
from support.dags.plans import drawn
from support.dags.rig import Rig

MOST_KILLS = 4
"""Of one task."""
AT_ONCE = 3
"""Runs that are executed at once in a process."""


async def life(url: str, folder: Path, seed: int, number: int) -> None:
    """From where the last one ended to the end of the task, or its own."""
    chance = random.Random(f"{seed}/{number}")
    left = chance.randrange(1, 50) if number < MOST_KILLS else 10**9
    way: Fate = chance.choice(["dies before", "dies after"])

    def fate() -> Fate:
        nonlocal left
        left -= 1
        return way if left == 0 else ""

    async with a_mortal_store(url, folder) as store:
        store.fate, store.die = fate, killed
        await Rig(store, folder / str(seed), drawn(seed), chance).work(AT_ONCE)


def lived(url: str, folder: Path, seed: int, number: int) -> bool:
    """Whether that life was not ended before the task was."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(life(url, folder, seed, number))
        except BaseException as error:  # noqa: BLE001  # the parent tells
            print(f"seed {seed}: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        return False
    assert os.WEXITSTATUS(status) == 0, "it ended by a mistake"
    return True


def main(url: str, folder: str, first: str, kills: str) -> None:
    """Until so many were killed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    seed, left = int(first), int(kills)
    while left > 0:
        (Path(folder) / str(seed)).mkdir()
        number = 0
        while not lived(url, Path(folder), seed, number):
            number += 1
        print(json.dumps({"seed": seed, "kills": number}), flush=True)
        seed, left = seed + 1, left - number


if __name__ == "__main__":
    main(*sys.argv[1:])
