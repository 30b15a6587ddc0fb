"""Git repositories on this machine as tools, read only: their history, what was changed, what is in them.

Only repositories that the settings name are read, and of them only what is committed. What a repository's own configuration could make git
do is switched off (see `adapters.git`)."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field

from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments, listed, said
from hulk.modules.tools.adapters.git import Git, GitFailed
from hulk.modules.tools.domain import Output
from hulk.modules.tools.ports import Calling
from hulk.runtime.validation import Explained

_FIELDS = "%H%x00%an%x00%aI%x00%s%x00"
_MOST_SHOWN = 200_000
"""Bytes of a file or a change that are given."""
_MOST_FILES = 1000

_MISSING = (
    "unknown revision", "bad revision", "Not a valid object", "invalid object", "does not exist", "not a tree object", "but not in",
)  # fmt: skip
"""What git says of what is not there."""


def _revision(name: str) -> str:
    """What git cannot take for an option, a range or a path."""
    if name.startswith("-") or any(mark in name for mark in ("..", ":", " ", "\x00", "\n")):
        raise Explained(Text("a branch, tag or commit is expected, as in main or 3f2a91c"))
    return name


def _path(name: str) -> str:
    if name.startswith(("/", ":", "-")) or ".." in name.split("/") or "\x00" in name:
        raise Explained(Text("a path inside the repository is expected, as in src/app.py"))
    return name


Revision: TypeAlias = Annotated[str, Field(max_length=200), AfterValidator(_revision)]
Inside: TypeAlias = Annotated[str, Field(max_length=1000), AfterValidator(_path)]


class OfRepository(Arguments):
    """In a repository."""

    repository: str = Field(max_length=100, description="Its name, from the list of repositories.")


class ListRepositories(Arguments):
    """The git repositories that can be read, with their branch and last commit."""


class ListCommits(OfRepository):
    """Commits, newest first (histórico), of a branch, a path, an author or since a day."""

    revision: Revision = Field(default="HEAD", description="A branch, tag or commit.")
    path: Inside = Field(default="", description="Only what touches this path.")
    author: str = Field(default="", max_length=100, pattern=r"^[^\x00-\x1f]*$", description="Part of the author's name.")
    since: date | None = Field(default=None, description="From that day on.")
    most: int = Field(default=30, ge=1, le=500)


class ShowCommit(OfRepository):
    """What a commit changed (diff)."""

    commit: Revision = Field(description="Its hash, or a branch or tag.")


class ListFiles(OfRepository):
    """The files of a folder, as they are committed."""

    path: Inside = Field(default="", description="The folder; empty for the top.")
    revision: Revision = "HEAD"


class ReadFile(OfRepository):
    """A file, as it is committed."""

    path: Inside = Field(min_length=1)
    revision: Revision = "HEAD"


class SearchText(OfRepository):
    """Lines in which a text stands (procurar no código), as they are committed."""

    text: str = Field(min_length=2, max_length=200)
    path: Inside = Field(default="", description="Only below this path.")
    most: int = Field(default=50, ge=1, le=500)


class GitTools(Acts):
    """`Backend` of the repositories, by their names."""

    def __init__(self, repositories: Mapping[str, Path], about: About, name: str = "git", seconds: float = 30.0) -> None:
        super().__init__(
            name, about,
            Act("list_repositories", "Git repositories", ListRepositories, self._repositories, seconds=seconds, at=""),
            Act("list_commits", "Commits", ListCommits, self._commits, seconds=seconds),
            Act("show_commit", "A commit", ShowCommit, self._commit, seconds=seconds),
            Act("list_files", "Files of a repository", ListFiles, self._files, seconds=seconds),
            Act("read_file", "A file of a repository", ReadFile, self._file, seconds=seconds, at="/{repository}/{+path}"),
            Act("search_text", "Search a repository", SearchText, self._search, seconds=seconds),
        )  # fmt: skip
        self._at = dict(repositories)
        self._git = Git(timeout=timedelta(seconds=seconds))

    async def _repositories(self, _: ListRepositories, __: Calling) -> Output:
        return said({"repositories": [await self._state(name, folder) for name, folder in sorted(self._at.items())]})

    async def _state(self, name: str, folder: Path) -> JsonObject:
        try:
            branch = await self._git.told(folder, "rev-parse", "--abbrev-ref", "HEAD")
            last = _commits_in(await self._git.output(folder, "log", "-z", "-1", f"--format={_FIELDS}"))
        except GitFailed as error:
            return {"name": name, "problem": str(error).replace(str(folder), name)}
        return {"name": name, "branch": branch, "last": last[0] if last else None}

    async def _commits(self, wanted: ListCommits, _: Calling) -> Output:
        chosen = [f"--author={wanted.author}", "--fixed-strings", "--regexp-ignore-case"] if wanted.author else []
        chosen += [f"--since={wanted.since.isoformat()}T00:00:00Z"] if wanted.since else []
        path = ["--", wanted.path] if wanted.path else ["--"]
        limit = f"--max-count={wanted.most + 1}"
        found = _commits_in(await self._output(wanted, "log", limit, f"--format={_FIELDS}", *chosen, wanted.revision, *path))
        return listed("commits", found, wanted.most)

    async def _commit(self, wanted: ShowCommit, _: Calling) -> Output:
        [about] = _commits_in(await self._output(wanted, "show", "--no-patch", f"--format={_FIELDS}", wanted.commit, "--"))
        message = await self._output(wanted, "show", "--no-patch", "--format=%B", wanted.commit, "--")
        change = await self._output(wanted, "show", "--format=", "--no-ext-diff", "--no-textconv", "--stat", "--patch", wanted.commit, "--")
        shown, cut = _shown(change)
        return said({**about, "message": message.decode(errors="replace").strip(), "change": shown}, cut=cut)

    async def _files(self, wanted: ListFiles, _: Calling) -> Output:
        tree = f"{wanted.revision}:{wanted.path.strip('/')}" if wanted.path.strip("/") else wanted.revision
        written = await self._output(wanted, "ls-tree", "-z", "--long", tree)
        lines = [line.partition(b"\t") for line in written.split(b"\0") if line]
        files = [{"name": name.decode(errors="replace"), **_kind(head.split())} for head, _, name in lines]
        return listed("files", files, _MOST_FILES)

    async def _file(self, wanted: ReadFile, _: Calling) -> Output:
        raw = await self._output(wanted, "cat-file", "blob", f"{wanted.revision}:{wanted.path}")
        if b"\0" in raw[:8000]:
            raise Refused("{path} is no text: it has {size} bytes.", path=wanted.path, size=len(raw))
        text, cut = _shown(raw)
        return said({"path": wanted.path, "text": text}, cut=cut)

    async def _search(self, wanted: SearchText, _: Calling) -> Output:
        path = ["--", wanted.path] if wanted.path else ["--"]
        options = ("grep", "-z", "--line-number", "--fixed-strings", "--ignore-case", "-I", "--no-textconv", "-e", wanted.text, "HEAD")
        try:
            written = await self._output(wanted, *options, *path)
        except GitFailed as error:
            if error.complaint.strip():
                raise
            written = b""  # it found nothing, and says so by its status alone
        hits = [_hit(line) for line in written.split(b"\n") if line]
        return listed("hits", hits, wanted.most)

    async def _output(self, wanted: OfRepository, *arguments: str) -> bytes:
        """What git writes; raises `NotFound` for a repository, revision or path that is not there."""
        if (folder := self._at.get(wanted.repository)) is None:
            known = ", ".join(sorted(self._at)) or "—"
            raise NotFound("There is no repository {name}; there are: {known}.", name=wanted.repository, known=known)
        try:
            return await self._git.output(folder, *arguments)
        except GitFailed as error:
            if any(sign in error.complaint for sign in _MISSING):
                raise NotFound("There is nothing of that name in the repository {name}.", name=wanted.repository) from error
            raise


def _commits_in(written: bytes) -> list[JsonObject]:
    fields = [field.decode(errors="replace").strip("\n") for field in written.split(b"\0")]
    groups = zip(*(iter(fields),) * 4, strict=False)
    return [{"commit": commit, "author": author, "at": at, "subject": subject} for commit, author, at, subject in groups if commit]


def _kind(head: list[bytes]) -> JsonObject:
    size = head[3].decode()
    return {"kind": {b"blob": "file", b"tree": "folder"}.get(head[1], "submodule"), "size": int(size) if size.isdigit() else None}


def _hit(line: bytes) -> JsonObject:
    path, number, text = (*line.decode(errors="replace").split("\0", 2), "", "")[:3]
    return {"path": path.removeprefix("HEAD:"), "line": int(number) if number.isdigit() else None, "text": text[:500]}


def _shown(raw: bytes) -> tuple[str, str]:
    cut = f"It has {len(raw)} bytes, of which the first {_MOST_SHOWN} are here." if len(raw) > _MOST_SHOWN else ""
    return raw[:_MOST_SHOWN].decode(errors="replace"), cut
