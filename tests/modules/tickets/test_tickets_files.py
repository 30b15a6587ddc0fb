"""What every place for artefacts promises (`ports.Files`)."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Unavailable
from hulk.modules.tickets import Artefact, NewArtefact
from hulk.modules.tickets.adapters.files import BlobFiles
from hulk.modules.tickets.adapters.memory import MemoryFiles
from hulk.modules.tickets.ports import Files
from hulk.runtime.blobs import FolderBlobs

CONFORMING: dict[str, Callable[[Path], Files]] = {
    "memory": lambda _: MemoryFiles(),
    "blobs": lambda folder: BlobFiles(FolderBlobs(folder / "blobs")),
}


@pytest.fixture(params=list(CONFORMING))
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    """Each place in turn."""
    return CONFORMING[request.param](tmp_path)


def made(path: Path, content: bytes, name: str = "churn.png") -> NewArtefact:
    path.write_bytes(content)
    return NewArtefact(name=name, media_type="image/png", path=path)


@given(content=st.binary(max_size=5000))
async def test_a_file_is_kept_by_the_hash_of_its_content(files: Files, tmp_path: Path, content: bytes) -> None:
    kept = await files.keep(made(tmp_path / "x", content))
    assert kept == Artefact(name="churn.png", media_type="image/png", blob=hashlib.sha256(content).hexdigest(), size=len(content))


async def test_keeping_the_same_again_changes_nothing_and_the_name_is_free(files: Files, tmp_path: Path) -> None:
    first = await files.keep(made(tmp_path / "a", b"same"))
    assert await files.keep(made(tmp_path / "a", b"same")) == first
    assert (await files.keep(made(tmp_path / "b", b"same", "other.png"))).blob == first.blob
    assert (await files.keep(made(tmp_path / "a", b"changed"))).blob != first.blob


async def test_a_file_that_is_gone_is_told_as_unavailable(files: Files, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be kept: No such file"):
        await files.keep(NewArtefact(name="x", media_type="image/png", path=tmp_path / "gone"))


async def test_what_is_kept_outlives_the_scratch_folder_it_was_made_in(files: Files) -> None:
    async with files.scratch() as scratch:
        assert list(scratch.iterdir()) == []
        kept = await files.keep(made(scratch / "chart.png", b"png"))
    assert not scratch.exists()
    assert kept.size == 3


async def test_a_scratch_folder_is_ones_own_and_goes_when_work_fails(files: Files) -> None:
    async def failing() -> None:
        async with files.scratch() as one, files.scratch() as other:
            seen.extend((one, other))
            (one / "deep").mkdir()
            raise LookupError

    seen = list[Path]()
    with pytest.raises(LookupError):
        await failing()
    assert len(set(seen)) == 2
    assert not any(folder.exists() for folder in seen)
