"""Files kept by their content: whole or not at all, once, and never more than was allowed."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import NotFound, Refused, TooLarge, Unavailable
from hulk.runtime.blobs import Blob, FolderBlobs


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def left_over(folder: Path) -> list[Path]:
    scratch = folder / "scratch"
    return list(scratch.iterdir()) if scratch.exists() else []


@given(parts=st.lists(st.binary(max_size=2000), max_size=6))
async def test_what_is_put_is_found_again_by_the_hash_of_its_bytes(tmp_path: Path, parts: list[bytes]) -> None:
    blobs, content = FolderBlobs(tmp_path), b"".join(parts)
    blob = await blobs.put(chunks(*parts), 1 << 20)
    assert blob == Blob(hashlib.sha256(content).hexdigest(), len(content))
    assert (await blobs.path(blob.id)).read_bytes() == content
    assert left_over(tmp_path) == []


async def test_a_file_is_kept_as_a_copy(tmp_path: Path) -> None:
    blobs, source = FolderBlobs(tmp_path / "blobs"), tmp_path / "a.txt"
    source.write_bytes(b"hello")
    blob = await blobs.put_file(source)
    source.write_bytes(b"changed")
    assert (await blobs.path(blob.id)).read_bytes() == b"hello"


async def test_the_same_content_put_by_many_at_once_is_one_file(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(blobs.put(chunks(b"same", b"content"), 100)) for _ in range(20)]
    assert len({task.result() for task in tasks}) == 1
    assert len(files(tmp_path)) == 1


async def test_more_than_is_allowed_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="larger than 10 bytes"):
        await FolderBlobs(tmp_path).put(chunks(b"12345", b"67890", b"1"), 10)
    assert files(tmp_path) == []


async def test_a_sender_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await FolderBlobs(tmp_path).put(broken(), 100)
    assert files(tmp_path) == []


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "g" * 64, "0" * 63, "0" * 64 + "\n"])
async def test_what_is_no_id_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="64 hexadecimal digits"):
        await FolderBlobs(tmp_path).path(name)


async def test_a_file_that_is_not_here_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="Send it again"):
        await FolderBlobs(tmp_path).path("0" * 64)


async def test_a_folder_that_cannot_be_written_is_told_as_unavailable(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file stands where the folder should be")
    with pytest.raises(Unavailable, match="cannot be kept"):
        await FolderBlobs(tmp_path / "blobs").put(chunks(b"x"), 10)


async def test_a_source_that_is_gone_is_told_as_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file"):
        await FolderBlobs(tmp_path).put_file(tmp_path / "gone")


async def test_a_scratch_folder_goes_with_its_block_and_a_crashs_at_the_start(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    async with blobs.scratch() as folder:
        (folder / "x").write_text("x")
    assert not folder.exists()
    (tmp_path / "scratch" / "of a crash").mkdir()
    kept = await blobs.put(chunks(b"kept"), 10)
    blobs.sweep()
    assert left_over(tmp_path) == []
    assert (await blobs.path(kept.id)).exists()


async def test_a_blob_that_was_kept_and_is_not_there_is_asked_for_later(tmp_path: Path) -> None:
    one, other = FolderBlobs(tmp_path / "one"), FolderBlobs(tmp_path / "other")
    blob = await one.put(chunks(b"hello"), 100)
    assert (await one.kept(blob.id)).read_bytes() == b"hello"
    with pytest.raises(Unavailable, match=r"blobs\.path") as away:
        await other.kept(blob.id)
    assert away.value.retry_after == 30
    with pytest.raises(Refused):
        await other.kept("../../etc/passwd")


async def test_a_sweep_of_a_shared_folder_leaves_what_others_are_sending(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    one, other = FolderBlobs(shared, tmp_path / "one"), FolderBlobs(shared, tmp_path / "other")
    going_on, forgotten = shared / "scratch" / "now", shared / "scratch" / "long ago"
    async with one.scratch() as mine, other.scratch() as theirs:
        going_on.parent.mkdir(parents=True)
        going_on.touch()
        forgotten.touch()
        os.utime(forgotten, (0, 0))
        one.sweep()
        assert (mine.exists(), theirs.exists(), going_on.exists(), forgotten.exists()) == (False, True, True, False)
    blob = await other.put(chunks(b"hello"), 100)
    assert (await one.path(blob.id)).read_bytes() == b"hello"
