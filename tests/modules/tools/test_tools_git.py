"""What only git can get wrong: the program, hostile repositories, large ones. What every history promises: test_skills_history.py."""

import asyncio
import os
import stat
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from hulk.kernel.errors import Refused, Unavailable
from hulk.modules.skills.domain.churn import Commit
from hulk.modules.skills.domain.reading import Period
from hulk.modules.skills.ports.history import Detail
from hulk.modules.tools.adapters.git import Git, GitHistory
from support.repositories import Repository, repository

HISTORY = GitHistory(Git())
EVER = Period(since=date(1970, 1, 1), until=date(2099, 12, 31))


async def walked(at: Repository | Path, period: Period = EVER, detail: Detail = "lines", history: GitHistory = HISTORY) -> list[Commit]:
    seen: list[Commit] = []
    await history.walk(at.path if isinstance(at, Repository) else at, period, detail, seen.append)
    return seen


async def test_names_that_are_not_utf_8_stay_apart(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.write(b"caf\xe9", "x\n")
    made.write(b"caf\xe8", "x\n")
    made.commit({}, "2026-11-02T10:00:00+00:00")
    paths = {change.path for change in (await walked(made))[0].changes}
    assert paths == {"caf\\xe9", "caf\\xe8"}
    assert await HISTORY.present(made.path, frozenset(paths)) == paths


async def test_a_bare_repository(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    commit = made.commit({"a": "1\n"}, "2026-11-02T10:00:00+00:00")
    made.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    assert [seen.id for seen in await walked(tmp_path / "bare.git")] == [commit]
    assert await HISTORY.present(tmp_path / "bare.git", frozenset({"a"})) == {"a"}


async def test_a_shallow_clone_says_so(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"a": "1\n"}, "2026-11-02T10:00:00+00:00")
    made.commit({"a": "2\n"}, "2026-11-03T10:00:00+00:00")
    made.git("clone", "--quiet", "--depth=1", f"file://{made.path}", str(tmp_path / "shallow"))
    assert (await HISTORY.head(tmp_path / "shallow")).shallow
    assert len(await walked(tmp_path / "shallow")) == 1


async def test_the_mailmap_makes_one_person_of_two(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({".mailmap": "Ana <ana@example.com> <bia@example.com>\n"}, "2026-11-02T10:00:00+00:00", author="Bia")
    assert (await walked(made))[0].identity == "ana@example.com"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
async def test_a_repository_of_another_user_is_read(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"a": "1\n"}, "2026-11-02T10:00:00+00:00")
    for folder, _, files in os.walk(made.path):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            os.chown(path, 65534, 65534)
    assert len(await walked(made)) == 1


def signed(made: Repository) -> None:
    """Make the latest commit look signed, so that git would have a program check it."""
    header, message = made.git("cat-file", "commit", "HEAD").split("\n\n", 1)
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n AAAA\n -----END PGP SIGNATURE-----"
    made.write("signed", f"{header}\n{signature}\n\n{message}")
    made.git("update-ref", "HEAD", made.git("hash-object", "-t", "commit", "-w", "signed").strip())


async def test_no_program_that_a_repository_names_is_run(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    made.commit({"a.txt": "1\n", ".gitattributes": "* diff=evil filter=evil\n"}, "2026-11-02T10:00:00+00:00")
    signed(made)
    trap, evil = tmp_path / "trap", tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {trap}\n")
    evil.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "pager.log", "diff.external", "diff.evil.command", "diff.evil.textconv", "gpg.program"):
        made.git("config", key, str(evil))
    made.git("config", "log.showSignature", "true")
    made.git("log", "-1")
    assert trap.exists(), "the trap does not work"
    trap.unlink()
    await HISTORY.head(made.path)
    assert len(await walked(made)) == 1
    assert not trap.exists()


async def test_a_broken_repository_is_refused(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    commit = made.commit({"a": "1\n"}, "2026-11-02T10:00:00+00:00")
    (made.path / ".git" / "objects" / commit[:2] / commit[2:]).unlink()
    with pytest.raises(Refused, match="cannot be read"):
        await HISTORY.head(made.path)


async def test_no_git_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="install git"):
        await GitHistory(Git(program=str(tmp_path / "git"))).head(tmp_path)


def slow_git(folder: Path) -> tuple[Git, Path]:
    """A program that writes without end and starts a child; with the file that holds both their ids."""
    program, ids = folder / "slow-git", folder / "ids"
    program.write_text(f'#!/bin/sh\nsleep 600 &\necho $$ $! > {ids}\nwhile :; do echo "a long line"; sleep 0.01; done\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Git(program=str(program), timeout=timedelta(seconds=0.7)), ids


async def gone(ids: Path) -> bool:
    """Whether the processes have ended, within two seconds (a child of a killed one is reaped by whoever adopts it)."""
    numbers = await asyncio.to_thread(ids.read_text)
    for _ in range(100):
        if all(_ended(int(number)) for number in numbers.split()):
            return True
        await asyncio.sleep(0.02)
    return False


def _ended(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def test_what_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    git, ids = slow_git(tmp_path)
    with pytest.raises(Refused, match="took more than"):
        await git.output(tmp_path, "log")
    assert await gone(ids)


async def test_cancelling_ends_the_program_at_once(tmp_path: Path) -> None:
    git, ids = slow_git(tmp_path)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await git.fields(tmp_path, ("log",), lambda _: None)
    assert time.monotonic() - begun < 0.7
    assert await gone(ids)


async def test_a_history_of_twenty_thousand_commits_is_walked_as_a_stream(tmp_path: Path) -> None:
    made = repository(tmp_path / "r")
    commits = 20_000
    stream = bytearray()
    for number in range(1, commits + 1):
        stream += b"commit refs/heads/main\nmark :%d\ncommitter Ana <ana@example.com> %d +0000\ndata 1\nx\n" % (
            number,
            1_700_000_000 + number,
        )
        stream += b"M 100644 inline f%d.txt\ndata 4\n%03d\n\n" % (number % 50, number % 1000)
    await Git().fields(made.path, ("fast-import", "--quiet"), lambda _: None, bytes(stream))
    seen = 0

    def see(commit: Commit) -> None:
        nonlocal seen
        seen += 1

    await HISTORY.walk(made.path, EVER, "names", see)
    assert seen == commits
