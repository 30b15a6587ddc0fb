"""Which files and repositories are read, and what is said of the others."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hulk.kernel.errors import Forbidden, HulkError, NotFound, Refused
from hulk.modules.skills.domain.skill import Source
from hulk.modules.tools.adapters.git import Git, GitHistory
from hulk.modules.tools.adapters.sources import LocalSources
from support.repositories import Repository, repository


async def no_blob(blob: str) -> Path:
    raise NotFound("There is no blob {blob}.", blob=blob)


def sources(*roots: Path) -> LocalSources:
    return LocalSources(roots=roots, blob_path=no_blob, git=Git())


def sent(path: Path) -> LocalSources:
    async def blob_path(_: str) -> Path:
        return path

    return LocalSources(roots=(), blob_path=blob_path, git=Git())


def file(path: str | Path) -> Source:
    return Source(kind="file", name=Path(path).name, path=str(path))


def repo(path: str | Path) -> Source:
    return Source(kind="repository", name=Path(path).name, path=str(path))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that may be read, with a table in it, beside one that may not."""
    (tmp_path / "root" / "data").mkdir(parents=True)
    (tmp_path / "root" / "data" / "sales.csv").write_text("a,b\n1,2\n")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "keys.csv").write_text("a\n1\n")
    return tmp_path / "root"


@pytest.mark.parametrize("written", ["data/sales.csv", "./data/sales.csv", "data/../data/sales.csv", "{root}/data/sales.csv"])
async def test_a_file_under_a_root_is_read(root: Path, written: str) -> None:
    path = await sources(root).table(file(written.format(root=root)), root)
    assert path.samefile(root / "data" / "sales.csv")


async def test_a_relative_path_is_looked_for_under_each_root(root: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    path = await sources(tmp_path / "other", root).table(file("data/sales.csv"), root)
    assert path.samefile(root / "data" / "sales.csv")


async def test_a_root_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert (await sources(tmp_path / "link").table(file(tmp_path / "link" / "data" / "sales.csv"), root)).is_file()


@pytest.mark.parametrize(
    "written",
    ["{root}/../secret/keys.csv", "../secret/keys.csv", "/etc/passwd", "{root}/out.csv", "{root}/out/keys.csv", "/nowhere/x", "{root}-2/x"],
)
async def test_what_is_outside_is_forbidden_whether_it_exists_or_not(root: Path, written: str) -> None:
    (root / "out.csv").symlink_to(root.parent / "secret" / "keys.csv")
    (root / "out").symlink_to(root.parent / "secret")
    with pytest.raises(Forbidden) as refused:
        await sources(root).table(file(written.format(root=root)), root)
    said = str(refused.value)
    assert written.format(root=root) in said
    assert str(root) in said
    assert "tools.files.roots" in said
    assert "hulk ask --file" in said


@pytest.mark.parametrize(
    ("written", "kind", "told"),
    [
        pytest.param("data/none.csv", NotFound, "There is no “data/none.csv”", id="missing"),
        pytest.param("data/sales.csv/x", NotFound, "There is no", id="under a file"),
        pytest.param("data", Refused, "“data” is a folder", id="folder"),
        pytest.param("empty.csv", Refused, "“empty.csv” is empty", id="empty"),
        pytest.param("pipe.csv", Refused, "“pipe.csv” is not a regular file", id="pipe"),
        pytest.param("loop.csv", NotFound, "“loop.csv” cannot be reached", id="loop of links"),
        pytest.param("a\0b.csv", Refused, "cannot be the path of a file", id="NUL"),
        pytest.param("\ud800.csv", Refused, "cannot be the path of a file", id="surrogate"),
        pytest.param("x" * 5000, NotFound, "cannot be reached", id="long"),
    ],
)
async def test_what_is_not_a_table_is_told_apart(root: Path, written: str, kind: type[HulkError], told: str) -> None:
    (root / "empty.csv").touch()
    os.mkfifo(root / "pipe.csv")
    (root / "loop.csv").symlink_to(root / "loop.csv")
    with pytest.raises(kind) as refused:
        await sources(root).table(file(written), root)
    assert told in str(refused.value)


UNREADABLE = """
import asyncio, concurrent.futures.thread, os, sys
from pathlib import Path
from hulk.kernel.errors import Forbidden
from hulk.modules.skills.domain.skill import Source
from hulk.modules.tools.adapters.git import Git
from hulk.modules.tools.adapters.sources import LocalSources
root = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for name in ("locked.csv", "locked/sales.csv"):
    try:
        asyncio.run(LocalSources(roots=(root,), blob_path=None, git=Git()).table(Source(kind="file", name=name, path=name), root))
    except Forbidden as forbidden:
        print(forbidden)
"""


def test_what_the_user_may_not_read_is_forbidden() -> None:
    with tempfile.TemporaryDirectory() as folder:  # not under pytest's own, which only their owner may enter
        root = Path(folder)
        root.chmod(0o755)
        (root / "locked.csv").write_text("a\n")
        (root / "locked").mkdir()
        (root / "locked" / "sales.csv").write_text("a\n")
        for locked in ("locked.csv", "locked"):
            (root / locked).chmod(0)
        command = [sys.executable, "-c", UNREADABLE, str(root)]
        env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}  # it may not write either
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        (root / "locked").chmod(0o755)
    assert done.stderr == ""
    assert [line.split(" may not be read")[0] for line in done.stdout.splitlines()] == ["“locked.csv”", "“locked/sales.csv”"]


