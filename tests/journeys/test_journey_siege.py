"""A started Hulk under siege: over HTTP and MCP nothing is done that nobody approved, and nothing gets out that must stay."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from support.postgres import Postgres
from support.siege.judging import leaked
from support.siege.served import ServedSiege, besieged_served

FIRST = int(os.environ.get("HULK_TEST_FIRST_SEED", "0"))
MANY = int(os.environ.get("HULK_TEST_HOSTILE", "10000"))


def far_enough(siege: ServedSiege) -> bool:
    """To prove something: what was approved was done, what a rule lets an agent do was, and a model inside saw what must stay."""
    done, shown = {tool for tool, _ in siege.around.done}, "\n".join(siege.around.model.inside).encode()
    seen = leaked(siege.around.attacker.secrets, {"models inside": shown})
    return bool(done & {"bank.pay", "bank.refund", "bank.close"} and "mail.send" in done and seen)


async def fought(folder: Path, seed: int, count: int, store: str = "") -> None:
    """That many hostile calls, and nothing wrong with what came of them."""
    async with besieged_served(folder, seed, store) as siege:
        await siege.until(count, lambda: far_enough(siege))
        assert siege.wrong() == [], f"seed {seed}"
        kinds = Counter(siege.kinds) + Counter(siege.around.model.kinds)
        done = Counter(tool for tool, _ in siege.around.done)
        print(f"\n{siege.count} hostile calls, {siege.over_mcp} over MCP, {siege.yes.total()} yes, ended {dict(siege.ended)}")
        print(f"{dict(kinds)}\ndone {dict(done)}")


async def test_nothing_comes_through_over_http_and_mcp(tmp_path: Path) -> None:
    await fought(tmp_path, 1, 60)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_of_many_over_http_and_mcp_none_comes_through(kind: str, tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    """Four fifths over SQLite, the rest over PostgreSQL."""
    if kind == "sqlite":
        await fought(tmp_path, FIRST + 2000, MANY * 4 // 5)
        return
    url = postgres().database()
    await fought(tmp_path, FIRST + 2001, MANY // 5, url)
    postgres().drop(url)
