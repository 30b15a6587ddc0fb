"""A process that hears a mailbox is killed again and again while mails come: all are heard, and known again."""

import contextlib
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.mailboxes import mail
from support.processes import leashed
from support.twins.email import Twin, email_twin

TESTS = Path(__file__).parents[2]


@contextlib.contextmanager
def ear(twin: Twin, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """One that hears, killed with the block; there when it has kept a mark."""
    command = [sys.executable, "-u", "-m", "support.email_ear", str(twin.imap), str(folder)]
    with subprocess.Popen(leashed(*command), cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            while process.stdout.readline() != "marked\n":
                assert process.poll() is None
            yield process
        finally:
            process.kill()


def heard(folder: Path) -> dict[str, str]:
    """What was kept, by its key: that which is there twice is worked on once."""
    lines = (folder / "heard").read_text().splitlines() if (folder / "heard").exists() else []
    return dict(line.split(" ", 1) for line in lines)


def said(twin: Twin, chance: random.Random, name: str, most: int) -> list[str]:
    """That many people write; what they say."""
    texts = [f"{name} {number}" for number in range(chance.randrange(1, most))]
    for text in texts:
        sender = f"{text.replace(' ', '')}@example.com"
        twin.brings(mail(text, drop=("Subject",), From=sender, Message_ID=f"<{sender}>"))
    return texts


def killed(folder: Path, kills: int, most: int) -> tuple[list[str], list[str]]:
    """What was said, and what was heard of it."""
    chance, wanted = random.Random(20261122), list[str]()
    with email_twin() as twin:
        with ear(twin, folder):
            pass
        for kill in range(kills):
            wanted += said(twin, chance, f"{kill} fora", most)
            if chance.random() < 0.4:
                twin.renumber()
            with ear(twin, folder):
                wanted += said(twin, chance, f"{kill} aqui", most)
                if chance.random() < 0.5:
                    twin.cut()
        wanted += ["enfim"]
        with ear(twin, folder) as process:
            twin.brings(mail("enfim", drop=("Subject",), Message_ID="<enfim@example.com>"))
            assert process.stdout is not None
            while len(heard(folder)) < len(wanted):
                assert process.stdout.readline()
    return sorted(wanted), sorted(heard(folder).values())


def test_nothing_is_lost_when_it_is_killed(tmp_path: Path) -> None:
    wanted, got = killed(tmp_path, kills=2, most=8)
    assert got == wanted


@pytest.mark.long
def test_nothing_is_lost_however_often_it_is_killed(tmp_path: Path) -> None:
    wanted, got = killed(tmp_path, kills=12, most=25)
    assert got == wanted
