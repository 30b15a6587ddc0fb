"""`Knowledge` over folders. What is new, changed or gone is noticed at the next question; meanings are worked out meanwhile."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from hulk.kernel.errors import HulkError, NotFound
from hulk.modules.tools.adapters.knowledge.shelf import Folder, Shelf
from hulk.modules.tools.domain.knowledge import Collection, Document, FoundPassages, Passage, Ranked, Unread, fused
from hulk.modules.tools.ports import WantedPassages
from hulk.runtime.background import Rounds, background
from hulk.runtime.models import Embedder, Remembered

if TYPE_CHECKING:
    from hulk.runtime.models.embeddings import Vectors

log = structlog.get_logger(__name__)
FRESH = 1.0
"""Seconds for which what was looked at counts as it is."""
PATIENCE = 5.0
"""Seconds that a question waits for files to be read; then it is answered from what there is, and says so."""
EVERY = 5.0
"""Seconds between two looks at files whose meaning is not known yet."""
_BATCH = 4
"""Passages at once, some 0.2 s: a question waits behind no more."""
_KEEP_AFTER = 512
"""Passages, after which what was worked out is written down."""
_RANKED = 50
_ANYBODY = "*"


class FolderKnowledge:
    """`embedder` tells meanings; None finds by words alone. What it worked out is kept below `cache` for the next start."""

    def __init__(self, folders: Sequence[Folder], embedder: Embedder | None = None, cache: Path | None = None) -> None:
        self._shelves = {one.name: Shelf(one) for one in folders}
        self._embedder = embedder
        self._remembered = {
            one.name: Remembered(embedder, l1_size=one.most, folder=None if cache is None else cache / one.name)
            for one in folders
            if embedder is not None
        }

    async def search(self, wanted: WantedPassages) -> FoundPassages:
        """See `Knowledge`."""
        shelves, left_out = self._wanted(wanted)
        for shelf in shelves:
            await self._fresh(shelf)
        rankings = [_merged([await asyncio.to_thread(shelf.by_words, wanted.query, _RANKED) for shelf in shelves])]
        if (meant := await self._meant(wanted.query, shelves)) is not None:
            rankings.append(_merged([shelf.by_meaning(meant, _RANKED) for shelf in shelves]))
        found = (self._passage(number, score, shelves) for number, score in fused(rankings, 2 * _RANKED))
        best = [one for one in found if one is not None][: wanted.most]
        return FoundPassages(passages=best, searched=[self._collection(shelf) for shelf in shelves], left_out=left_out)

    async def read(self, tenant: str, uri: str, start: int, most: int) -> Document:
        """See `Knowledge`."""
        for shelf in self._of(tenant):
            if uri.startswith(f"knowledge://{shelf.of.name}/"):
                await self._fresh(shelf)
                if (kept := shelf.kept.get(uri)) is not None:
                    return Document(
                        uri=uri, title=kept.title, collection=shelf.of.name, text=kept.text[start : start + most], start=start,
                        size=len(kept.text), updated=kept.updated, data=shelf.of.data,
                    )  # fmt: skip
        raise NotFound("There is no document {uri}: take the uri of a passage that was found.", uri=uri)

    async def collections(self, tenant: str) -> Sequence[Collection]:
        """See `Knowledge`."""
        for shelf in self._of(tenant):
            await self._fresh(shelf)
        return [self._collection(shelf) for shelf in self._of(tenant)]

    @contextlib.asynccontextmanager
    async def working(self, rounds: Rounds) -> AsyncIterator[None]:
        """Meanings are worked out until the block ends; words find what is not understood meanwhile."""
        parts = () if self._embedder is None else (rounds.every(EVERY, self._tend, "knowledge_not_understood"),)
        async with background(*parts):
            yield

    async def _tend(self) -> None:
        for shelf in self._shelves.values():
            await self._fresh(shelf)
            await self.understand(shelf)

    async def understand(self, shelf: Shelf) -> None:
        """Work out what is not known of it yet."""
        remembered, done = self._remembered[shelf.of.name], 0
        while waiting := await asyncio.to_thread(shelf.unmeant, _BATCH):
            numbers, texts = zip(*waiting, strict=True)
            shelf.understand(numbers, await remembered.embed(texts))
            done += len(numbers)
            if done % _KEEP_AFTER == 0:
                await remembered.embed(shelf.meant(), keep=True)
        if done:
            await remembered.embed(shelf.meant(), keep=True)

    def shelf(self, name: str) -> Shelf:
        """That of a collection."""
        return self._shelves[name]

    def _of(self, tenant: str) -> Sequence[Shelf]:
        shelves = sorted(self._shelves.values(), key=lambda shelf: shelf.of.name)
        return [shelf for shelf in shelves if {tenant, _ANYBODY} & set(shelf.of.tenants)]

    def _wanted(self, wanted: WantedPassages) -> tuple[Sequence[Shelf], Sequence[str]]:
        own = {shelf.of.name: shelf for shelf in self._of(wanted.tenant)}
        if unknown := [name for name in wanted.collections if name not in own]:
            raise NotFound("There is no collection {name}; there are: {known}.", name=unknown[0], known=", ".join(own) or "—")
        if wanted.collections:
            return [own[name] for name in dict.fromkeys(wanted.collections)], ()
        return [one for one in own.values() if one.of.data == "public"], [name for name, one in own.items() if one.of.data != "public"]

    async def _fresh(self, shelf: Shelf) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while time.monotonic() - shelf.looked > FRESH and not await asyncio.to_thread(shelf.refresh):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)  # somebody else looks; also a question before this one that waits no more

    async def _meant(self, query: str, shelves: Sequence[Shelf]) -> "Vectors | None":
        if self._embedder is None or not any(len(shelf.meanings) for shelf in shelves):
            return None
        try:
            meant: Vectors = (await self._embedder.embed([query]))[0]
        except HulkError as error:
            log.warning("question_not_understood", reason=str(error))
            return None
        return meant

    def _passage(self, number: int, score: float, shelves: Sequence[Shelf]) -> Passage | None:
        for shelf in shelves:
            if (found := shelf.passage(number)) is not None:
                kept, piece = found
                return Passage(
                    uri=kept.uri, title=kept.title, place=piece.place, text=kept.text[piece.start : piece.end].strip(),
                    collection=shelf.of.name, updated=kept.updated, score=round(score, 4), data=shelf.of.data,
                )  # fmt: skip
        return None

    def _collection(self, shelf: Shelf) -> Collection:
        meant = len(shelf.meanings) / shelf.passages if shelf.passages and self._embedder is not None else 0.0
        return Collection(
            name=shelf.of.name, about=shelf.of.about, documents=len(shelf.kept), passages=shelf.passages, meant=round(meant, 2),
            data=shelf.of.data, unread=[Unread(uri=uri, why=why) for uri, why in sorted(shelf.unread.items())], reading=shelf.reading,
        )  # fmt: skip


def _merged(rankings: Sequence[Sequence[Ranked]]) -> Sequence[Ranked]:
    """One of those of several collections, by their scores."""
    return sorted((one for ranking in rankings for one in ranking), key=lambda one: (-one.score, one.number))[:_RANKED]
