"""What everything that finds files and repositories promises (`ports.Sources`). More of this machine's: test_tools_sources.py."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hulk.kernel.errors import Forbidden, NotFound, Refused
from hulk.modules.skills.domain.skill import Source
from hulk.modules.skills.ports.sources import Sources
from hulk.modules.tools.adapters.git import Git
from hulk.modules.tools.adapters.http import HttpGet
from hulk.modules.tools.adapters.sources import LocalSources
from hulk.modules.tools.adapters.web import WebSources
from support.repositories import repository


def local(root: Path) -> Sources:
    async def sent(blob: str) -> Path:
        return root.parent / "sent" / blob

    return LocalSources(roots=(root,), blob_path=sent, git=Git())


def web(root: Path) -> Sources:
    return WebSources(local(root), HttpGet(hosts=(), most_bytes=1000))


CONFORMING: dict[str, Callable[[Path], Sources]] = {"this machine": local, "and the web": web}
"""Sources that allow that folder, and know what was sent by the names of the files in `sent` beside it."""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A folder that may be read: a table, an empty file, a repository; one beside it that may not; and what was sent."""
    root = tmp_path / "root"
    repository(root / "project").commit({"a.txt": "1\n"}, "2026-11-02T10:00:00+00:00")
    for name, text in (("root/sales.csv", "a,b\n1,2\n"), ("root/empty.csv", ""), ("secret/keys.csv", "a\n1\n"), ("sent/1", "a\n1\n")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    repository(tmp_path / "other").commit({"b.txt": "1\n"}, "2026-11-02T10:00:00+00:00")
    return root


@pytest.fixture(params=list(CONFORMING))
def sources(request: pytest.FixtureRequest, world: Path) -> Sources:
    """Each in turn."""
    return CONFORMING[request.param](world)


def file(path: str) -> Source:
    return Source(kind="file", name=Path(path).name, path=path)


def repo(path: str) -> Source:
    return Source(kind="repository", name=Path(path).name, path=path)


async def test_a_table_is_a_file_that_ends_as_its_name_does(sources: Sources, scratch: Path) -> None:
    path = await sources.table(file("sales.csv"), scratch)
    assert (path.read_text(), path.name) == ("a,b\n1,2\n", "sales.csv")  # a few bytes


async def test_a_table_that_was_sent_ends_as_its_name_does(sources: Sources, scratch: Path) -> None:
    path = await sources.table(Source(kind="file", name="Vendas 2026.csv", blob="1"), scratch)
    assert path.read_text() == "a\n1\n"
    assert path.name.endswith("Vendas 2026.csv")


async def test_a_repository_is_the_top_of_its_tree(sources: Sources, world: Path, scratch: Path) -> None:
    assert await sources.repository(repo("project"), scratch) == world / "project"


async def test_looking_twice_gives_the_same(sources: Sources, scratch: Path) -> None:
    """Work may be executed again after a crash, in the same folder."""
    for source in (file("sales.csv"), Source(kind="file", name="a.csv", blob="1")):
        assert await sources.table(source, scratch) == await sources.table(source, scratch)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        pytest.param("gone.csv", NotFound, id="not there"),
        pytest.param("../secret/keys.csv", Forbidden, id="outside"),
        pytest.param("project", Refused, id="a folder"),
        pytest.param("empty.csv", Refused, id="empty"),
        pytest.param("a\0b.csv", Refused, id="of no name"),
    ],
)
async def test_what_cannot_be_read_as_a_table_is_told_apart(sources: Sources, path: str, error: type[Exception], scratch: Path) -> None:
    with pytest.raises(error):
        await sources.table(file(path), scratch)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        pytest.param("gone", NotFound, id="not there"),
        pytest.param("../other", Forbidden, id="outside"),
        pytest.param("sales.csv", Refused, id="a file"),
        pytest.param("a\0b", Refused, id="of no name"),
    ],
)
async def test_what_cannot_be_read_as_a_repository_is_told_apart(
    sources: Sources, path: str, error: type[Exception], scratch: Path
) -> None:
    with pytest.raises(error):
        await sources.repository(repo(path), scratch)
