"""Files and repositories on this machine, under the folders that are allowed, and those that were sent as blobs."""

import asyncio
import os
import shutil
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from hulk.kernel.errors import Forbidden, NotFound, Refused, Unavailable
from hulk.modules.skills import Source
from hulk.modules.tools.adapters.git import Git, GitFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSources:
    """`Sources` on this machine.

    Only paths under `roots` are read, after following links, and whatever is outside gets the same answer whether it exists or
    not. `blob_path` gives the file that a blob is kept in.
    """

    roots: tuple[Path, ...]
    blob_path: Callable[[str], Awaitable[Path]]
    git: Git

    async def repository(self, source: Source, scratch: Path) -> Path:
        """See `Sources.repository`. A blob is a `git bundle`, which is unpacked in `scratch`."""
        if source.blob is not None:
            return await self._unpacked(source, await self.blob_path(source.blob), scratch)
        folder = await asyncio.to_thread(self._allowed, source)
        return await self._top(folder, source)

    async def table(self, source: Source, scratch: Path) -> Path:
        """See `Sources.table`. A blob gets its own name again, as a link in `scratch`."""
        if source.blob is not None:
            return await asyncio.to_thread(_linked, await self.blob_path(source.blob), source, scratch)
        path = await asyncio.to_thread(self._allowed, source)
        await asyncio.to_thread(_readable_file, path, source)
        return path

    def _allowed(self, source: Source) -> Path:
        """The real path, which exists and is allowed; a relative one is looked for under each root in turn."""
        written = source.path or ""
        try:
            candidates = [Path(os.path.realpath(root / written)) for root in self.roots]
            inside = [path for path in candidates if self._is_inside(path)]
            if not inside:
                raise self._outside(written)
            return next((path for path in inside if _exists(path, written)), None) or _missing(written)
        except ValueError as unusable:  # a NUL, or what no file name can hold
            raise Refused("“{path}” cannot be the path of a file.", path=ascii(written)[1:200]) from unusable

    def _is_inside(self, path: Path) -> bool:
        return any(path.is_relative_to(os.path.realpath(root)) for root in self.roots)

    def _outside(self, written: str) -> Forbidden:
        return Forbidden(
            "“{path}” is not under a folder that Hulk may read ({roots}): send it with `hulk ask --file` or `--repo`, "
            "or add its folder to the setting `tools.files.roots`.",
            path=written[:200],
            roots=", ".join(map(str, self.roots)) or "—",
        )

    # ---- repositories

    async def _top(self, folder: Path, source: Source) -> Path:
        """The top of the repository that `folder` is in, all parts of which must be allowed: git follows files that point elsewhere."""
        if not await asyncio.to_thread(folder.is_dir):
            raise Refused("“{path}” is a file, not a git repository: give the repository's folder.", path=_name(source))
        try:
            own = await self.git.told(folder, "rev-parse", "--absolute-git-dir")
            common = await self.git.told(folder, "rev-parse", "--git-common-dir")
            bare = await self.git.told(folder, "rev-parse", "--is-bare-repository") == "true"
            top = own if bare else await self.git.told(folder, "rev-parse", "--show-toplevel")
        except GitFailed as failed:
            raise _no_repository(failed, source) from failed
        return await asyncio.to_thread(self._inside, folder, (own, common, top))

    def _inside(self, folder: Path, parts: tuple[str, str, str]) -> Path:
        """The real top, when the repository's own folder, the one it shares, and the stores that it borrows from are allowed."""
        own, common, top = (Path(os.path.realpath(folder / part)) for part in parts)
        objects = Path(os.path.realpath(common / "objects"))
        alternates = objects / "info" / "alternates"
        borrowed = alternates.read_text(errors="surrogateescape").splitlines() if alternates.is_file() else []
        stores = [Path(os.path.realpath(objects / line)) for line in borrowed if line and not line.startswith("#")]
        for part in (own, common, top, objects, *stores):
            if not self._is_inside(part):
                raise self._outside(os.fsencode(part).decode(errors="replace"))
        return top

    async def _unpacked(self, source: Source, bundle: Path, scratch: Path) -> Path:
        target = scratch / "repository.git"
        await asyncio.to_thread(shutil.rmtree, target, ignore_errors=True)
        clone = ("clone", "--quiet", "--bare", "--", str(bundle), str(target))
        try:
            await self.git.output(scratch, "-c", "protocol.file.allow=always", *clone)
            await self._pointed(target)
            await self.git.output(target, "rev-list", "--count", "--all")
        except GitFailed as failed:
            raise _no_bundle(failed, source) from failed
        return target

    async def _pointed(self, target: Path) -> None:
        """Let HEAD be the branch with the latest commit, when the bundle had branches but no HEAD."""
        branch = await self.git.told(target, "for-each-ref", "--sort=-committerdate", "--count=1", "--format=%(refname)", "refs/heads")
        try:
            await self.git.output(target, "rev-parse", "--verify", "--quiet", "HEAD")
        except GitFailed:
            if branch:
                await self.git.output(target, "symbolic-ref", "HEAD", branch)


def _missing(written: str) -> Path:
    raise NotFound("There is no “{path}”: check its name, and that it is on the machine where Hulk runs.", path=written[:200])


def _exists(path: Path, written: str) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError as forbidden:
        raise _unreadable(written) from forbidden
    except OSError as unusable:  # a loop of links, a name that is too long
        raise NotFound("“{path}” cannot be reached: {reason}.", path=written[:200], reason=unusable.strerror) from unusable
    return True


def _readable_file(path: Path, source: Source) -> None:
    """Raises unless `path` is a regular file that can be read and holds something."""
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise Refused("“{path}” is a folder: give one file in it, such as a CSV, Parquet or JSON-lines file.", path=_name(source))
    if not stat.S_ISREG(found.st_mode):
        raise Refused("“{path}” is not a regular file, so it is not read.", path=_name(source))
    try:
        with path.open("rb") as opened:
            begin = opened.read(1)
    except PermissionError as forbidden:
        raise _unreadable(_name(source)) from forbidden
    except OSError as broken:
        raise Unavailable("“{path}” cannot be read now: {reason}.", path=_name(source), reason=broken.strerror) from broken
    if not begin:
        raise Refused("“{path}” is empty: there is nothing to look at.", path=_name(source))


def _linked(blob: Path, source: Source, scratch: Path) -> Path:
    _readable_file(blob, source)
    safe = "".join(letter if letter.isalnum() or letter in ".-_ " else "_" for letter in Path(source.name).name)
    link = scratch / f"source-{safe[-100:]}"
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.realpath(blob))
    return link


def _unreadable(written: str) -> Forbidden:
    return Forbidden(
        "“{path}” may not be read by the user that Hulk runs as: change its permissions, or send it with `hulk ask`.", path=written[:200]
    )


def _no_repository(failed: GitFailed, source: Source) -> Refused:
    if "not a git repository" not in failed.complaint and "must be run in a work tree" not in failed.complaint:
        return failed
    return Refused("“{path}” is not a git repository: give a folder in which `git log` works.", path=_name(source))


def _no_bundle(failed: GitFailed, source: Source) -> Refused:
    if any(sign in failed.complaint for sign in ("prerequisite", "traverse parents")):
        return Refused(
            "“{name}” was sent without its whole history, as a shallow clone is: run `git fetch --unshallow` in it, then ask again.",
            name=source.name,
        )
    return Refused("“{name}” was not sent as a git bundle: send it with `hulk ask --repo PATH`.", name=source.name)


def _name(source: Source) -> str:
    return (source.path or source.name)[:200]