async def test_a_file_that_was_sent_gets_its_name_again(tmp_path: Path) -> None:
    (tmp_path / "blob").write_text("a\n1\n")
    source = Source(kind="file", name="../Vendas de março.csv", blob="1")
    (tmp_path / "scratch").mkdir()
    path = await sent(tmp_path / "blob").table(source, tmp_path / "scratch")
    assert path.parent == tmp_path / "scratch"
    assert path.name.endswith("Vendas de março.csv")
    assert path.read_text() == "a\n1\n"


async def test_an_empty_file_that_was_sent_is_refused(tmp_path: Path) -> None:
    (tmp_path / "blob").touch()
    with pytest.raises(Refused, match=r"“a\.csv” is empty"):
        await sent(tmp_path / "blob").table(Source(kind="file", name="a.csv", blob="1"), tmp_path)


# ---- repositories


@pytest.fixture
def made(root: Path) -> Repository:
    """A repository under the root, with two commits."""
    made = repository(root / "project")
    made.commit({"a.txt": "1\n", "deep/b.txt": "1\n"}, "2026-11-02T10:00:00+00:00")
    made.commit({"a.txt": "2\n"}, "2026-11-03T10:00:00+00:00")
    return made


@pytest.mark.parametrize("written", ["project", "project/deep", "project/.git/.."])
async def test_a_repository_is_found_from_any_of_its_folders(root: Path, made: Repository, written: str) -> None:
    assert await sources(root).repository(repo(written), root) == made.path


async def test_a_bare_repository_is_its_own_folder(root: Path, made: Repository) -> None:
    made.git("clone", "--quiet", "--bare", ".", str(root / "bare.git"))
    assert await sources(root).repository(repo("bare.git"), root) == root / "bare.git"


@pytest.mark.parametrize(
    ("written", "kind", "told"),
    [
        pytest.param("data", Refused, "“data” is not a git repository", id="folder"),
        pytest.param("data/sales.csv", Refused, "“data/sales.csv” is a file, not a git repository", id="file"),
        pytest.param("none", NotFound, "There is no “none”", id="missing"),
        pytest.param("../secret", Forbidden, "tools.files.roots", id="outside"),
    ],
)
async def test_what_is_not_a_repository_is_told_apart(root: Path, written: str, kind: type[HulkError], told: str) -> None:
    with pytest.raises(kind) as refused:
        await sources(root).repository(repo(written), root)
    assert told in str(refused.value)


async def test_a_repository_whose_top_is_outside_is_forbidden(root: Path, made: Repository) -> None:
    with pytest.raises(Forbidden):
        await sources(made.path / "deep").repository(repo(made.path / "deep"), root)


async def test_a_working_tree_of_a_repository_outside_is_forbidden(root: Path, tmp_path: Path) -> None:
    hidden = repository(tmp_path / "hidden")
    hidden.commit({"a": "1\n"}, "2026-11-02T10:00:00+00:00")
    hidden.git("worktree", "add", "--quiet", "-b", "other", str(root / "tree"))
    (root / "pointing").mkdir()
    (root / "pointing" / ".git").write_text(f"gitdir: {hidden.path}/.git\n")
    for name in ("tree", "pointing"):
        with pytest.raises(Forbidden):
            await sources(root).repository(repo(name), root)


async def test_a_repository_that_borrows_from_one_outside_is_forbidden(root: Path, tmp_path: Path) -> None:
    hidden = repository(tmp_path / "hidden")
    hidden.commit({"a": "1\n"}, "2026-11-02T10:00:00+00:00")
    hidden.git("clone", "--quiet", "--shared", ".", str(root / "borrowing"))
    with pytest.raises(Forbidden):
        await sources(root).repository(repo("borrowing"), root)


def bundle(made: Repository, *revisions: str) -> Path:
    path = made.path.parent / "sent.bundle"
    made.git("bundle", "create", str(path), *revisions)
    return path


@pytest.mark.parametrize("revisions", [("HEAD",), ("--all",), ("main",)], ids=" ".join)
async def test_a_repository_that_was_sent_is_unpacked(made: Repository, tmp_path: Path, revisions: tuple[str, ...]) -> None:
    (tmp_path / "scratch").mkdir()
    source = Source(kind="repository", name="project", blob="1")
    await sent(bundle(made, *revisions)).repository(source, tmp_path / "scratch")  # work may be executed again
    path = await sent(bundle(made, *revisions)).repository(source, tmp_path / "scratch")
    head = await GitHistory(Git()).head(path)
    assert head.commit == made.git("rev-parse", "HEAD").strip()
    assert path.parent == tmp_path / "scratch"


async def test_what_was_sent_and_is_no_bundle_is_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="was not sent as a git bundle"):
        await sent(root / "data" / "sales.csv").repository(Source(kind="repository", name="project", blob="1"), tmp_path)


async def test_a_bundle_without_its_whole_history_is_refused(made: Repository, tmp_path: Path) -> None:
    made.git("clone", "--quiet", "--depth=1", f"file://{made.path}", str(tmp_path / "shallow"))
    shallow = Repository(tmp_path / "shallow")
    for path in (bundle(shallow, "HEAD"), bundle(made, "main", "^main~1")):
        with pytest.raises(Refused, match="fetch --unshallow"):
            await sent(path).repository(Source(kind="repository", name="project", blob="1"), tmp_path)
