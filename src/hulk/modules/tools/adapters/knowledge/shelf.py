"""The documents of one collection as they were when last looked at, in memory. Its methods may be called from several threads."""

import itertools
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text as Words_
from hulk.modules.tools.adapters.knowledge.documents import KINDS, read
from hulk.modules.tools.adapters.knowledge.meaning import Meanings
from hulk.modules.tools.adapters.knowledge.passages import Piece, pieces
from hulk.modules.tools.adapters.knowledge.words import Words
from hulk.modules.tools.domain import DataClass
from hulk.modules.tools.domain.knowledge import Ranked

if TYPE_CHECKING:
    from hulk.runtime.models.embeddings import Vectors

MOST_FILES = 50_000
_numbers = itertools.count()
"""Of passages, of all collections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A collection as it is configured: see `KnowledgeSettings`. `most` is how many passages are kept."""

    name: str
    folders: tuple[Path, ...]
    about: str = ""
    tenants: tuple[str, ...] = ("default",)
    data: DataClass = "public"
    most: int = 20_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that was read. `mark` tells whether it is another by now."""

    uri: str
    path: Path
    mark: tuple[int, int, int]
    title: str
    text: str
    pieces: Mapping[int, Piece]

    @property
    def updated(self) -> datetime:
        """When it was last changed."""
        return datetime.fromtimestamp(self.mark[0] / 1e9, UTC)


@dataclass(slots=True)
class Shelf:
    """`refresh` first: it reads what is new or changed and forgets what is gone."""

    of: Folder
    unread: dict[str, Words_] = field(default_factory=dict)
    looked: float = float("-inf")
    """When, by the monotonic clock."""
    kept: dict[str, Kept] = field(default_factory=dict)
    meanings: Meanings = field(default_factory=Meanings)
    _words: Words = field(default_factory=Words)
    _places: dict[int, str] = field(default_factory=dict)
    _failed: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    _busy: threading.Lock = field(default_factory=threading.Lock)
    _changing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def reading(self) -> bool:
        """Whether somebody refreshes it now."""
        return self._busy.locked()

    @property
    def passages(self) -> int:
        """How many there are."""
        return len(self._places)

    def refresh(self) -> bool:
        """Look at the folders; False at once when somebody does already. What cannot be read is in `unread`."""
        if not self._busy.acquire(blocking=False):
            return False
        try:
            found = dict(self._found())
            for uri in [uri for uri in {*self.kept, *self.unread} if uri not in found and not uri.endswith("/")]:
                self._forget(uri)
            for uri, (path, mark) in found.items():
                if mark not in (self.kept[uri].mark if uri in self.kept else None, self._failed.get(uri)):
                    self._read(uri, path, mark)
            self.looked = time.monotonic()
        finally:
            self._busy.release()
        return True

    def _found(self) -> Iterator[tuple[str, tuple[Path, tuple[int, int, int]]]]:
        for number, folder in enumerate(self.of.folders, 1):
            top = f"knowledge://{self.of.name}/{f'{number}/' if len(self.of.folders) > 1 else ''}"
            self.unread.pop(top, None)
            if not folder.is_dir():
                self.unread[top] = Words_("the folder {folder} is not there", folder=folder.name)
            for path in itertools.islice(_files(folder), MOST_FILES):
                try:
                    info = path.stat()
                except OSError:
                    continue
                yield top + quote(str(path.relative_to(folder))), (path, (info.st_mtime_ns, info.st_size, info.st_ino))

    def _read(self, uri: str, path: Path, mark: tuple[int, int, int]) -> None:
        try:
            text = read(path)
            whole, found = pieces(text)
            self._require_room(uri, len(found))
        except Refused as error:
            self._forget(uri)
            self.unread[uri], self._failed[uri] = error.text, mark
            return
        with self._changing:
            self._drop(uri)
            kept = Kept(uri, path, mark, text.title, whole, {next(_numbers): piece for piece in found})
            self.kept[uri] = kept
            for number in kept.pieces:
                self._add(number, kept)

    def _require_room(self, uri: str, more: int) -> None:
        before = len(self.kept[uri].pieces) if uri in self.kept else 0
        if self.passages - before + more > self.of.most:
            raise Refused("there is no room for it: {most} passages are kept of a collection", most=self.of.most)

    def _add(self, number: int, kept: Kept) -> None:
        piece = kept.pieces[number]
        self._places[number] = kept.uri
        self._words.add(number, f"{kept.title} {piece.place}", kept.text[piece.start : piece.end])

    def _forget(self, uri: str) -> None:
        with self._changing:
            self._drop(uri)
            if self._words.worn:
                self._words = Words()
                for kept in self.kept.values():
                    for number in kept.pieces:
                        self._add(number, kept)

    def _drop(self, uri: str) -> None:
        self.unread.pop(uri, None)
        self._failed.pop(uri, None)
        if (kept := self.kept.pop(uri, None)) is not None:
            for number in kept.pieces:
                self._words.remove(number)
                del self._places[number]
            self.meanings.forget(kept.pieces)

    def by_words(self, query: str, most: int) -> Sequence[Ranked]:
        """The best first."""
        with self._changing:
            return self._words.search(query, most)

    def by_meaning(self, meant: "Vectors", most: int) -> Sequence[Ranked]:
        """The best first, of those whose meaning is known."""
        with self._changing:
            return self.meanings.search(meant, most)

    def passage(self, number: int) -> tuple[Kept, Piece] | None:
        """None when it is gone by now."""
        with self._changing:
            kept = self.kept.get(self._places.get(number, ""))
            return None if kept is None else (kept, kept.pieces[number])

    def unmeant(self, most: int) -> Sequence[tuple[int, str]]:
        """Passages whose meaning is not known yet: their numbers, and what is to be understood."""
        with self._changing:
            waiting = itertools.islice((number for number in self._places if number not in self.meanings), most)
            return [(number, self._whole(number)) for number in waiting]

    def meant(self) -> Sequence[str]:
        """All passages whose meaning is known, as `unmeant` has them."""
        with self._changing:
            return [self._whole(number) for number in self._places if number in self.meanings]

    def _whole(self, number: int) -> str:
        kept = self.kept[self._places[number]]
        piece = kept.pieces[number]
        return f"{kept.title}: {piece.place}\n{kept.text[piece.start : piece.end]}"

    def understand(self, numbers: Sequence[int], rows: "Vectors") -> None:
        """What these mean; those that are gone by now are left out."""
        with self._changing:
            self.meanings.put({number: row for number, row in zip(numbers, rows, strict=True) if number in self._places})


def _files(folder: Path) -> Iterator[Path]:
    """Documents below it, but hidden ones and those to which a link leads from elsewhere."""
    real = Path(os.path.realpath(folder))
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and path.suffix.lower() in KINDS and Path(os.path.realpath(path)).is_relative_to(real):
                yield path
