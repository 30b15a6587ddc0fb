"""What is known, as tools: passages of documents with their sources, over whatever fills the port `Knowledge`."""

from collections.abc import Sequence

from pydantic import Field

from hulk.kernel.records import JsonObject
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments, said
from hulk.modules.tools.domain import DataClass, Output
from hulk.modules.tools.domain.knowledge import Collection, FoundPassages, Passage
from hulk.modules.tools.ports import Calling, Knowledge, WantedPassages

MOST_READ = 50_000
_MOST_UNREAD = 50


class Search(Arguments):
    """Look something up in the company's documents (procurar nos documentos): the passages that say most about it, each with its source."""

    query: str = Field(min_length=2, max_length=1000, description="A question or words, in any language of the documents.")
    collections: tuple[str, ...] = Field(default=(), max_length=20, description="Only in these; sensitive ones must be named.")
    limit: int = Field(default=5, ge=1, le=30, description="How many passages at most.")


class Read(Arguments):
    """Read on in a document of which a passage was found (ler o documento)."""

    uri: str = Field(min_length=1, max_length=2000, description="As `search` gave it.")
    start: int = Field(default=0, ge=0, description="From which character on.")
    most: int = Field(default=10_000, ge=100, le=MOST_READ, description="How many characters at most.")


class ListCollections(Arguments):
    """Which collections of documents there are, how large they are, and which documents could not be read."""


class KnowledgeTools(Acts):
    """The tools `knowledge.search`, `knowledge.read` and `knowledge.list_collections`."""

    def __init__(self, knowledge: Knowledge, about: About | None = None, seconds: float = 30.0) -> None:
        self._knowledge = knowledge
        super().__init__(
            "knowledge",
            about or About(outside=False, owner="—"),
            Act("search", "Search documents", Search, self._search, seconds=seconds),
            Act("read", "Read a document", Read, self._read, seconds=seconds),
            Act("list_collections", "Collections of documents", ListCollections, self._list, seconds=seconds),
        )

    async def _search(self, wanted: Search, calling: Calling) -> Output:
        asked = WantedPassages(tenant=calling.tenant, query=wanted.query, collections=wanted.collections, most=wanted.limit)
        found = await self._knowledge.search(asked)
        return _labelled(
            {"passages": [_passage(one) for one in found.passages], "how": _how(found.searched)},
            [one.data for one in found.passages],
            "; ".join(_notes(found)),
        )

    async def _read(self, wanted: Read, calling: Calling) -> Output:
        found = await self._knowledge.read(calling.tenant, wanted.uri, wanted.start, wanted.most)
        end = found.start + len(found.text)
        about = {"uri": found.uri, "title": found.title, "collection": found.collection, "updated": found.updated.isoformat()}
        more = f"it has {found.size} characters: read on from {end}" if end < found.size else ""
        return _labelled({**about, "text": found.text, "start": found.start, "size": found.size}, [found.data], more)

    async def _list(self, _: ListCollections, calling: Calling) -> Output:
        return said({"collections": [_collection(one) for one in await self._knowledge.collections(calling.tenant)]})


def _labelled(data: JsonObject, labels: Sequence[DataClass], cut: str) -> Output:
    output = said(data, cut=cut)
    return Output(data=output.data, pieces=output.pieces, cut=output.cut, label="p0" if "p0" in labels else "public")


def _passage(one: Passage) -> JsonObject:
    return {
        "text": one.text, "source": {"uri": one.uri, "title": one.title, "place": one.place}, "collection": one.collection,
        "score": one.score, "updated": one.updated.isoformat(), "sensitive": one.data == "p0",
    }  # fmt: skip


def _collection(one: Collection) -> JsonObject:
    return {
        "name": one.name, "about": one.about, "documents": one.documents, "passages": one.passages, "sensitive": one.data == "p0",
        "meaning_known_of": one.meant, "unread": [{"uri": each.uri, "why": str(each.why)} for each in one.unread[:_MOST_UNREAD]],
        "unread_count": len(one.unread), "reading": one.reading,
    }  # fmt: skip


def _how(searched: Sequence[Collection]) -> str:
    """By what it was found."""
    if not any(one.meant for one in searched):
        return "words"
    share = min(one.meant for one in searched if one.passages)
    return "words and meaning" if share >= 1 else f"words, and the meaning of {share:.0%} of the passages"


def _notes(found: FoundPassages) -> Sequence[str]:
    unread = sum(len(one.unread) for one in found.searched)
    reading = [one.name for one in found.searched if one.reading]
    notes = [f"{unread} documents could not be read: list_collections says which"] if unread else []
    notes += [f"some files of {', '.join(reading)} are being read: ask again for those"] if reading else []
    notes += [f"not looked through, for they must be named: {', '.join(found.left_out)}"] if found.left_out else []
    return notes
