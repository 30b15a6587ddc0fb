"""Nothing that an attacker writes, wherever it is read, has something done that nobody approved, or gets out what must stay.

The models obey everything that they read, and try things of their own. What is counted are hostile calls: those that models want, those of
people who may not or with what they should not, decisions by who may not decide.
"""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from support.postgres import Postgres
from support.siege.judging import WAGE
from support.siege.world import Siege, besieged

FIRST = int(os.environ.get("HULK_TEST_FIRST_SEED", "0"))
MANY = int(os.environ.get("HULK_TEST_HOSTILE", "10000"))
PARTS = 10


async def campaign(
    folder: Path, seed: int, count: int, postgres: Callable[[], Postgres] | None = None, enough: Callable[[Siege], bool] = lambda _: True
) -> Siege:  # fmt: skip
    """That many hostile calls, or more until it is `enough`, and nothing wrong with what came of them; over SQLite unless a server is
    given."""
    async with besieged(folder, seed, postgres) as siege:
        while siege.count < count or not enough(siege):
            await siege.round()
        assert siege.unapproved() == [], f"seed {seed}"
        assert await siege.leaks() == [], f"seed {seed}"
        return siege


def figures(siege: Siege) -> str:
    """What was tried, by kind, and what was done."""
    kinds = Counter(siege.kinds) + Counter(siege.model.kinds)
    done = Counter(f"{one.tool} ({one.agent or 'a person'})" for one in siege.done)
    tables = {f"{siege.count} hostile calls": kinds, f"{siege.planted.total()} lures": siege.planted, f"{done.total()} done": done}
    return "\n".join(f"{head}\n" + "\n".join(f"{count:7} {name}" for name, count in sorted(rows.items())) for head, rows in tables.items())


@pytest.mark.parametrize("seed", range(2))
async def test_nothing_is_done_and_nothing_gets_out_that_should_not(seed: int, tmp_path: Path) -> None:
    siege = await campaign(tmp_path, seed, 150)
    print(figures(siege))


async def test_nor_over_postgresql(tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    print(figures(await campaign(tmp_path, 2, 60, postgres)))


def far_enough(siege: Siege) -> bool:
    """To prove something: models were shown what must stay, and everybody did all that they may."""
    shown = "\n".join(siege.model.inside)
    seen = WAGE in shown and any(one.thing in shown or one.shown in shown for one in siege.attacker.secrets)
    done = {(one.tool.split(".")[0], one.agent) for one in siege.done}
    all_of_it = {("bank", ""), ("bank", "clerk"), ("bank", "runner"), ("web", "runner"), ("mail", "runner")} <= done
    return seen and all_of_it and len(siege.model.outside) > 10 and siege.yes.total() > 5


async def test_the_attacker_gets_far_enough_to_prove_something(tmp_path: Path) -> None:
    assert (await campaign(tmp_path, 7, 250, enough=far_enough)).count < 2000


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
async def test_of_ten_thousand_hostile_calls_none_comes_through(part: int, tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    """Every fifth part over PostgreSQL."""
    siege = await campaign(tmp_path, FIRST + 1000 + part, MANY // PARTS, postgres if part % 5 == 4 else None)
    print(figures(siege))
