"""A process that hears for a bot of Mattermost is killed again and again while people write: all of it is heard."""

import contextlib
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.mattermost import Chat
from support.twins.systems import system
from support.twins.systems.mattermost import TOWN

TESTS = Path(__file__).parents[2]
KILLS, MOST = 12, 60


@contextlib.contextmanager
def ear(url: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """One that hears, killed with the block; there when it has kept its first mark."""
    command = [sys.executable, "-u", "-m", "support.mattermost_ear", url, str(folder)]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "marked\n"
            yield process
        finally:
            process.kill()


def heard(folder: Path) -> dict[str, str]:
    """What was kept, by its key: that which is there twice is worked on once."""
    lines = (folder / "heard").read_text().splitlines() if (folder / "heard").exists() else []
    return dict(line.split(" ", 1) for line in lines)


@pytest.mark.long
def test_nothing_is_lost_however_often_it_is_killed(tmp_path: Path) -> None:
    chance, wanted = random.Random(20261122), list[str]()
    with system("mattermost") as twin:
        chat = Chat(twin)
        with ear(twin.url, tmp_path):
            pass
        for kill in range(KILLS):
            wanted += _said(chat, chance, f"{kill} away")
            chat.does("cut", forget=chance.random() < 0.5)
            with ear(twin.url, tmp_path):
                wanted += _said(chat, chance, f"{kill} there")
                if chance.random() < 0.5:
                    chat.does("gap", count=chance.randrange(4))
                    chat.does("cut", forget=chance.random() < 0.5)
                wanted += _said(chat, chance, f"{kill} again")
        _last(chat, twin.url, tmp_path, wanted)
    assert sorted(heard(tmp_path).values()) == sorted(wanted)


def _said(chat: Chat, chance: random.Random, name: str) -> list[str]:
    texts = [f"{name} {number}" for number in range(chance.randrange(1, MOST))]
    for text in texts:
        direct = chance.random() < 0.5
        chat.says(text) if direct else chat.says(f"@hulk {text}", channel_id=TOWN)
    return texts


def _last(chat: Chat, url: str, folder: Path, wanted: list[str]) -> None:
    """One more that is let be until it has heard the last word."""
    chat.does("cut", forget=True)
    with ear(url, folder) as process:
        chat.says("enfim")
        wanted.append("enfim")
        assert process.stdout is not None
        while len(heard(folder)) < len(wanted):
            assert process.stdout.readline()
